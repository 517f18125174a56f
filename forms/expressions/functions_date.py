"""Functions of dates: today, now, date, format-date.

- `today()` and `now()` are texts in the zone of the environment; `now()` has milliseconds and offset.
- A date with a time has its own day, in the zone it is written in. What is no date gives a blank.
- Names of months and days are English, whatever the page speaks: a calculation must not change its
  value with the language.
"""

import re
from collections.abc import Callable
from datetime import date, datetime

from forms.expressions.code import Code, Context, Kind, as_number, as_text, constant
from forms.expressions.conversions import number_to_date, text_to_date
from forms.expressions.function import Function, Site

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_FIELD = re.compile(r"%(.?)", re.DOTALL)
_FIELDS: dict[str, Callable[[date], str]] = {
    "Y": lambda day: f"{day.year:04d}",
    "y": lambda day: f"{day.year % 100:02d}",
    "m": lambda day: f"{day.month:02d}",
    "n": lambda day: str(day.month),
    "b": lambda day: _MONTHS[day.month - 1],
    "d": lambda day: f"{day.day:02d}",
    "e": lambda day: str(day.day),
    "a": lambda day: _DAYS[day.weekday()],
    "%": lambda _day: "%",
}


def today_text(now: datetime) -> str:
    """Write the day of a moment."""
    return now.date().isoformat()


def now_text(now: datetime) -> str:
    """Write a moment with milliseconds and its offset."""
    return now.isoformat(timespec="milliseconds")


def _today(_arguments: list[Code], _site: Site) -> Code:
    return Code(Kind.TEXT, lambda context: today_text(context.world.environment.now()))


def _now(_arguments: list[Code], _site: Site) -> Code:
    return Code(Kind.TEXT, lambda context: now_text(context.world.environment.now()))


def _day(code: Code) -> Callable[[Context], date | None]:
    if code.kind is Kind.NUMBER:
        number = as_number(code)
        return lambda context: number_to_date(number(context))
    text = as_text(code)
    return lambda context: text_to_date(text(context))


def _date(arguments: list[Code], _site: Site) -> Code:
    day = _day(arguments[0])

    def run(context: Context) -> str:
        found = day(context)
        return "" if found is None else found.isoformat()

    return constant(run(None)) if arguments[0].is_constant else Code(Kind.TEXT, run)


def _format_date(arguments: list[Code], site: Site) -> Code:
    day, pattern = _day(arguments[0]), as_text(arguments[1])
    literal = site.literal(1)
    for field in _FIELD.findall(literal.text) if literal else ():
        if field not in _FIELDS:
            known = " ".join(f"%{name}" for name in _FIELDS)
            raise site.refuse(f"format-date() knows no “%{field}”.", "bad_format", f"Use {known}.")

    def run(context: Context) -> str:
        found = day(context)
        return "" if found is None else write_date(found, pattern(context))

    return Code(Kind.TEXT, run)


def write_date(day: date, pattern: str) -> str:
    """Write a day as a pattern says; a field that it does not know stays as it is."""
    return _FIELD.sub(
        lambda match: _FIELDS[match[1]](day) if match[1] in _FIELDS else match[0], pattern
    )


FUNCTIONS = {
    "today": Function(0, 0, _today),
    "now": Function(0, 0, _now),
    "date": Function(1, 1, _date),
    "format-date": Function(2, 2, _format_date),
}
