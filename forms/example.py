"""Valid, varied sets of answers to any form: `tianbao form example`.

A form is filled as a person would fill it, through a `Session`, question by question; what the
form does not accept is tried again. So cascades, row limits and calculations hold of themselves.

 * The same seed gives the same examples; each is valid when it is given to `tianbao add`.
 * Left out is what the device supplies: calculations, read-only questions, the member's own name.
 * Soft constraints are now and then broken, with a reason under `_reasons`.
 * An answer to a file question is a file name. Without files, only required ones are answered.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, TypeAlias

from forms.compiled import CompiledForm
from forms.definition import (
    ATTACHMENT_TYPES,
    METADATA_TYPES,
    SELECT_TYPES,
    Form,
    Group,
    Node,
    Question,
    Repeat,
    walk,
)
from forms.environment import Environment
from forms.errors import ExampleError
from forms.example_values import marks_of, values
from forms.file_types import UNKNOWN_TYPE, file_rule
from forms.paths import definition_path
from forms.session import Session
from forms.state import Change, NodeState

ATTEMPTS = 80
ROUNDS = 5
_NOT_FILLED = METADATA_TYPES | {"note", "calculate", "hidden"}
_LEFT_BLANK = 0.25
_REASON_GIVEN = 0.1
_REASONS = {
    "zh": (
        "因工期调整，已与有关部门核对",
        "该项目跨年度实施，情况已向上级说明",
        "单位规模所限，已由负责人确认",
    ),
    "en": (
        "The schedule was changed and agreed with the office",
        "The project runs over two years",
    ),
}
_SUFFIXES = {"image": ".png", "audio": ".wav", "video": ".mp4", "file": ".pdf"}
_PROPERTIES = {
    "unit_code": "sample",
    "unit_name": "示例单位",
    "member_name": "示例填报人",
    "username": "sample",
    "deviceid": "sample",
}

OwnItems: TypeAlias = Callable[[str], Sequence[Mapping[str, str]]]


def _no_items(_: str) -> Sequence[Mapping[str, str]]:
    return ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the examples should be like."""

    seed: int
    count: int = 1
    rows: int | None = None
    files: bool = False


def examples(
    compiled: CompiledForm, wish: Wish, now: datetime, own_entries: OwnItems = _no_items
) -> Iterator[dict[str, Any]]:
    """Yield sets of answers as `tianbao add` takes them.

    A choice of own entries is drawn from `own_entries`; where there are none it is made up, which is
    good for a server (a target that it does not have yet is no violation), not for a device.

    Raises:
        ExampleError: no valid answer was found for a required question.
    """
    # The form's id goes in too: else row ids of two forms would meet, and mean each other.
    rng = Random(f"{compiled.form.form_id}/{wish.seed}")  # noqa: S311 - examples, not secrets
    for _ in range(wish.count):
        yield _Filling(compiled, wish, rng, now, own_entries).answers()


def file_name(question: Question) -> str:
    """Return the name of the sample file that answers a file question."""
    usual, rule = _SUFFIXES[question.type], file_rule(question)
    return f"example{usual if rule is None else rule.sample_suffix(usual)}"


def file_questions(form: Form) -> tuple[Question, ...]:
    """Return the questions of a form that are answered with a file."""
    return tuple(
        node
        for node in walk(form.survey)
        if isinstance(node, Question) and node.type in ATTACHMENT_TYPES
    )


@dataclass(slots=True)
class _Filling:
    """One form being filled: the session, and its state as a page would keep it."""

    compiled: CompiledForm
    wish: Wish
    rng: Random
    now: datetime
    own_entries: OwnItems
    session: Session = field(init=False)
    states: dict[str, NodeState] = field(init=False)
    questions: Mapping[str, Question] = field(init=False)
    answered: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.session = Session.start(self.compiled, self._environment())
        language = self.compiled.form.default_language
        self.states = {state.path: state for state in self.session.state(language).states}
        self.questions = {
            node.path: node
            for node in walk(self.compiled.form.survey)
            if isinstance(node, Question)
        }

    def answers(self) -> dict[str, Any]:
        """Fill the form, mend what is still wrong, and return what a person would have given."""
        self._fill(self.compiled.form.survey, "")
        for _ in range(ROUNDS):
            broken = dict.fromkeys(violation.path for violation in self.session.violations())
            if not broken:
                break
            for path in broken:
                self._mend(path)
        left = self.session.violations()
        if left:
            raise _no_example(left[0].path, left[0].message)
        given = self._given(self.compiled.form.survey, self.session.final_answers(), "")
        reasons = self.session.final_reasons()
        return {**given, "_reasons": dict(reasons)} if reasons else given

    def _environment(self) -> Environment:
        return Environment(
            now=lambda: self.now,
            properties=_PROPERTIES,
            uuid=self._uuid,
            row_id=self._row_id,
            own_entries=self.own_entries,
            trusts_own_entries=all(map(self.own_entries, self.compiled.form.instances)),
        )

    def _uuid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def _row_id(self) -> str:
        return f"{self.rng.getrandbits(64):016x}"

    def _apply(self, change: Change) -> None:
        """Follow a change as a page does: what it does not name is as before."""
        for state in change.states:
            before = self.states.get(state.path)
            if state.choices is None and before is not None:
                state = replace(state, choices=before.choices)  # noqa: PLW2901 - the newer of the two
            self.states[state.path] = state

    def _fill(self, nodes: tuple[Node, ...], above: str) -> None:
        for node in nodes:
            path = f"{above}/{node.name}" if above else node.name
            if not self.states[path].relevant:
                continue
            if isinstance(node, Question):
                self._fill_question(node, path)
            elif isinstance(node, Repeat):
                self._fill_repeat(node, path)
            else:
                self._fill(node.children, path)

    def _fill_repeat(self, repeat: Repeat, path: str) -> None:
        rows = self.states[path].rows or ()
        for _ in range(len(rows), self._row_count(repeat)):
            self._apply(self.session.add_row(path))
        for row in self.states[path].rows or ():
            self._fill(repeat.children, f"{path}[{row}]")

    def _row_count(self, repeat: Repeat) -> int:
        wanted = self.wish.rows
        if wanted is None or "/" in repeat.path:
            wanted = self.rng.randint(1, 3)
        if not self.wish.files and _needs_file(repeat):
            wanted = 0
        return max(repeat.min_rows, min(wanted, repeat.max_rows))

    def _fill_question(self, question: Question, path: str) -> None:
        state = self.states[path]
        if question.type in _NOT_FILLED or question.calculation or state.read_only:
            return
        if state.value is not None:
            self.answered[question.name] = state.value
        elif state.required or (self._may_answer(question) and self.rng.random() > _LEFT_BLANK):
            self._answer(question, path)

    def _may_answer(self, question: Question) -> bool:
        if question.type in ATTACHMENT_TYPES:
            return self.wish.files
        name = question.list_name or ""
        return name not in self.compiled.form.instances or bool(self.own_entries(name))

    def _answer(self, question: Question, path: str) -> None:
        """Try values until the form accepts one; a soft constraint may be met with a reason."""
        for value in itertools.islice(self._values(question, path), ATTEMPTS):
            self._apply(self.session.answer(path, value))
            self.answered[question.name] = value
            codes = {violation.code for violation in self.states[path].violations}
            if codes <= _SOFT and codes and self.rng.random() < _REASON_GIVEN:
                self._apply(self.session.give_reason(path, self._reason()))
                codes = set()
            if not codes:
                return
        if self.states[path].required:
            raise _no_example(path, "No valid answer was found.")
        self._apply(self.session.answer(path, None))
        self.answered.pop(question.name, None)

    def _values(self, question: Question, path: str) -> Iterator[Any]:
        if question.type in ATTACHMENT_TYPES:
            return itertools.repeat(_attachment(question))
        if question.type in SELECT_TYPES:
            return self._selections(question, path)
        marks = marks_of(question, self.answered)
        return values(question, self.compiled.form, marks, self.rng, self.now)

    def _selections(self, question: Question, path: str) -> Iterator[Any]:
        names = [name for name, _ in self.states[path].choices or ()]
        if not names and question.list_name in self.compiled.form.instances:
            names = [self._row_id()]
        while names:
            if question.type == "select_one":
                yield self.rng.choice(names)
            else:
                chosen = set(self.rng.sample(names, self.rng.randint(1, min(3, len(names)))))
                yield [name for name in names if name in chosen]

    def _reason(self) -> str:
        is_chinese = self.compiled.form.default_language.startswith("zh")
        return self.rng.choice(_REASONS["zh" if is_chinese else "en"])

    def _mend(self, path: str) -> None:
        question = self.questions.get(definition_path(path))
        if question is None:
            raise _no_example(path, self.session.violations()[0].message)
        self._answer(question, path)

    def _given(
        self, nodes: tuple[Node, ...], answers: Mapping[str, Any], above: str
    ) -> dict[str, Any]:
        given: dict[str, Any] = {"_row": answers["_row"]} if "_row" in answers else {}
        for node in nodes:
            if node.name not in answers:
                continue
            path = f"{above}/{node.name}" if above else node.name
            value = answers[node.name]
            if isinstance(node, Question):
                if self._is_typed(node, path):
                    given[node.name] = _written(node, value)
            elif isinstance(node, Group):
                given[node.name] = self._given(node.children, value, path)
            else:
                given[node.name] = [
                    self._given(node.children, row, f"{path}[{row['_row']}]") for row in value
                ]
        return given

    def _is_typed(self, question: Question, path: str) -> bool:
        """Tell what a person types from what the device supplies by itself.

        What a person may type over is given, even if its default comes from the device: whether
        the device knows a member's name is not known here.
        """
        is_supplied = question.type in _NOT_FILLED or bool(question.calculation)
        return not is_supplied and not self.states[path].read_only


_SOFT = frozenset({"soft_constraint", "reason"})


def _needs_file(repeat: Repeat) -> bool:
    return any(
        isinstance(node, Question) and node.type in ATTACHMENT_TYPES and node.required
        for node in walk(repeat.children)
    )


def _attachment(question: Question) -> dict[str, Any]:
    return {
        "name": file_name(question),
        "type": UNKNOWN_TYPE,
        "size": 1,
        "sha256": "0" * 64,
    }


def _written(question: Question, value: Any) -> Any:
    return value["name"] if question.type in ATTACHMENT_TYPES else value


def _no_example(path: str, message: str) -> ExampleError:
    return ExampleError(
        f"No example was found for {path}: {message}",
        path=path,
        hint="Its constraint may be stricter than what is tried here.",
    )
