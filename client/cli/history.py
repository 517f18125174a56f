"""`tianbao history`: all revisions of an entry, and what each changed."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, language, show, show_json
from client.control import call

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": "↕"}


@click.command(
    epilog=example("history 6f1c2a9e-… --diff", "history 6f1c2a9e-… --between 1f2e3d 4c5b6a")
)
@click.argument("entry")
@click.option("--diff", is_flag=True, help="Tell what each revision changed.")
@click.option(
    "--between",
    nargs=2,
    metavar="DIGEST DIGEST",
    help="Tell what the second of two revisions says otherwise than the first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def history(
    home: Path, entry: str, between: tuple[str, str] | None, *, diff: bool, as_json: bool
) -> None:
    """List the revisions of an ENTRY, the newest first.

    A digest may be cut short, to six characters or more.
    """
    params = {"entry": entry, "diff": diff, "between": list(between or ())}
    found = next(call(home, "history", {**params, "language": language()}))
    if as_json:
        show_json(found)
        return
    lines = (
        _changes(found["changes"]) if between else [line for each in found for line in _lines(each)]
    )
    for line in lines:
        show(line)


def _lines(revision: dict[str, Any]) -> list[str]:
    who = revision["member_name"] or revision["author"]
    mark = "*" if revision["is_head"] else " "
    what = " void" if revision["operation"] == "void" else ""
    lines = [
        f"{mark} {revision['digest']}  {revision['made_at']}  {who}  {revision['state']}{what}"
    ]
    if revision["reason"]:
        lines.append(f"    reason: {revision['reason']}")
    lines += [f"    follows {parent}" for parent in revision["parents"]]
    for each in revision.get("differences", ()):
        if len(revision["parents"]) > 1:
            lines.append(f"    against {each['parent']}")
        lines += [f"    {line}" for line in _changes(each["changes"])]
    return lines


def _changes(changes: list[dict[str, Any]] | None) -> list[str]:
    if changes is None:
        return ["(cannot be compared on this device)"]
    return [
        f"{_SIGNS[each['kind']]} {each['label']} [{each['path']}]: "
        + " → ".join(filter(None, (each["before_text"], each["after_text"])))
        for each in changes
    ]
