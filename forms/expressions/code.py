"""A compiled part of an expression: a closure and what kind of value it gives.

- The kind is known when the form is compiled, so that a conversion is chosen once and not at each run.
- A *cell* is the answer to one question: a text, or None where the question is not relevant, which
  reads as a blank. *Nodes* are the texts of any number of nodes; in `any` a text, a number or a truth
  value comes out, as the branch of an `if` has it.
- A closure takes the row it stands in or, within a predicate, a `Frame`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from forms.expressions.conversions import (
    any_to_boolean,
    any_to_number,
    any_to_text,
    boolean_to_text,
    number_to_boolean,
    number_to_text,
    text_to_number,
)
from forms.instance import Row, World

Context = Any
"""The `Row` that an expression stands in or, within a predicate, a `Frame`."""

Run = Callable[[Context], Any]
Node = tuple[Row, int]


class Kind(Enum):
    """What comes out of a closure."""

    TEXT = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    CELL = auto()
    NODES = auto()
    ANY = auto()


@dataclass(frozen=True, slots=True)
class Code:
    """A closure and the kind of its result.

    `is_numeric` marks a cell whose question holds numbers. `nodes` gives the nodes themselves, where
    they stand in the answers: a union needs them to count each once. What `is_constant` looks at no
    row, and is converted once.
    """

    kind: Kind
    run: Run
    is_numeric: bool = False
    nodes: Callable[[Context], list[Node]] | None = None
    is_constant: bool = False


class Frame:
    """What a predicate is asked about: an item or row, and its place among those asked about."""

    __slots__ = ("item", "position", "row", "world")

    def __init__(self, row: Row, world: World) -> None:
        self.row = row
        self.world = world
        self.item: Any = None
        self.position = 0


def constant(value: str | float | bool) -> Code:
    """Return code that always gives this value."""
    kinds = {str: Kind.TEXT, bool: Kind.BOOLEAN, float: Kind.NUMBER}
    return Code(kinds[type(value)], lambda _: value, is_constant=True)


def as_text(code: Code) -> Callable[[Context], str]:
    """Return a closure that gives the value as text; of nodes, the first."""
    run = code.run
    match code.kind:
        case Kind.TEXT:
            return run
        case Kind.NUMBER:
            return lambda context: number_to_text(run(context))
        case Kind.BOOLEAN:
            return lambda context: boolean_to_text(run(context))
        case Kind.CELL:
            return lambda context: run(context) or ""
        case Kind.NODES:
            return lambda context: next(iter(run(context)), "")
        case _:
            return lambda context: any_to_text(run(context))


def as_number(code: Code) -> Callable[[Context], float]:
    """Return a closure that gives the value as a number; of a constant, without converting again."""
    convert = _number_of(code)
    if not code.is_constant:
        return convert
    number = convert(None)
    return lambda _: number


def _number_of(code: Code) -> Callable[[Context], float]:
    run = code.run
    match code.kind:
        case Kind.NUMBER:
            return run
        case Kind.TEXT:
            return lambda context: text_to_number(run(context))
        case Kind.BOOLEAN:
            return lambda context: 1.0 if run(context) else 0.0
        case Kind.CELL:
            return lambda context: text_to_number(run(context) or "")
        case Kind.NODES:
            return lambda context: text_to_number(next(iter(run(context)), ""))
        case _:
            return lambda context: any_to_number(run(context))


def as_boolean(code: Code) -> Callable[[Context], bool]:
    """Return a closure that gives the value as truth: a cell is true if answered, nodes if any."""
    run = code.run
    match code.kind:
        case Kind.BOOLEAN:
            return run
        case Kind.NUMBER:
            return lambda context: number_to_boolean(run(context))
        case Kind.ANY:
            return lambda context: any_to_boolean(run(context))
        case _:
            return lambda context: bool(run(context))


def as_texts(code: Code) -> Callable[[Context], list[str]]:
    """Return a closure that gives the texts of all nodes; any other value is one text."""
    run = code.run
    if code.kind is Kind.NODES:
        return run
    if code.kind is Kind.CELL:
        return lambda context: [text] if (text := run(context)) is not None else []
    text_run = as_text(code)
    return lambda context: [text_run(context)]


def as_scalar(code: Code) -> Code:
    """Return code that gives no cell and no nodes: these become texts."""
    return Code(Kind.TEXT, as_text(code)) if code.kind in (Kind.CELL, Kind.NODES) else code
