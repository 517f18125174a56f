"""`tianbao-server invite`: give out a one-time code."""

import click

from server.cli._data import data_option
from server.cli._output import example, say, show, show_json
from server.commands import run_command
from server.config import DataFolder
from sync.messages import ROLES


@click.command(epilog=example("invite jungar reporter", "invite ordos auditor --json"))
@click.argument("unit")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--name", default="", help="The person's name, as entries will show it.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=14,
    show_default=True,
    help="How long the code lives.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the code and the link as JSON.")
@data_option
def invite(unit: str, role: str, name: str, days: int, as_json: bool, folder: DataFolder) -> None:
    """Invite a person of a UNIT in a ROLE: print a one-time code and a link.

    Organisers and auditors belong to the organising unit.
    """
    params = {"unit": unit, "role": role, "name": name, "days": days}
    show_invitation(run_command(folder, "invite", params), as_json=as_json)


def show_invitation(given: dict[str, str], *, as_json: bool) -> None:
    """Print a code and its link; say on standard error how long they live."""
    if as_json:
        show_json({"code": given["code"], "link": given["link"]})
        return
    show(given["code"])
    show(given["link"])
    say(f"Good for one {given['role']} of {given['unit']}, once, until {given['expires_at']}.")
