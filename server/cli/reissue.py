"""`tianbao-server reissue`: a code for a member's next device or browser."""

import click

from server.cli._data import data_option
from server.cli._output import example
from server.cli.invite import show_invitation
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("reissue 9f3a5c1e7b204d68"))
@click.argument("member")
@click.option("--json", "as_json", is_flag=True, help="Print the code and the link as JSON.")
@data_option
def reissue(member: str, as_json: bool, folder: DataFolder) -> None:
    """Give out a one-time code for a further device of a MEMBER."""
    show_invitation(run_command(folder, "reissue", {"member": member}), as_json=as_json)
