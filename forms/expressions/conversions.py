"""How texts, numbers, truth values and dates turn into each other.

- A number is an IEEE double. As a text it has no exponent, and only the digits it needs (XPath 1.0 §4.2).
- A text is a number if XPath says so; a date is its days since 1970-01-01, a date with a time the
  days and the fraction to that instant in UTC, a time of day the fraction of a day as written.
  Everything else, the blank text included, is NaN.
- The only truth in a text is that it is there: `"false"` is true.
"""

import math
import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

EPOCH = date(1970, 1, 1).toordinal()
_LONGEST_CACHED = 40
_NUMBER = re.compile(r"[ \t\r\n]*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*")
_CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T" + _CLOCK + r")?")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def text_to_number(text: str) -> float:
    """Convert a text to a number; NaN if it is none."""
    # The same few texts are converted again and again; long ones would only fill the cache.
    return _cached_number(text) if len(text) <= _LONGEST_CACHED else _number(text)


def number_to_text(number: float) -> str:
    """Write a number as XPath does: no exponent, `NaN`, `Infinity`, and 0 for minus zero."""
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number.is_integer():
        return str(int(number))
    written = repr(number)
    return format(Decimal(written), "f") if "e" in written else written


def number_to_boolean(number: float) -> bool:
    """Say whether a number is neither zero nor NaN."""
    return number == number and number != 0  # noqa: PLR0124 - only NaN differs from itself


def boolean_to_text(value: bool) -> str:
    """Write a truth value as `true` or `false`."""
    return "true" if value else "false"


def any_to_text(value: str | float | bool) -> str:
    """Convert whatever an expression gave to a text."""
    if isinstance(value, str):
        return value
    return boolean_to_text(value) if isinstance(value, bool) else number_to_text(value)


def any_to_number(value: str | float | bool) -> float:
    """Convert whatever an expression gave to a number."""
    return text_to_number(value) if isinstance(value, str) else float(value)


def any_to_boolean(value: str | float | bool) -> bool:
    """Convert whatever an expression gave to a truth value."""
    return number_to_boolean(value) if type(value) is float else bool(value)


def text_to_date(text: str) -> date | None:
    """Return the day that a date, a date with a time (its own day there) or a number names."""
    match = _DATE.fullmatch(text.strip())
    if match is not None and match[4] is None:
        return _day(match)
    if match is not None:
        return None if _instant(match) is None else _day(match)
    return number_to_date(text_to_number(text))


def number_to_date(number: float) -> date | None:
    """Return the day so many days after 1970-01-01, or None where the calendar ends."""
    ordinal = math.floor(number) + EPOCH if math.isfinite(number) else 0
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    match = _DATE.fullmatch(text.strip())
    if match is not None:
        return _days(match)
    match = _TIME.fullmatch(text.strip())
    return math.nan if match is None else _fraction(match[1], match[2], match[3])


_cached_number = lru_cache(maxsize=4096)(_number)


def _days(match: re.Match[str]) -> float:
    if match[4] is not None:
        instant = _instant(match)
        return math.nan if instant is None else instant
    day = _day(match)
    return math.nan if day is None else float(day.toordinal() - EPOCH)


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _instant(match: re.Match[str]) -> float | None:
    day = _day(match)
    fraction = _fraction(match[4], match[5], match[6] or "0")
    if day is None or math.isnan(fraction):
        return None
    return day.toordinal() - EPOCH + fraction - _offset(match[7])


def _fraction(hours: str, minutes: str, seconds: str) -> float:
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:  # noqa: PLR2004 - the clock
        return math.nan
    return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86400


def _offset(zone: str | None) -> float:
    if zone is None or zone == "Z":
        return 0.0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) / 1440
