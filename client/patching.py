"""Editing an entry by a patch, as scripts do: a JSON merge patch over its answers (RFC 7396).

* What is not named stays; null takes an answer back, a group's answers, or all rows of a repeat.
* Rows match by `_row`: rows that are not named stay, a row without `_row` is added at the end with
its defaults, `"_delete": true` removes the row that is named.
* The rest is as with `add`: files by their paths, calculations computed whatever is given, reasons
under `_reasons`; a row that is added is called by its place in the patch, from 1.
* A contested path is decided by naming it; a patch that leaves one undecided is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from client.adding import REASONS, by_position, renamed
from client.attaching import keep_file
from client.blobs import Blobs
from client.editing import Editing
from client.errors import EntryStateError, InputError
from client.finalize import Finalizer
from client.opening import Instance
from client.views import ROW, View, answer_at, has_rows
from client.violations import format_violations
from forms.definition import ATTACHMENT_TYPES, Node, Question, Repeat
from forms.errors import AnswerError
from forms.paths import ROW_ID
from forms.session import Session
from forms.violation import Violation

Json = dict[str, Any]

DELETE = "_delete"


class Patcher:
    """Edits entries by patches."""

    def __init__(self, editing: Editing, finalizer: Finalizer, blobs: Blobs) -> None:
        self._editing = editing
        self._finalizer = finalizer
        self._blobs = blobs

    def edit(self, entry: str, patch: Mapping[str, Any], folder: Path) -> Json:
        """Save an edit: `{"entry", "revision", "state"}`, or `{"violations"}`.

        `"unchanged": true` stands in what comes back where the patch changed nothing.

        Raises:
            NotFoundError: there is no such entry, or its answers or form are not here.
            EntryStateError: it was taken back, is being edited, or stays contested.
            StorageError: it could not be saved.
        """
        self._editing.require_no_draft(entry)
        view = self._editing.editable(entry)
        instance = self._editing.resume(view)
        laying = _Laying(instance, self._blobs, folder)
        laying.lay(patch)
        _require_decided(view, laying.touched)
        if laying.violations:
            broken = dict.fromkeys((*laying.violations, *instance.session.violations()))
            return by_position({"violations": format_violations(broken)}, laying.rows_at)
        outcome = self._editing.end_unchanged(instance) or self._finalizer.finalize(instance)
        return by_position(outcome, laying.rows_at)


def _require_decided(view: View, touched: set[str]) -> None:
    left = [each.path for each in view.contested if each.path not in touched]
    if left:
        raise EntryStateError(
            f"This entry is contested, and the patch does not decide it all: {', '.join(left)}.",
            code="contested",
            hint=f"See: tianbao merge {view.entry}",
        )


class _Laying:
    """Lays a patch over an instance, step by step as a person would."""

    def __init__(self, instance: Instance, blobs: Blobs, folder: Path) -> None:
        self._session: Session = instance.session
        self._survey = instance.compiled.form.survey
        self._before = instance.session.answers()
        self._blobs = blobs
        self._folder = folder
        self.rows_at: dict[str, str] = {}  # `contests[1]` → the path of the row that was added
        self.violations: list[Violation] = []
        self.touched: set[str] = set()

    def lay(self, patch: Mapping[str, Any]) -> None:
        """Take the steps that the patch asks for."""
        given = {name: value for name, value in patch.items() if name != REASONS}
        self._members(self._survey, given, "")
        self._reasons(patch.get(REASONS) or {})

    def _reasons(self, given: Any) -> None:
        if not isinstance(given, dict) or not all(
            isinstance(text, str | None) for text in given.values()
        ):
            self._note(REASONS, "type", "Reasons are an object of texts by path.")
            return
        for path, text in given.items():
            place = renamed(path, self.rows_at)
            self._step(place, partial(self._session.give_reason, place, text or ""))

    def _members(self, nodes: Sequence[Node], given: Mapping[str, Any], prefix: str) -> None:
        by_name = {node.name: node for node in nodes}
        for name, value in given.items():
            node, path = by_name.get(name), prefix + name
            if node is None:
                self._note(path, "unknown_question", "The form has no such question.")
            elif isinstance(node, Question):
                self._answer(node, path, value)
            elif isinstance(node, Repeat):
                self._rows(node, path, value)
            elif value is None:
                self._members(
                    node.children, {each.name: None for each in node.children}, f"{path}/"
                )
            elif isinstance(value, dict):
                self._members(node.children, value, f"{path}/")
            else:
                self._note(path, "type", "A group of answers is an object.")

    def _answer(self, question: Question, path: str, value: Any) -> None:
        if question.calculation is not None:
            return
        if question.read_only == "true()":
            if value != answer_at(self._before, path):
                message = "This is filled in by the program and cannot be changed."
                self._note(path, "read_only", message)
            return
        if question.type in ATTACHMENT_TYPES and isinstance(value, str):
            try:
                value = keep_file(self._blobs, self._folder / value)
            except InputError as error:
                self._note(path, error.code, error.message)
                return
        self.touched.add(path)
        self._step(path, partial(self._session.answer, path, value))

    def _rows(self, repeat: Repeat, path: str, given: Any) -> None:
        if given is None:
            rows = answer_at(self._before, path) or ()
            given = [{ROW: row[ROW], DELETE: True} for row in rows]
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            self._note(path, "type", "The rows of a repeat are a list of objects.")
            return
        going = [row for row in given if row.get(DELETE) is True]
        stuck = [row for row in going if not self._remove(path, row, is_last_try=False)]
        for number, row in enumerate(given, 1):
            if row.get(DELETE) is not True:
                self._row(repeat, path, number, row)
        for row in stuck:  # the least number of rows may stand now that others were added
            self._remove(path, row, is_last_try=True)

    def _remove(self, path: str, row: Mapping[str, Any], *, is_last_try: bool) -> bool:
        row_path = self._known_row(path, row)
        if row_path is None:
            return True
        self.touched.add(row_path)
        try:
            self._session.remove_row(row_path)
        except AnswerError as error:
            if is_last_try:
                self._note(row_path, error.code, error.message)
            return False
        return True

    def _row(self, repeat: Repeat, path: str, number: int, row: Mapping[str, Any]) -> None:
        answers = {name: value for name, value in row.items() if name not in (ROW, DELETE)}
        if row.get(DELETE, False) is not False:
            self._note(path, "type", f'"{DELETE}" is true or false.')
        elif ROW not in row:
            added = self._added(path, number)
            if added is not None:
                self._members(repeat.children, answers, f"{added}/")
        elif row_path := self._known_row(path, row):
            self.touched.add(row_path)
            self._members(repeat.children, answers, f"{row_path}/")

    def _added(self, path: str, number: int) -> str | None:
        try:
            added = self._session.add_row(path).added[0]
        except AnswerError as error:
            self._note(f"{path}[{number}]", error.code, error.message)
            return None
        self.rows_at[f"{path}[{number}]"] = added
        return added

    def _known_row(self, path: str, row: Mapping[str, Any]) -> str | None:
        row_id = row.get(ROW)
        if isinstance(row_id, str) and ROW_ID.fullmatch(row_id):
            row_path = f"{path}[{row_id}]"
            if has_rows(self._before, row_path):
                return row_path
            self._note(row_path, "unknown_row", "The entry has no such row.")
            return None
        self._note(path, "row_id", "A row is named by its _row, as `tianbao show` tells it.")
        return None

    def _step(self, path: str, act: Callable[[], object]) -> None:
        try:
            act()
        except AnswerError as error:
            self._note(error.path or path, error.code, error.message)

    def _note(self, path: str, code: str, message: str) -> None:
        self.violations.append(Violation(path, code, message))
