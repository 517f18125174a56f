"""Drafts: open instances, as they were last written to the disk.

A draft has the id of the entry it becomes, or that it is an edit of; then `parents` are the heads it
was begun from. Its answers are kept as they were typed, wrong ones
too. Nothing here evaluates anything.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.db import Database, Row
from client.errors import StorageError
from client.settings import read_setting, write_setting

_TRIED = "tried/"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is kept of an open instance; `sequence` counts the steps of the person."""

    entry: str
    form: str
    definition: str
    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    name: str
    sequence: int
    opened_at: str
    saved_at: str
    parents: tuple[str, ...] = ()


class Drafts:
    """The drafts on this device."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, draft: Draft) -> None:
        """Write a draft, within a transaction; an older sequence never replaces a newer one."""
        self._db.write(
            "INSERT INTO draft (entry, form, definition, answers, reasons, parents, name, sequence, "
            "opened_at, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (entry) DO UPDATE SET definition = excluded.definition, answers = excluded.answers, "
            "reasons = excluded.reasons, name = excluded.name, sequence = excluded.sequence, "
            "saved_at = excluded.saved_at WHERE excluded.sequence >= draft.sequence",
            (
                draft.entry,
                draft.form,
                draft.definition,
                # ASCII: a page may send half a surrogate pair, which no UTF-8 text can hold.
                json.dumps(draft.answers),
                json.dumps(draft.reasons),
                json.dumps(draft.parents),
                draft.name.encode(errors="replace").decode(),
                draft.sequence,
                draft.opened_at,
                draft.saved_at,
            ),
        )

    def get(self, entry: str) -> Draft | None:
        """Return a draft, if there is one."""
        row = self.row(entry)
        return None if row is None else draft_of(row)

    def row(self, entry: str) -> Row | None:
        """Return a draft as it is kept, unread, if there is one."""
        return self._db.row("SELECT * FROM draft WHERE entry = ?", (entry,))

    def has(self, entry: str) -> bool:
        """Say whether an entry has a draft."""
        return self._db.row("SELECT 1 FROM draft WHERE entry = ?", (entry,)) is not None

    def follow(self, entry: str, parents: tuple[str, ...]) -> None:
        """Let what a draft becomes follow other revisions, within a transaction."""
        self._db.write("UPDATE draft SET parents = ? WHERE entry = ?", (json.dumps(parents), entry))

    def note_tried(self, entry: str, sequence: int) -> None:
        """Note, within a transaction, the step at which finalizing a draft failed last."""
        write_setting(self._db, _TRIED + entry, str(sequence))

    def is_newer_than_tried(self, draft: Draft) -> bool:
        """Say whether a draft was written on since finalizing it failed."""
        tried = read_setting(self._db, _TRIED + draft.entry)
        return tried is not None and draft.sequence > int(tried)

    def remove(self, entry: str) -> None:
        """Remove a draft, within a transaction: it was finalized or discarded."""
        self._db.write("DELETE FROM draft WHERE entry = ?", (entry,))
        self._db.write("DELETE FROM setting WHERE name = ?", (_TRIED + entry,))

    def all(self) -> list[Row]:
        """Return the drafts without their answers, the newest first."""
        return self._db.rows(
            "SELECT entry, form, definition, parents, name, opened_at, saved_at FROM draft "
            "ORDER BY saved_at DESC, entry"
        )

    def count(self) -> int:
        """Return how many drafts there are."""
        row = self._db.row("SELECT count(*) AS n FROM draft")
        return 0 if row is None else int(row["n"])


def draft_of(row: Row) -> Draft:
    """Return the draft that is kept in a row.

    Raises:
        StorageError: the disk gave something else back than was kept.
    """
    values = dict(row)
    try:
        for key in ("answers", "reasons", "parents"):
            values[key] = json.loads(values[key])
        values["parents"] = tuple(values["parents"])
    except (ValueError, TypeError) as error:
        raise StorageError(
            "This draft does not read back as it was kept, so it is not shown.",
            code="damaged_draft",
            hint="Check the disk, then discard the draft and fill it in again.",
        ) from error
    return Draft(**values)
