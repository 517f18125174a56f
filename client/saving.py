"""Saving: the one way by which a revision of this device comes to be.

It is called *saved* only after all of this, in this order:
 1. the revision and the end of its draft are committed and flushed, in one transaction;
 2. the revision was read again from the file, and its digest compared.
What fails before the end leaves the draft as it was. Until the end no other thread sees the
revision, so that none is sent that may still be withdrawn. A commit that failed may be on the disk
all the same: then the entry is saved, and is never made a second time.
"""

import base64
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from client.db import Database
from client.device import Device, Link, next_link
from client.drafts import Draft, Drafts
from client.errors import StorageError
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

    @property
    def ends_draft(self) -> bool:
        """Say whether the entry's draft became this revision."""
        return self.operation == "put"


class Saver:
    """Saves the revisions of this device."""

    def __init__(self, db: Database, device: Device) -> None:
        self._db = db
        self._device = device
        self._revisions = Revisions(db)
        self._drafts = Drafts(db)

    def save(self, wording: Wording) -> dict[str, Any]:
        """Save a revision: `{"entry", "revision", "state"}`.

        Raises:
            MessageError: what it says cannot be written down, or is too large.
            StorageError: it could not be saved; the draft is as it was.
        """
        profile = require_profile(self._db)
        with self._db.held():
            parents = wording.parents
            # What follows these parents already is of a commit that seemed to have failed.
            while earlier := self._revisions.own_child(wording.entry, parents):
                if self._says(earlier, wording):
                    self._settle(wording)
                    state = self._revisions.state(earlier) or State.SAVED
                    return {"entry": wording.entry, "revision": earlier, "state": state.value}
                # What was changed since follows it: an entry never forks by itself.
                parents = (earlier,)
            draft = self._drafts.get(wording.entry)
            digest = self._commit(wording, profile, parents)
            self._check(digest, draft)
        return {"entry": wording.entry, "revision": digest, "state": State.SAVED.value}

    def _says(self, digest: str, wording: Wording) -> bool:
        self._revisions.check(digest)
        made = parse_revision(self._revisions.content(digest))
        said = (made.operation, made.answers, made.reasons, made.reason)
        return said == (wording.operation, wording.answers, wording.reasons, wording.reason)

    def _commit(self, wording: Wording, profile: Profile, parents: tuple[str, ...]) -> str:
        digest = ""
        try:
            with self._db.transaction():
                link = next_link(self._db, self._device)
                signed = self._sign(wording, profile, link, parents)
                digest = signed.digest
                self._revisions.add_own(signed)
                if wording.ends_draft:
                    self._drafts.remove(wording.entry)
        except StorageError as error:
            if not self._is_there(digest):
                raise
            _log.warning("The end of a commit failed, and the entry is there: %s", error.message)
            self._settle(wording)
        return digest

    def _is_there(self, digest: str) -> bool:
        try:
            return self._revisions.has(digest)
        except StorageError:
            return False

    def _settle(self, wording: Wording) -> None:
        """Make sure of a commit that failed at its end."""
        with self._db.transaction():
            if wording.ends_draft:
                self._drafts.remove(wording.entry)
            # Changes the file, so that a journal whose end may not be on the disk is ended anew.
            write_setting(self._db, _SETTLED, secrets.token_hex(16))

    def _check(self, digest: str, draft: Draft | None) -> None:
        try:
            self._revisions.check(digest)
        except StorageError:
            with self._db.transaction():
                self._revisions.withdraw(digest)
                if draft is not None:
                    self._drafts.save(draft)
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
