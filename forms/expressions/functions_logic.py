"""Functions of truth and choice between values: if, coalesce, once, not, true, false."""

from forms.expressions.code import (
    Code,
    Context,
    Kind,
    as_boolean,
    as_scalar,
    as_text,
    as_texts,
    constant,
)
from forms.expressions.function import Function, Site

_NODE_KINDS = {Kind.CELL, Kind.NODES}


def _if(arguments: list[Code], _site: Site) -> Code:
    condition = as_boolean(arguments[0])
    kind, first, second = _branches(arguments[1], arguments[2])
    then, otherwise = first.run, second.run
    return Code(kind, lambda context: then(context) if condition(context) else otherwise(context))


def _branches(one: Code, other: Code) -> tuple[Kind, Code, Code]:
    """Return the kind that covers both branches, and the branches as code of that kind."""
    if one.kind is other.kind:
        return one.kind, one, other
    if {one.kind, other.kind} == _NODE_KINDS:
        return Kind.NODES, Code(Kind.NODES, as_texts(one)), Code(Kind.NODES, as_texts(other))
    one, other = as_scalar(one), as_scalar(other)
    return (one.kind if one.kind is other.kind else Kind.ANY), one, other


def _coalesce(arguments: list[Code], _site: Site) -> Code:
    first, second = as_text(arguments[0]), as_text(arguments[1])
    return Code(Kind.TEXT, lambda context: first(context) or second(context))


def _once(arguments: list[Code], site: Site) -> Code:
    own, value = site.own_text, as_text(arguments[0])
    if own is None:
        raise site.refuse("once() stands in a calculation or default only.", "misplaced")
    site.draws.keeps_value = True

    def run(context: Context) -> str:
        return own(context) or value(context)

    return Code(Kind.TEXT, run)


def _not(arguments: list[Code], _site: Site) -> Code:
    value = as_boolean(arguments[0])
    return Code(Kind.BOOLEAN, lambda context: not value(context))


FUNCTIONS = {
    "if": Function(3, 3, _if),
    "coalesce": Function(2, 2, _coalesce),
    "once": Function(1, 1, _once),
    "not": Function(1, 1, _not),
    "true": Function(0, 0, lambda _arguments, _site: constant(True)),
    "false": Function(0, 0, lambda _arguments, _site: constant(False)),
}
