"""Which attached files are here, who named them, and who may have them.

* A file is in the log once, under its digest, when all of it is on the disk.
* A file may be handed in, asked for and read by the units whose revisions name it.
* Its media type is the one that the first of these revisions signs; no header counts.
"""

from dataclasses import dataclass
from datetime import datetime

from server import log
from server.db import Connection
from sync.digest import format_digest
from sync.revision import parse_revision
from sync.statement import Statement, StatementKind
from sync.times import format_time

_ANY_TYPE = "application/octet-stream"


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
