"""`tianbao-server project`: bring the auditors' database up to date."""

import click

from server.cli._data import data_option
from server.cli._output import example, say
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("project", "project --rebuild"))
@click.option("--rebuild", is_flag=True, help="Make all of it again from the log.")
@data_option
def project(rebuild: bool, folder: DataFolder) -> None:
    """Bring the auditors' database up to date with the log.

    A running server does so by itself, within a second. The result is always the same.
    """
    count = run_command(folder, "rebuild" if rebuild else "project", {})
    say(f"The auditors' database is up to date; {count} entries were written.")
