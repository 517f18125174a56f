"""Which attached files are here, who named them, and who may have them.

* A file is in the log once, under its digest, when all of it is on the disk.
* A file may be read by the units whose revisions name it.
"""

from dataclasses import dataclass
from datetime import datetime

from server import log
from server.db import Connection
from sync.digest import format_digest
from sync.statement import Statement, StatementKind
from sync.times import format_time


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file that is complete, and in the log at `index`."""

    sha256: str
    size: int
    index: int


def add_attachment(
    connection: Connection, sha256: str, size: int, media_type: str, now: datetime
) -> StoredAttachment:
    """Note a file that is on the disk; the same file again changes nothing."""
    index = log.size(connection)
    cursor = connection.execute(
        "INSERT INTO attachment VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (sha256, size, media_type, index, format_time(now)),
    )
    if cursor.rowcount:
        name = format_digest(bytes.fromhex(sha256))
        log.append(connection, Statement(StatementKind.ATTACHMENT, name, now))
    return _require(connection, sha256)


def find_attachment(connection: Connection, sha256: str) -> StoredAttachment | None:
    """Return a file that is complete."""
    row = connection.execute("SELECT * FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else StoredAttachment(sha256, row["size"], row["idx"])


def is_named(connection: Connection, sha256: str) -> bool:
    """Say whether any revision names a file."""
    row = connection.execute(
        "SELECT 1 FROM attachment_use WHERE sha256 = ? LIMIT 1", (sha256,)
    ).fetchone()
    return row is not None


def is_named_by_unit(connection: Connection, sha256: str, unit: str) -> bool:
    """Say whether a revision of a unit names a file."""
    row = connection.execute(
        "SELECT 1 FROM attachment_use JOIN revision ON revision.digest = attachment_use.revision "
        "WHERE attachment_use.sha256 = ? AND revision.unit = ? LIMIT 1",
        (sha256, unit),
    ).fetchone()
    return row is not None


def _require(connection: Connection, sha256: str) -> StoredAttachment:
    row = connection.execute("SELECT * FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return StoredAttachment(sha256, row["size"], row["idx"])
