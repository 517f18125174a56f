"""`tianbao upgrade`: move a draft to the newest version of its form."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, language, show, show_json
from client.control import call


@click.command(epilog=example("upgrade 6f1c2a9e-…", "upgrade 6f1c2a9e-… --yes"))
@click.argument("entry")
@click.option("--yes", is_flag=True, help="Move it; else only what would change is told.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def upgrade(home: Path, entry: str, *, yes: bool, as_json: bool) -> None:
    """Tell what would change if the draft of an ENTRY moved to the newest version of its form."""
    params = {"entry": entry, "apply": yes, "language": language()}
    told = next(call(home, "upgrade", params))
    if as_json:
        show_json(told)
        return
    for line in _lines(told):
        show(line)


def _lines(told: dict[str, Any]) -> list[str]:
    if told["is_newest"]:
        return [f"The draft is in the newest version, {told['to']['version']}."]
    verb = "moved" if told["applied"] else "would move"
    lines = [
        f"The draft {verb} from version {told['from']['version']} to {told['to']['version']}.",
        f"Answers kept: {told['kept']}",
    ]
    lines += [f"  - no longer asked: {_named(each)}: {each['text']}" for each in told["dropped"]]
    lines += [f"  + new: {_named(each)}" for each in told["new_questions"]]
    lines += [f"  ! {_named(each)}: {each['message']}" for each in told["violations"]]
    return lines


def _named(each: dict[str, Any]) -> str:
    return f"{each['label']} [{each['path']}]"
