"""What a function of the expression language is: its arity, and how a call of it becomes code.

A function is one entry in a table (`functions_text`, `functions_number`, …): the compiler checks the
number of arguments, compiles them, and calls `build`. Closures run their arguments themselves, so
that `if` and `once` evaluate only what they need.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from forms.errors import ExpressionError
from forms.expressions.code import Code, Context
from forms.expressions.nodes import Call, Expression, Literal


@dataclass(slots=True)
class Draws:
    """What an expression draws on, gathered while it is compiled."""

    references: set[tuple[int, int]] = field(default_factory=set)
    is_random: bool = False
    keeps_value: bool = False
    draws_on_entries: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """Where a function is called: its arguments as written, and what it may note in `draws`.

    `own_text` gives the present answer to the question that the expression belongs to, if any.
    """

    name: str
    column: int
    arguments: tuple[Expression, ...]
    draws: Draws
    own_text: Callable[[Context], str] | None

    def literal(self, index: int) -> Literal | None:
        """Return an argument if it is a text in quotes."""
        argument = self.arguments[index] if index < len(self.arguments) else None
        return argument if isinstance(argument, Literal) else None

    def refuse(self, message: str, code: str, hint: str = "") -> ExpressionError:
        """Return the error that refuses this call."""
        return ExpressionError(message, column=self.column, code=code, hint=hint)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the least and the most arguments (None: any number), and its code."""

    least: int
    most: int | None
    build: Callable[[list[Code], Site], Code]


def check_arity(call: Call, least: int, most: int | None) -> None:
    """Refuse a call with too few or too many arguments.

    Raises:
        ExpressionError: the number of arguments does not fit.
    """
    count = len(call.arguments)
    if least <= count and (most is None or count <= most):
        return
    wanted = (
        f"{least}"
        if least == most
        else f"{least} or more"
        if most is None
        else f"{least} to {most}"
    )
    raise ExpressionError(
        f"{call.name}() takes {wanted} arguments, not {count}.", column=call.column, code="arity"
    )
