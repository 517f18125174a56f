"""`tianbao-server publish`: a new form, or a new version of one."""

import base64
from pathlib import Path
from typing import Any

import click

from server.cli._data import data_option
from server.cli._output import example, say, show
from server.commands import run_command
from server.config import DataFolder


@click.command(epilog=example("publish forms/ordos-2019/attachment-2.json"))
@click.argument(
    "definition", metavar="FORM.json", type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@data_option
def publish(definition: Path, folder: DataFolder) -> None:
    """Publish the definition of a form; devices have it at their next contact.

    A version that was published once stays as it is: entries made with it keep it. Where versions
    are numbers, a new one is higher than the current one.
    Prints the digest that names the definition.
    """
    content = base64.b64encode(definition.read_bytes()).decode()
    published = run_command(folder, "publish", {"content": content})
    show(published["digest"])
    say(_told(published))
    if published["decided"]:
        say(f"{published['decided']} held entries were waiting for it, and are decided now.")


def _told(published: dict[str, Any]) -> str:
    form, version = published["form_id"], published["version"]
    if published["is_new"]:
        return f"Published {form}, version {version}."
    current = published["current"]
    which = "this is the current version" if current == version else f"version {current} is current"
    return f"Nothing changed: {form}, version {version}, was published before; {which}."
