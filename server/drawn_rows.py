"""What the rows of a revision have to say, drawn again from what is signed.

* Its bytes say nearly everything; its leaf, when it came; its device, whose it is; the leaf of its
  outcome, how it was decided. Parents and files stand in tables of their own.
* How it was judged when it came, and the rules that it breaks, stand in its row alone: of these it is
  only known whether they fit together.
"""

from dataclasses import dataclass
from typing import Any

from server import log
from server.db import Connection, Row, transaction
from server.verdict import parse_violations
from sync.digest import is_named
from sync.errors import MessageError
from sync.revision import Revision, parse_revision
from sync.times import format_time

WITH_REVISIONS = """
SELECT object.digest, object.kind, object.bytes, object.signature, device.public_key,
    device.member AS device_member, member.unit AS device_unit, leaf.at AS leaf_at,
    outcome.detail AS outcome, revision.*
FROM object LEFT JOIN revision ON revision.digest = object.digest
LEFT JOIN leaf ON leaf.idx = revision.idx AND leaf.object = revision.digest
LEFT JOIN leaf AS outcome ON outcome.idx = revision.decided_idx
    AND outcome.object = revision.digest AND outcome.kind = 'outcome'
LEFT JOIN device ON device.id = revision.device LEFT JOIN member ON member.id = device.member
"""
_FACTS = (
    "entry", "form", "definition", "device", "incarnation", "sequence", "previous", "operation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The rows of a revision as they should be; of its own row, the columns that are known."""

    columns: dict[str, Any]
    parents: set[str]
    files: dict[str, int]


def agrees(connection: Connection, row: Row, revision: Revision) -> bool:
    """Say whether the rows of a revision, one of `WITH_REVISIONS`, say what they should."""
    drawn = _draw(row, revision)
    return (
        all(row[name] == value for name, value in drawn.columns.items())
        and _parents(connection, row["digest"]) == drawn.parents
        and _has_files(connection, row["digest"], drawn.files)
        and _fits_together(row)
    )


def draw_again(connection: Connection, digest: str) -> bool:
    """Put right what of a revision's rows is known; say whether anything could be."""
    row = connection.execute(WITH_REVISIONS + "WHERE object.digest = ?", (digest,)).fetchone()
    if row is None or row["idx"] is None or not is_named(row["bytes"], digest):
        return False
    try:
        drawn = _draw(row, parse_revision(bytes(row["bytes"])))
    except MessageError:
        return False
    with transaction(connection):
        _write_columns(connection, digest, drawn.columns)
        connection.execute("DELETE FROM parent WHERE revision = ?", (digest,))
        connection.executemany(
            "INSERT INTO parent VALUES (?, ?)", [(digest, parent) for parent in drawn.parents]
        )
        connection.execute("DELETE FROM attachment_use WHERE revision = ?", (digest,))
        connection.executemany(
            "INSERT INTO attachment_use VALUES (?, ?, ?)",
            [(sha256, digest, size) for sha256, size in drawn.files.items()],
        )
        log.count_repair(connection)
    return True


def _draw(row: Row, revision: Revision) -> _Drawn:
    made_at = revision.made_at
    columns = {name: getattr(revision, name) for name in _FACTS}
    columns["made_wall"] = format_time(made_at.wall)
    columns["made_local"] = made_at.local.isoformat(timespec="seconds")
    if row["leaf_at"] is not None:
        columns["received_at"] = row["leaf_at"]
    if row["outcome"] is not None:
        columns["state"] = row["outcome"]
    if row["code"] == "author_unknown":  # it may be enrolled since
        columns["member"] = columns["unit"] = None
    elif row["device"] == revision.device and row["device_unit"] is not None:
        columns["member"], columns["unit"] = row["device_member"], row["device_unit"]
    return _Drawn(
        columns, set(revision.parents), {file.sha256: file.size for file in revision.attachments}
    )


def _parents(connection: Connection, digest: str) -> set[str]:
    rows = connection.execute("SELECT parent FROM parent WHERE revision = ?", (digest,))
    return {row["parent"] for row in rows}


def _has_files(connection: Connection, digest: str, files: dict[str, int]) -> bool:
    found = connection.execute(
        "SELECT * FROM attachment_use WHERE revision = ?", (digest,)
    ).fetchall()
    if {row["sha256"] for row in found} != files.keys():
        return False
    # A log.db that was not brought up to date yet knows no sizes.
    return all("size" not in row.keys() or row["size"] == files[row["sha256"]] for row in found)  # noqa: SIM118 - a row's values are what it iterates over


def _fits_together(row: Row) -> bool:
    is_logged = row["state"] == "logged"
    try:
        violations = parse_violations(row["violations"])
    except (ValueError, TypeError):
        return False
    return (
        is_logged == (row["code"] is None)
        and not (is_logged and violations)
        and (row["decided_idx"] is None) == (row["outcome"] is None)
    )


def _write_columns(connection: Connection, digest: str, columns: dict[str, Any]) -> None:
    guard = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'revision_is_decided_once'"
    ).fetchone()
    if guard is not None:
        connection.execute("DROP TRIGGER revision_is_decided_once")
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"UPDATE revision SET {names} WHERE digest = ?",  # noqa: S608 - names of this module
        (*columns.values(), digest),
    )
    if guard is not None:
        connection.execute(guard["sql"])
