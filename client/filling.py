"""Filling forms: the open instances in memory, written to the disk behind the person's back.

* A step (an answer, a row) is computed and answered from memory: typing never waits for the disk.
`save_changed` writes what is not yet written; the worker calls it moments after each step, and
finalizing, leaving and closing do too. `saved_sequence` says how far the disk has come.
* Steps are counted by `sequence`. Two tabs on one draft see the same instance: each is told, with
its own step or by `events_since`, what the other did.
* A draft keeps the version of the form it was begun in.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any, TypeVar

from client.attaching import answer_of
from client.blobs import Blobs, Readable
from client.db import Database
from client.drafts import Drafts
from client.editing import Editing, draft_of
from client.errors import NotFoundError, StorageError
from client.finalize import Finalizer
from client.open_draft import OpenDraft
from client.opening import Instance, Opener
from client.tree import static_tree
from client.violations import format_violations
from forms.session import Session
from forms.state import Change, format_state
from sync.times import format_time

_UNKNOWN_DRAFT = "unknown_draft"

Json = dict[str, Any]
T = TypeVar("T")


class Filling:
    """The drafts that are open on this device. Safe to use from several threads."""

    def __init__(
        self, db: Database, opener: Opener, finalizer: Finalizer, blobs: Blobs, editing: Editing
    ) -> None:
        self._db = db
        self._opener = opener
        self._editing = editing
        self._finalizer = finalizer
        self._blobs = blobs
        self._clock = opener.clock
        self._drafts = Drafts(db)
        self._open: dict[str, OpenDraft] = {}
        self._closings = 0  # how many drafts were finalized or discarded
        self._lock = RLock()  # guards _open and _closings; nobody waits for the disk under it
        self.on_step: Callable[[], None] = lambda: None

    def open_blank(self, form_id: str, language: str = "") -> str:
        """Open a blank form and keep it as a draft; return the draft's id, which is its entry's.

        Raises:
            NotFoundError: there is no such form here.
            EnrolmentError: the device is not enrolled.
            StorageError: the draft could not be written.
        """
        instance = self._opener.start(form_id, language)
        draft = OpenDraft(instance, self._now(), 1, 0)
        self._write(draft)
        with self._lock:
            self._open[instance.entry] = draft
        return instance.entry

    def view(self, draft_id: str, language: str) -> Json:
        """Return everything there is to draw: the form's tree, all states, both sequences.

        Raises:
            NotFoundError: there is no such draft.
        """
        with self._held(draft_id) as draft:
            session = draft.instance.session
            session.language = language
            state = session.state(language)
            form = draft.instance.compiled.form
            return {
                "draft": draft_id,
                "form": form.form_id,
                "version": form.version,
                "title": dict(form.title),
                "is_edit": bool(draft.instance.parents),
                "parents": list(draft.instance.parents),
                "name": state.instance_name,
                "definition": static_tree(form),
                **format_state(state),
                **draft.progress(),
            }

    def answer(
        self, draft_id: str, path: str, value: Any, language: str, base_sequence: int | None = None
    ) -> Json:
        """Answer a question; return the change.

        `missed` in what comes back holds, oldest first, the steps that the page had not seen by
        its `base_sequence`; None asks for none.

        Raises:
            NotFoundError: there is no such draft.
            AnswerError: there is no such question or row.
        """
        return self._step(
            draft_id, language, lambda session: session.answer(path, value), base_sequence, path
        )

    def add_row(
        self,
        draft_id: str,
        path: str,
        language: str,
        *,
        after: str | None = None,
        base_sequence: int | None = None,
    ) -> Json:
        """Add a row to the repeat at a path, at the end or after a row; return the change."""
        return self._step(
            draft_id, language, lambda session: session.add_row(path, after=after), base_sequence
        )

    def remove_row(
        self, draft_id: str, path: str, language: str, *, base_sequence: int | None = None
    ) -> Json:
        """Remove the row at a path; return the change."""
        return self._step(
            draft_id, language, lambda session: session.remove_row(path), base_sequence
        )

    def move_row(
        self,
        draft_id: str,
        path: str,
        language: str,
        *,
        after: str | None,
        base_sequence: int | None = None,
    ) -> Json:
        """Move the row at a path behind another, or to the front; return the change."""
        return self._step(
            draft_id, language, lambda session: session.move_row(path, after=after), base_sequence
        )

    def give_reason(
        self,
        draft_id: str,
        path: str,
        reason: str,
        language: str,
        *,
        base_sequence: int | None = None,
    ) -> Json:
        """Give the reason why a soft constraint may be passed; return the change."""
        return self._step(
            draft_id,
            language,
            lambda session: session.give_reason(path, reason),
            base_sequence,
            path,
        )

    def attach(
        self,
        draft_id: str,
        path: str,
        stream: Readable,
        name: str,
        media_type: str = "",
        language: str = "",
    ) -> Json:
        """Copy a file into the home and answer a question with it; return the change.

        Raises:
            StorageError: the file could not be written; the answer is as it was.
            InputError: the file is too large.
        """
        with self._held(draft_id):  # no copy is made for a draft that is not there
            pass
        value = answer_of(self._blobs.keep(stream), name, media_type)
        return self._step(
            draft_id, language, lambda session: session.answer(path, value), None, path
        )

    def events_since(self, draft_id: str, sequence: int, language: str = "") -> Json:
        """Return what happened since a step: `{"steps"}`, or `{"view"}` if too much did.

        Both come with the sequences, so that a page sees how far the disk has come.

        Raises:
            NotFoundError: there is no such draft: it was finalized or discarded.
        """
        with self._held(draft_id) as draft:
            steps = draft.steps_after(sequence, language)
            if steps is None:
                language = language or draft.instance.session.language
                return {**draft.progress(), "view": self.view(draft_id, language)}
            return {**draft.progress(), "steps": steps}

    def finalize(self, draft_id: str, *, decided: bool = False) -> Json:
        """Close a draft: `{"entry", "revision", "state"}`, or `{"violations"}` if a rule is broken.

        A contested path that an edit leaves undecided is a violation, too, with the code `contested`;
        with `decided`, the person means everything as it stands.

        Finalizing an entry again gives the same result. An edit that changed nothing makes no
        revision: the answer names the one that stands, with `"unchanged": true`.

        Raises:
            NotFoundError: there is no such draft.
            StorageError: it could not be saved; the draft is kept.
        """
        with ExitStack() as held:
            try:
                held.enter_context(self._get(draft_id).writing)
                draft = held.enter_context(self._held(draft_id))
            except NotFoundError as error:
                earlier = self._ended(draft_id) if error.code == _UNKNOWN_DRAFT else None
                if earlier is None:
                    raise
                return earlier
            undecided = [] if decided else self._editing.undecided(draft.instance)
            if undecided:
                undecided += draft.instance.session.violations()
                return {"violations": format_violations(undecided)}
            return self._close_draft(draft)

    def _ended(self, draft_id: str) -> Json | None:
        """Return what was said to a second tap, or to a page that missed the answer to its first."""
        return self._finalizer.earlier(draft_id) or self._editing.standing(draft_id)

    def discard(self, draft_id: str) -> None:
        """Throw a draft away.

        Raises:
            NotFoundError: there is no such draft.
        """
        with self._get(draft_id).writing, self._held(draft_id) as draft:
            with self._db.transaction():
                self._drafts.remove(draft_id)
            self._forget(draft_id, draft)

    def look(self, draft_id: str, act: Callable[[Instance], T]) -> T:
        """Return what is to be seen of an open instance; nothing of it may be changed.

        Raises:
            NotFoundError: there is no such draft.
        """
        with self._held(draft_id) as draft:
            return act(draft.instance)

    def exchange(self, draft_id: str, make: Callable[[Instance], Instance]) -> None:
        """Go on with another instance of a draft, as of another version; pages draw it all anew.

        Raises:
            NotFoundError: there is no such draft.
            StorageError: it could not be written; it is tried again.
        """
        with self._held(draft_id) as draft:
            draft.instance = make(draft.instance)
            draft.sequence += 1
            draft.steps.clear()
        try:
            self._write(draft)
        except StorageError:
            self.on_step()
            raise

    def save_changed(self) -> int:
        """Write every draft that has steps the disk has not; return how many were written.

        Raises:
            StorageError: some could not be written; they are kept in memory and tried again.
        """
        with self._lock:
            changed = [each for each in self._open.values() if each.is_changed]
        problems: list[Exception] = []
        for draft in changed:
            try:
                self._write(draft)
            except Exception as error:  # whatever one draft meets, the others are written
                problems.append(error)
        if problems:
            raise problems[0]
        return len(changed)

    def _step(
        self,
        draft_id: str,
        language: str,
        act: Callable[[Session], Change],
        base_sequence: int | None,
        touched: str = "",
    ) -> Json:
        with self._held(draft_id) as draft:
            session = draft.instance.session
            session.language = language or session.language
            missed = (
                [] if base_sequence is None else draft.steps_after(base_sequence, language) or []
            )
            change = format_state(act(session))
            draft.instance.touched.add(touched)
            draft.add_step(session.language, change)
            answer = {**draft.progress(), **change, "missed": missed}
        self.on_step()
        return answer

    def _close_draft(self, draft: OpenDraft) -> Json:
        try:
            outcome = self._editing.end_unchanged(
                draft.instance, is_draft=True
            ) or self._finalizer.finalize(draft.instance, is_draft=True)
        except BaseException:
            # What became of the draft's row nobody knows: it is written anew, and with it at which
            # step this was tried, for the journal may yet hold what would have become of it.
            draft.saved_sequence, draft.tried_at = 0, draft.sequence
            self.on_step()
            raise
        if "violations" not in outcome:
            self._forget(draft.instance.entry, draft)
        return outcome

    def _forget(self, draft_id: str, draft: OpenDraft) -> None:
        draft.is_closed = True
        with self._lock:
            self._open.pop(draft_id, None)
            self._closings += 1

    @contextmanager
    def _held(self, draft_id: str) -> Iterator[OpenDraft]:
        draft = self._get(draft_id)
        with draft.lock:
            if draft.is_closed:
                raise _no_draft(draft_id)
            yield draft

    def _get(self, draft_id: str) -> OpenDraft:
        while True:
            with self._lock:
                found, closings = self._open.get(draft_id), self._closings
            if found is not None:
                return found
            loaded = self._load(draft_id)
            with self._lock:
                if self._closings == closings:  # else it may have been closed while it was read
                    return self._open.setdefault(draft_id, loaded)

    def _load(self, draft_id: str) -> OpenDraft:
        kept = self._drafts.get(draft_id)
        if kept is None:
            raise _no_draft(draft_id)
        instance = self._opener.resume_draft(kept)
        return OpenDraft(instance, kept.opened_at, kept.sequence, kept.sequence)

    def _write(self, draft: OpenDraft) -> None:
        with draft.writing:
            with draft.lock:
                if draft.is_closed:
                    return
                opened_at, now = draft.opened_at, self._now()
                snapshot = draft_of(draft.instance, draft.sequence, opened_at, now)
            with self._db.transaction():
                self._drafts.save(snapshot)
                if draft.tried_at:
                    self._drafts.note_tried(snapshot.entry, draft.tried_at)
            draft.saved_sequence = snapshot.sequence

    def _now(self) -> str:
        return format_time(self._clock.now())


def _no_draft(draft_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no draft {draft_id}; it may have been finalized or discarded.",
        code=_UNKNOWN_DRAFT,
    )
