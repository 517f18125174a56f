"""`tianbao enrol`: make this device a member's, with a one-time code."""

import platform
from pathlib import Path

import click

from client.cli._output import example, say, show, warn
from client.enrol import Invitation
from client.enrol import enrol as enrol_device
from client.errors import ClientError
from client.services import Services, open_services
from client.standing import warnings_about
from sync.errors import SyncError


@click.command(epilog=example("enrol https://forms.example.org 7K3QD-0M1BX-2ZC4V-N8W6T"))
@click.argument("url")
@click.argument("code")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The certificate (PEM) of a private authority, if the server has one; it is remembered.",
)
@click.option("--name", default=platform.node, help="What the organiser sees this device as.")
@click.pass_obj
def enrol(home: Path, url: str, code: str, ca: Path | None, name: str) -> None:
    """Enrol this device with the server at URL, by the one-time CODE of an invitation."""
    with open_services(home, patience=5.0) as services:
        profile = enrol_device(services, Invitation(url, code, ca, name))
        who = (profile.member_name, f"{profile.unit_name} ({profile.unit})", profile.role)
        show(" · ".join(filter(None, who)))
        warn(warnings_about(profile))
        _fetch_forms(services)


def _fetch_forms(services: Services) -> None:
    try:
        problem = services.rounds.run()["problem"]
    except (ClientError, SyncError) as error:
        problem = {"message": error.message}
    if problem is not None:
        message = problem["message"]
        say(f"Enrolled, but the forms have not come yet: {message} Hint: run tianbao sync.")
