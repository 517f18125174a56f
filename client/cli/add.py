"""`tianbao add`: finalize entries from files of answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from client.answers_file import Document
from client.cli._input import folder_of, opened
from client.cli._output import example, say, say_json, show
from client.control import call

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

    ANSWERS is a .json file with one set, a .jsonl file with one a line, or - for either. Lines are
    taken as they come. Reasons for soft constraints stand under "_reasons": {path: text}, where
    contests[1] is the first row; a file question is answered by the path of the file, relative to
    the answers' file. If a set breaks a rule, the others are kept all the same, and the command ends
    with 1.
    """
    folder = folder_of(answers)
    findings = _Findings(as_json)
    with opened(answers) as reader:
        try:
            for group in reader.groups():
                findings.say_encoding(reader.guessed, answers)
                _add(ctx.obj, {"form": form, "folder": str(folder)}, group, findings)
        finally:
            findings.end()
    if findings.any:
        ctx.exit(1)


def _add(
    home: Path, params: dict[str, str], group: Sequence[Document], findings: "_Findings"
) -> None:
    """Add what has come. The home is held for this group alone, not while the next is awaited."""
    violations = [_unreadable(each) for each in group if each.answers is None]
    given = [
        {"line": each.line, "answers": each.answers} for each in group if each.answers is not None
    ]
    try:
        for outcome in call(home, "add", {**params, "documents": given}) if given else ():
            if "entry" in outcome:
                show(outcome["entry"])
                findings.saved += 1
            else:
                violations += [{"line": outcome["line"], **each} for each in outcome["violations"]]
    finally:
        findings.take(violations)


def _unreadable(document: Document) -> dict[str, Any]:
    return {
        "line": document.line,
        "path": document.path,
        "code": document.code,
        "message": document.message,
    }


class _Findings:
    """What is wrong: told as it is found or, as JSON, in one list at the end."""

    def __init__(self, as_json: bool) -> None:
        self.any = False
        self.saved = 0
        self._lines: set[int] = set()
        self._as_json = as_json
        self._kept: Violations = []
        self._encoding: str | None = None

    def say_encoding(self, encoding: str | None, answers: Path) -> None:
        """Say once which encoding was guessed."""
        if encoding and encoding != self._encoding and not self._as_json:
            say(f"Note: {answers} is not UTF-8; it was read as {encoding}.")
        self._encoding = encoding

    def take(self, violations: Violations) -> None:
        """Take what is wrong in a group of lines."""
        self.any = self.any or bool(violations)
        self._lines.update(each["line"] for each in violations)
        ordered = sorted(violations, key=lambda each: each["line"])
        if self._as_json:
            self._kept += ordered
            return
        for each in ordered:
            place = f"{each['path']}: " if each["path"] else ""
            say(f"line {each['line']}: {place}{each['message']} [{each['code']}]")

    def end(self) -> None:
        """Tell what was kept for the end."""
        if self._kept:
            say_json(self._kept)
        elif self.any and self.saved:
            lines = ", ".join(map(str, sorted(self._lines)))
            say(f"Saved: {self.saved}. Hint: mend line {lines} and add those alone, not all again.")
