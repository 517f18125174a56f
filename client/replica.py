"""The entries on this device, its own and those of the unit's other devices, as they stand now.

* An entry's current state is that of its head: of the revisions that nothing followed, the one
with the longest history, then with the greatest digest. Every device picks the same one.
* Bytes that have changed on the disk are never given out as answers.
* `items` draws the lists that forms choose from out of the unit's own entries.
"""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from client.db import Database, Row
from client.definitions import Definitions
from client.errors import NotFoundError, StorageError
from forms.definition import Form, OwnEntries
from forms.own_entries import Item, items
from sync.digest import digest_of
from sync.revision import Revision, parse_revision

Head: TypeAlias = Row

_HEAD_COLUMNS = (
    "r.digest, r.entry, r.form, r.definition, r.made_at, r.depth, r.name, r.is_own, r.state, "
    "r.server_state, r.log_index, r.code, r.message, r.violations, r.operation, "
    "(SELECT count(*) FROM attachment_use AS u JOIN attachment AS a USING (sha256) "
    " WHERE u.revision = r.digest AND a.acknowledged_at IS NULL) AS files_waiting"
)
_IS_HEAD = "NOT EXISTS (SELECT 1 FROM parent AS p WHERE p.parent = r.digest)"


class Replica:
    """The entries in the database."""

    def __init__(self, db: Database, definitions: Definitions) -> None:
        self._db = db
        self._definitions = definitions
        self._counts: tuple[int, dict[str, int]] | None = None

    def heads(self) -> list[Head]:
        """Return the head of every entry, the newest first."""
        rows = self._db.rows(
            f"SELECT {_HEAD_COLUMNS} FROM revision AS r WHERE {_IS_HEAD} ORDER BY r.id DESC"  # noqa: S608 - constants of this module
        )
        return list(_one_an_entry(rows))

    def head(self, entry: str) -> Head:
        """Return the head of an entry.

        Raises:
            NotFoundError: there is no such entry.
        """
        rows = self._db.rows(
            f"SELECT {_HEAD_COLUMNS} FROM revision AS r WHERE r.entry = ? AND {_IS_HEAD}",  # noqa: S608 - constants of this module
            (entry,),
        )
        if not rows:
            raise NotFoundError(
                f"There is no entry {entry}.", code="unknown_entry", hint="See: tianbao entries"
            )
        return next(_one_an_entry(rows))

    def revision(self, digest: str) -> Revision:
        """Return a revision that is known to be here.

        Raises:
            StorageError: the disk gave other bytes back than were saved.
        """
        row = self._db.row("SELECT content FROM revision WHERE digest = ?", (digest,))
        if row is None:
            raise NotFoundError("This revision is not on this device.", code="unknown_revision")
        if digest_of(row["content"]) != digest:
            raise StorageError(
                "This entry does not read back as it was saved, so it is not shown.",
                code="damaged_entry",
                hint="Check the disk. What was delivered is safe on the server.",
            )
        return parse_revision(row["content"])

    def counts(self) -> dict[str, int]:
        """Return how many entries are in each state, drafts left out."""
        generation = self._db.generation  # before the query: what is committed since counts anew
        if self._counts is None or self._counts[0] != generation:
            rows = self._db.rows(
                f"SELECT r.state, count(DISTINCT r.entry) AS n FROM revision AS r WHERE {_IS_HEAD} "  # noqa: S608 - a constant of this module
                "GROUP BY r.state"
            )
            self._counts = (generation, {row["state"]: row["n"] for row in rows})
        return self._counts[1]

    def oldest_undelivered(self) -> str | None:
        """Return when the oldest revision was made that is saved and not delivered."""
        row = self._db.row("SELECT min(made_at) AS oldest FROM revision WHERE state = 'saved'")
        return None if row is None else row["oldest"]

    def items(self, spec: OwnEntries) -> list[Item]:
        """Return the items of a list drawn from the unit's own entries."""
        return items(spec, self._entries_of(spec.forms))

    def _entries_of(self, forms: tuple[str, ...]) -> Iterator[tuple[str, Form, dict[str, Any]]]:
        marks = ", ".join("?" * len(forms))
        rows = self._db.rows(
            f"SELECT r.digest, r.entry, r.depth, r.definition, r.content, r.operation "  # noqa: S608 - constants and marks
            f"FROM revision AS r WHERE r.form IN ({marks}) AND {_IS_HEAD} ORDER BY r.id",
            forms,
        )
        for row in _one_an_entry(rows):
            form = self._definitions.form(row["definition"])
            is_intact = digest_of(row["content"]) == row["digest"]
            if form is not None and row["operation"] == "put" and is_intact:
                yield row["entry"], form, json.loads(row["content"])["answers"]


def _one_an_entry(rows: list[Row]) -> Iterator[Row]:
    best: dict[str, Row] = {}
    for row in rows:
        other = best.get(row["entry"])
        if other is None or (row["depth"], row["digest"]) > (other["depth"], other["digest"]):
            best[row["entry"]] = row
    yield from best.values()
