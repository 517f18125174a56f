"""Restricted canonical JSON: one value has one form, and every other form is refused."""

import json
import string
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import MAX_DEPTH, MAX_INTEGER, canonical_bytes, parse_canonical
from sync.errors import CanonicalError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.one_of(st.text(string.printable, max_size=8), TEXTS)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-MAX_INTEGER, MAX_INTEGER), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(st.text(string.printable, max_size=8), inner, max_size=5)
        ),
        max_leaves=25,
    )
)
def test_with_ascii_keys_the_standard_librarys_writer_gives_the_bytes_of_rfc_8785(
    value: Any,
) -> None:
    quick = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert canonical_bytes(value) == quick.encode() == rfc8785.dumps(value)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@given(VALUES)
def test_any_other_layout_of_the_same_value_is_not_canonical(value: Any) -> None:
    loose = json.dumps(value, indent=1, ensure_ascii=False).encode()

    assert json.loads(loose) == value
    if loose != canonical_bytes(value):
        with pytest.raises(CanonicalError):
            parse_canonical(loose)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_our_own_error(content: bytes) -> None:
    try:
        value = parse_canonical(content)
    except CanonicalError:
        return
    assert canonical_bytes(value) == content


def test_keys_are_sorted_by_their_utf16_units_as_in_the_rfc() -> None:
    # RFC 8785 §3.2.3: U+1F600 is written with surrogates, which sort before U+FB33.
    value = {"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "1": 5}

    assert list(json.loads(canonical_bytes(value))) == ["\r", "1", "€", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"a":1,"a":1}', id="the same key twice"),
        pytest.param(b'{"a":{"b":1,"b":2}}', id="the same key twice, further down"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="the same key twice, once escaped"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"[Infinity]", id="infinity"),
        pytest.param(b"[-Infinity]", id="minus infinity"),
        pytest.param(b"1.5", id="a fraction"),
        pytest.param(b"1.0", id="a fraction that is whole"),
        pytest.param(b"1e2", id="an exponent"),
        pytest.param(b"9007199254740992", id="2^53"),
        pytest.param(b"-9007199254740992", id="-2^53"),
        pytest.param(b"9" * 5000, id="more digits than Python reads"),
        pytest.param(b'"\\ud800"', id="half a character"),
        pytest.param(b'{"\\udc00":1}', id="half a character in a key"),
        pytest.param(b'"\xed\xa0\x80"', id="half a character in UTF-8"),
        pytest.param(b'"\xff"', id="no UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"[1,]", id="a trailing comma"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b"[" * 33 + b"]" * 33, id="33 levels"),
        pytest.param(b'{"a":' * 33 + b"1" + b"}" * 33, id="33 levels of objects"),
        pytest.param(b'"\n"', id="a bare line feed in a text"),
        pytest.param(b"<html>", id="a page"),
    ],
)
def test_what_has_no_canonical_form_is_refused(content: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_canonical(content)


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":1}',
        b'{ "a":1}',
        b"[1] ",
        b"[1]\n",
        b"-0",
        b"01",
        b'{"a":1,"a":1}',
        b'[{"a":{},"a":{}}]',
        '{"丙":1,"丙":1}'.encode(),
        b'"\\u0061"',
        b'"\\/"',
        b'"\\u00e4"',
        b'"\\u001F"',
    ],
)
def test_the_canonical_reader_refuses_another_form_of_the_same(content: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_canonical(content)


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), b"bytes", {1: 2}, {"a": {3}}, MAX_INTEGER + 1, "\ud800", ["\udfff"]],
)
def test_a_value_without_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical_bytes(value)


def test_32_levels_are_allowed_and_33_are_not() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = [value]

    assert parse_canonical(canonical_bytes(value)) == value
    with pytest.raises(CanonicalError):
        canonical_bytes([value])


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(CanonicalError):
        canonical_bytes({"a": value})


def test_a_text_keeps_its_unicode_form() -> None:
    composed, decomposed = "é", "e\u0301"

    assert canonical_bytes(composed) != canonical_bytes(decomposed)


def test_the_error_says_that_the_bytes_are_not_canonical() -> None:
    with pytest.raises(CanonicalError) as caught:
        parse_canonical(b'{"b":1, "a":2}')

    assert caught.value.code == "not_canonical"
