"""The revisions on this device: exact bytes, signatures, and what the server said of each.

* A revision's bytes are written once and never changed.
* `apply` and `acknowledge` are the only ways to another state; their callers hold a signed answer.
One alone needs none: what no longer reads as it was written is set aside.
* Whatever adds a revision, takes one out or moves it to another state keeps the heads of its entry
right, in the same transaction.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from client.db import Database
from client.errors import StorageError
from client.heads import Heads
from client.states import State, state_after
from sync.digest import digest_of, is_named
from sync.messages import ItemResult, ItemState
from sync.revision import Revision, parse_revision
from sync.times import format_time


@dataclass(frozen=True, slots=True)
class SignedRevision:
    """A revision with its exact bytes and signature; `name` is the entry's, as its form words it."""

    revision: Revision
    content: bytes
    signature: bytes
    name: str = ""
    digest: str = field(init=False)  # the name of the bytes, computed once

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.content))


class Revisions:
    """The revisions in the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._heads = Heads(db)

    def add_own(self, signed: SignedRevision) -> None:
        """Add a revision that this device made, within a transaction: it is saved, and waits."""
        self._add_signed(signed, is_own=True)

    def _add_signed(self, signed: SignedRevision, *, is_own: bool) -> None:
        """Add what this device signed: nobody else has its files, so they wait with it."""
        self._insert(signed, is_own=is_own)
        digest = signed.digest
        for file in signed.revision.attachments:
            self._db.write(
                "INSERT OR IGNORE INTO attachment (sha256, size, type) VALUES (?, ?, ?)",
                (file.sha256, file.size, file.type),
            )
            self._db.write(
                "INSERT INTO attachment_use (revision, sha256) VALUES (?, ?)",
                (digest, file.sha256),
            )

    def adopt(self, signed: SignedRevision) -> None:
        """Add a revision that this device once made and no longer has, within a transaction.

        Where another one has its place in the chain, it is kept as one of another device would be;
        its files are sent all the same, for they may be here alone.
        """
        revision = signed.revision
        row = self._db.row(
            "SELECT digest, content, pruned_at FROM revision WHERE is_own = 1 AND device = ? "
            "AND incarnation = ? AND sequence = ?",
            (revision.device, revision.incarnation, revision.sequence),
        )
        if row is None:
            self.add_own(signed)
        elif row["pruned_at"] is None and not is_named(row["content"], row["digest"]):
            self.withdraw(row["digest"])  # the disk has changed its very name
            self.add_own(signed)
        else:
            self._add_signed(signed, is_own=False)

    def mend(self, digest: str, content: bytes, signature: bytes) -> None:
        """Write a revision's bytes anew that the disk has changed, within a transaction."""
        self._db.write(
            "UPDATE revision SET content = ?, signature = ?, "
            "state = CASE WHEN code = 'damaged' THEN 'saved' ELSE state END, "
            "message = CASE WHEN code = 'damaged' THEN NULL ELSE message END, "
            "code = CASE WHEN code = 'damaged' THEN NULL ELSE code END WHERE digest = ?",
            (content, signature, digest),
        )
        entry = self._entry(digest)
        if entry is not None:
            self._heads.refresh(entry)

    def restore(self, digest: str, content: bytes) -> None:
        """Write the bytes of a revision anew that was taken off this device, within a transaction."""
        self._db.write(
            "UPDATE revision SET content = ?, pruned_at = NULL WHERE digest = ?", (content, digest)
        )
        entry = self._entry(digest)
        if entry is not None:  # now it is to be found out what is contested
            self._heads.refresh(entry)

    def add_pulled(self, signed: SignedRevision) -> None:
        """Add a revision of another device, within a transaction; again changes nothing."""
        if self.has(signed.digest):
            return
        self._insert(signed, is_own=False)

    def has(self, digest: str) -> bool:
        """Say whether a revision is here."""
        return self._db.row("SELECT 1 FROM revision WHERE digest = ?", (digest,)) is not None

    def check(self, digest: str) -> None:
        """Read a revision again, from the file, and compare it with its name.

        Raises:
            StorageError: it is not there as it was written.
        """
        row = self._db.reread("SELECT content FROM revision WHERE digest = ?", (digest,))
        if row is None or not is_named(row["content"], digest):
            raise StorageError(
                "The entry does not read back as it was written; nothing of it was saved.",
                code="damaged",
                hint="What was typed is kept. Check the disk, then try again.",
            )

    def content(self, digest: str) -> bytes:
        """Return the exact bytes of a revision that is here."""
        row = self._db.row("SELECT content FROM revision WHERE digest = ?", (digest,))
        return b"" if row is None else bytes(row["content"])

    def withdraw(self, digest: str) -> None:
        """Take out a revision that was never called saved, within a transaction."""
        entry = self._entry(digest)
        self._db.write("DELETE FROM attachment_use WHERE revision = ?", (digest,))
        self._db.write("DELETE FROM parent WHERE revision = ?", (digest,))
        self._db.write("DELETE FROM revision WHERE digest = ?", (digest,))
        if entry is not None:
            self._heads.refresh(entry)

    def of_entry(self, entry: str) -> tuple[str, str] | None:
        """Return digest and state of an entry's newest own revision, if it has one."""
        row = self._db.row(
            "SELECT digest, state FROM revision WHERE entry = ? AND is_own = 1 "
            "ORDER BY sequence DESC LIMIT 1",
            (entry,),
        )
        return None if row is None else (row["digest"], row["state"])

    def own_children(self, entry: str, parents: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return the own revisions of an entry that follow exactly these parents, the newest first.

        Each comes with the incarnation that made it.
        """
        rows = self._db.rows(  # what was refused is nowhere else: nothing has to follow it
            "SELECT digest, incarnation FROM revision WHERE entry = ? AND is_own = 1 "
            "AND state <> 'set_aside' ORDER BY id DESC",
            (entry,),
        )
        return [
            (row["digest"], row["incarnation"])
            for row in rows
            if self._parents(row["digest"]) == set(parents)
        ]

    def state(self, digest: str) -> State | None:
        """Return the state of a revision, if it is here."""
        row = self._db.row("SELECT state FROM revision WHERE digest = ?", (digest,))
        return None if row is None else State(row["state"])

    def name(self, digests: Iterable[str]) -> str:
        """Return the name that an entry had in the first of these revisions that is here."""
        for digest in digests:
            row = self._db.row("SELECT name FROM revision WHERE digest = ?", (digest,))
            if row is not None:
                return str(row["name"])
        return ""

    def files_of(self, digests: Iterable[str]) -> set[str]:
        """Return the files that revisions name, as far as those can be read here."""
        contents = {digest: self.content(digest) for digest in digests}
        return {
            file.sha256
            for digest, content in contents.items()
            if is_named(content, digest)
            for file in parse_revision(content).attachments
        }

    def is_inherited(self, sha256: str) -> bool:
        """Say whether a file came to an own revision with what it is an edit of."""
        rows = self._db.rows(
            "SELECT DISTINCT o.digest FROM attachment_use AS u JOIN revision AS r "
            "ON r.digest = u.revision JOIN revision AS o ON o.entry = r.entry "
            "WHERE u.sha256 = ? AND o.is_own = 0",
            (sha256,),
        )
        return sha256 in self.files_of(row["digest"] for row in rows)

    def apply(self, result: ItemResult) -> None:
        """Take over what a signed answer says of a revision, within a transaction."""
        if result.state is ItemState.REFUSED and self._is_in_log(result.digest):
            return  # what is in the log for good is not undone by a refusal of the same bytes
        is_final = not (result.state is ItemState.REFUSED and result.temporary)
        state = state_after(result, files_waiting=self._waits_for_files(result.digest))
        violations = json.dumps([asdict(each) for each in result.violations], ensure_ascii=False)
        self._db.write(
            "UPDATE revision SET state = ?, server_state = ?, log_index = ?, code = ?, message = ?, "
            "violations = ?, attempts = attempts + 1 WHERE digest = ?",
            (
                state.value,
                result.state.value if is_final else None,
                result.index,
                result.code,
                result.message,
                violations,
                result.digest,
            ),
        )
        entry = self._entry(result.digest)
        if entry is not None:  # what is quarantined or refused now may have been a head before
            self._heads.refresh(entry)

    def postpone(self, digests: Iterable[str]) -> None:
        """Put revisions behind the others that wait, within a transaction."""
        for digest in digests:
            self._db.write(
                "UPDATE revision SET attempts = attempts + 1 WHERE digest = ?", (digest,)
            )

    def hold_back(self, digest: str, code: str, message: str) -> None:
        """Put a revision behind the others with the reason, within a transaction; it stays saved."""
        self._db.write(
            "UPDATE revision SET attempts = attempts + 1, code = ?, message = ? WHERE digest = ?",
            (code, message, digest),
        )

    def set_damaged_aside(self, digest: str) -> None:
        """Keep back a revision whose bytes have changed on the disk, within a transaction."""
        self._db.write(
            "UPDATE revision SET state = ?, code = 'damaged', message = ? WHERE digest = ?",
            (
                State.SET_ASIDE.value,
                "The disk gave other bytes back than were saved: it cannot be handed over.",
                digest,
            ),
        )
        entry = self._entry(digest)
        if entry is not None:
            self._heads.refresh(entry)

    def acknowledge(self, sha256: str, now: datetime) -> None:
        """Note that the server has signed for all of a file, within a transaction."""
        self._db.write(
            "UPDATE attachment SET acknowledged_at = ?, offset_acknowledged = size, message = NULL "
            "WHERE sha256 = ?",
            (format_time(now), sha256),
        )
        rows = self._db.rows(
            "SELECT r.digest FROM attachment_use AS u JOIN revision AS r ON r.digest = u.revision "
            "WHERE u.sha256 = ? AND r.state = 'saved' AND r.server_state IN ('logged', 'held')",
            (sha256,),
        )
        for row in rows:
            if not self._waits_for_files(row["digest"]):
                self._db.write(
                    "UPDATE revision SET state = ? WHERE digest = ?",
                    (State.DELIVERED.value, row["digest"]),
                )

    def _is_in_log(self, digest: str) -> bool:
        row = self._db.row("SELECT log_index FROM revision WHERE digest = ?", (digest,))
        return row is not None and row["log_index"] is not None

    def _waits_for_files(self, digest: str) -> bool:
        row = self._db.row(
            "SELECT 1 FROM attachment_use AS u JOIN attachment AS a USING (sha256) "
            "WHERE u.revision = ? AND a.acknowledged_at IS NULL LIMIT 1",
            (digest,),
        )
        return row is not None

    def _insert(self, signed: SignedRevision, *, is_own: bool) -> None:
        revision, digest = signed.revision, signed.digest
        self._db.write(
            "INSERT INTO revision (digest, content, signature, entry, form, definition, device, "
            "incarnation, sequence, operation, author, made_at, depth, name, is_own, state) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                digest,
                signed.content,
                signed.signature,
                revision.entry,
                revision.form,
                revision.definition,
                revision.device,
                revision.incarnation,
                revision.sequence,
                revision.operation,
                revision.author,
                format_time(revision.made_at.wall),
                self._depth(revision.parents),
                signed.name,
                int(is_own),
                State.SAVED.value,
            ),
        )
        for parent in revision.parents:
            self._db.write(
                "INSERT OR IGNORE INTO parent (parent, revision) VALUES (?, ?)", (parent, digest)
            )
        self._heads.place(digest, revision.entry)

    def _parents(self, digest: str) -> set[str]:
        rows = self._db.rows("SELECT parent FROM parent WHERE revision = ?", (digest,))
        return {row["parent"] for row in rows}

    def _entry(self, digest: str) -> str | None:
        row = self._db.row("SELECT entry FROM revision WHERE digest = ?", (digest,))
        return None if row is None else str(row["entry"])

    def _depth(self, parents: tuple[str, ...]) -> int:
        depths = [0]
        for parent in parents:
            row = self._db.row("SELECT depth FROM revision WHERE digest = ?", (parent,))
            if row is not None:
                depths.append(row["depth"])
        return 1 + max(depths)
