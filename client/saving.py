"""Saving: the one way by which a revision of this device comes to be.

It is called *saved* only after all of this, in this order:
 1. in a transaction the revision is written and its draft ended; nothing of it is on the disk yet;
 2. its frame is appended to the journal and flushed;
 3. the transaction is committed and flushed;
 4. row and frame were read again, from their files, and are the bytes that the digest names.
What fails before the end leaves the draft as it was, and takes the frame away again. Until the end no
other thread sees the revision, so that none is sent that may still be withdrawn. A commit that failed
may be on the disk all the same: then the entry is saved, and is never made a second time.

What a crash leaves, by where it comes (nothing was called saved before the end of 4):

    before 2           the draft, as it was
    within 2           the draft, and a torn end of the journal, which is cut off at the next start
    after 2, within 3  the draft, and the frame: at the next start the revision is taken over from the
                       journal and its draft ended, so that its place in the chain is never given twice
    after 3            the revision, in both
    while taking back  the frame alone (as above), or the draft alone: the row goes first, with the
                       draft put back in the same transaction, then the frame

Where a frame could not be taken away, or nobody can say whether the commit came through, the saver is
in doubt: the next saving settles that first, by what is in the database then, or does not take place.
"""

import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from client.db import Database, Row
from client.device import Device, Link, next_link
from client.drafts import Drafts, draft_of
from client.errors import EntryStateError, StorageError
from client.journal import Journal, frame_of
from client.profile import Profile, require_profile
from client.revisions import Revisions, SignedRevision
from client.settings import write_setting
from client.states import State
from sync.errors import MessageError
from sync.keys import REVISION_TYPE
from sync.revision import (
    MAX_BYTES,
    SALT_LENGTH,
    MadeAt,
    Revision,
    attachments_in,
    format_revision,
    parse_revision,
)

_SETTLED = "settled"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a revision is to say; its place in the chain, salt and signature come with saving."""

    entry: str
    form: str
    definition: str
    parents: tuple[str, ...]
    made_at: MadeAt
    name: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    operation: str = "put"
    reason: str | None = None
    ends_draft: bool = False  # the entry's draft became this revision


class Saver:
    """Saves the revisions of this device; `compared` says that journal and database agree."""

    def __init__(
        self, db: Database, device: Device, journal: Journal, compared: Callable[[], None]
    ) -> None:
        self._db = db
        self._device = device
        self._journal = journal
        self._compared = compared
        self._revisions = Revisions(db)
        self._drafts = Drafts(db)
        self._doubted: str | None = None  # appended to the journal, and not known to be saved

    def save(self, wording: Wording) -> dict[str, Any]:
        """Save a revision: `{"entry", "revision", "state"}`.

        Raises:
            EntryStateError: a draft of the entry was opened meanwhile, or it was changed here.
            MessageError: what it says cannot be written down, or is too large.
            StorageError: it could not be saved; the draft is as it was.
        """
        profile = require_profile(self._db)
        with self._db.held():
            self._compared()
            self._settle_doubt()
            self._require_no_other_draft(wording)
            parents, earlier = self._place_of(wording)
            if earlier is not None:
                self._settle(wording)
                state = self._revisions.state(earlier) or State.SAVED
                return {"entry": wording.entry, "revision": earlier, "state": state.value}
            draft = self._drafts.row(wording.entry)
            signed = self._commit(wording, profile, parents)
            self._check(signed, draft)
            self._doubted = None
            self._device.high_water.note(signed.revision.incarnation, signed.revision.sequence)
        return {"entry": wording.entry, "revision": signed.digest, "state": State.SAVED.value}

    def _require_no_other_draft(self, wording: Wording) -> None:
        # Whoever asked for it has looked before; since then a page may have opened one.
        if not wording.ends_draft and self._drafts.has(wording.entry):
            raise draft_open()

    def _place_of(self, wording: Wording) -> tuple[tuple[str, ...], str | None]:
        """Return what the revision is to follow; and the one that says the same already, if there is.

        Raises:
            EntryStateError: another one has come between, and this one has not seen it.
        """
        parents = wording.parents
        while children := self._revisions.own_children(wording.entry, parents):
            for digest, _ in children:
                if self._says(digest, wording):
                    return parents, digest
            # In this life a draft is found with a child of its parents only where the commit of that
            # child seemed to have failed: what was changed since follows it. What another life made
            # is of a copy of this home, and nobody here has seen it: two heads.
            ours = [digest for digest, life in children if life == self._device.incarnation]
            if not ours:
                break
            if not wording.ends_draft:
                raise EntryStateError(
                    "This entry was changed meanwhile.", hint="Look at it, then do it again."
                )
            parents = (ours[0],)
        return parents, None

    def _says(self, digest: str, wording: Wording) -> bool:
        self._revisions.check(digest)
        made = parse_revision(self._revisions.content(digest))
        said = (made.operation, made.answers, made.reasons, made.reason)
        return said == (wording.operation, wording.answers, wording.reasons, wording.reason)

    def _commit(
        self, wording: Wording, profile: Profile, parents: tuple[str, ...]
    ) -> SignedRevision:
        try:
            with self._db.transaction():
                link = next_link(self._db, self._device)
                signed = self._sign(wording, profile, link, parents)
                self._revisions.add_own(signed)
                if wording.ends_draft:
                    self._drafts.remove(wording.entry)
                self._doubted = signed.digest
                self._journal.append(self._device.incarnation, link.sequence, _frame(signed))
        except BaseException as error:
            if not self._came_through() or not isinstance(error, StorageError):
                raise
            _log.warning("The end of a commit failed, and the entry is there: %s", error.message)
            self._settle(wording)
        return signed

    def _came_through(self) -> bool:
        try:
            return self._settle_doubt()
        except StorageError as error:
            _log.warning("Whether an entry was saved is not known yet: %s", error.message)
            return False

    def _settle_doubt(self) -> bool:
        """Say whether what was appended last is in the database; what is not goes from the journal.

        Raises:
            StorageError: it cannot be found out now, or the frame cannot be taken away.
        """
        if self._doubted is None:
            return False
        is_there = self._revisions.has(self._doubted)
        if not is_there:
            self._journal.withdraw()
        self._doubted = None
        return is_there

    def _settle(self, wording: Wording) -> None:
        """Make sure of a commit that failed at its end."""
        with self._db.transaction():
            if wording.ends_draft:
                self._drafts.remove(wording.entry)
            # Changes the file, so that a journal whose end may not be on the disk is ended anew.
            write_setting(self._db, _SETTLED, secrets.token_hex(16))

    def _check(self, signed: SignedRevision, draft: Row | None) -> None:
        try:
            self._revisions.check(signed.digest)
            self._journal.check(_frame(signed))
        except StorageError:
            self._doubted = signed.digest
            with self._db.transaction():
                self._revisions.withdraw(signed.digest)
                if draft is not None:
                    self._drafts.save(draft_of(draft))
            self._journal.withdraw()
            self._doubted = None
            raise

    def _sign(
        self, wording: Wording, profile: Profile, link: Link, parents: tuple[str, ...]
    ) -> SignedRevision:
        revision = Revision(
            log=profile.log,
            form=wording.form,
            definition=wording.definition,
            entry=wording.entry,
            parents=parents,
            operation=wording.operation,
            answers=wording.answers,
            reasons=wording.reasons,
            attachments=attachments_in(wording.answers),
            device=self._device.key.id,
            incarnation=self._device.incarnation,
            sequence=link.sequence,
            previous=link.previous,
            author=profile.member,
            made_at=wording.made_at,
            salt=base64.b64encode(secrets.token_bytes(SALT_LENGTH)).decode(),
            reason=wording.reason,
        )
        content = format_revision(revision)
        if len(content) > MAX_BYTES:
            raise MessageError(
                f"An entry has at most {MAX_BYTES // 1024} KiB, files aside; this one has "
                f"{len(content) // 1024} KiB.",
                code="too_large",
            )
        signature = self._device.key.sign(REVISION_TYPE, content)
        return SignedRevision(revision, content, signature, wording.name)


def draft_open() -> EntryStateError:
    """Return the refusal of a change to an entry that somebody is changing."""
    return EntryStateError(
        "A draft of this entry is open.",
        code="draft_open",
        hint="Finalize it or discard it first.",
    )


def _frame(signed: SignedRevision) -> bytes:
    return frame_of(signed.content, signed.digest, signed.signature)
