"""`tianbao add`: finalize entries from files of answers."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from client.answers_file import Document, decode, documents, is_by_line
from client.cli._output import example, say, say_json, show
from client.control import call

_BY_LINE = frozenset({".jsonl", ".ndjson"})

Violations = list[dict[str, Any]]


@click.command(
    epilog=example("add attachment-2 answers.jsonl", "add attachment-2 - < answers.json")
)
@click.argument("form")
@click.argument(
    "answers", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
)
@click.option("--json", "as_json", is_flag=True, help="Print what is wrong as JSON.")
@click.pass_context
def add(ctx: click.Context, form: str, answers: Path, as_json: bool) -> None:
    """Check and finalize sets of ANSWERS to a FORM; print each entry's id once it is durable.

    ANSWERS is a .json file with one set, a .jsonl file with one a line, or - for either. Reasons for
    soft constraints stand under "_reasons": {path: text}; a file question is answered by the path of
    the file, relative to the answers' file. If a set breaks a rule, the others are kept all the same,
    and the command ends with 1.
    """
    given = _read(answers, quiet=as_json)
    violations = [_unreadable(each) for each in given if each.answers is None]
    try:
        violations += _add(
            ctx.obj, form, [each for each in given if each.answers is not None], answers
        )
    finally:
        _tell(violations, as_json=as_json)
    if violations:
        ctx.exit(1)


def _read(answers: Path, *, quiet: bool) -> list[Document]:
    is_stream = str(answers) == "-"
    content = sys.stdin.buffer.read() if is_stream else answers.read_bytes()
    text = decode(content, "Standard input" if is_stream else str(answers))
    if text.encoding and not quiet:
        say(f"Note: {answers} is not UTF-8; it was read as {text.encoding}.")
    by_line = is_by_line(text.content) if is_stream else answers.suffix.lower() in _BY_LINE
    return list(documents(text.content, by_line=by_line))


def _add(home: Path, form: str, given: Sequence[Document], answers: Path) -> Violations:
    folder = Path.cwd() if str(answers) == "-" else answers.absolute().parent
    params = {
        "form": form,
        "folder": str(folder),
        "documents": [{"line": each.line, "answers": each.answers} for each in given],
    }
    violations: Violations = []
    for outcome in call(home, "add", params):
        if "entry" in outcome:
            show(outcome["entry"])
        else:
            violations += [{"line": outcome["line"], **each} for each in outcome["violations"]]
    return violations


def _unreadable(document: Document) -> dict[str, Any]:
    return {
        "line": document.line,
        "path": document.path,
        "code": document.code,
        "message": document.message,
    }


def _tell(violations: Violations, *, as_json: bool) -> None:
    ordered = sorted(violations, key=lambda each: each["line"])
    if as_json and ordered:
        say_json(ordered)
        return
    for each in ordered:
        place = f"{each['path']}: " if each["path"] else ""
        say(f"line {each['line']}: {place}{each['message']} [{each['code']}]")
