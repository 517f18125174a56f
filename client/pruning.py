"""Pruning: delivered entries leave this device, on purpose only; their place in the lists stays.

* An entry goes as a whole, and only when each of its revisions was made before the given time, was
taken by the server for good, and every file of it arrived in full. One that waits, is in quarantine
or set aside, is contested, or has a draft that builds on it, stays.
* What the entry was is still listed; its answers and files are on the server. Lists that forms draw
from the unit's own entries no longer hold it.
* The age is that by the clock which made the revision. A clock that was wrong makes an entry go sooner
or later; what goes is delivered either way.
* The database lets go first, then the journal's segments and the files of which nothing is left; a
crash in between leaves some of those, and the next pruning takes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from client.blobs import Blobs
from client.clock import Clock
from client.db import Database
from client.errors import InputError
from client.journal import Journal, Part
from sync.frames import Damage
from sync.times import format_time

_PAGE = 200
_LONGEST = 36_500
_MAY_GO = (
    "SELECT r.entry, max(r.form) AS form, max(r.name) AS name, max(r.made_at) AS made_at, "
    "sum(r.pruned_at IS NULL) AS revisions, sum(length(r.content)) AS size "
    "FROM revision AS r GROUP BY r.entry "
    "HAVING min(state = 'delivered' AND server_state = 'logged' AND log_index IS NOT NULL) = 1 "
    "AND max(r.made_at) < ? AND sum(r.pruned_at IS NULL) > 0 "
    "AND r.entry NOT IN (SELECT entry FROM draft) AND r.entry NOT IN (SELECT entry FROM conflict) "
    "AND NOT EXISTS (SELECT 1 FROM revision AS o JOIN attachment_use AS u ON u.revision = o.digest "
    "JOIN attachment AS a USING (sha256) WHERE o.entry = r.entry AND a.acknowledged_at IS NULL) "
    "ORDER BY made_at, r.entry"
)
_UNUSED_FILES = (
    "SELECT u.sha256 FROM attachment_use AS u JOIN revision AS r ON r.digest = u.revision "
    "GROUP BY u.sha256 HAVING min(r.pruned_at IS NOT NULL) = 1"
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went from this device, or would go."""

    entries: tuple[dict[str, Any], ...]
    files: int
    bytes: int
    applied: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "applied": self.applied,
            "entries": list(self.entries),
            "files": self.files,
            "bytes": self.bytes,
        }


class Pruner:
    """Takes delivered entries off this device."""

    def __init__(self, db: Database, journal: Journal, blobs: Blobs, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._blobs = blobs
        self._clock = clock

    def prune(self, days: int, *, apply: bool) -> Pruned:
        """Take delivered entries off this device that are older, or only say which would go.

        Raises:
            InputError: the number of days makes no sense.
            StorageError: not everything could be taken off; what went is whole on the server.
        """
        if not 0 <= days <= _LONGEST:
            raise InputError(f"An age is 0 to {_LONGEST} days.", code="days")
        now = self._clock.now()
        with self._db.held():
            entries = tuple(dict(row) for row in self._db.rows(_MAY_GO, (_before(now, days),)))
            if not apply:
                return Pruned(entries, *self._files_of(entries), applied=False)
            for place in range(0, len(entries), _PAGE):
                with self._db.transaction():
                    self._forget(entries[place : place + _PAGE], now)
            freed = sum(entry["size"] for entry in entries)
            self._remove_segments()
            files, size = self._remove_files()
        if entries:
            self._db.compact()
        return Pruned(entries, files, freed + size, applied=True)

    def _files_of(self, entries: tuple[dict[str, Any], ...]) -> tuple[int, int]:
        """Return how many files only these entries use, and the bytes of files and entries."""
        going = {entry["entry"] for entry in entries}
        rows = self._db.rows(
            "SELECT u.sha256, a.size, r.entry, r.pruned_at FROM attachment_use AS u "
            "JOIN attachment AS a USING (sha256) JOIN revision AS r ON r.digest = u.revision"
        )
        staying = {r["sha256"] for r in rows if r["entry"] not in going and r["pruned_at"] is None}
        sizes = {r["sha256"]: r["size"] for r in rows if r["entry"] in going}
        unused = {sha256: size for sha256, size in sizes.items() if sha256 not in staying}
        return len(unused), sum(entry["size"] for entry in entries) + sum(unused.values())

    def _forget(self, entries: tuple[dict[str, Any], ...], now: datetime) -> None:
        for entry in entries:
            self._db.write(
                "UPDATE revision SET content = x'', pruned_at = ? "
                "WHERE entry = ? AND pruned_at IS NULL",
                (format_time(now), entry["entry"]),
            )

    def _remove_segments(self) -> None:
        for life in {segment.incarnation for segment in self._journal.segments()}:
            for part in self._journal.parts(life):
                if self._is_forgotten(part):
                    self._journal.remove(part.segment)

    def _is_forgotten(self, part: Part) -> bool:
        """Say whether a segment holds something, and nothing that is kept on this device."""
        digests = list(self._digests(part))
        return bool(digests) and None not in digests and all(map(self._is_pruned, digests))

    def _digests(self, part: Part) -> Iterator[str | None]:
        for each in self._journal.read(part.segment):
            yield None if isinstance(each, Damage) else each.digest

    def _is_pruned(self, digest: str | None) -> bool:
        row = self._db.row(
            "SELECT 1 FROM revision WHERE digest = ? AND pruned_at IS NOT NULL", (digest,)
        )
        return row is not None

    def _remove_files(self) -> tuple[int, int]:
        drafts = "".join(row["answers"] for row in self._db.rows("SELECT answers FROM draft"))
        removed = [
            self._blobs.remove(row["sha256"])
            for row in self._db.rows(_UNUSED_FILES)
            if row["sha256"] not in drafts
        ]
        return len([size for size in removed if size]), sum(removed)


def _before(now: datetime, days: int) -> str:
    """Return the time before which something was made that is older than so many days."""
    try:
        return format_time(now - timedelta(days=days))
    except OverflowError:  # the clock stands near the beginning of the calendar
        return ""
