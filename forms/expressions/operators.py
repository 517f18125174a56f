"""The operators, chosen by the kinds of what stands left and right.

- `=` and `!=` compare as truth values if one side is one, else as numbers if one side is one, else as
  texts; nodes compare if any of them does (XPath 1.0 §3.4).
- Two questions that hold numbers are equal also if only their numbers are: 12.50 = 12.5.
- `<` and its kin compare numbers; what is none compares false.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

from forms.expressions.code import (
    Code,
    Context,
    Kind,
    Node,
    as_boolean,
    as_number,
    as_scalar,
    as_text,
    as_texts,
)
from forms.expressions.conversions import any_to_boolean, any_to_number, text_to_number
from forms.instance import document_order

Compare = Callable[[Any, Any], bool]

EQUALITY: dict[str, Compare] = {"=": operator.eq, "!=": operator.ne}
RELATION: dict[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _divide(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left != left or left == 0 or right != right:  # noqa: PLR0124 - only NaN differs from itself
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": _divide,
    "mod": _remainder,
}


def arithmetic(name: str, left: Code, right: Code) -> Code:
    """Return code that computes with two numbers."""
    compute, first, second = ARITHMETIC[name], as_number(left), as_number(right)
    return Code(Kind.NUMBER, lambda context: compute(first(context), second(context)))


def negation(operand: Code) -> Code:
    """Return code for a minus in front."""
    number = as_number(operand)
    return Code(Kind.NUMBER, lambda context: -number(context))


def conjunction(operands: list[Code]) -> Code:
    """Return code that is true if all operands are; it stops at the first that is not."""
    return _logic([as_boolean(each) for each in operands], until=False)


def disjunction(operands: list[Code]) -> Code:
    """Return code that is true if any operand is; it stops at the first that is."""
    return _logic([as_boolean(each) for each in operands], until=True)


def _logic(runs: list[Callable[[Context], bool]], *, until: bool) -> Code:
    def run(context: Context) -> bool:
        for each in runs:
            if each(context) is until:
                return until
        return not until

    return Code(Kind.BOOLEAN, run)


def equality(name: str, left: Code, right: Code) -> Code:
    """Return code for `=` or `!=`."""
    compare = EQUALITY[name]
    kinds = {left.kind, right.kind}
    if Kind.NODES in kinds:
        return _nodes_equality(compare, left, right)
    if Kind.BOOLEAN in kinds:
        return _apply(compare, as_boolean(left), as_boolean(right))
    if Kind.ANY in kinds:
        return _any_equality(compare, left, right)
    if Kind.NUMBER in kinds:
        return _apply(compare, as_number(left), as_number(right))
    if left.is_numeric and right.is_numeric:
        return _numeric_equality(name, as_text(left), as_text(right))
    return _apply(compare, as_text(left), as_text(right))


def relation(name: str, left: Code, right: Code) -> Code:
    """Return code for `<`, `<=`, `>` or `>=`."""
    compare = RELATION[name]
    kinds = {left.kind, right.kind}
    if Kind.NODES in kinds and Kind.BOOLEAN not in kinds:
        return _nodes_relation(compare, left, right)
    if Kind.NODES in kinds:
        left, right = (Code(Kind.BOOLEAN, as_boolean(each)) for each in (left, right))
    return _apply(compare, as_number(left), as_number(right))


def union(operands: list[Code]) -> Code | None:
    """Return code for the nodes of all operands, each once; None if one gives no nodes."""
    sources = [each.nodes for each in operands if each.nodes is not None]
    if len(sources) < len(operands):
        return None

    def nodes(context: Context) -> list[Node]:
        found = dict.fromkeys(node for source in sources for node in source(context))
        return sorted(found, key=lambda node: document_order(*node))

    return Code(Kind.NODES, lambda context: node_texts(nodes(context)), nodes=nodes)


def node_texts(nodes: list[Node]) -> list[str]:
    """Return what is seen of nodes; rows and groups (slot -1) have no text of their own."""
    return ["" if slot < 0 else row.seen[slot] or "" for row, slot in nodes]


def _apply(compare: Compare, left: Callable[[Any], Any], right: Callable[[Any], Any]) -> Code:
    return Code(Kind.BOOLEAN, lambda context: compare(left(context), right(context)))


def _numeric_equality(name: str, left: Callable[[Any], str], right: Callable[[Any], str]) -> Code:
    wanted = name == "="

    def run(context: Context) -> bool:
        one, other = left(context), right(context)
        return (one == other or text_to_number(one) == text_to_number(other)) is wanted

    return Code(Kind.BOOLEAN, run)


def _any_equality(compare: Compare, left: Code, right: Code) -> Code:
    first, second = as_scalar(left).run, as_scalar(right).run

    def run(context: Context) -> bool:
        one, other = first(context), second(context)
        if isinstance(one, bool) or isinstance(other, bool):
            return compare(any_to_boolean(one), any_to_boolean(other))
        if isinstance(one, float) or isinstance(other, float):
            return compare(any_to_number(one), any_to_number(other))
        return compare(one, other)

    return Code(Kind.BOOLEAN, run)


def _nodes_equality(compare: Compare, left: Code, right: Code) -> Code:
    kinds = {left.kind, right.kind}
    if Kind.BOOLEAN in kinds:
        return _apply(compare, as_boolean(left), as_boolean(right))
    if kinds & {Kind.NUMBER, Kind.ANY}:
        return _mixed_equality(compare, left, right)
    one, other = as_texts(left), as_texts(right)
    if compare is operator.eq:
        return Code(Kind.BOOLEAN, lambda context: not set(one(context)).isdisjoint(other(context)))
    return Code(Kind.BOOLEAN, lambda context: _some(compare, one(context), other(context)))


def _mixed_equality(compare: Compare, left: Code, right: Code) -> Code:
    nodes, single = (left, right) if left.kind is Kind.NODES else (right, left)
    texts, value = nodes.run, single.run

    def run(context: Context) -> bool:
        wanted = value(context)
        if isinstance(wanted, bool):
            return compare(bool(texts(context)), wanted)
        if isinstance(wanted, float):
            return any(compare(text_to_number(each), wanted) for each in texts(context))
        return any(compare(each, wanted) for each in texts(context))

    return Code(Kind.BOOLEAN, run)


def _nodes_relation(compare: Compare, left: Code, right: Code) -> Code:
    one, other = _numbers(left), _numbers(right)
    return Code(Kind.BOOLEAN, lambda context: _some(compare, one(context), other(context)))


def _numbers(code: Code) -> Callable[[Context], list[float]]:
    if code.kind in (Kind.NODES, Kind.CELL):
        texts = as_texts(code)
        return lambda context: [text_to_number(each) for each in texts(context)]
    number = as_number(code)
    return lambda context: [number(context)]


def _some(compare: Compare, left: list[Any], right: list[Any]) -> bool:
    # Two lists of thousands of rows are compared by their ends, or by their differing values.
    if compare in (operator.lt, operator.le):
        return _extremes(compare, left, right, min, max)
    if compare in (operator.gt, operator.ge):
        return _extremes(compare, left, right, max, min)
    values = set(left) | set(right)
    return bool(left and right) and len(values) > 1


def _extremes(
    compare: Compare, left: list[float], right: list[float], *ends: Callable[..., float]
) -> bool:
    one = [each for each in left if not math.isnan(each)]
    other = [each for each in right if not math.isnan(each)]
    return bool(one and other) and compare(ends[0](one), ends[1](other))
