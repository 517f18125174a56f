"""`tianbao-server init`: a new data folder."""

from pathlib import Path

import click

from server.cli._data import data_option
from server.cli._output import example, say, show
from server.commands import init_folder
from server.config import DataFolder


@click.command(epilog=example("--data /srv/tianbao init --campaign forms/ordos-2019"))
@click.option(
    "--campaign",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with campaign.json, units.json and the forms.",
)
@data_option
def init(campaign: Path, folder: DataFolder) -> None:
    """Make the data folder: keys, databases, and a campaign with its units and forms."""
    init_folder(folder, campaign)
    show(str(folder.path))
    say("Next: tianbao-server serve, and tianbao-server invite UNIT ROLE beside it.")
