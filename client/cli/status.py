"""`tianbao status`: how many entries are in which state, and when the server last answered."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, say, show, show_json, warn
from client.control import call


@click.command(epilog=example("status --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(home: Path, as_json: bool) -> None:
    """Show how things stand."""
    found = next(call(home, "status", {}))
    if as_json:
        show_json(found)
        return
    for line in _lines(found):
        show(line)
    warn(found["warnings"])
    if found["problem"]:
        say(f"Last round: {found['problem']['message']} Hint: {found['problem']['hint']}")


def _lines(found: dict[str, Any]) -> list[str]:
    return [
        f"Drafts: {found['drafts']}",
        f"Saved on this device, not yet delivered: {found['saved']}"
        + (f" (since {found['oldest_undelivered']})" if found["oldest_undelivered"] else ""),
        f"Delivered: {found['delivered']}",
        f"With the organiser to look at: {found['quarantined']}",
        f"Set aside: {found['set_aside']}",
        f"Server: {found['server'] or 'not enrolled'}",
        f"Last contact: {found['last_contact'] or 'never'}",
    ]
