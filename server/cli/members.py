"""`tianbao-server members`: who takes part."""

import click

from server.cli._data import data_option
from server.cli._output import example, show_json, show_table
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("members", "members --json"))
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@data_option
def members(as_json: bool, folder: DataFolder) -> None:
    """List the members and their devices."""
    listed = run_command(folder, "members", {})
    if as_json:
        show_json(listed)
        return
    rows = []
    for member in listed:
        state = "revoked" if member["revoked_at"] else ""
        rows.append([member["id"], member["unit"], member["role"], member["name"], "", state])
        for device in member["devices"]:
            state = "revoked" if device["revoked_at"] else ""
            rows.append(["", "", "", device["name"], device["id"], state])
    show_table(["MEMBER", "UNIT", "ROLE", "NAME", "DEVICE", "STATE"], rows)
