"""`tianbao-server import`: a bundle that was carried here from a device without a network."""

from pathlib import Path
from typing import Any

import click

from server.cli._data import data_option
from server.cli._output import example, say, show, show_json
from server.commands import run_command
from server.config import DataFolder


@click.command(
    "import",
    epilog=example("import /media/stick/office.bundle --answer /media/stick/office.answer"),
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--answer",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the signed answer for the device into this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
@click.pass_context
def import_(
    ctx: click.Context, file: Path, answer: Path | None, as_json: bool, folder: DataFolder
) -> None:
    """Take in what a device exported, like a push; again changes nothing.

    Of a damaged bundle everything intact is taken; what is wrong with it is told, and the command ends
    with 1. Carry the answer back, and import it on the device: tianbao import ANSWER.
    """
    params = {
        "path": str(file.absolute()),
        "answer": None if answer is None else str(answer.absolute()),
    }
    done = run_command(folder, "import", params)
    if as_json:
        show_json(done)
    else:
        _tell(done)
    if answer is not None and done["answer"] is None:
        say("No answer was written: header and end are damaged, and do not say to whom.")
    if not done["is_whole"] or done["missing_count"] or done["refused"]:
        ctx.exit(1)


def _tell(done: dict[str, Any]) -> None:
    taken = done["revisions"] - done["refused"]
    show(f"{taken} revisions are in the log, {done['known']} of them were before.")
    show(f"{done['files']} files are here.")
    if done["held"]:
        show(f"{done['held']} are held until their form is published.")
    if done["quarantined"]:
        say(f"{done['quarantined']} need attention. Hint: tianbao-server quarantine")
    for each in done["refusals"]:
        say(f"Refused: {each['digest']}: {each['message']} ({each['code']})")
    for each in done["missing"]:
        say(f"Missing: the file {each['sha256']} ({each['code']})")
    _tell_flaws(done)
    if done["answer"]:
        show(f"The answer for the device is in {done['answer']}.")


def _tell_flaws(done: dict[str, Any]) -> None:
    for each in done["flaws"]:
        say(_flaw(each))
    if done["flaw_count"] > len(done["flaws"]):
        say(f"And {done['flaw_count'] - len(done['flaws'])} flaws more.")
    if done["unreadable_bytes"]:
        say(f"The medium gave {done['unreadable_bytes']} bytes of it no more. Hint: use another.")
    if not done["is_whole"]:
        say("The bundle is damaged. Hint: everything intact was taken; export it once more.")


def _flaw(flaw: dict[str, Any]) -> str:
    return {
        "damaged": f"Damaged: {flaw['length']} bytes from byte {flaw['offset']} on.",
        "unexpected": "Something in it does not belong there, or cannot be read.",
        "no_header": "Its beginning is missing.",
        "no_end": "Its end is missing.",
        "incomplete": "Not everything that it should hold is there.",
        "changed": "It is not as it was made.",
    }[flaw["kind"]]
