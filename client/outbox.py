"""What waits on this device for the server: revisions first, then the files they name.

* A revision waits until a signed answer has said what became of it. That is one made here, or, where
the server lost what it had, one that came from there: this device then hands it on as it is.
* What the server did not take goes behind the others, so that one bad item never holds up the
rest; no clock is asked. What was tried more often does not share a batch with what was not.
* Bytes that have changed on the disk are never sent: such a revision is set aside here.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from client.db import Database, Row
from client.errors import StorageError
from client.revisions import Revisions
from sync.digest import is_named
from sync.revision import Attachment

Json = dict[str, Any]

_PENDING = "server_state IS NULL AND state = 'saved' AND pruned_at IS NULL"
# The order is ours: left to itself, SQLite goes through all files that were ever sent.
_FILES = (
    "FROM attachment AS a CROSS JOIN attachment_use AS u USING (sha256) "
    "CROSS JOIN revision AS r ON r.digest = u.revision WHERE a.acknowledged_at IS NULL "
)
_FILES_OF = (
    "FROM revision AS r CROSS JOIN attachment_use AS u ON u.revision = r.digest "
    "CROSS JOIN attachment AS a USING (sha256) WHERE a.acknowledged_at IS NULL AND r.entry = ? "
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A revision as it goes over the wire."""

    digest: str
    entry: str
    content: bytes
    signature: bytes


class Outbox:
    """The waiting items in the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._revisions = Revisions(db)

    def pending(self, limit: int, max_bytes: int, skip: Collection[str] = ()) -> list[Pending]:
        """Return the next revisions to push, the least tried and oldest first, at least one."""
        while chosen := self._choose(limit, max_bytes, skip):
            loaded = [self._load(digest) for digest in chosen]
            if intact := [each for each in loaded if each is not None]:
                return intact
        return []

    def files(self) -> list[Attachment]:
        """Return the files to send: those of revisions that the server has taken."""
        rows = self._db.rows(
            f"SELECT a.sha256, a.size, a.type, min(r.id) AS first {_FILES} "
            "AND r.server_state IN ('logged', 'held', 'quarantined') GROUP BY a.sha256 "
            "ORDER BY a.attempts, first"
        )
        return [Attachment(row["sha256"], row["size"], row["type"]) for row in rows]

    def note_file(self, sha256: str, message: str) -> None:
        """Keep why a file was not handed over, and put it last, within a transaction."""
        self._db.write(
            "UPDATE attachment SET message = ?, attempts = attempts + 1 WHERE sha256 = ?",
            (message, sha256),
        )

    def offset(self, sha256: str) -> int:
        """Return how many bytes of a file the server signed for, as far as was noted here."""
        row = self._db.row(
            "SELECT offset_acknowledged AS offset FROM attachment WHERE sha256 = ?", (sha256,)
        )
        return 0 if row is None else int(row["offset"])

    def note_offset(self, sha256: str, offset: int) -> None:
        """Keep how many bytes of a file the server signed for, within a transaction."""
        self._db.write(
            "UPDATE attachment SET offset_acknowledged = ? WHERE sha256 = ?", (offset, sha256)
        )

    def progress(self, entry: str | None = None) -> list[Json]:
        """Return the files, of one entry or all, that the server has not signed for in full.

        Each is `{"sha256", "name", "size", "offset", "entry", "message"}`, once for every entry
        that names it; `offset` is how much of it the server signed for.
        """
        files, values = (_FILES, ()) if entry is None else (_FILES_OF, (entry,))
        rows = self._db.rows(
            "SELECT a.sha256, a.size, a.offset_acknowledged AS offset, a.message, r.entry, "
            f"max(r.id) AS last, r.digest, r.content {files} AND r.state = 'saved' "
            "GROUP BY r.entry, a.sha256 ORDER BY last, a.sha256",
            values,
        )
        return [
            {
                "sha256": row["sha256"],
                "name": _file_name(row),
                "size": row["size"],
                "offset": row["offset"],
                "entry": row["entry"],
                "message": row["message"],
            }
            for row in rows
        ]

    def count_exported(self) -> int:
        """Return how many entries wait here and lie in a bundle that was copied."""
        row = self._db.row(
            "SELECT count(DISTINCT entry) AS count FROM revision "
            "WHERE state = 'saved' AND exported_at IS NOT NULL"
        )
        return 0 if row is None else int(row["count"])

    def count_files(self) -> int:
        """Return how many files of saved entries the server has not signed for."""
        row = self._db.row(
            f"SELECT count(DISTINCT a.sha256) AS count {_FILES} AND r.state = 'saved'"
        )
        return 0 if row is None else int(row["count"])

    def has_deliverable(self) -> bool:
        """Say whether anything is left that the server could still take."""
        revision = self._db.row(f"SELECT 1 FROM revision WHERE {_PENDING} LIMIT 1")  # noqa: S608 - a constant of this module
        if revision is not None:
            return True
        file = self._db.row(f"SELECT 1 {_FILES} AND r.server_state IN ('logged', 'held') LIMIT 1")
        return file is not None

    def _choose(self, limit: int, max_bytes: int, skip: Collection[str]) -> list[str]:
        rows = self._db.rows(
            "SELECT digest, attempts, length(content) AS size FROM revision "  # noqa: S608 - a constant of this module
            f"WHERE {_PENDING} ORDER BY attempts, id LIMIT ?",
            (limit + len(skip),),
        )
        waiting = [row for row in rows if row["digest"] not in skip]
        chosen: list[str] = []
        size = 0
        for row in waiting[:limit]:
            size += row["size"]
            if chosen and (size > max_bytes or row["attempts"] != waiting[0]["attempts"]):
                break
            chosen.append(row["digest"])
        return chosen

    def _load(self, digest: str) -> Pending | None:
        row = self._db.row(
            "SELECT entry, content, signature FROM revision WHERE digest = ?", (digest,)
        )
        if row is None:
            raise StorageError(
                f"The database names the revision {digest}, and does not find it.",
                code="damaged",
                hint="The file is damaged: run tianbao doctor.",
            )
        if not is_named(row["content"], digest):
            with self._db.transaction():
                self._revisions.set_damaged_aside(digest)
            return None
        return Pending(digest, row["entry"], row["content"], row["signature"])


def _file_name(row: Row) -> str:
    """Return the name that a revision gives to a file; none where the disk has changed it."""
    if not is_named(row["content"], row["digest"]):
        return ""
    return _name_in(json.loads(row["content"])["answers"], row["sha256"])


def _name_in(value: Any, sha256: str) -> str:
    """Return the name that answers give a file."""
    if isinstance(value, dict):
        if value.get("sha256") == sha256:
            return str(value.get("name", ""))
        value = list(value.values())
    found = (_name_in(each, sha256) for each in value) if isinstance(value, list) else ()
    return next(filter(None, found), "")
