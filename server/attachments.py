"""Which attached files are here, who named them, and who may have them.

* A file is in the log once, under its digest, when all of it is on the disk.
* A file may be handed in, asked for and read by the units whose revisions name it.
* Its media type is the one that the first of these revisions signs; no header counts. Whoever is not
  enrolled is heard last.
"""

from dataclasses import dataclass
from datetime import datetime

from server import log
from server.db import Connection
from server.errors import ConflictError, UnknownError
from sync.digest import format_digest
from sync.revision import parse_revision
from sync.statement import Statement, StatementKind
from sync.times import format_time

_ANY_TYPE = "application/octet-stream"
_MOST_CLAIMS = 64
_MOST_STRANGE_CLAIMS = 16


@dataclass(frozen=True, slots=True)
class Claim:
    """That a file has a size, as the revisions of a unit say; of no unit, where nobody is enrolled."""

    size: int
    unit: str


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file that is complete, and in the log at `index`."""

    sha256: str
    size: int
    index: int


def add_attachment(
    connection: Connection, sha256: str, size: int, now: datetime
) -> StoredAttachment:
    """Note a file that is on the disk; the same file again changes nothing."""
    index, media_type = log.size(connection), _media_type(connection, sha256)
    cursor = connection.execute(
        "INSERT INTO attachment VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (sha256, size, media_type, index, format_time(now)),
    )
    if cursor.rowcount:
        name = format_digest(bytes.fromhex(sha256))
        log.append(connection, Statement(StatementKind.ATTACHMENT, name, now))
    return _require(connection, sha256)


def find_attachment(connection: Connection, sha256: str) -> StoredAttachment | None:
    """Return a file that came complete; whether it still is on the disk, the disk knows."""
    row = connection.execute("SELECT * FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else StoredAttachment(sha256, row["size"], row["idx"])


def is_named_by_unit(connection: Connection, sha256: str, unit: str) -> bool:
    """Say whether a revision of a unit names a file."""
    row = connection.execute(
        "SELECT 1 FROM attachment_use JOIN revision ON revision.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? AND revision.unit = ? LIMIT 1",
        (sha256, unit),
    ).fetchone()
    return row is not None


def sizes_named_by_unit(connection: Connection, sha256: str, unit: str) -> frozenset[int]:
    """Return the sizes that the revisions of a unit say a file has: one, if nobody is wrong."""
    rows = connection.execute(
        "SELECT DISTINCT attachment_use.size FROM attachment_use "
        "JOIN revision ON revision.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? AND revision.unit = ? "
        "AND attachment_use.size IS NOT NULL",
        (sha256, unit),
    )
    return frozenset(row["size"] for row in rows)


def claims(connection: Connection, sha256: str) -> tuple[Claim, ...]:
    """Return which sizes the units say a file has; one alone, if nobody is wrong.

    * Whoever is not enrolled is heard only where nobody enrolled names the file: else anybody could
      give out a wrong size for it.
    * Each device is heard once before any is heard twice: so one that says many wrong things does
      not keep another's word out.
    """
    rows = connection.execute(
        "SELECT size, unit FROM (SELECT attachment_use.size, revision.unit, revision.idx, "
        "row_number() OVER (PARTITION BY revision.device ORDER BY revision.idx) AS turn "
        "FROM attachment_use JOIN revision ON revision.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? AND attachment_use.size IS NOT NULL "
        "AND revision.unit IS NOT NULL) "
        "GROUP BY size, unit ORDER BY min(turn), min(idx) LIMIT ?",
        (sha256, _MOST_CLAIMS),
    )
    enrolled = tuple(Claim(row["size"], row["unit"]) for row in rows)
    return enrolled or _strange_claims(connection, sha256)


def require_size(connection: Connection, sha256: str, unit: str, size: int) -> None:
    """Refuse a file of a unit that no revision names with this size.

    Raises:
        UnknownError: no revision of the unit names it at all.
        ConflictError: it is named with another size.
    """
    if _is_named_with_size(connection, sha256, unit, size):
        return
    sizes = sizes_named_by_unit(connection, sha256, unit)
    if not sizes:
        raise unknown_attachment()
    raise ConflictError(
        f"The entry that names this file says that it has {min(sizes)} bytes.",
        code="other_size",
        hint="Send the file that the entry names.",
    )


def unknown_attachment() -> UnknownError:
    """Return the error for a file that no revision of a unit names."""
    return UnknownError(
        "No entry of this unit names such a file.",
        code="unknown_attachment",
        hint="Push the entry that names it first.",
    )


def _is_named_with_size(connection: Connection, sha256: str, unit: str, size: int) -> bool:
    row = connection.execute(
        "SELECT 1 FROM attachment_use JOIN revision ON revision.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? AND attachment_use.size = ? AND revision.unit = ? LIMIT 1",
        (sha256, size, unit),
    ).fetchone()
    return row is not None


def _strange_claims(connection: Connection, sha256: str) -> tuple[Claim, ...]:
    rows = connection.execute(
        "SELECT size FROM attachment_use WHERE sha256 = ? AND size IS NOT NULL "
        "GROUP BY size ORDER BY size LIMIT ?",
        (sha256, _MOST_STRANGE_CLAIMS),
    )
    return tuple(Claim(row["size"], "") for row in rows)


def _media_type(connection: Connection, sha256: str) -> str:
    row = connection.execute(
        "SELECT object.bytes FROM attachment_use "
        "JOIN revision ON revision.digest = attachment_use.revision "
        "JOIN object ON object.digest = revision.digest "
        "WHERE attachment_use.sha256 = ? ORDER BY revision.unit IS NULL, revision.idx LIMIT 1",
        (sha256,),
    ).fetchone()
    named = () if row is None else parse_revision(bytes(row["bytes"])).attachments
    return next((item.type for item in named if item.sha256 == sha256), _ANY_TYPE)


def _require(connection: Connection, sha256: str) -> StoredAttachment:
    row = connection.execute("SELECT * FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return StoredAttachment(sha256, row["size"], row["idx"])
