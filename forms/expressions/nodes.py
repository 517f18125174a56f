"""The tree of an expression, as the parser builds it.

- Operators of one precedence that follow each other stand in one flat `Chain`, so that the depth of
  a tree is the nesting of its text, not its length.
- Columns count from 1 and take no part in equality: `parse(format(tree)) == tree`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from forms.expressions.conversions import number_to_text


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in quotes."""

    text: str
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """`${name}`: the answer to a question, found from where the expression stands."""

    name: str
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Expression", ...]
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Root:
    """The `/` that an absolute path begins with."""

    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Here:
    """The node that a relative path begins at."""

    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path; `name` is set for the axis `child` alone."""

    axis: str
    name: str
    predicates: tuple["Expression", ...]
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a start; `predicates` are those of the start itself, as in `${rows}[1]`."""

    start: "Root | Here | Reference | Call"
    predicates: tuple["Expression", ...]
    steps: tuple[Step, ...]
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Negate:
    """A minus in front."""

    operand: "Expression"
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """One operator of a chain and what stands right of it."""

    operator: str
    operand: "Expression"
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, from left to right."""

    first: "Expression"
    links: tuple[Link, ...]
    column: int = field(compare=False)


Expression: TypeAlias = Number | Literal | Reference | Call | Path | Negate | Chain

PRECEDENCE = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("=", "!="), 3),
    **dict.fromkeys(("<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "div", "mod"), 6),
    "|": 8,
}
_NEGATION = 7
_PRIMARY = 9


def format_expression(tree: Expression) -> str:
    """Write a tree as text that parses to an equal tree."""
    match tree:
        case Call(name, arguments):
            return f"{name}({', '.join(map(format_expression, arguments))})"
        case Path():
            return _format_path(tree)
        case Negate(operand):
            return f"-{_format_within(operand, _NEGATION)}"
        case Chain():
            return _format_chain(tree)
        case _:
            return _format_leaf(tree)


def children(tree: Expression) -> tuple[Expression, ...]:
    """Return the expressions right beneath this one."""
    match tree:
        case Call(_, arguments):
            return arguments
        case Path(start, predicates, steps):
            inner = tuple(each for step in steps for each in step.predicates)
            outer = start.arguments if isinstance(start, Call) else ()
            return (*outer, *predicates, *inner)
        case Negate(operand):
            return (operand,)
        case Chain(first, links):
            return (first, *(link.operand for link in links))
        case _:
            return ()


def walk_expression(tree: Expression) -> Iterator[Expression]:
    """Yield the tree and everything beneath it."""
    yield tree
    for child in children(tree):
        yield from walk_expression(child)


def _format_leaf(leaf: Number | Literal | Reference) -> str:
    match leaf:
        case Number(value):
            return number_to_text(value)
        case Literal(text):
            return f"'{text}'" if "'" not in text else f'"{text}"'
        case Reference(name):
            return f"${{{name}}}"


def _format_chain(tree: Chain) -> str:
    level = PRECEDENCE[tree.links[0].operator]
    parts = [_format_within(tree.first, level + 1)]
    for link in tree.links:
        parts += [link.operator, _format_within(link.operand, level + 1)]
    return " ".join(parts)


def _format_within(tree: Expression, least: int) -> str:
    text = format_expression(tree)
    return text if _level(tree) >= least else f"({text})"


def _level(tree: Expression) -> int:
    if isinstance(tree, Chain):
        return PRECEDENCE[tree.links[0].operator]
    return _NEGATION if isinstance(tree, Negate) else _PRIMARY


def _format_path(path: Path) -> str:
    steps = "/".join(map(_format_step, path.steps))
    match path.start:
        case Here():
            return steps
        case Root():
            return f"/{steps}"
        case start:
            head = format_expression(start) + _format_predicates(path.predicates)
            return f"{head}/{steps}" if steps else head


def _format_step(step: Step) -> str:
    name = {"self": ".", "parent": ".."}.get(step.axis, step.name)
    return name + _format_predicates(step.predicates)


def _format_predicates(predicates: tuple[Expression, ...]) -> str:
    return "".join(f"[{format_expression(each)}]" for each in predicates)
