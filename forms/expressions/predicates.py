"""Predicates: of a list of rows or items, those that an expression is true of.

- A number is a position, counted from 1; anything else is taken as truth.
- One `Frame` is used for a whole list: it is never kept after the run.
"""

from collections.abc import Callable, Sequence
from typing import Any

from forms.expressions.code import Code, Context, Frame, Kind, as_boolean
from forms.expressions.nodes import Call, Chain, Expression, walk_expression
from forms.instance import Row

Choose = Callable[[Sequence[Any], Context], list[Any]]
Test = Callable[[Frame], bool]


def choosing(predicate: Code, row_of: Callable[[Context], Row]) -> Choose:
    """Return a closure that chooses the candidates the predicate is true of.

    `row_of` gives the row that the whole expression stands in.
    """
    test = _test(predicate)

    def choose(candidates: Sequence[Any], context: Context) -> list[Any]:
        row = row_of(context)
        frame = Frame(row, row.world)
        kept = []
        for position, candidate in enumerate(candidates, 1):
            frame.item = candidate
            frame.position = position
            if test(frame):
                kept.append(candidate)
        return kept

    return choose


def is_positional(predicate: Code, tree: Expression) -> bool:
    """Say whether a predicate asks about positions."""
    if predicate.kind in (Kind.NUMBER, Kind.ANY):
        return True
    return any(isinstance(each, Call) and each.name == "position" for each in walk_expression(tree))


def conjuncts(tree: Expression) -> tuple[Expression, ...]:
    """Split `a and b` into its parts; one after the other they choose the same candidates."""
    if isinstance(tree, Chain) and tree.links[0].operator == "and":
        return (tree.first, *(link.operand for link in tree.links))
    return (tree,)


def _test(predicate: Code) -> Test:
    run = predicate.run
    match predicate.kind:
        case Kind.NUMBER:
            return lambda frame: bool(run(frame) == frame.position)
        case Kind.ANY:
            boolean = as_boolean(predicate)

            def test(frame: Frame) -> bool:
                value = run(frame)
                return value == frame.position if type(value) is float else boolean(frame)

            return test
        case _:
            return as_boolean(predicate)
