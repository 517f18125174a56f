"""Statements: the leaves of the server's log, small canonical JSON that names what was taken.

A leaf never holds an answer or a person's name: it names objects by digest. Its bytes are stored
as they are, so that a tree over them can be grown at any time.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import is_digest
from sync.errors import MessageError, VersionError
from sync.times import format_time, parse_time

STATEMENT_VERSION = 1
MAX_BYTES = 1024

_PLAIN = re.compile(r"[A-Za-z0-9:/_.-]*", re.ASCII)  # digests, ids and words


class StatementKind(StrEnum):
    """What a leaf is about."""

    REVISION = "revision"
    OUTCOME = "outcome"
    ATTACHMENT = "attachment"
    FORM = "form"
    CAMPAIGN = "campaign"
    UNITS = "units"
    ENROL = "enrol"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class Statement:
    """Says that the server took note of an object at a time.

    `object` is a digest, or an id where the object has no bytes (a device); `detail` is a further
    digest or word: of the signature, of the outcome.
    """

    kind: StatementKind
    object: str
    at: datetime
    detail: str | None = None


def format_statement(statement: Statement) -> bytes:
    """Return the canonical bytes of a statement: the leaf."""
    leaf = _written(statement) or canonical_bytes(
        {
            "version": STATEMENT_VERSION,
            "kind": statement.kind.value,
            "object": statement.object,
            "at": format_time(statement.at),
            "detail": statement.detail,
        }
    )
    if len(leaf) > MAX_BYTES:
        raise MessageError(f"A leaf has at most {MAX_BYTES} bytes.", code="too_large")
    return leaf


def _written(statement: Statement) -> bytes | None:
    """Return the canonical bytes of a statement in which nothing has to be escaped, else None."""
    name, detail = statement.object, statement.detail
    if _PLAIN.fullmatch(name) is None or (detail is not None and not _PLAIN.fullmatch(detail)):
        return None
    quoted = "null" if detail is None else f'"{detail}"'
    at, kind = format_time(statement.at), statement.kind.value
    return (
        f'{{"at":"{at}","detail":{quoted},"kind":"{kind}",'
        f'"object":"{name}","version":{STATEMENT_VERSION}}}'
    ).encode()


def parse_statement(leaf: bytes) -> Statement:
    """Return the statement of a leaf.

    Raises:
        VersionError: it is more than one version away from ours.
        MessageError: the bytes are no statement.
    """
    value = parse_canonical(leaf)
    _require_version(value)
    try:
        kind = StatementKind(value["kind"])
        at = parse_time(value["at"])
        name, detail = value["object"], value["detail"]
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"The leaf is no statement: {error}") from error
    if not isinstance(name, str) or not (detail is None or isinstance(detail, str)):
        raise MessageError("The leaf is no statement.")
    if kind in {StatementKind.REVISION, StatementKind.FORM} and not is_digest(name):
        raise MessageError("The leaf names no digest.")
    return Statement(kind, name, at, detail)


def _require_version(value: Any) -> None:
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is not int:
        raise MessageError("The leaf is no statement: it names no version.")
    if abs(version - STATEMENT_VERSION) > 1:
        raise VersionError(version, STATEMENT_VERSION)
