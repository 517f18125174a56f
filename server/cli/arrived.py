"""`tianbao-server arrived`: what arrived last."""

import click

from server.cli._data import data_option
from server.cli._output import example, say, show_json, show_table
from server.commands import run_command
from server.config import DataFolder
from server.room import room_of


@click.command(epilog=example("arrived", "arrived --limit 100 --json"))
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@data_option
def arrived(limit: int, as_json: bool, folder: DataFolder) -> None:
    """List what arrived last, the newest first, whatever became of it."""
    listed = run_command(folder, "arrived", {"limit": limit})
    if as_json:
        show_json(listed)
    elif listed:
        rows = [
            [
                item["received_at"],
                item["unit_name"] or "-",
                item["form"],
                item["state"],
                item["entry"],
            ]
            for item in listed
        ]
        show_table(["RECEIVED", "UNIT", "FORM", "STATE", "ENTRY"], rows)
    else:
        say("Nothing has arrived yet.")
    if warning := room_of(folder).warning:
        say(f"Warning: {warning}")
