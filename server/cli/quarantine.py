"""`tianbao-server quarantine`: what arrived and needs a person's attention."""

import click

from server.cli._data import data_option
from server.cli._output import example, say, show, show_json
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("quarantine", "quarantine --json"))
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@data_option
def quarantine(as_json: bool, folder: DataFolder) -> None:
    """List what arrived and was set apart, and why."""
    listed = run_command(folder, "quarantine", {})
    if as_json:
        show_json(listed)
        return
    for item in listed:
        show(f"{item['index']}  {item['form']}  {item['unit'] or '-'}  {item['entry']}")
        show(f"    {item['code']}  received {item['received_at']}")
        for violation in item["violations"]:
            show(f"    {violation['path']}: {violation['message']} ({violation['code']})")
    if not listed:
        say("Nothing is in quarantine.")
