"""`tianbao-server units`: the units that take part."""

import base64
from pathlib import Path

import click

from server.cli._data import data_option
from server.cli._output import example, say
from server.commands import run_command
from server.config import DataFolder


@click.group(epilog=example("units import units.json"))
def units() -> None:
    """Bring in the units that take part."""


@units.command("import", epilog=example("units import units.json"))
@click.argument(
    "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@data_option
def import_units(file: Path, folder: DataFolder) -> None:
    """Take FILE, a JSON list of objects with code, name, kind and parent, as the list of units.

    A unit that has members or entries cannot be left out.
    """
    content = base64.b64encode(file.read_bytes()).decode()
    run_command(folder, "units", {"content": content})
    say("These are the units from now on; devices have them at their next contact.")
