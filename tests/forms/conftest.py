"""Forms written as small text tables, filled in in sentences.

visit = scenario('''
    type         | name     | required | relevant
    text         | name     | true()   |
    begin repeat | contests |          | ${name} != ''
    integer      | trained  |          |
    end          |          |          |
''')
visit.answer("contests[1]/trained", 3)
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from forms.compiled import CompiledForm, compile_form
from forms.definition import Choice, Form, Group, Node, Question, Repeat
from forms.environment import Environment
from forms.session import Session
from forms.state import Change, NodeState
from forms.validation import check_answers

NOON = datetime(2019, 5, 20, 12, 0, tzinfo=timezone(timedelta(hours=8)))
_TEXTS = {
    "label",
    "hint",
    "guidance_hint",
    "required_message",
    "constraint_message",
    "soft_constraint_message",
}
_LISTED = ("select_one", "select_multiple")


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\n", "\n") for cell in re.split(r"\s\|(?=\s|$)", line)]


def _columns(header: list[str], line: str) -> dict[str, Any]:
    cells = dict(zip(header, _cells(line), strict=False))
    return {name: cell for name, cell in cells.items() if cell}


def _node(row: dict[str, Any], path: str, source: str, children: tuple[Node, ...]) -> Node:
    kind, _, list_name = row.pop("type").removeprefix("begin ").partition(" ")
    for name in _TEXTS & row.keys():
        row[name] = {"": row[name]}
    for name in ("min_rows", "max_rows"):
        if name in row:
            row[name] = int(row[name])
    if "parameters" in row:
        row["parameters"] = dict(pair.split("=") for pair in row["parameters"].split())
    place = {**row, "path": path, "source": source}
    if kind == "group":
        return Group(**place, children=children)
    if kind == "repeat":
        return Repeat(**place, children=children)
    return Question(type=kind, list_name=list_name or None, **place)


def _nodes(rows: Iterator[dict[str, Any]], above: str, source: str) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for row in rows:
        if row["type"] == "end" and "name" not in row:
            break
        path = f"{above}{row['name']}"
        here = f"{source}[{len(nodes)}]"
        opens = row["type"].startswith("begin ")
        children = _nodes(rows, f"{path}/", f"{here}.children") if opens else ()
        nodes.append(_node(row, path, here, children))
    return tuple(nodes)


def _choices(choices: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Choice, ...]]:
    return {
        name: tuple(
            Choice(each, {"": each.title()})
            if isinstance(each, str)
            else Choice(
                each["name"],
                each.get("label", {"": each["name"].title()}),
                {key: text for key, text in each.items() if key not in ("name", "label")},
            )
            for each in listed
        )
        for name, listed in choices.items()
    }


def table_form(table: str, **given: Any) -> Form:
    """Read a form from a text table."""
    lines = [line for line in table.strip().splitlines() if line.strip()]
    header = _cells(lines[0])
    rows = iter([_columns(header, line) for line in lines[1:]])
    settings = {each.name: given[each.name] for each in fields(Form) if each.name in given}
    return Form(
        **{
            "digest": "0" * 64,
            "form_id": "visit",
            "version": "1",
            "title": {"": "Visit"},
            "default_language": "en",
            "languages": ("en", "zh-CN"),
            "instance_name": None,
            **settings,
            "survey": _nodes(rows, "", "survey"),
            "choices": _choices(given.get("choices", {})),
        }
    )


class Visit:
    """One form being filled in. A row is named by its number: `contests[1]/trained`."""

    def __init__(self, compiled: CompiledForm, environment: Environment, session: Session) -> None:
        self.compiled = compiled
        self.environment = environment
        self.session = session

    def path(self, path: str) -> str:
        """Return the instance path: numbers of rows become ids."""
        steps, here = [], ""
        for step in path.split("/"):
            name, _, number = step.partition("[")
            here = f"{here}/{name}" if here else name
            if number:
                rows = self.state(here, exact=True).rows or ()
                here = f"{here}[{rows[int(number.rstrip(']')) - 1]}]"
            steps.append(step)
        return here

    def state(self, path: str, *, exact: bool = False) -> NodeState:
        wanted = path if exact else self.path(path)
        states = self.session.state(self.session.language).states
        return next(state for state in states if state.path == wanted)

    def answer(self, path: str, value: object) -> Change:
        return self.session.answer(self.path(path), value)

    def add_row(self, path: str, after: str | None = None) -> Change:
        return self.session.add_row(self.path(path), after=after and self.path(after))

    def remove_row(self, path: str) -> Change:
        return self.session.remove_row(self.path(path))

    def move_row(self, path: str, after: str | None) -> Change:
        return self.session.move_row(self.path(path), after=after and self.path(after))

    def give_reason(self, path: str, text: str) -> Change:
        return self.session.give_reason(self.path(path), text)

    def value(self, path: str) -> Any:
        return self.state(path).value

    def is_relevant(self, path: str) -> bool:
        return self.state(path).relevant

    def choices(self, path: str) -> list[str]:
        return [name for name, _ in self.state(path).choices or ()]

    def broken(self, path: str) -> list[str]:
        """Return the codes of the rules broken at a path."""
        return [violation.code for violation in self.state(path).violations]

    def all_broken(self) -> list[tuple[str, str]]:
        return [(each.path, each.code) for each in self.session.violations()]

    def checked(self, answers: Mapping[str, Any], reasons: Any = None) -> list[tuple[str, str]]:
        """Return what a server would find wrong in these answers."""
        found = check_answers(self.compiled, self.environment, answers, reasons or {})
        return [(each.path, each.code) for each in found]


def make_environment(**given: Any) -> Environment:
    rows, uuids = itertools.count(1), itertools.count(1)
    return Environment(
        **{
            "now": lambda: NOON,
            "properties": {"unit_name": "东胜区总工会", "deviceid": "d1", "username": "li"},
            "uuid": lambda: f"00000000-0000-4000-8000-{next(uuids):012d}",
            "row_id": lambda: f"r{next(rows)}",
            "own_entries": lambda _name: [],
            **given,
        }
    )


@pytest.fixture(scope="session")
def environment() -> Callable[..., Environment]:
    """Return a function that makes an environment at noon, with counted row ids."""
    return make_environment


@pytest.fixture(scope="session")
def form() -> Callable[..., Form]:
    """Return a function that reads a form from a text table."""
    return table_form


@pytest.fixture
def scenario() -> Callable[..., Visit]:
    """Return a function that opens a form given as a text table."""

    def open_form(
        table: str,
        *,
        answers: Mapping[str, Any] | None = None,
        reasons: Mapping[str, str] | None = None,
        world: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> Visit:
        compiled = compile_form(table_form(table, **given))
        environment = make_environment(**(world or {}))
        if answers is None:
            session = Session.start(compiled, environment)
        else:
            session = Session.resume(compiled, environment, answers, reasons)
        return Visit(compiled, environment, session)

    return open_form


@pytest.fixture
def calculate(scenario: Callable[..., Visit]) -> Callable[..., str]:
    """Return a function that computes an expression over text questions."""

    def compute(expression: str, **answers: str) -> str:
        questions = "".join(f"\n text | {name} |" for name in answers)
        filled = {name: text for name, text in answers.items() if text}
        table = f"type | name | calculation{questions}\ncalculate | result | {expression}"
        return scenario(table, answers=filled).session.answers().get("result", "")

    return compute
