"""Adding an entry from a set of answers, as scripts do: laid over a form that was just opened.

* Defaults, row ids and calculations are supplied for what is left out; calculations are computed
here whatever is given.
* What the form does not know, what is of a wrong type, what a person could not change either: all
are violations, told together, and nothing is saved.
* An answer to a file question is the path of the file; the file is copied into the home.
* A row that is given no id is called by its position, from 1: in reasons, and in what is told.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from client.attaching import keep_file
from client.blobs import Blobs
from client.errors import InputError
from client.finalize import Finalizer
from client.opening import Instance, Opener
from client.views import ROW, ROW_ID_BYTES
from client.violations import format_violations
from forms.definition import ATTACHMENT_TYPES, Group, Node, Question, Repeat
from forms.errors import AnswerError
from forms.paths import ROW_ID
from forms.session import Session
from forms.violation import Violation

Json = dict[str, Any]

REASONS = "_reasons"
_ROW_STEP = re.compile(r"\[[^]]*\]")


class Adder:
    """Adds entries on this device."""

    def __init__(self, opener: Opener, finalizer: Finalizer, blobs: Blobs) -> None:
        self._opener = opener
        self._finalizer = finalizer
        self._blobs = blobs

    def add(self, form: str, document: Mapping[str, Any], folder: Path) -> Json:
        """Save one entry: `{"entry", "revision", "state"}`, or `{"violations"}`.

        Paths of files are relative to `folder`.

        Raises:
            NotFoundError: there is no such form on this device.
            EnrolmentError: the device is not enrolled.
            StorageError: it could not be saved.
        """
        instance = self._opener.start(form)
        layer = _Layer(self._blobs, folder)
        answers = layer.lay(instance, document)
        reasons = layer.reasons(document)
        instance.replace(answers, reasons)
        if layer.violations:
            broken = (*layer.violations, *instance.session.violations())
            violations = format_violations(dict.fromkeys(broken))
            return by_position({"violations": violations}, layer.rows_at)
        return by_position(self._finalizer.finalize(instance), layer.rows_at)


class _Layer:
    """Lays given answers over those of a form that was just opened."""

    def __init__(self, blobs: Blobs, folder: Path) -> None:
        self._blobs = blobs
        self._folder = folder
        self.violations: list[Violation] = []
        self._row_ids: dict[str, set[str]] = {}
        self.rows_at: dict[str, str] = {}  # `contests[1]` → the row's path with its made-up id

    def lay(self, instance: Instance, document: Mapping[str, Any]) -> Json:
        """Return the answers to fill the form with."""
        survey = instance.compiled.form.survey
        given = {name: value for name, value in document.items() if name != REASONS}
        _grow(instance.session, survey, given)
        return self._members(survey, instance.session.answers(), given, "")

    def reasons(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Return the reasons that were given for soft constraints."""
        given = document.get(REASONS, {})
        if isinstance(given, dict) and all(isinstance(text, str) for text in given.values()):
            return {renamed(path, self.rows_at): text for path, text in given.items()}
        self._note(REASONS, "type", "Reasons are an object of texts by path.")
        return {}

    def _members(
        self, nodes: Sequence[Node], base: Mapping[str, Any], given: Mapping[str, Any], prefix: str
    ) -> Json:
        laid = dict(base)
        known = {node.name for node in nodes} | {ROW}
        for name in given:
            if name not in known or (name == ROW and not prefix):
                self._note(prefix + name, "unknown_question", "The form has no such question.")
        for node in nodes:
            if node.name in given:
                path = prefix + node.name
                value = self._member(node, base.get(node.name), given[node.name], path)
                laid.pop(node.name, None)
                if value is not None:
                    laid[node.name] = value
        return laid

    def _member(self, node: Node, base: Any, given: Any, path: str) -> Any:
        if isinstance(node, Question):
            return self._answer(node, base, given, path)
        if isinstance(node, Repeat):
            return self._rows(node, base or [], given, path)
        if not isinstance(given, dict):
            self._note(path, "type", "A group of answers is an object.")
            return base
        return self._members(node.children, base or {}, given, f"{path}/")

    def _answer(self, question: Question, base: Any, given: Any, path: str) -> Any:
        if question.calculation is not None:
            return base
        if question.read_only == "true()" and given != base:
            self._note(path, "read_only", "This is filled in by the program and cannot be changed.")
            return base
        if question.type in ATTACHMENT_TYPES and isinstance(given, str):
            return self._file(given, path)
        return given

    def _rows(self, repeat: Repeat, base: Sequence[Json], given: Any, path: str) -> Any:
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            self._note(path, "type", "The rows of a repeat are a list of objects.")
            return base
        # An id names one row of a repeat, whichever row of an outer repeat it stands in.
        taken = self._row_ids.setdefault(_ROW_STEP.sub("", path), set())
        rows = []
        for number, row in enumerate(given):
            below = base[number] if number < len(base) else {ROW: token_hex(ROW_ID_BYTES)}
            row_id = self._row_id(row.get(ROW, below[ROW]), taken, path)
            if ROW not in row:
                self.rows_at[f"{path}[{number + 1}]"] = f"{path}[{row_id}]"
            laid = self._members(repeat.children, below, row, f"{path}[{row_id}]/")
            rows.append({**laid, ROW: row_id})
        return rows

    def _row_id(self, wanted: Any, taken: set[str], path: str) -> str:
        if not isinstance(wanted, str) or ROW_ID.fullmatch(wanted) is None:
            self._note(path, "row_id", "The id of a row is 1 to 64 letters, digits, _ or -.")
        elif wanted in taken:
            self._note(f"{path}[{wanted}]", "row_id", "Two rows have this id.")
        else:
            taken.add(wanted)
            return wanted
        return token_hex(ROW_ID_BYTES)

    def _file(self, given: str, path: str) -> Json | None:
        try:
            return keep_file(self._blobs, self._folder / given)
        except InputError as error:
            self._note(path, error.code, error.message)
            return None

    def _note(self, path: str, code: str, message: str) -> None:
        self.violations.append(Violation(path, code, message))


def by_position(outcome: Json, rows_at: Mapping[str, str]) -> Json:
    """Return an outcome whose violations call the rows without an id by their position."""
    positions = {row: position for position, row in rows_at.items()}
    for violation in outcome.get("violations", ()):
        violation["path"] = renamed(violation["path"], positions)
    return outcome


def renamed(path: str, names: Mapping[str, str]) -> str:
    """Return a path with the rows on its way called by other names, the outer ones first."""
    done = ""
    for step in path.split("/"):
        here = f"{done}/{step}" if done else step
        done = names.get(here, here)
    return done


def _grow(session: Session, survey: Sequence[Node], given: Mapping[str, Any]) -> None:
    """Add rows until the session has as many as are given, so that each has its defaults."""
    while wanted := list(_missing(survey, session.answers(), given, "")):
        for path, count in wanted:
            for _ in range(count):
                try:
                    session.add_row(path)
                except AnswerError:  # more rows than the form allows: a violation later on
                    return


def _missing(
    nodes: Sequence[Node], base: Mapping[str, Any], given: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, int]]:
    """Yield the repeats that lack rows, and how many, as far as their parents are there."""
    for node in nodes:
        value, path = given.get(node.name), prefix + node.name
        if isinstance(node, Group) and isinstance(value, dict):
            yield from _missing(node.children, base.get(node.name, {}), value, f"{path}/")
        elif isinstance(node, Repeat) and isinstance(value, list):
            rows = base.get(node.name, [])
            if len(value) > len(rows):
                yield path, len(value) - len(rows)
            for row, below in zip(value, rows, strict=False):
                if isinstance(row, dict):
                    yield from _missing(node.children, below, row, f"{path}[{below[ROW]}]/")
