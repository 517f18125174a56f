"""`tianbao prune`: take delivered entries off this device that are old enough."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, say, show_json, show_table
from client.control import call

_COLUMNS = ("ENTRY", "FORM", "NAME", "MADE AT")


@click.command(epilog=example("prune --older-than 365", "prune --older-than 365 --yes"))
@click.option(
    "--older-than", "days", type=int, required=True, metavar="DAYS", help="Age in days, at least."
)
@click.option("--yes", is_flag=True, help="Do it; else what would go is only listed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def prune(home: Path, days: int, *, yes: bool, as_json: bool) -> None:
    """Take answers and files of delivered entries off this device; the server keeps them.

    Only what the server has in full, and nobody works on, goes. It stays in the lists.
    """
    done = next(call(home, "prune", {"days": days, "apply": yes}))
    if as_json:
        show_json(done)
        return
    if done["entries"]:
        show_table(_COLUMNS, [_row(each) for each in done["entries"]])
    verb = "went" if done["applied"] else "would go"
    say(
        f"{len(done['entries'])} entries and {done['files']} files {verb}, "
        f"{done['bytes'] // 1024} KiB." + ("" if yes else " Hint: do it with --yes.")
    )


def _row(entry: dict[str, Any]) -> list[str]:
    return [entry["entry"], entry["form"], entry["name"], entry["made_at"]]
