"""`tianbao-server restore`: a data folder out of a backup."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from server.cli._data import data_option
from server.cli._output import ToldError, example, say, show_json
from server.clock import utc_now
from server.commands import restore_folder
from server.config import DataFolder
from sync.times import format_time


@click.command(epilog=example("--data /srv/tianbao-new restore /mnt/backup/tianbao"))
@click.argument("path", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print an object.")
@click.option("--damaged", is_flag=True, help="Take what is intact of a damaged backup.")
@data_option
def restore(path: Path, as_json: bool, damaged: bool, folder: DataFolder) -> None:
    """Make a data folder, in an empty place, from the backup in DIR, and check all of it.

    Serve it at the old address: devices know it by its keys, and push again what it misses.
    """
    done = restore_folder(path, folder, takes_damaged=damaged)
    if as_json:
        show_json(asdict(done) | {"made_at": format_time(done.made_at)})
    say(
        f"{done.path} holds {done.leaves} leaves and {done.attachments} attached files, as they "
        f"were at {format_time(done.made_at)}, {_age(utc_now() - done.made_at)} ago."
    )
    say(
        "Devices push again by themselves what came later, as soon as they reach the server at its "
        "old address.\n"
        "What only the server knew is as it was then: give codes again to members enrolled since, "
        "publish again forms published since, and REVOKE AGAIN who was revoked since.\n"
        "Back up into another folder from now on, and keep this one until nothing is missed."
    )
    if done.missing_attachments or done.findings:
        found = [*done.missing_attachments, *(finding.subject for finding in done.findings)]
        raise ToldError(
            f"All is restored but what the backup had in no good copy: {', '.join(found)}. "
            "Hint: Run `tianbao-server doctor`; devices that still hold it push it again."
        )


def _age(since: timedelta) -> str:
    """Return how long ago something was, in the largest unit that says something."""
    seconds = max(0, int(since.total_seconds()))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
