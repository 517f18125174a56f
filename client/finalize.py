"""Finalizing: an open instance becomes an immutable revision that is safe on this device.

It is called *saved* only after all of this, in this order:
 1. the rules hold, everything recomputed at the one moment that the revision names;
 2. every attached file was read again from the disk and is what its name says;
 3. `client.saving` has saved it: twice on the disk, flushed, read again and compared.
What fails before the end leaves the draft as it was.

An instance that follows others (an edit, a merge) names them as its parents. An entry is taken back
by a revision of its own kind, with a reason: nothing is ever deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.blobs import Blobs
from client.clock import BOOT, Clock
from client.contact import read_skew
from client.db import Database
from client.errors import InputError, NotFoundError, StorageError
from client.opening import Instance
from client.revisions import Revisions
from client.saving import Saver, Wording
from client.violations import format_violations
from forms.violation import Violation
from sync.errors import MessageError
from sync.revision import MAX_ATTACHMENTS, MadeAt, attachments_in
from sync.times import format_time, format_zone, parse_time

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Filled:
    """What goes into a revision: the final answers and reasons of an instance."""

    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    made_at: MadeAt
    name: str


class Finalizer:
    """Finalizes instances on this device."""

    def __init__(self, db: Database, saver: Saver, blobs: Blobs, clock: Clock) -> None:
        self._db = db
        self._saver = saver
        self._blobs = blobs
        self._clock = clock
        self._revisions = Revisions(db)

    def finalize(self, instance: Instance, *, is_draft: bool = False) -> dict[str, Any]:
        """Save an instance: `{"entry", "revision", "state"}`, or `{"violations"}` if a rule is broken.

        `is_draft` says that the entry's draft is this very instance, and ends with it.

        Raises:
            EntryStateError: it is no draft, and one was opened meanwhile, or the entry was changed.
            EnrolmentError: the device is not enrolled.
            StorageError: it could not be saved; the draft is as it was.
        """
        filled, violations = self._fill(instance)
        violations += self._limits(filled, instance.parents)
        if violations:
            return {"violations": format_violations(violations)}
        wording = Wording(
            entry=instance.entry,
            form=instance.form_id,
            definition=instance.compiled.form.digest,
            parents=instance.parents,
            made_at=filled.made_at,
            name=filled.name,
            answers=filled.answers,
            reasons=filled.reasons,
            ends_draft=is_draft,
        )
        try:
            return self._saver.save(wording)
        except MessageError as error:  # half a character, too many bytes: a person can mend it
            return {"violations": format_violations([Violation("", error.code, error.message)])}

    def void(
        self, entry: str, form: str, definition: str, parents: tuple[str, ...], reason: str
    ) -> dict[str, Any]:
        """Take an entry back, as it stands in `parents`: `{"entry", "revision", "state"}`.

        Doing it again changes nothing.

        Raises:
            EntryStateError: a draft of the entry was opened meanwhile, or the entry was changed.
            InputError: there is no reason, or it is too long or half a character.
            EnrolmentError: the device is not enrolled.
            StorageError: it could not be saved; the entry is as it was.
        """
        reason = _checked(reason)
        wording = Wording(
            entry=entry,
            form=form,
            definition=definition,
            parents=parents,
            made_at=self._made_at(),
            name=self._revisions.name(parents),
            operation="void",
            reason=reason,
        )
        try:
            return self._saver.save(wording)
        except MessageError as error:
            raise InputError(error.message, code="reason") from error

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

    def _limits(self, filled: Filled, parents: tuple[str, ...]) -> list[Violation]:
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
        inherited = self._revisions.files_of(parents)
        for file in files:
            try:
                self._blobs.verify(file.sha256, file.size)
            except (NotFoundError, StorageError) as error:
                if file.sha256 in inherited and isinstance(error, NotFoundError):
                    continue  # it came with another device's revision, which hands it over
                path = path_of_file(filled.answers, file.sha256)
                found.append(Violation(path, "file", f"{error.message} Attach it again."))
        return found

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


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InputError(
            f"Taking an entry back needs a reason of 1 to {LONGEST_REASON} characters.",
            code="reason",
        )
    return reason


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
