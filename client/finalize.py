"""Finalizing: an open instance becomes an immutable revision that is safe on this device.

It is called *saved* only after all of this, in this order:
 1. the rules hold, everything recomputed at the one moment that the revision names;
 2. every attached file was read again from the disk and is what its name says;
 3. the revision and the end of the draft are committed and flushed, in one transaction;
 4. the revision was read again from the file, and its digest compared.
What fails before the end leaves the draft as it was. Until the end no other thread sees the
revision, so that none is sent that may still be withdrawn. A commit that failed may be on the disk
all the same: then the entry is saved, and is never made a second time.
"""

import base64
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.blobs import Blobs
from client.clock import BOOT, Clock
from client.contact import read_skew
from client.db import Database
from client.device import Device, Link, next_link
from client.drafts import Draft, Drafts
from client.errors import NotFoundError, StorageError
from client.opening import Instance
from client.profile import Profile, require_profile
from client.revisions import Revisions, SignedRevision
from client.settings import write_setting
from client.states import State
from client.violations import format_violations
from forms.violation import Violation
from sync.errors import MessageError
from sync.keys import REVISION_TYPE
from sync.revision import (
    MAX_ATTACHMENTS,
    MAX_BYTES,
    SALT_LENGTH,
    MadeAt,
    Revision,
    attachments_in,
    format_revision,
    parse_revision,
)
from sync.times import format_time, format_zone, parse_time

LONGEST_REASON = 2000
_SETTLED = "settled"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filled:
    """What goes into a revision: the final answers and reasons of an instance."""

    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    made_at: MadeAt
    name: str


class Finalizer:
    """Finalizes instances on this device."""

    def __init__(self, db: Database, device: Device, blobs: Blobs, clock: Clock) -> None:
        self._db = db
        self._device = device
        self._blobs = blobs
        self._clock = clock
        self._revisions = Revisions(db)
        self._drafts = Drafts(db)

    def finalize(self, instance: Instance) -> dict[str, Any]:
        """Save an instance: `{"entry", "revision", "state"}`, or `{"violations"}` if a rule is broken.

        Raises:
            EnrolmentError: the device is not enrolled.
            StorageError: it could not be saved; the draft is as it was.
        """
        filled, violations = self._fill(instance)
        violations += self._limits(filled)
        if violations:
            return {"violations": format_violations(violations)}
        return self._save(instance, filled)

    def earlier(self, entry: str) -> dict[str, Any] | None:
        """Return what finalizing this entry gave before, if it was; its state may have moved on."""
        found = self._revisions.of_entry(entry)
        return None if found is None else {"entry": entry, "revision": found[0], "state": found[1]}

    def _fill(self, instance: Instance) -> tuple[Filled, list[Violation]]:
        made_at = self._made_at()
        session = instance.session
        with instance.moment.held_at(made_at.local):
            answers, reasons = session.final_answers(), session.final_reasons()
            return (
                Filled(answers, reasons, made_at, session.instance_name()),
                list(session.violations()),
            )

    def _limits(self, filled: Filled) -> list[Violation]:
        found = [
            Violation(path, "reason", f"A reason has at most {LONGEST_REASON} characters.")
            for path, reason in filled.reasons.items()
            if len(reason) > LONGEST_REASON
        ]
        files = attachments_in(filled.answers)
        if len(files) > MAX_ATTACHMENTS:
            found.append(
                Violation("", "too_many_files", f"An entry has at most {MAX_ATTACHMENTS} files.")
            )
            return found
        for file in files:
            try:
                self._blobs.verify(file.sha256, file.size)
            except (NotFoundError, StorageError) as error:
                path = path_of_file(filled.answers, file.sha256)
                found.append(Violation(path, "file", f"{error.message} Attach it again."))
        return found

    def _save(self, instance: Instance, filled: Filled) -> dict[str, Any]:
        profile = require_profile(self._db)
        with self._db.held():
            earlier = self.earlier(instance.entry)  # of a commit that seemed to have failed
            if earlier is not None and self._says(earlier["revision"], filled):
                self._settle(instance.entry)
                return earlier
            # What was changed since follows it: an entry never begins twice.
            parents = () if earlier is None else (earlier["revision"],)
            draft = self._drafts.get(instance.entry)
            try:
                digest = self._commit(instance, filled, profile, parents)
            except MessageError as error:  # half a character, too many bytes: a person can mend it
                return {"violations": format_violations([Violation("", error.code, error.message)])}
            self._check(digest, draft)
        return {"entry": instance.entry, "revision": digest, "state": State.SAVED.value}

    def _says(self, digest: str, filled: Filled) -> bool:
        self._revisions.check(digest)
        made = parse_revision(self._revisions.content(digest))
        return (made.answers, made.reasons) == (filled.answers, filled.reasons)

    def _commit(
        self, instance: Instance, filled: Filled, profile: Profile, parents: tuple[str, ...]
    ) -> str:
        digest = ""
        try:
            with self._db.transaction():
                link = next_link(self._db, self._device)
                signed = self._sign(instance, filled, profile, link, parents)
                digest = signed.digest
                self._revisions.add_own(signed)
                self._drafts.remove(instance.entry)
        except StorageError as error:
            if not self._is_there(digest):
                raise
            _log.warning("The end of a commit failed, and the entry is there: %s", error.message)
            self._settle(instance.entry)
        return digest

    def _is_there(self, digest: str) -> bool:
        try:
            return self._revisions.has(digest)
        except StorageError:
            return False

    def _settle(self, entry: str) -> None:
        """Make sure of a commit that failed at its end."""
        with self._db.transaction():
            self._drafts.remove(entry)
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
        self,
        instance: Instance,
        filled: Filled,
        profile: Profile,
        link: Link,
        parents: tuple[str, ...],
    ) -> SignedRevision:
        revision = Revision(
            log=profile.log,
            form=instance.form_id,
            definition=instance.compiled.form.digest,
            entry=instance.entry,
            parents=parents,
            operation="put",
            answers=filled.answers,
            reasons=filled.reasons,
            attachments=attachments_in(filled.answers),
            device=self._device.key.id,
            incarnation=self._device.incarnation,
            sequence=link.sequence,
            previous=link.previous,
            author=profile.member,
            made_at=filled.made_at,
            salt=base64.b64encode(secrets.token_bytes(SALT_LENGTH)).decode(),
        )
        content = format_revision(revision)
        if len(content) > MAX_BYTES:
            raise MessageError(
                f"An entry has at most {MAX_BYTES // 1024} KiB, files aside; this one has "
                f"{len(content) // 1024} KiB.",
                code="too_large",
            )
        signature = self._device.key.sign(REVISION_TYPE, content)
        return SignedRevision(revision, content, signature, filled.name)

    def _made_at(self) -> MadeAt:
        now = self._clock.now()
        skew = read_skew(self._db, now)
        return MadeAt(
            # To the millisecond, as it is written: the server computes with just this time.
            wall=parse_time(format_time(now)),
            zone=format_zone(now),
            monotonic_ms=int(self._clock.monotonic() * 1000),
            boot=BOOT,
            skew_ms=None if skew is None else skew.milliseconds,
            skew_age_s=None if skew is None else skew.age_seconds,
        )


def path_of_file(answers: Any, sha256: str, path: str = "") -> str:
    """Return the instance path of the question that a file answers, or nothing."""
    if isinstance(answers, list):
        places = [(f"{path}[{row['_row']}]", row) for row in answers if isinstance(row, dict)]
    elif isinstance(answers, dict):
        if answers.get("sha256") == sha256:
            return path
        places = [(f"{path}/{name}" if path else name, value) for name, value in answers.items()]
    else:
        return ""
    return next(filter(None, (path_of_file(value, sha256, place) for place, value in places)), "")
