"""What the projection reads of `log.db`: leaves in order, and the objects they name.

Reading only. What is damaged is never given out. An entry is read as it stood at a place in the log (`end`), whatever came later: so
the tables do not depend on how many leaves are projected at once.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from server import log
from server.db import Connection
from server.projection.heads import Standing, Stored, standing

_ENTRY_CHUNK = 500

_REVISIONS = """
select digest, idx, entry, form, definition, device, member, unit, operation, made_wall,
       -- one that was decided later still waited at this place
       received_at, case when decided_idx >= :end then 'held' else state end, code, violations
from revision
where entry in (select value from json_each(:entries)) and idx < :end
order by entry, idx
"""
_PARENTS = """
select parent.revision, parent.parent
from revision join parent on parent.revision = revision.digest
where revision.entry in (select value from json_each(?)) and revision.idx < ?
order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf: its place, what it is about, and the object it names."""

    index: int
    kind: str
    object: str
    at: str
    bytes: bytes


@dataclass(frozen=True, slots=True)
class Definition:
    """The published bytes of a form's version, in the order of publishing."""

    digest: str
    form: str
    version: str
    published_at: str
    content: bytes  # empty where it is damaged


class LogSource:
    """Reads `log.db` over one connection, in one snapshot at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything within the block as it is at one moment."""
        self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.execute("rollback")

    def leaves(self, start: int, limit: int) -> list[Leaf]:
        """Return the leaves from an index on, at most so many."""
        rows = self._connection.execute(
            "select idx, kind, object, at, bytes from leaf where idx >= ? order by idx limit ?",
            (start, limit),
        )
        return [Leaf(*row) for row in rows]

    def leaf_bytes(self, index: int) -> bytes | None:
        """Return the bytes of a leaf, None where the log is not so long."""
        row = self._connection.execute("select bytes from leaf where idx = ?", (index,)).fetchone()
        return None if row is None else bytes(row[0])

    def definitions(self, digests: Iterable[str]) -> list[Definition]:
        """Return the named definitions, oldest first."""
        rows = self._connection.execute(
            "select digest, form_id, version, published_at from definition"
            " where digest in (select value from json_each(?)) order by idx",
            (json.dumps(list(digests)),),
        ).fetchall()
        return [
            Definition(digest, form, version, at, self.content(digest) or b"")
            for digest, form, version, at in rows
        ]

    def definitions_before(self, end: int) -> list[Definition]:
        """Return every definition published before a place in the log, oldest first."""
        rows = self._connection.execute("select digest from definition where idx < ?", (end,))
        return self.definitions([row[0] for row in rows])

    def content(self, digest: str) -> bytes | None:
        """Return the bytes of an object; None where they are missing or damaged."""
        return log.read_object(self._connection, digest)

    def repairs(self) -> int:
        """Return how often damaged bytes were replaced by the right ones."""
        return log.repairs(self._connection)

    def campaign_before(self, end: int) -> bytes | None:
        """Return the bytes of the campaign as it was last published before a place in the log."""
        return self._newest("select digest from campaign where idx < ? order by idx desc", end)

    def units_before(self, end: int) -> bytes | None:
        """Return the bytes of the units as they were last published before a place in the log."""
        return self._newest("select digest from units where idx < ? order by idx desc", end)

    def author(self, device: str) -> dict[str, Any]:
        """Return the name and role of whose device it is; nothing where it is not enrolled."""
        row = self._connection.execute(
            "select member.name, member.role from device join member on member.id = device.member"
            " where device.id = ?",
            (device,),
        ).fetchone()
        return {} if row is None else dict(row)

    def units(self) -> list[dict[str, Any]]:
        """Return the units as they are now."""
        return self._dicts("select code, name, kind, parent from unit order by code")

    def members(self) -> list[dict[str, Any]]:
        """Return the members that ever enrolled a device, without anything that is secret.

        Only of these does the log say when they change.
        """
        return self._dicts(
            "select id, name, role, unit, created_at, revoked_at from member"
            " where exists (select 1 from device where device.member = member.id) order by id"
        )

    def entries_of(self, revisions: Sequence[str]) -> dict[str, int]:
        """Return the entries of some revisions, each with the place of its first revision."""
        rows = self._connection.execute(
            "select entry, min(idx) from revision where entry in"
            " (select entry from revision where digest in (select value from json_each(?)))"
            " group by entry order by 2",
            (json.dumps(revisions),),
        )
        return dict(rows.fetchall())

    def standings(self, entries: Sequence[str], end: int) -> Iterator[tuple[str, Standing]]:
        """Yield what stands of each entry, by the revisions before a place in the log."""
        for start in range(0, len(entries), _ENTRY_CHUNK):
            wanted = json.dumps(entries[start : start + _ENTRY_CHUNK])
            parents: dict[str, list[str]] = {}
            for revision, parent in self._connection.execute(_PARENTS, (wanted, end)):
                parents.setdefault(revision, []).append(parent)
            rows = self._connection.execute(_REVISIONS, {"entries": wanted, "end": end}).fetchall()
            for entry, group in groupby(rows, key=itemgetter(2)):
                yield entry, standing([Stored(*row) for row in group], parents)

    def forms_of(self, entries: Sequence[str], end: int) -> set[str]:
        """Return the forms that the revisions of some entries name."""
        rows = self._connection.execute(
            "select distinct form from revision"
            " where entry in (select value from json_each(?)) and idx < ?",
            (json.dumps(entries), end),
        )
        return {row[0] for row in rows}

    def _newest(self, sql: str, end: int) -> bytes | None:
        row = self._connection.execute(f"{sql} limit 1", (end,)).fetchone()
        return None if row is None else self.content(row[0])

    def _dicts(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(sql)]
