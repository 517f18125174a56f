"""`tianbao-server backup`: a copy of all that has to be kept, added to each time."""

from dataclasses import asdict
from pathlib import Path

import click

from server.backup import back_up
from server.cli._data import data_option
from server.cli._output import ToldError, example, say, show_json
from server.clock import utc_now
from server.commands import check_folder
from server.config import DataFolder
from sync.times import format_time


@click.command(epilog=example("backup /mnt/backup/tianbao", "backup /mnt/backup/tianbao --json"))
@click.argument("path", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print an object.")
@data_option
def backup(path: Path, as_json: bool, folder: DataFolder) -> None:
    """Copy log, attached files and keys to DIR, while the server runs; add what is new.

    DIR holds the server's private keys: keep it as safe as the server. Ends with 1 where something
    was damaged or missing on the server itself; all the rest is in the backup then.
    """
    check_folder(folder)
    done = back_up(folder, path, utc_now())
    if as_json:
        show_json(asdict(done) | {"made_at": format_time(done.made_at)})
    say(
        f"{path} is a backup of {done.leaves} leaves and {done.attachments} attached files; "
        f"{done.new_leaves} leaves and {done.new_attachments} files are new "
        f"({done.bytes_written} bytes were written)."
    )
    if done.renewed:
        say(
            f"These files of the backup had rotted, and are whole again: {', '.join(done.renewed)}. "
            "Look after that disk."
        )
    if done.damaged:
        raise ToldError(
            f"The server itself holds no good copy of: {', '.join(done.damaged)}. "
            "Hint: Run `tianbao-server doctor`."
        )
