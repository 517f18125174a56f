"""Functions of numbers and of sets of nodes: number, int, round, sum, min, max, count.

- `sum` rounds once, at the end, so that its result does not depend on the order of the rows nor on
  the version of Python (which began to compensate in 3.12).
- A blank among the nodes is NaN, and so is the sum, least or greatest of them.
"""

import math
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal

from forms.expressions.code import Code, Context, Kind, as_number, as_texts
from forms.expressions.conversions import text_to_number
from forms.expressions.function import Function, Site

_MOST_DIGITS = 30


def _number(arguments: list[Code], _site: Site) -> Code:
    return Code(Kind.NUMBER, as_number(arguments[0]))


def _int(arguments: list[Code], _site: Site) -> Code:
    number = as_number(arguments[0])

    def run(context: Context) -> float:
        value = number(context)
        return float(math.trunc(value)) if math.isfinite(value) else value

    return Code(Kind.NUMBER, run)


def _round(arguments: list[Code], _site: Site) -> Code:
    number = as_number(arguments[0])
    if len(arguments) == 1:
        return Code(Kind.NUMBER, lambda context: round_half_up(number(context), 0.0))
    digits = as_number(arguments[1])
    return Code(Kind.NUMBER, lambda context: round_half_up(number(context), digits(context)))


def round_half_up(number: float, digits: float) -> float:
    """Round to so many digits after the point (before it, if negative), halves upwards.

    The digits a person sees decide: 2.675 gives 2.68, though the double is a little less.
    """
    if math.isnan(digits):
        return math.nan
    if not math.isfinite(number):
        return number
    places = int(max(-_MOST_DIGITS, min(_MOST_DIGITS, digits)))
    if number.is_integer() and places >= 0:
        return number
    shifted = Decimal(repr(number)).scaleb(places) + Decimal("0.5")
    return float(shifted.to_integral_value(ROUND_FLOOR).scaleb(-places))


def _sum(arguments: list[Code], _site: Site) -> Code:
    texts = as_texts(arguments[0])
    return Code(Kind.NUMBER, lambda context: total(list(map(text_to_number, texts(context)))))


def total(numbers: list[float]) -> float:
    """Return the sum, rounded once; NaN or an infinity where XPath would have it."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        # An intermediate overflow, or both infinities: plain addition gives what IEEE says.
        result = 0.0
        for number in numbers:
            result += number
        return result


def _extreme(choose: Callable[[list[float]], float]) -> Callable[[list[Code], Site], Code]:
    def build(arguments: list[Code], _site: Site) -> Code:
        sources = [as_texts(each) for each in arguments]

        def run(context: Context) -> float:
            numbers = [text_to_number(t) for each in sources for t in each(context)]
            if not numbers or any(map(math.isnan, numbers)):
                return math.nan
            return choose(numbers)

        return Code(Kind.NUMBER, run)

    return build


def _count(arguments: list[Code], site: Site) -> Code:
    if arguments[0].kind not in (Kind.NODES, Kind.CELL):
        raise site.refuse("count() counts rows or questions.", "type", "Write count(${rows}).")
    texts = as_texts(arguments[0])
    return Code(Kind.NUMBER, lambda context: float(len(texts(context))))


FUNCTIONS = {
    "number": Function(1, 1, _number),
    "int": Function(1, 1, _int),
    "round": Function(1, 2, _round),
    "sum": Function(1, 1, _sum),
    "min": Function(1, None, _extreme(min)),
    "max": Function(1, None, _extreme(max)),
    "count": Function(1, 1, _count),
}
