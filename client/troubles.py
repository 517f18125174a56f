"""What a person has to know of this device until they say that they have seen it.

* A trouble has a code, a subject (an entry, a file, or nothing) and says what to do. The same
trouble found again is one trouble: it is counted, and keeps the time since when.
* It stays until it is dismissed, or until whoever found it finds that it is over (`settle`).
* What was dismissed stays so while the same thing is found again; it opens anew where the message
has changed, or after it was settled. What has happened once more, and is not only still so, opens it
in any case.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from client.db import Database
from client.errors import NotFoundError
from sync.times import format_time

_COLUMNS = "id, code, subject, message, hint, since, last_seen, count"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble as a person sees it."""

    id: int
    code: str
    subject: str
    message: str
    hint: str
    since: str
    last_seen: str
    count: int

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


class Troubles:
    """The troubles in the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, code: str, subject: str, message: str, hint: str, now: datetime) -> None:
        """Keep a trouble; joins a transaction that is open.

        Raises:
            StorageError: it could not be written.
        """
        self._keep((code, subject, message, hint, format_time(now)), is_event=False)

    def happened(self, code: str, subject: str, message: str, hint: str, now: datetime) -> None:
        """Keep a trouble that is an event; joins a transaction that is open.

        Raises:
            StorageError: it could not be written.
        """
        self._keep((code, subject, message, hint, format_time(now)), is_event=True)

    def _keep(self, values: tuple[str, str, str, str, str], *, is_event: bool) -> None:
        with self._db.transaction():
            self._db.write(
                "INSERT INTO trouble (code, subject, message, hint, since, last_seen) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (code, subject) DO UPDATE SET "
                "dismissed_at = CASE WHEN NOT ? AND message = excluded.message THEN dismissed_at END, "
                "message = excluded.message, hint = excluded.hint, "
                "last_seen = excluded.last_seen, count = count + 1",
                (*values, values[-1], is_event),
            )

    def settle(self, code: str, subject: str = "") -> None:
        """Take a trouble away that is over; writes nothing where there is none."""
        values = (code, subject)
        if not self._db.row("SELECT 1 FROM trouble WHERE code = ? AND subject = ?", values):
            return
        with self._db.transaction():
            self._db.write("DELETE FROM trouble WHERE code = ? AND subject = ?", values)

    def counts(self, code: str) -> dict[str, int]:
        """Return how often each subject of a code was noted, dismissed or not."""
        rows = self._db.rows("SELECT subject, count FROM trouble WHERE code = ?", (code,))
        return {row["subject"]: row["count"] for row in rows}

    def open(self) -> list[Trouble]:
        """Return what nobody has dismissed, the oldest first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM trouble WHERE dismissed_at IS NULL ORDER BY id"  # noqa: S608 - a constant of this module
        )
        return [Trouble(**dict(row)) for row in rows]

    def dismiss(self, trouble: int, now: datetime) -> None:
        """Put a trouble away that a person has seen.

        Raises:
            NotFoundError: there is no such trouble, or it was dismissed before.
        """
        with self._db.transaction():
            touched = self._db.write(
                "UPDATE trouble SET dismissed_at = ? WHERE id = ? AND dismissed_at IS NULL",
                (format_time(now), trouble),
            )
        if not touched:
            raise NotFoundError(
                f"There is no open trouble with the number {trouble}.",
                hint="tianbao status shows the open ones.",
            )
