"""Edits: a finalized entry is opened again, as it stands, or taken back.

* An edit begins where its entry stands: what it becomes follows all heads that it was begun from,
whatever a pull brings meanwhile. So two edits of one entry are two heads, and neither is lost.
* It keeps the version of the form that its entry was made with.
* What the server refused for good is nowhere else, so that an edit of it follows what that followed.
* An entry that was taken back is not edited any more.
* An edit that changed nothing ends without a revision, unless it brings several heads together.
* Of several heads, what is contested is decided by a person: an edit says what it leaves undecided.
"""

from typing import Any

from client.clock import Clock
from client.db import Database
from client.deciding import CONTESTED, undecided
from client.drafts import Draft, Drafts
from client.errors import ClientError, EntryStateError, NotFoundError
from client.finalize import Finalizer
from client.heads import Heads
from client.opening import Instance, Opener
from client.replica import Replica, state_of
from client.revisions import Revisions
from client.saving import draft_open
from client.states import State
from client.views import View
from forms.errors import FormError
from forms.violation import Violation
from sync.errors import SyncError
from sync.history import ancestors
from sync.revision import MAX_PARENTS
from sync.times import format_time

Json = dict[str, Any]


class Editing:
    """Edits of entries on this device, whoever of the unit made them."""

    def __init__(
        self, db: Database, opener: Opener, replica: Replica, finalizer: Finalizer
    ) -> None:
        self._db = db
        self._opener = opener
        self._replica = replica
        self._finalizer = finalizer
        self._drafts = Drafts(db)
        self._heads = Heads(db)
        self._revisions = Revisions(db)

    @property
    def clock(self) -> Clock:
        """The clock that entries are opened by."""
        return self._opener.clock

    def open(self, entry: str, language: str = "") -> str:
        """Open an entry to be changed; return the draft's id, which is the entry's.

        A draft that is open already is gone on with.

        Raises:
            NotFoundError: there is no such entry, or its answers or form are not here.
            EntryStateError: it was taken back.
            StorageError: it cannot be read, or the draft could not be written.
        """
        with self._db.held():
            if not self._drafts.has(entry):
                instance = self.begin(entry, language)
                now = format_time(self.clock.now())
                with self._db.transaction():
                    self._drafts.save(draft_of(instance, 1, now, now))
        return entry

    def begin(self, entry: str, language: str = "") -> Instance:
        """Return an instance of an entry as it stands, which no draft keeps.

        Raises:
            NotFoundError: there is no such entry, or its answers or form are not here.
            EntryStateError: it was taken back.
        """
        return self.resume(self.editable(entry), language)

    def editable(self, entry: str) -> View:
        """Return how an entry stands that may be changed.

        Raises:
            NotFoundError: there is no such entry, or its answers or form are not here.
            EntryStateError: it was taken back.
        """
        view = self._replica.view(entry)
        if view.is_void:
            raise EntryStateError(
                "This entry was taken back, and is not changed any more.",
                code="void_entry",
                hint="Fill in a new one.",
            )
        return view

    def resume(self, view: View, language: str = "") -> Instance:
        """Return an instance with the answers of a view, to follow all its heads."""
        instance = self._opener.resume(
            view.entry, view.definition, view.answers, view.reasons, language
        )
        instance.parents = self.parents(view)
        return instance

    def undecided(self, instance: Instance) -> list[Violation]:
        """Return a violation for each contested path that an edit leaves undecided.

        Where it is not to be told what is contested, as a head was damaged since, that is one: at
        the entry as such.
        """
        if len(instance.parents) < 2:  # noqa: PLR2004 - one alone contests nothing
            return []
        try:
            view = self._replica.merged(instance.entry, instance.parents)
            shown = self._opener.resume(
                view.entry, instance.compiled.form.digest, view.answers, view.reasons
            )
        except (ClientError, FormError, SyncError) as error:
            return [Violation("", CONTESTED, error.message)]
        return undecided(view, shown, instance)

    def void(self, entry: str, reason: str) -> Json:
        """Take an entry back: `{"entry", "revision", "state"}`; nothing of it is deleted.

        Raises:
            NotFoundError: there is no such entry.
            EntryStateError: a draft of it is open.
            InputError: there is no reason, or it is too long.
            StorageError: it could not be saved.
        """
        self.require_no_draft(entry)
        view = self._replica.view(entry)
        if view.is_void and len(view.heads) == 1:
            return {**self._told(entry, view.heads[0]), "unchanged": True}
        return self._finalizer.void(entry, view.form, view.definition, self.parents(view), reason)

    def require_no_draft(self, entry: str) -> None:
        """Make sure that nobody is changing an entry at this moment.

        Raises:
            EntryStateError: a draft of it is open.
        """
        if self._drafts.has(entry):
            raise draft_open()

    def end_unchanged(self, instance: Instance, *, is_draft: bool = False) -> Json | None:
        """End an edit that changed nothing, its draft, too, and say so; None if it is to be finalized."""
        if len(instance.parents) != 1 or not self._is_unchanged(instance):
            return None
        if is_draft:
            with self._db.transaction():
                self._drafts.remove(instance.entry)
        return {**self._told(instance.entry, instance.parents[0]), "unchanged": True}

    def standing(self, entry: str) -> Json | None:
        """Return how an entry stands: `{"entry", "revision", "state"}`; None if there is none."""
        try:
            heads = self._replica.heads_of(entry)
        except NotFoundError:
            return None
        return {"entry": entry, "revision": heads[0]["digest"], "state": state_of(heads)}

    def parents(self, view: View) -> tuple[str, ...]:
        """Return what a revision made of a view follows, the shown head first."""
        above = self._heads.parents(view.entry)
        found: dict[str, None] = {}
        waiting = list(view.heads)
        while waiting:
            digest = waiting.pop(0)
            if self._revisions.state(digest) is State.SET_ASIDE:
                waiting = [*above.get(digest, ()), *waiting]
            else:
                found[digest] = None
        below = ancestors(found, above)
        return tuple(digest for digest in found if digest not in below)[:MAX_PARENTS]

    def _is_unchanged(self, instance: Instance) -> bool:
        try:
            before = self._replica.revision(instance.parents[0])
        except ClientError:  # there is nothing here to compare it with
            return False
        if before.definition != instance.compiled.form.digest or before.operation != "put":
            return False
        other = self._opener.resume(
            instance.entry, before.definition, before.answers, before.reasons
        )
        now = self.clock.now()
        with instance.moment.held_at(now), other.moment.held_at(now):
            return _finals(instance) == _finals(other)

    def _told(self, entry: str, digest: str) -> Json:
        state = self._revisions.state(digest) or State.SAVED
        return {"entry": entry, "revision": digest, "state": state.value}


def draft_of(instance: Instance, sequence: int, opened_at: str, saved_at: str) -> Draft:
    """Return what is kept of an instance."""
    return Draft(
        entry=instance.entry,
        form=instance.form_id,
        definition=instance.compiled.form.digest,
        answers=instance.kept_answers(),
        reasons=instance.kept_reasons(),
        name=instance.session.instance_name(),
        sequence=sequence,
        opened_at=opened_at,
        saved_at=saved_at,
        parents=instance.parents,
    )


def _finals(instance: Instance) -> tuple[Json, dict[str, str]]:
    return instance.session.final_answers(), instance.session.final_reasons()
