"""`tianbao-server revoke`: shut a member or a device out."""

import click

from server.cli._data import data_option
from server.cli._output import example, say, show
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("revoke 9f3a5c1e7b204d68"))
@click.argument("name", metavar="MEMBER|DEVICE")
@data_option
def revoke(name: str, folder: DataFolder) -> None:
    """Shut out a member with all its devices, or one device, for good.

    What a revoked device still hands in is kept, in quarantine; it reads nothing any more.
    Prints the devices that are shut out.
    """
    devices = run_command(folder, "revoke", {"name": name})
    for device in devices:
        show(device)
    say(f"Revoked {name}, with {len(devices)} device(s).")
