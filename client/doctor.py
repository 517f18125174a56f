"""The doctor: reads everything that a home holds, mends what has a second copy, tells the rest.

 1. SQLite checks the file's structure, and journal and database are compared over their whole length
    (`client.reconcile`), each mended from the other.
 2. Every revision is digested, those of this device are checked for their signature, and for their
    place in its chains: no gap, and each names the one before.
 3. Every attached file is digested.

A revision of another device that the disk has changed is let go of, and is fetched anew with the next
round: the server has it. What is beyond repair on this device is named, with what still holds it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from client.blobs import Blobs
from client.clock import Clock
from client.db import Database, Row, list_in
from client.device import Device
from client.errors import NotFoundError, StorageError
from client.reconcile import Compared, Reconciler, tell
from client.revisions import Revisions
from client.starting_over import read_again_from
from client.states import State
from client.troubles import Troubles
from sync.digest import is_named
from sync.errors import SignatureError
from sync.keys import REVISION_TYPE, verify

_PAGE = 100
_ON_SERVER = "The server has it: nothing is lost."
_ASK = "Check the disk. Fill it in again, or look for a copy of this home."
_MENDED = (
    ("adopted", "revision", "was in the journal alone, and is in the database again"),
    ("rows", "revision", "was changed by the disk in the database, and mended from the journal"),
    ("frames", "revision", "was missing in the journal, or damaged there, and is in it again"),
    ("segments", "journal", "was damaged, and written anew from the database"),
    (
        "torn",
        "journal",
        "ended in the middle of a revision that was never saved, and was cut there",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: what kind of thing, which, its entry if it has one, and what to do."""

    kind: str
    subject: str
    entry: str
    message: str
    hint: str = ""


@dataclass(slots=True)
class Report:
    """What was read, mended, and what is beyond repair on this device."""

    revisions: int = 0
    pruned: int = 0
    files: int = 0
    mended: list[Finding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "is_sound": not self.problems}


class Doctor:
    """Checks a home."""

    def __init__(
        self, db: Database, reconciler: Reconciler, device: Device, blobs: Blobs, clock: Clock
    ) -> None:
        self._db = db
        self._reconciler = reconciler
        self._device = device
        self._blobs = blobs
        self._clock = clock

    def check(self) -> Report:
        """Check everything, and mend what can be mended."""
        report = Report()
        steps = (self._structure, self._copies, self._revisions, self._chains, self._files)
        for step in steps:
            try:
                step(report)
            except StorageError as error:
                report.problems.append(Finding("disk", "", "", error.message, error.hint))
        return report

    def _structure(self, report: Report) -> None:
        for row in self._db.rows("PRAGMA integrity_check"):
            if row[0] != "ok":
                hint = (
                    "Copy the home as it is before anything else. The journal holds what was saved."
                )
                report.problems.append(Finding("database", "client.db", "", row[0], hint))

    def _copies(self, report: Report) -> None:
        found = self._reconciler.compare(is_all=True)
        tell(found, Troubles(self._db), self._clock)
        for name, kind, message in _MENDED:
            for subject in getattr(found, name):
                report.mended.append(self._finding(kind, subject, message))
        self._tell_unmended(found, report)

    def _tell_unmended(self, found: Compared, report: Report) -> None:
        for digest in found.unread:
            message, hint = "is of a version that this program cannot read", "Update the program."
            report.problems.append(self._finding("revision", digest, message, hint))

    def _revisions(self, report: Report) -> None:
        for row in self._each_revision():
            report.revisions += 1
            if row["pruned_at"] is not None:
                report.pruned += 1
            elif not is_named(row["content"], row["digest"]):
                self._damaged(row, report)
            elif row["state"] not in list(State) or list_in(row["violations"]) is None:
                self._ask_again(row, report)
            elif row["is_own"] and not self._is_signed(row):
                message = "does not carry this device's signature any more"
                report.problems.append(
                    Finding("revision", row["digest"], row["entry"], message, _held_by(row))
                )

    def _each_revision(self) -> Iterator[Row]:
        last = 0
        while rows := self._db.rows(
            "SELECT id, digest, entry, content, signature, is_own, device, pruned_at, log_index, state, "
            "violations "
            "FROM revision WHERE id > ? ORDER BY id LIMIT ?",
            (last, _PAGE),
        ):
            yield from rows
            last = rows[-1]["id"]

    def _damaged(self, row: Row, report: Report) -> None:
        if row["is_own"] or row["log_index"] is None:
            message = "was changed by the disk, and there is no other copy on this device"
            report.problems.append(
                Finding("revision", row["digest"], row["entry"], message, _held_by(row))
            )
            return
        with self._db.transaction():
            Revisions(self._db).withdraw(row["digest"])
            read_again_from(self._db, row["log_index"])
        message = "of another device was changed by the disk; the next round fetches it anew"
        report.mended.append(Finding("revision", row["digest"], row["entry"], message))

    def _ask_again(self, row: Row, report: Report) -> None:
        with self._db.transaction():
            self._db.write(
                "UPDATE revision SET state = ?, server_state = NULL, violations = '[]' WHERE id = ?",
                (State.SAVED.value, row["id"]),
            )
        message = "lost what the server said of it to the disk; the next round asks again"
        report.mended.append(Finding("revision", row["digest"], row["entry"], message))

    def _is_signed(self, row: Row) -> bool:
        if row["device"] != self._device.key.id:
            return True  # its key is not known here
        try:
            verify(self._device.key.public, REVISION_TYPE, row["content"], row["signature"])
        except SignatureError:
            return False
        return True

    def _chains(self, report: Report) -> None:
        lives = self._db.rows(
            "SELECT DISTINCT incarnation FROM revision WHERE is_own = 1 AND device = ?",
            (self._device.key.id,),
        )
        for life in lives:
            self._chain(life["incarnation"], report)

    def _chain(self, life: str, report: Report) -> None:
        expected, previous = 1, None
        for row in self._each_own(life):
            if row["sequence"] != expected:
                missing = f"{expected} to {row['sequence'] - 1}"
                message = f"The chain {life[:8]}… of this device lacks its revisions {missing}."
                hint = "Run tianbao sync: what was delivered comes back."
                report.problems.append(Finding("chain", life, "", message, hint))
            elif not _follows(row, previous):
                message = "does not name the revision before it in the chain of this device"
                report.problems.append(
                    Finding("revision", row["digest"], row["entry"], message, _held_by(row))
                )
            expected, previous = row["sequence"] + 1, row["digest"]

    def _each_own(self, life: str) -> Iterator[Row]:
        last = 0
        while rows := self._db.rows(
            "SELECT digest, entry, content, sequence, pruned_at, log_index FROM revision "
            "WHERE is_own = 1 AND device = ? AND incarnation = ? AND sequence > ? "
            "ORDER BY sequence LIMIT ?",
            (self._device.key.id, life, last, _PAGE),
        ):
            yield from rows
            last = rows[-1]["sequence"]

    def _files(self, report: Report) -> None:
        rows = self._db.rows(
            "SELECT a.sha256, a.size, a.acknowledged_at, min(r.entry) AS entry "
            "FROM attachment AS a JOIN attachment_use AS u USING (sha256) "
            "JOIN revision AS r ON r.digest = u.revision "
            "GROUP BY a.sha256 HAVING min(r.pruned_at IS NOT NULL) = 0 ORDER BY a.sha256"
        )
        for row in rows:
            report.files += 1
            try:
                self._blobs.verify(row["sha256"], row["size"])
            except NotFoundError:
                if row["acknowledged_at"] is None:  # else it is on the server, and need not be here
                    self._tell_file(row, "is not here any more", report)
            except StorageError:
                self._tell_file(row, "was changed by the disk", report)

    def _tell_file(self, row: Row, message: str, report: Report) -> None:
        hint = _ASK if row["acknowledged_at"] is None else _ON_SERVER
        report.problems.append(Finding("file", row["sha256"], row["entry"], message, hint))

    def _finding(self, kind: str, subject: str, message: str, hint: str = "") -> Finding:
        row = self._db.row("SELECT entry FROM revision WHERE digest = ?", (subject,))
        return Finding(kind, subject, "" if row is None else row["entry"], message, hint)


def _follows(row: Row, previous: str | None) -> bool:
    """Say whether a revision names the one before; one that cannot be read is told elsewhere."""
    if row["pruned_at"] is not None or not is_named(row["content"], row["digest"]):
        return True
    return bool(json.loads(row["content"])["previous"] == previous)


def _held_by(row: Row) -> str:
    return _ASK if row["log_index"] is None else _ON_SERVER
