"""`tianbao edit`: change a finalized entry by a patch."""

from pathlib import Path
from typing import Any

import click

from client.answers_file import Shape
from client.cli._input import folder_of, opened
from client.cli._output import example, say, say_json, show, show_json
from client.control import call
from client.errors import InputError


@click.command(epilog=example("edit 6f1c2a9e-… patch.json", "edit 6f1c2a9e-… - < patch.json"))
@click.argument("entry")
@click.argument(
    "patch", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
)
@click.option(
    "--reason",
    "reasons",
    multiple=True,
    metavar="PATH=TEXT",
    help="Why an answer stands that a soft constraint asks to check.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def edit(
    ctx: click.Context, entry: str, patch: Path, reasons: tuple[str, ...], *, as_json: bool
) -> None:
    """Change an ENTRY by a JSON merge PATCH over its answers; print the new revision.

    What is not named stays; null takes an answer back. Rows match by "_row": those that are not
    named stay, a row without "_row" is added at the end, and {"_row": …, "_delete": true} removes one.
    A file question is answered by the path of the file, relative to the patch. If a rule is broken,
    nothing is saved, and the command ends with 1.
    """
    document = _read(patch)
    if reasons:
        document["_reasons"] = {**document.get("_reasons", {}), **dict(map(_reason, reasons))}
    params = {"entry": entry, "patch": document, "folder": str(folder_of(patch))}
    tell_outcome(ctx, next(call(ctx.obj, "edit", params)), as_json=as_json)


def tell_outcome(ctx: click.Context, outcome: dict[str, Any], *, as_json: bool) -> None:
    """Print the revision that was made; or what is wrong, and end with 1."""
    if "violations" in outcome:
        _tell_violations(outcome["violations"], as_json=as_json)
        ctx.exit(1)
    if as_json:
        show_json(outcome)
    else:
        show(outcome["revision"] + (" (unchanged)" if outcome.get("unchanged") else ""))


def _tell_violations(violations: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        say_json(violations)
        return
    for each in violations:
        place = f"{each['path']}: " if each["path"] else ""
        say(f"{place}{each['message']} [{each['code']}]")


def _read(patch: Path) -> dict[str, Any]:
    with opened(patch, Shape.DOCUMENT) as reader:
        documents = [document for group in reader.groups() for document in group]
    if not documents:
        raise InputError(f"{patch} holds no patch.", code="json")
    if documents[0].answers is None:
        raise InputError(f"{patch}: {documents[0].message}", code=documents[0].code)
    return dict(documents[0].answers)


def _reason(given: str) -> tuple[str, str]:
    path, sign, text = given.partition("=")
    if not sign:
        raise click.BadParameter("It is PATH=TEXT.", param_hint="--reason")
    return path, text
