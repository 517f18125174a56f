"""Which attached files are here, who named them, and who may have them.

* A file is in the log once, under its digest, when all of it is on the disk.
* A file may be handed in, asked for and read by the units whose revisions name it.
* Its media type is the one that the first of these revisions signs; no header counts.
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
_MOST_SIZES = 16


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
        "SELECT object.bytes FROM attachment_use "
        "JOIN revision ON revision.digest = attachment_use.revision "
        "JOIN object ON object.digest = revision.digest "
        "WHERE attachment_use.sha256 = ? AND revision.unit = ? ORDER BY revision.idx LIMIT ?",
        (sha256, unit, _MOST_SIZES),
    )
    named = (item for row in rows for item in parse_revision(bytes(row["bytes"])).attachments)
    return frozenset(item.size for item in named if item.sha256 == sha256)


def sizes_named(connection: Connection, sha256: str) -> frozenset[int]:
    """Return the sizes that any revisions say a file has."""
    rows = connection.execute(
        "SELECT object.bytes FROM attachment_use "
        "JOIN object ON object.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? LIMIT ?",
        (sha256, _MOST_SIZES),
    )
    named = (item for row in rows for item in parse_revision(bytes(row["bytes"])).attachments)
    return frozenset(item.size for item in named if item.sha256 == sha256)


def require_size(connection: Connection, sha256: str, unit: str, size: int) -> None:
    """Refuse a file of a unit that no revision names with this size.

    Raises:
        UnknownError: no revision of the unit names it at all.
        ConflictError: it is named with another size.
    """
    sizes = sizes_named_by_unit(connection, sha256, unit)
    if not sizes:
        raise unknown_attachment()
    if size not in sizes:
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


def _media_type(connection: Connection, sha256: str) -> str:
    row = connection.execute(
        "SELECT object.bytes FROM attachment_use "
        "JOIN revision ON revision.digest = attachment_use.revision "
        "JOIN object ON object.digest = revision.digest "
        "WHERE attachment_use.sha256 = ? ORDER BY revision.idx LIMIT 1",
        (sha256,),
    ).fetchone()
    named = () if row is None else parse_revision(bytes(row["bytes"])).attachments
    return next((item.type for item in named if item.sha256 == sha256), _ANY_TYPE)


def _require(connection: Connection, sha256: str) -> StoredAttachment:
    row = connection.execute("SELECT * FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return StoredAttachment(sha256, row["size"], row["idx"])
