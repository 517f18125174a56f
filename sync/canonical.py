"""Restricted canonical JSON: the only bytes that are ever signed or digested.

RFC 8785 (JCS) with less freedom: no numbers but integers within ±(2^53 − 1), no duplicate keys, no
lone surrogates, at most 32 levels deep. Decimals travel as strings. Nobody writes a received value
again in order to check it: the received bytes are digested, and then must equal their own
canonical form.
"""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import rfc8785

from sync.errors import CanonicalError

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value.

    Raises:
        CanonicalError: the value has no restricted canonical form.
    """
    has_plain_keys = _check(value)
    try:
        if has_plain_keys:
            # With ASCII keys and integers alone the standard library's writer gives the same bytes
            # as JCS, ten times faster; tests/sync/test_canonical.py holds the two together.
            return _ENCODER.encode(value).encode()
        return rfc8785.dumps(value)
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise CanonicalError(f"A text holds half a character: {error}") from error


def parse_canonical(content: bytes) -> Any:
    """Return the value of canonical bytes.

    Raises:
        CanonicalError: the bytes are not the canonical form of what they say.
    """
    # A key that stands twice is found by the comparison: it is written once only.
    value = _decode(content)
    if canonical_bytes(value) != content:
        raise CanonicalError("The bytes are JSON, but not in canonical form.")
    return value


def _decode(content: bytes) -> Any:
    try:
        return _DECODER.decode(content.decode())
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError(f"The bytes are not JSON: {error}") from error


def _check(value: Any) -> bool:
    """Check a value and all in it, level by level; say whether every key is ASCII."""
    holders: list[Iterable[Any]] = [(value,)]
    is_plain = True
    for _ in range(MAX_DEPTH):
        holders, has_plain_keys = _check_members(holders)
        is_plain &= has_plain_keys
        if not holders:
            return is_plain
    if any(type(member) is not str for holder in holders for member in holder):
        raise CanonicalError(f"The value is nested deeper than {MAX_DEPTH} levels.")
    return is_plain


def _check_members(holders: Iterable[Iterable[Any]]) -> tuple[list[Iterable[Any]], bool]:
    """Check what stands on one level; return what holds the next one, and whether keys are ASCII."""
    inner: list[Iterable[Any]] = []
    is_plain = True
    for holder in holders:
        for member in holder:
            kind = type(member)
            if kind is str:
                continue
            if kind is dict:
                is_plain &= _has_plain_keys(member)
                inner.append(member.values())
            elif kind is list or kind is tuple:
                inner.append(member)
            else:
                _check_leaf(member, kind)
    return inner, is_plain


def _check_leaf(value: Any, kind: type) -> None:
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalError(f"The integer {value} is beyond ±(2^53 − 1).")
    elif kind is not bool and value is not None:
        raise CanonicalError(f"A {kind.__name__} has no canonical form; write decimals as text.")


def _has_plain_keys(value: dict[Any, Any]) -> bool:
    try:
        return "".join(value).isascii()
    except TypeError as error:
        raise CanonicalError("The keys of an object must be texts.") from error


def _refuse_number(text: str) -> NoReturn:
    raise CanonicalError(f"The number {text} is no integer; write decimals as text.")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,  # what holds itself is too deep
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
)
_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
