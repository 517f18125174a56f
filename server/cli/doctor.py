"""`tianbao-server doctor`: check everything that the data folder holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from server.cli._data import data_option
from server.cli._output import ToldError, example, say, show, show_json
from server.clock import utc_now
from server.commands import doctor_folder
from server.config import DataFolder
from server.doctor import Report


@click.command(epilog=example("doctor", "doctor --backup /mnt/backup/tianbao --json"))
@click.option(
    "--backup",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A backup to mend from; it is checked too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print an object.")
@data_option
def doctor(backup: Path | None, as_json: bool, folder: DataFolder) -> None:
    """Check every leaf, object, signature and attached file, and the auditors' database.

    Beside a running server it only looks. With the server stopped it mends what it can: what is
    derived by itself, what is damaged from a backup. Ends with 1 where something is left to be put
    right.
    """
    report = doctor_folder(folder, backup, utc_now())
    if as_json:
        show_json(_as_json(report))
    else:
        _tell(report)
    if not report.is_sound:
        left = sum(not finding.is_mended for finding in report.findings)
        raise ToldError(f"{left} of what was found could not be mended.")


def _as_json(report: Report) -> dict[str, Any]:
    room = {
        "free": report.room.free,
        "total": report.room.total,
        "level": report.room.level.name.lower(),
    }
    return asdict(report) | {"is_sound": report.is_sound, "room": room}


def _tell(report: Report) -> None:
    for finding in report.findings:
        state = "mended" if finding.is_mended else "FOUND"
        hint = f" {finding.hint}" if finding.hint and not finding.is_mended else ""
        show(f"{state}: {finding.code} {finding.subject}: {finding.message}{hint}")
    for gap in report.gaps:
        show(f"note: of device {gap.device}, numbers {gap.start} to {gap.stop} never came.")
    if report.room.warning:
        show(f"note: {report.room.warning}")
    say(
        f"Checked {report.leaves} leaves and {report.attachments} attached files; "
        f"{len(report.findings)} findings. {report.parts} files are on their way in."
    )
