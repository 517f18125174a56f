"""One open form: a person's steps in, what they changed out.

- Each step recomputes what depends on it and nothing else; the result is what a fresh computation of
  the same answers would give.
- Answers of a wrong type and answers to questions that are hidden just now are kept.
- A session belongs to one thread at a time. It reads the clock, randomness and own entries through
  its environment only.
"""

from collections.abc import Mapping
from typing import Any

from forms.checks import Speech, breaks_soft_constraint, violations_of
from forms.compiled import CompiledForm
from forms.definition import Repeat, text_in
from forms.drawing import draw, trimmed
from forms.environment import Environment
from forms.errors import AnswerError
from forms.evaluation import Cell, Ripple, settle_all
from forms.expressions.functions_date import now_text
from forms.instance import (
    Row,
    World,
    cells,
    document_order,
    new_row,
    place_rows,
    renumber,
    rows_of,
)
from forms.loading import Loader, collect, fresh_id, in_order, locate
from forms.reasons import REASON_LIMIT
from forms.state import Change, State
from forms.structure import Place
from forms.values import answer_from_text, is_blank
from forms.violation import Violation


class Session:
    """An open form and its answers."""

    __slots__ = ("_compiled", "_environment", "_findings", "_is_drawn", "_language", "_root")

    def __init__(self, compiled: CompiledForm, environment: Environment) -> None:
        self._compiled = compiled
        self._environment = environment
        self._root = Row(compiled.structure.root, World(environment), None, "")
        self._language = compiled.form.default_language
        self._findings: list[tuple[str, str]] = []
        self._is_drawn = False

    @classmethod
    def start(cls, compiled: CompiledForm, environment: Environment) -> "Session":
        """Open a new form: with its defaults, the rows it needs at least, and its calculations."""
        session = cls(compiled, environment)
        waiting = session._prefill(session._root)
        settle_all(compiled.active, session._root)
        session._apply_defaults(waiting, Ripple())
        return session

    @classmethod
    def resume(
        cls,
        compiled: CompiledForm,
        environment: Environment,
        answers: Mapping[str, Any],
        reasons: Mapping[str, str] | None = None,
    ) -> "Session":
        """Open a draft as it was left; what is wrong in it is kept and shown as a violation."""
        session = cls(compiled, environment)
        loader = Loader(environment.row_id)
        loader.load(session._root, answers)
        loader.load_reasons(session._root, reasons or {})
        session._findings = loader.findings
        settle_all(compiled.active, session._root)
        return session

    @property
    def language(self) -> str:
        """The language that states and messages are given in."""
        return self._language

    @language.setter
    def language(self, language: str) -> None:
        if language != self._language:
            self._language = language
            self._is_drawn = False

    def answer(self, path: str, value: object) -> Change:
        """Answer a question, or take its answer back with a blank.

        Raises:
            AnswerError: there is no such question, or the form calculates it.
        """
        row, place = self._question(path)
        if place.rules.calculation is not None:
            raise AnswerError(f"“{path}” is calculated.", path=path, code="calculated")
        self._draw_all()
        self._put(row, place, value)
        ripple = Ripple()
        ripple.changed(row, place)
        ripple.run()
        return self._change(ripple, answered=(row, place))

    def add_row(self, repeat_path: str, *, after: str | None = None) -> Change:
        """Add a row with its defaults, at the end or behind another (its path or id).

        Raises:
            AnswerError: there is no such repeat or row, or no more rows are allowed (`max_rows`).
        """
        row, place, repeat = self._repeat(repeat_path)
        rows = row.rows[place.slot]
        if len(rows) >= repeat.max_rows:
            message = f"At most {repeat.max_rows} rows are allowed."
            raise AnswerError(message, path=repeat_path, code="max_rows")
        behind = next(reversed(rows), None) if after is None else _row_id(rows, after)
        self._draw_all()
        added = new_row(row, place, fresh_id(self._environment.row_id, rows))
        waiting = self._prefill(added)
        place_rows(rows, added, behind)
        ripple = Ripple()
        for inner, inner_place in cells(added):
            ripple.touched[inner, inner_place] = None
            if not inner_place.is_constant:
                ripple.push(inner, inner_place)
        ripple.changed(row, place)
        ripple.run()
        self._apply_defaults(waiting, ripple)
        return self._change(ripple, added=(f"{row.path(place)}[{added.id}]",))

    def remove_row(self, row_path: str) -> Change:
        """Remove a row and everything in it.

        Raises:
            AnswerError: there is no such row, or the form needs it (`min_rows`).
        """
        row, place, repeat = self._row(row_path)
        rows = row.parent.rows[place.slot] if row.parent else {}
        if len(rows) <= repeat.min_rows:
            message = f"At least {repeat.min_rows} rows are needed."
            raise AnswerError(message, path=row_path, code="min_rows")
        self._draw_all()
        del rows[row.id]
        renumber(rows)
        return self._rows_changed(row, place, removed=(row_path,))

    def move_row(self, row_path: str, *, after: str | None) -> Change:
        """Move a row behind another (its path or id), or to the front.

        Raises:
            AnswerError: there is no such row.
        """
        row, place, _ = self._row(row_path)
        rows = row.parent.rows[place.slot] if row.parent else {}
        behind = None if after is None else _row_id(rows, after)
        self._draw_all()
        if behind != row.id:
            place_rows(rows, row, behind)
        return self._rows_changed(row, place)

    def give_reason(self, path: str, text: str) -> Change:
        """Say why an answer stands though a soft constraint asks to check it; a blank takes it back.

        Raises:
            AnswerError: there is no such question, or the text is too long (`too_big`).
        """
        row, place = self._question(path)
        if len(text) > REASON_LIMIT:
            message = f"A reason has at most {REASON_LIMIT} characters."
            raise AnswerError(message, path=path, code="too_big")
        self._draw_all()
        row.reasons.pop(place.slot, None)
        if not is_blank(text):
            row.reasons[place.slot] = text
        return self._change(Ripple(), answered=(row, place))

    def answers(self) -> dict[str, Any]:
        """Return everything that is answered, hidden questions included: the draft."""
        return collect(self._root, self._root.scope.children, final=False)

    def reasons(self) -> dict[str, str]:
        """Return every reason given, by the path of its question."""
        return {
            row.path(place): row.reasons[place.slot]
            for row, place in cells(self._root)
            if place.slot in row.reasons
        }

    def final_answers(self) -> dict[str, Any]:
        """Compute everything once more and return the relevant answers: what a revision holds.

        The environment's `now` is to be the revision's own time.
        """
        for place in self._compiled.ends:
            for row in rows_of(self._root, place.scope):
                self._put(row, place, now_text(self._environment.now()))
        settle_all(self._compiled.active, self._root)
        self._is_drawn = False
        return collect(self._root, self._root.scope.children, final=True)

    def final_reasons(self) -> dict[str, str]:
        """Return the reasons that answers stand by: where a soft constraint is broken now."""
        return {
            row.path(place): row.reasons[place.slot]
            for row, place in cells(self._root)
            if place.slot in row.reasons and breaks_soft_constraint(row, place)
        }

    def violations(self) -> tuple[Violation, ...]:
        """Return every rule that is broken, in the order of the form; any of them blocks."""
        speech = self._speech()
        found = [speech.violation(path, code) for path, code in self._findings]
        for row, place in cells(self._root):
            if place.is_checked or row.wrong:
                found += violations_of(row, place, speech)
        return tuple(found)

    def state(self, language: str) -> State:
        """Return everything there is to draw, in a language, own entries read afresh."""
        self.language = language
        self._refresh_entries()
        self._is_drawn = False
        self._draw_all()
        states = tuple(row.drawn[place.slot] for row, place in cells(self._root))
        return State(language, self.instance_name(), states)

    def instance_name(self) -> str:
        """Return what this entry is called: as the form says, else by the form's title."""
        rule = self._compiled.instance_name
        name = "" if rule is None else str(rule.run(self._root))
        form = self._compiled.form
        return name.strip() or text_in(form.title, self._language, form.default_language)

    def _speech(self) -> Speech:
        return Speech(self._language, self._compiled.form.default_language)

    def _question(self, path: str) -> Cell:
        row, place = locate(self._root, path)
        if place.question is None:
            raise AnswerError(f"“{path}” is no question.", path=path, code="unknown_path")
        return row, place

    def _repeat(self, path: str) -> tuple[Row, Place, Repeat]:
        row, place = locate(self._root, path)
        if not isinstance(place.node, Repeat) or path.endswith("]"):
            raise AnswerError(f"“{path}” is no repeat.", path=path, code="unknown_path")
        return row, place, place.node

    def _row(self, path: str) -> tuple[Row, Place, Repeat]:
        row, place = locate(self._root, path)
        if not isinstance(place.node, Repeat) or not path.endswith("]"):
            raise AnswerError(f"“{path}” is no row.", path=path, code="unknown_path")
        return row, place, place.node

    def _put(self, row: Row, place: Place, value: Any) -> None:
        if is_blank(value) or place.rules.check is None:
            row.put(place, None)
            return
        try:
            row.put(place, in_order(place, place.rules.check(value)))
        except AnswerError as error:
            row.put_wrong(place, value, error)

    def _prefill(self, row: Row) -> list[Cell]:
        """Set the defaults that refer to nothing, and add the least rows; return what is left."""
        waiting = []
        for place in row.scope.places:
            default = place.rules.default
            if default is not None and default.references:
                waiting.append((row, place))
            elif default is not None:
                self._apply_default(row, place)
            if isinstance(place.node, Repeat):
                waiting += self._add_least_rows(row, place, place.node)
        return waiting

    def _add_least_rows(self, row: Row, place: Place, repeat: Repeat) -> list[Cell]:
        waiting = []
        rows = row.rows[place.slot]
        for _ in range(repeat.min_rows):
            inner = new_row(row, place, fresh_id(self._environment.row_id, rows))
            rows[inner.id] = inner
            waiting += self._prefill(inner)
        renumber(rows)
        return waiting

    def _apply_defaults(self, waiting: list[Cell], ripple: Ripple) -> None:
        for row, place in waiting:
            self._apply_default(row, place)
            ripple.changed(row, place)
            ripple.run()

    def _apply_default(self, row: Row, place: Place) -> None:
        default, question = place.rules.default, place.question
        if default is not None and question is not None:
            self._put(row, place, answer_from_text(question, default.run(row)))

    def _rows_changed(self, row: Row, place: Place, *, removed: tuple[str, ...] = ()) -> Change:
        ripple = Ripple()
        if row.parent is not None:
            ripple.changed(row.parent, place)
        ripple.run()
        return self._change(ripple, removed=removed)

    def _refresh_entries(self) -> None:
        self._root.world.forget_entries()
        ripple = Ripple()
        for place in self._compiled.active:
            rules = (place.rules.relevant, place.rules.calculation)
            if any(rule is not None and rule.draws_on_entries for rule in rules):
                for row in rows_of(self._root, place.scope):
                    ripple.push(row, place)
        ripple.run()

    def _draw_all(self) -> None:
        """Draw everything once, so that later steps can tell what they changed."""
        if self._is_drawn:
            return
        speech = self._speech()
        for row, place in cells(self._root):
            row.drawn[place.slot] = draw(row, place, speech)
        self._is_drawn = True

    def _change(
        self,
        ripple: Ripple,
        *,
        answered: Cell | None = None,
        added: tuple[str, ...] = (),
        removed: tuple[str, ...] = (),
    ) -> Change:
        speech = self._speech()
        states = []
        touched = {**ripple.touched, answered: None} if answered else ripple.touched
        for row, place in sorted(touched, key=lambda cell: document_order(cell[0], cell[1].slot)):
            before = row.drawn.get(place.slot)
            now = draw(row, place, speech)
            row.drawn[place.slot] = now
            if before is None:
                states.append(now)
            elif now != before or (row, place) == answered:
                states.append(trimmed(now, before, place))
        return Change(tuple(states), added, removed)


def _row_id(rows: Mapping[str, Row], named: str) -> str:
    """Return the id of a row that is named by its id or its path."""
    row_id = named.rpartition("[")[2].rstrip("]")
    if row_id not in rows:
        raise AnswerError(f"There is no row “{named}”.", path=named, code="unknown_row")
    return row_id
