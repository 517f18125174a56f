"""What the parts of a revision have to be, looked at once and quickly.

`is_well_formed` says yes to a revision as this version writes it, and to nothing that the schema in
`sync.revision` would refuse. It says no to everything else, also where the schema would take it:
only the schema says what is wrong, and only it reads another version.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sync.digest import is_digest, is_hex_digest

REVISION_VERSION = 1
MAX_PARENTS = 16
MAX_ATTACHMENTS = 64
MAX_REASON = 2000
_MAX_SHORT_TEXT = 200

UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z", re.ASCII
)
SALT = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==\Z", re.ASCII)  # 16 bytes in base64, strictly
OPERATIONS = ("put", "void")

_Fits = Callable[[Any], bool]


def is_well_formed(value: Any) -> bool:
    """Say whether a JSON value is a revision of this version, times and zone left aside."""
    return _fits_object(value, _REVISION)


def _fits_object(value: Any, parts: Mapping[str, _Fits]) -> bool:
    if type(value) is not dict or value.keys() != parts.keys():
        return False
    return all([fits(value[name]) for name, fits in parts.items()])  # noqa: C419  # a list is quicker


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_short_text(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= _MAX_SHORT_TEXT


def _is_whole_number(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_integer_or_none(value: Any) -> bool:
    return value is None or type(value) is int


def _is_digest(value: Any) -> bool:
    return type(value) is str and is_digest(value)


def _is_digest_or_none(value: Any) -> bool:
    return value is None or _is_digest(value)


def _is_reason_or_none(value: Any) -> bool:
    return value is None or (type(value) is str and 0 < len(value) <= MAX_REASON)


def _are_parents(value: Any) -> bool:
    return type(value) is list and len(value) <= MAX_PARENTS and all(map(_is_digest, value))


def _are_reasons(value: Any) -> bool:
    return type(value) is dict and all(
        type(key) is str and type(text) is str and len(text) <= MAX_REASON
        for key, text in value.items()
    )


def _are_attachments(value: Any) -> bool:
    return (
        type(value) is list
        and len(value) <= MAX_ATTACHMENTS
        and all(_fits_object(each, _ATTACHMENT) for each in value)
    )


_ATTACHMENT: Mapping[str, _Fits] = {
    "sha256": lambda value: type(value) is str and is_hex_digest(value),
    "size": _is_whole_number,
    "type": _is_short_text,
}
_MADE_AT: Mapping[str, _Fits] = {
    "wall": _is_text,
    "zone": _is_text,
    "monotonic_ms": _is_integer,
    "boot": _is_short_text,
    "skew_ms": _is_integer_or_none,
    "skew_age_s": _is_integer_or_none,
}
_REVISION: Mapping[str, _Fits] = {
    "version": lambda value: type(value) is int and value == REVISION_VERSION,
    "type": lambda value: type(value) is str and value == "revision",
    "log": _is_short_text,
    "form": _is_short_text,
    "definition": _is_digest,
    "entry": lambda value: type(value) is str and UUID4.match(value) is not None,
    "parents": _are_parents,
    "operation": lambda value: type(value) is str and value in OPERATIONS,
    "answers": _is_object,
    "reasons": _are_reasons,
    "attachments": _are_attachments,
    "device": _is_short_text,
    "incarnation": _is_short_text,
    "sequence": _is_whole_number,
    "previous": _is_digest_or_none,
    "author": _is_short_text,
    "made_at": lambda value: _fits_object(value, _MADE_AT),
    "salt": lambda value: type(value) is str and SALT.match(value) is not None,
    "reason": _is_reason_or_none,
}
