"""Answers as JSON into the tree of an open form, and back.

- A draft is loaded as it is: values of a wrong type stay, with the reason; missing row ids are made.
- The id of a row is its repeat's own in the whole entry, whichever row around it holds it: the tables
  know a row by the entry and its id.
- A revision is loaded strictly: whatever is not in its one canonical form is noted as a violation.
- Collecting leaves out what is blank; a final collection also what is not relevant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forms.errors import AnswerError
from forms.instance import Row, new_row
from forms.paths import ROW_ID, parse_path
from forms.reasons import REASON_LIMIT
from forms.structure import Place
from forms.values import is_blank

Finding = tuple[str, str]
"""A path and the code of what is wrong there."""

Children = Mapping[str, Place]


@dataclass(slots=True)
class Loader:
    """Loads answers; `row_id` makes ids for rows without one, or is None to load strictly."""

    row_id: Callable[[], str] | None
    findings: list[Finding] = field(default_factory=list)
    _taken: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def load(self, root: Row, answers: object) -> None:
        """Fill a fresh root with answers."""
        self._object(root, root.scope.children, answers, "")

    def load_reasons(self, root: Row, reasons: Mapping[str, object]) -> None:
        """Put each reason at its question; note those that belong nowhere."""
        for path, text in reasons.items():
            try:
                row, place = locate(root, path)
            except AnswerError:
                self.findings.append((path, "unknown_question"))
                continue
            if place.question is None or not isinstance(text, str) or len(text) > REASON_LIMIT:
                self.findings.append((path, "reason"))
            elif not is_blank(text):
                row.reasons[place.slot] = text

    def _object(self, row: Row, children: Children, answers: object, prefix: str) -> None:
        if not isinstance(answers, Mapping):
            self.findings.append((prefix.rstrip("/"), "type.group"))
            return
        for name, value in self._left_by_exact(row, children, answers):
            place = children.get(name)
            if place is None:
                if name != "_row" or row.parent is None or children is not row.scope.children:
                    self.findings.append((f"{prefix}{name}", "unknown_question"))
            elif place.question is not None:
                self._answer(row, place, value)
            elif place.inner is not None:
                self._rows(row, place, value)
            else:
                self._object(row, place.children, value, f"{row.path(place)}/")

    def _left_by_exact(
        self, row: Row, children: Children, answers: Mapping[str, Any]
    ) -> Iterable[tuple[str, Any]]:
        """Take what is in its canonical form already; return what has to be looked at closely.

        Only a strict loading does: in a draft, what a person meant is worked out for each answer.
        """
        if self.row_id is not None:
            return answers.items()
        values, texts, seen, left = row.values, row.texts, row.seen, []
        for name, value in answers.items():
            place = children.get(name)
            text = None if place is None else place.exact(value)
            if place is None or text is None:
                left.append((name, value))
            else:  # the row is fresh: nothing is hidden in it yet, and nothing wrong
                slot = place.slot
                values[slot], texts[slot], seen[slot] = value, text, text
        return left

    def _answer(self, row: Row, place: Place, value: Any) -> None:
        check = place.rules.check
        if is_blank(value):
            if self.row_id is None:
                row.put_wrong(place, value, AnswerError("A blank answer is left out.", code="type"))
            return
        assert check is not None  # noqa: S101 - every question has one
        try:
            canonical = in_order(place, check(value))
        except AnswerError as error:
            row.put_wrong(place, value, error)
            return
        row.put(place, canonical)
        if self.row_id is None and not is_same(canonical, value):
            code = "order" if isinstance(canonical, list) else "type.canonical"
            self.findings.append((row.path(place), code))

    def _rows(self, row: Row, repeat: Place, value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            self.findings.append((row.path(repeat), "type.repeat"))
            return
        rows = row.rows[repeat.slot]
        for position, each in enumerate(value, 1):
            row_id = self._row_id(row, repeat, each)
            if row_id is None:
                continue
            inner = new_row(row, repeat, row_id)
            inner.position = position
            rows[row_id] = inner
            self._taken[repeat].add(row_id)
            self._object(inner, inner.scope.children, each, inner.prefix)

    def _row_id(self, row: Row, repeat: Place, answers: object) -> str | None:
        taken = self._taken[repeat]
        given = answers.get("_row") if isinstance(answers, Mapping) else None
        well_formed = isinstance(given, str) and ROW_ID.fullmatch(given) is not None
        if well_formed and given not in taken:
            return str(given)
        if self.row_id is None or (given is not None and not well_formed):
            self.findings.append((row.path(repeat), "row_id"))
        return None if self.row_id is None else fresh_id(self.row_id, taken)


def fresh_id(make: Callable[[], str], taken: Iterable[str]) -> str:
    """Make a row id that is not taken."""
    row_id = make()
    while row_id in taken:
        row_id = make()
    return row_id


def is_same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are the same, types included: 1, 1.0 and true are three."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def in_order(place: Place, value: Any) -> Any:
    """Return several choices in the order of their list; those not in it come last."""
    choices = place.rules.choices
    if choices is None or not isinstance(value, list):
        return value
    order = choices.order
    return sorted(value, key=lambda name: order.get(name, len(order)))


def locate(root: Row, path: str) -> tuple[Row, Place]:
    """Return the row and the place that an instance path leads to.

    Raises:
        AnswerError: there is no such question or row (`unknown_path`, `unknown_row`).
    """
    row, children = root, root.scope.children
    place: Place | None = None
    steps = parse_path(path)
    for number, step in enumerate(steps, 1):
        place = children.get(step.name)
        if place is None or (step.row is not None and place.inner is None):
            raise AnswerError(f"The form has no “{path}”.", path=path, code="unknown_path")
        if step.row is not None:
            row = _row(row, place, step.row, path)
        elif place.inner is not None and number < len(steps):
            raise AnswerError(f"“{path}” names no row.", path=path, code="unknown_path")
        children = place.children
    assert place is not None  # noqa: S101 - a path has a step
    return row, place


def _row(row: Row, repeat: Place, row_id: str, path: str) -> Row:
    found = row.rows[repeat.slot].get(row_id)
    if found is None:
        raise AnswerError(f"There is no row “{row_id}”.", path=path, code="unknown_row")
    return found


def collect(row: Row, children: Children, *, final: bool) -> dict[str, Any]:
    """Return the answers beneath a row as JSON, without what is blank.

    A final collection leaves out what is not relevant.
    """
    answers: dict[str, Any] = {}
    for name, place in children.items():
        if final and not row.relevant[place.slot]:
            continue
        if place.question is not None:
            value: Any = row.values[place.slot]
        elif place.inner is not None:
            value = _collect_rows(row, place, final=final)
        else:
            value = collect(row, place.children, final=final) or None
        if value is not None:
            answers[name] = value
    return answers


def _collect_rows(row: Row, repeat: Place, *, final: bool) -> list[dict[str, Any]] | None:
    rows = row.rows[repeat.slot].values()
    children = repeat.children
    return [{"_row": each.id, **collect(each, children, final=final)} for each in rows] or None
