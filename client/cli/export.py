"""`tianbao export`: what waits on this device as one file, to be carried to the server by hand."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, say, show, show_json
from client.control import call


@click.command(epilog=example("export /media/stick/office.bundle"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--all", "is_all", is_flag=True, help="Everything held here, delivered or not.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def export(home: Path, file: Path, is_all: bool, as_json: bool) -> None:
    """Copy everything undelivered, attached files included, into FILE.

    It is called copied once it was read back. It stays saved here, and is delivered when the answer
    of the server was imported: tianbao-server import FILE --answer ANSWER, tianbao import ANSWER.
    An earlier bundle of this device is replaced as a whole; any other file is left alone.
    """
    params = {"path": str(file.absolute()), "all": is_all}
    done = next(call(home, "export", params))
    if as_json:
        show_json(done)
    else:
        _tell(done)
    for each in done["left_out"]:
        name = each.get("file") or each.get("revision")
        say(f"Left out, because the disk no longer gives it back: {name} ({each['code']})")


def _tell(done: dict[str, Any]) -> None:
    if done["path"] is None:
        show("Nothing waits to be handed over; no file was written.")
    else:
        what = f"{done['entries']} entries, {done['files']} files"
        show(f"Copied: {what} to {done['path']} ({done['size']} bytes).")
        if done["replaced"]:
            say("It replaced an earlier bundle of this device.")
    if done["drafts"]:
        say(f"{done['drafts']} drafts are not finalized, and stay here.")
