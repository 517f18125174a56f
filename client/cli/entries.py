"""`tianbao entries`: everything that was filled on this device, and in the unit."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, language, show_json_list, show_pages
from client.control import call


@click.command(epilog=example("entries --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def entries(home: Path, as_json: bool) -> None:
    """List all entries with their states, drafts first, then the newest."""
    pages = call(home, "entries", {"language": language()})
    if as_json:
        show_json_list(pages)
        return
    show_pages(
        ("ENTRY", "STATE", "FORM", "MADE", "NAME"), (list(map(_row, page)) for page in pages)
    )


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return each["entry"], _state(each), each["form"], each["made_at"], each["name"]


def _state(each: dict[str, Any]) -> str:
    """Return the state with what a person should know beside it."""
    words = [each["state"]]
    if each["operation"] == "void":
        words.append("void")
    if each["contested"]:
        words.append("contested")
    if each["exported_at"] and each["state"] == "saved":
        words.append(f"exported {each['exported_at']}")
    if each["draft"] and each["revision"]:
        words.append("edit open")
    return ", ".join(words)
