"""Answers as JSON values, one canonical form for each type of question.

- `check_value` accepts what a person or a script plainly means (`"12"` for an integer, 12.5 for a
  decimal) and returns the canonical value; checking a canonical value returns an equal one.
- No canonical value holds a float: decimals are texts, as typed, without superfluous zeros in front.
- A blank answer is no answer: it is absent.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NoReturn

from forms.definition import ATTACHMENT_TYPES, Question
from forms.errors import AnswerError
from forms.expressions.conversions import number_to_text, text_to_date, text_to_number

TEXT_LIMIT = 100_000
INTEGER_LIMIT = 2**53 - 1  # what every JSON reader keeps exactly (RFC 8785)
DIGITS_LIMIT = 40
CHOICES_LIMIT = 1000
NAME_LIMIT = 255

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_UNSAFE_NAME = re.compile("[\x00-\x1f\x7f/\\\\\ud800-\udfff]")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]{0,99}/[A-Za-z0-9][\w.+-]{0,99}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ZONE = r"(Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
_CLOCK = r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(:[0-5][0-9](?:\.[0-9]{1,9})?)?"
_TIME = re.compile(_CLOCK + _ZONE + "?")
_DATETIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T" + _CLOCK + _ZONE)

Check = Callable[[Any], Any]


def check_value(question: Question, value: object) -> Any:
    """Return the canonical JSON value of an answer that is not blank.

    Raises:
        AnswerError: the value is no answer to such a question (`type`), or too large (`too_big`).
    """
    try:
        return checker(question)(value)
    except AnswerError as error:
        error.path = error.path or question.path
        raise


def checker(question: Question) -> Check:
    """Return the function that checks answers to this question, without the question's path."""
    return _CHECKS.get(value_type(question), _check_text)


def value_type(question: Question) -> str:
    """Return the type whose JSON form the answers have; a calculation may name one."""
    if question.type in ("calculate", "hidden"):
        return question.parameters.get("type", "text")
    return _ALIASES.get(question.type, question.type)


def is_blank(value: object) -> bool:
    """Say whether a value is no answer: nothing, white space, an empty list or object."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value in ([], {})


def expression_text(question: Question, value: Any) -> str:
    """Return what an expression sees of a canonical answer; a blank is the empty text."""
    return "" if value is None else text_of(question)(value)


def text_of(question: Question) -> Callable[[Any], str]:
    """Return the function from a canonical answer to what an expression sees."""
    return _TEXTS.get(value_type(question), _plain_text)


def answer_from_text(question: Question, text: str) -> Any:
    """Return the answer that the result of a calculation or default is; None if it is blank.

    A number becomes what the type holds: an integer is cut off towards zero, a date is days since
    1970-01-01. What cannot be an answer of the type is blank.
    """
    if is_blank(text):
        return None
    read = _FROM_TEXT.get(value_type(question))
    try:
        value = text if read is None else read(text)
        return None if value is None else checker(question)(value)
    except AnswerError:
        return None


def _refuse(message: str, code: str = "type", hint: str = "") -> NoReturn:
    raise AnswerError(message, code=code, hint=hint)


def is_unwritable(text: str) -> bool:
    """Say whether a text holds characters that cannot be stored."""
    return _UNWRITABLE.search(text) is not None


def _check_text(value: Any) -> str:
    if not isinstance(value, str):
        _refuse("A text is expected.")
    if len(value) > TEXT_LIMIT:
        _refuse(f"The text is longer than {TEXT_LIMIT} characters.", "too_big")
    if is_unwritable(value):
        _refuse("The text holds characters that cannot be stored.")
    return value


def _plain(value: str) -> str:
    # A Chinese input method types full-width digits and signs.
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()


def _check_integer(value: Any) -> int:
    if isinstance(value, str) and len(value) <= DIGITS_LIMIT and _INTEGER.fullmatch(_plain(value)):
        value = int(_plain(value))
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse("A whole number is expected.")
    if abs(value) > INTEGER_LIMIT:
        _refuse("The number is too large.", "too_big")
    return value


def _check_decimal(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value):
        value = number_to_text(value) if isinstance(value, float) else str(value)
    if not isinstance(value, str):
        _refuse("A number is expected.")
    if len(value) > DIGITS_LIMIT:
        _refuse(f"The number has more than {DIGITS_LIMIT} digits.", "too_big")
    match = _DECIMAL.fullmatch(_plain(value))
    if match is None or not (match[2] or match[3]):
        _refuse("A number is expected.", hint="Write it with digits and a point, as in 12.50.")
    whole = match[2].lstrip("0") or "0"
    written = f"{whole}.{match[3]}" if match[3] else whole
    return f"-{written}" if match[1] == "-" and written.strip("0.") else written


def _is_finite(value: float) -> bool:
    return abs(value) < 10**DIGITS_LIMIT if isinstance(value, int) else math.isfinite(value)


def _check_date(value: Any) -> str:
    plain = _plain(value) if isinstance(value, str) else ""
    match = _DATE.fullmatch(plain)
    if match is None or not _is_day(plain):
        _refuse("A date is expected.", hint="Write it as in 2019-05-30.")
    return plain


def _is_day(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


def _check_time(value: Any) -> str:
    match = _TIME.fullmatch(_plain(value)) if isinstance(value, str) else None
    if match is None:
        _refuse("A time is expected.", hint="Write it as in 08:30:00.")
    return match[1] + (match[2] or ":00") + (match[3] or "")


def _check_datetime(value: Any) -> str:
    match = _DATETIME.fullmatch(_plain(value)) if isinstance(value, str) else None
    if match is None or not _is_day(match[1]):
        _refuse(
            "A date and time with its offset is expected.",
            hint="Write it as in 2019-05-30T08:30:00+08:00.",
        )
    return f"{match[1]}T{match[2]}{match[3] or ':00'}{match[4]}"


def _check_choice(value: Any) -> str:
    if not isinstance(value, str) or not value or any(each.isspace() for each in value):
        _refuse("The name of a choice is expected.")
    return _check_text(value)


def _check_choices(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)):
        _refuse("A list of choices is expected.")
    if len(value) > CHOICES_LIMIT:
        _refuse("There are too many choices.", "too_big")
    return list(dict.fromkeys(_check_choice(each) for each in value))


def _check_acknowledge(value: Any) -> str:
    if value is True or value == "OK":
        return "OK"
    _refuse("OK is expected.")


def _check_geopoint(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not {"lat", "lon"} <= value.keys() <= _GEOPOINT.keys():
        _refuse("A position with lat and lon is expected.")
    point = {name: _check_decimal(value[name]) for name in _GEOPOINT if name in value}
    for name, limit in _GEOPOINT.items():
        if name in point and abs(float(point[name])) > limit:
            _refuse(f"{name} is at most {limit:g}.")
    return point


_GEOPOINT = {"lat": 90.0, "lon": 180.0, "alt": 1e6, "accuracy": 1e9}


def _check_attachment(value: Any) -> dict[str, str | int]:
    if not isinstance(value, Mapping) or value.keys() != _ATTACHMENT.keys():
        _refuse("A file with name, type, size and sha256 is expected.")
    for name, fits in _ATTACHMENT.items():
        if not fits(value[name]):
            _refuse(f"The {name} of the file is not right.")
    return {name: value[name] for name in _ATTACHMENT}


def _is_file_name(value: Any) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= NAME_LIMIT and not _UNSAFE_NAME.search(value)
    )


_ATTACHMENT: dict[str, Callable[[Any], bool]] = {
    "name": _is_file_name,
    "type": lambda value: isinstance(value, str) and bool(_MEDIA_TYPE.fullmatch(value)),
    "size": lambda value: type(value) is int and 0 <= value <= INTEGER_LIMIT,
    "sha256": lambda value: isinstance(value, str) and bool(_SHA256.fullmatch(value)),
}

_ALIASES = {
    "start": "datetime",
    "end": "datetime",
    "today": "date",
    **dict.fromkeys(ATTACHMENT_TYPES, "file"),
}

_CHECKS: dict[str, Check] = {
    "integer": _check_integer,
    "decimal": _check_decimal,
    "date": _check_date,
    "time": _check_time,
    "datetime": _check_datetime,
    "select_one": _check_choice,
    "select_multiple": _check_choices,
    "acknowledge": _check_acknowledge,
    "geopoint": _check_geopoint,
    "file": _check_attachment,
}


def _plain_text(value: Any) -> str:
    return str(value)


def _geopoint_text(value: Any) -> str:
    return " ".join((value["lat"], value["lon"], value.get("alt", "0"), value.get("accuracy", "0")))


_TEXTS: dict[str, Callable[[Any], str]] = {
    "select_multiple": " ".join,
    "geopoint": _geopoint_text,
    "file": lambda value: str(value["name"]),
}


def _integer_from_text(text: str) -> int | None:
    number = text_to_number(text)
    return math.trunc(number) if math.isfinite(number) else None


def _decimal_from_text(text: str) -> str | None:
    if _DECIMAL.fullmatch(text):
        return text
    number = text_to_number(text)
    return number_to_text(number) if math.isfinite(number) else None


def _date_from_text(text: str) -> str | None:
    day = text_to_date(text)
    return None if day is None else day.isoformat()


def _geopoint_from_text(text: str) -> dict[str, str]:
    return dict(zip(_GEOPOINT, text.split(), strict=False))


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": _integer_from_text,
    "decimal": _decimal_from_text,
    "date": _date_from_text,
    "select_multiple": str.split,
    "geopoint": _geopoint_from_text,
    "file": lambda _text: None,
}
