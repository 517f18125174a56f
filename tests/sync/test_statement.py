"""Statements: the leaves of the log."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import digest_of
from sync.errors import MessageError, VersionError
from sync.statement import (
    MAX_BYTES,
    STATEMENT_VERSION,
    Statement,
    StatementKind,
    format_statement,
    parse_statement,
)
from sync.times import format_time

MOMENT = datetime(2026, 11, 22, 9, 31, 2, 123000, tzinfo=UTC)
LEAF = Statement(StatementKind.REVISION, digest_of(b"revision"), MOMENT, digest_of(b"signature"))


def _altered(**parts: Any) -> bytes:
    return canonical_bytes(parse_canonical(format_statement(LEAF)) | parts)


@given(
    kind=st.sampled_from(StatementKind),
    name=st.binary(max_size=8).map(digest_of),
    detail=st.none() | st.text("abc甲", max_size=60),
)
def test_a_statement_is_read_again(kind: StatementKind, name: str, detail: str | None) -> None:
    statement = Statement(kind, name, MOMENT, detail)

    assert parse_statement(format_statement(statement)) == statement


@given(
    kind=st.sampled_from(StatementKind),
    name=st.text('aZ9:/_.-"\\\n甲', max_size=20) | st.binary(max_size=8).map(digest_of),
    at=st.datetimes(timezones=st.just(UTC)),
    detail=st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.text('az:-\n"', max_size=20),
)
def test_the_bytes_of_a_leaf_are_canonical_whatever_it_says(
    kind: StatementKind, name: str, at: datetime, detail: str | None
) -> None:
    leaf = format_statement(Statement(kind, name, at, detail))

    assert leaf == canonical_bytes(
        {
            "version": STATEMENT_VERSION,
            "kind": kind.value,
            "object": name,
            "at": format_time(at),
            "detail": detail,
        }
    )


def test_the_bytes_of_a_leaf_never_change() -> None:
    leaf = format_statement(Statement(StatementKind.ENROL, "device-1", MOMENT))

    assert leaf == (
        b'{"at":"2026-11-22T09:31:02.123Z","detail":null,"kind":"enrol",'
        b'"object":"device-1","version":1}'
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "gossip"},
        {"kind": []},
        {"object": 1},
        {"object": "device-1"},
        {"detail": 1},
        {"at": "today"},
        {"at": 1},
        {"version": None},
        {"version": "1"},
        {"version": True},
    ],
)
def test_other_leaves_are_no_statement(parts: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        parse_statement(_altered(**parts))


@pytest.mark.parametrize("leaf", [b"", b"[]", b"1", b"null", b"{}", b'{"version":1}', b"\xff"])
def test_other_bytes_are_no_statement(leaf: bytes) -> None:
    with pytest.raises(MessageError):
        parse_statement(leaf)


@pytest.mark.parametrize("version", [STATEMENT_VERSION - 1, STATEMENT_VERSION + 1])
def test_a_leaf_one_version_apart_is_read(version: int) -> None:
    assert parse_statement(_altered(version=version)) == LEAF


@pytest.mark.parametrize("version", [STATEMENT_VERSION - 2, STATEMENT_VERSION + 2])
def test_a_leaf_two_versions_apart_is_not_read(version: int) -> None:
    with pytest.raises(VersionError):
        parse_statement(_altered(version=version))


def test_a_leaf_beyond_its_limit_is_not_written() -> None:
    with pytest.raises(MessageError) as caught:
        format_statement(Statement(StatementKind.ENROL, "x" * MAX_BYTES, MOMENT))

    assert caught.value.code == "too_large"
