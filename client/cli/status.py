"""`tianbao status`: how many entries are in which state, what waits, why, and what a person should know."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, say, show, show_json, warn
from client.control import call


@click.command(epilog=example("status --json", "status --dismiss 3"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--dismiss", type=int, metavar="ID", help="Put a trouble away that you have seen.")
@click.pass_obj
def status(home: Path, as_json: bool, dismiss: int | None) -> None:
    """Show how things stand."""
    command = ("status", {}) if dismiss is None else ("dismiss", {"trouble": dismiss})
    found = next(call(home, *command))
    if as_json:
        show_json(found)
        return
    for line in _lines(found):
        show(line)
    _tell_waiting(found)
    warn(found["warnings"])
    for trouble in found["troubles"]:
        say(
            f"[{trouble['id']}] {trouble['message']} Hint: {trouble['hint']} "
            f"(since {trouble['since']}; put away: tianbao status --dismiss {trouble['id']})"
        )


def _lines(found: dict[str, Any]) -> list[str]:
    oldest = found["oldest_undelivered"]
    lines = [
        f"Drafts kept on this device: {found['drafts']}",
        f"Saved on this device, not yet delivered: {found['saved']}"
        + (f" (since {oldest})" if oldest else ""),
        f"Delivered: {found['delivered']}",
        f"Delivered, needs attention: {found['quarantined']}",
        f"Set aside: {found['set_aside']}",
        f"Attached files to go: {found['attachments_to_go']}",
        f"Server: {found['server'] or 'not enrolled'}",
        f"Last contact: {found['last_contact'] or 'never'}",
    ]
    if found["conflicts"]:
        lines.insert(5, f"To decide, as two changed the same: {found['conflicts']}")
    if found["exported"]:
        lines.insert(2, f"Copied into a file, not yet answered: {found['exported']}")
    return lines


def _tell_waiting(found: dict[str, Any]) -> None:
    if found["age_alarm"]:
        days = "a day" if found["age_alarm"] == 1 else f"{found['age_alarm']} days"
        say(
            f"Warning: something has waited for more than {days}. Hint: tianbao sync, or "
            "tianbao export FILE and bring the file to the organiser."
        )
    why = found["why"]
    if why and why["code"] != "next_round":
        say(f"It waits since {found['waiting_since']}: {why['message']} Hint: {why['hint']}")
    elif found["problem"]:
        say(f"Last round: {found['problem']['message']} Hint: {found['problem']['hint']}")
