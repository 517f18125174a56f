"""The entries on this device, its own and those of the unit's other devices, as they stand now.

* How an entry stands, its heads say (`client.heads`); where there are several, their merged view.
Every device that has the same revisions sees the same.
* A list never merges a row: of an entry with several heads it shows the first, and the worst state.
* An entry is delivered when everything of it is: not while a revision before its head waits.
* Heads that cannot be brought together, as one was damaged or pruned, are a conflict: what can be read
of the first is shown.
* Bytes that have changed on the disk are never given out as answers.
* `items` draws the lists that forms choose from out of the unit's own entries.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any, TypeAlias

from client.db import Database, Row, list_in
from client.definitions import Definitions
from client.errors import ClientError, NotFoundError, StorageError
from client.heads import UNSETTLED, Heads
from client.profile import read_profile
from client.states import State
from client.views import ROW_ID_BYTES, VOID, View, best_fit, merged_view, view_of
from forms.definition import Form, OwnEntries
from forms.environment import Environment
from forms.errors import FormError
from forms.own_entries import Item, items
from forms.recalculation import recalculate
from sync.digest import is_named
from sync.errors import SyncError
from sync.history import ancestors
from sync.merge import ENTRY_PATH, Contender, Contested
from sync.revision import Revision, parse_revision

Head: TypeAlias = Row

UNMERGED = (ENTRY_PATH,)
"""The contested paths of an entry whose heads cannot be brought together."""

_MAY_WAIT = "r.state = 'saved' OR r.depth > 1"
# The + keeps SQLite from the index of states: it would go through all that waits, for each head.
_WAITING = "FROM revision AS o WHERE o.entry = r.entry AND +o.state = 'saved'"
_HEAD_COLUMNS = (
    "h.place, r.digest, r.entry, r.form, r.definition, r.made_at, r.depth, r.name, r.is_own, "  # noqa: S608 - constants of this module
    # What the disk made of a state is none: whoever looks is told that something is wrong.
    "CASE WHEN r.state IN ('saved', 'delivered', 'quarantined') THEN r.state "
    "ELSE 'set_aside' END AS state, "
    "r.server_state, r.log_index, r.code, r.message, r.violations, r.operation, r.author, r.device, "
    "r.exported_at, r.pruned_at, "
    "CASE r.operation WHEN 'void' THEN r.content END AS void_content, "
    # What a head was made from may wait still. A head that follows nothing is spared the look.
    f"CASE WHEN {_MAY_WAIT} THEN (SELECT min(o.made_at) {_WAITING}) END AS waiting_since, "
    f"CASE WHEN {_MAY_WAIT} THEN (SELECT count(*) {_WAITING} AND o.server_state IS NULL) ELSE 0 END "
    "AS texts_waiting, "
    f"CASE WHEN {_MAY_WAIT} THEN (SELECT count(DISTINCT u.sha256) FROM revision AS o "
    " CROSS JOIN attachment_use AS u ON u.revision = o.digest "
    " CROSS JOIN attachment AS a USING (sha256) "
    " WHERE o.entry = r.entry AND (+o.state = 'saved' OR o.id = r.id) "
    " AND a.acknowledged_at IS NULL) "
    "ELSE (SELECT count(*) FROM attachment_use AS u JOIN attachment AS a USING (sha256) "
    " WHERE u.revision = r.digest AND a.acknowledged_at IS NULL) END AS files_waiting"
)
# Of all that counts, the state that most needs a person's eye is the entry's.
_WORST_FIRST = (State.SET_ASIDE, State.QUARANTINED, State.SAVED, State.DELIVERED)


class Replica:
    """The entries in the database."""

    def __init__(self, db: Database, definitions: Definitions) -> None:
        self._db = db
        self._definitions = definitions
        self._heads = Heads(db)
        self._counts: tuple[int, dict[str, int]] | None = None

    def heads_of_each(self, entries: Sequence[str]) -> list[tuple[Head, ...]]:
        """Return the heads of the entries that are here, the shown one first, in the same order."""
        if not entries:
            return []
        marks = ", ".join("?" * len(entries))
        rows = self._db.rows(
            f"SELECT {_HEAD_COLUMNS} FROM revision AS r JOIN head AS h ON h.place = r.id "  # noqa: S608 - constants and marks
            f"WHERE r.entry IN ({marks})",
            tuple(entries),
        )
        found = {heads[0]["entry"]: heads for heads in _by_entry(rows)}
        return [found[entry] for entry in entries if entry in found]

    def heads_of(self, entry: str) -> tuple[Head, ...]:
        """Return the heads of an entry, the shown one first.

        Raises:
            NotFoundError: there is no such entry.
        """
        found = self.heads_of_each((entry,))
        if not found:
            raise _no_entry(entry)
        return found[0]

    def has(self, entry: str) -> bool:
        """Say whether an entry was ever finalized, here or elsewhere."""
        return self._db.row("SELECT 1 FROM revision WHERE entry = ?", (entry,)) is not None

    def is_own(self, digest: str) -> bool:
        """Say whether this device made a revision."""
        row = self._db.row("SELECT is_own FROM revision WHERE digest = ?", (digest,))
        return row is not None and bool(row["is_own"])

    def revisions(self, entry: str) -> list[Row]:
        """Return what the tables say of all revisions of an entry, the newest first."""
        return self._db.rows(
            "SELECT digest, made_at, author, device, is_own, state, operation, definition, code, "
            "message FROM revision WHERE entry = ? ORDER BY depth DESC, id DESC",
            (entry,),
        )

    def parents(self, entry: str) -> dict[str, list[str]]:
        """Return the parents of each revision of an entry; some may not be here."""
        return self._heads.parents(entry)

    def names(self) -> dict[str, str]:
        """Return the names of members that are known here: of this device's own one."""
        profile = read_profile(self._db)
        return {} if profile is None else {profile.member: profile.member_name}

    def view(self, entry: str) -> View:
        """Return an entry as it stands: its one head, or what several say together.

        Raises:
            NotFoundError: there is no such entry, its answers are not here any more, or the
                definition has not come yet that says how to merge them.
            StorageError: the disk gave other bytes back than were saved.
            DefinitionError: this version of the program cannot read the definition.
        """
        heads = self._heads.of(entry)
        if not heads:
            raise _no_entry(entry)
        if len(heads) == 1:
            return view_of(heads[0], self.revision(heads[0]))
        return self._recalculated(self.merged(entry, heads))

    def merged(self, entry: str, heads: Sequence[str]) -> View:
        """Return what several revisions of an entry say together, calculations as the first has them.

        Raises:
            NotFoundError: one is not here any more, or the definition has not come yet that says how
                to merge them.
            StorageError: the disk gave other bytes back than were saved.
            DefinitionError: this version of the program cannot read the definition.
        """
        revisions = {digest: self.revision(digest) for digest in heads}
        below = ancestors(heads, self._heads.parents(entry))
        revisions |= dict(self._readable(below))
        made_with = {revisions[digest].definition for digest in heads}
        forms = {digest: self._definitions.compiled(digest).form for digest in sorted(made_with)}
        newest, *older = self._definitions.newest_first(made_with)
        view = merged_view(revisions, newest, list(forms.values()))
        return replace(view, definition=best_fit(view, [forms[each] for each in (newest, *older)]))

    def readable(self, entry: str) -> View:
        """Return an entry as it stands or, where its heads cannot be brought together, the first of them.

        The entry as such is contested then, and nothing can be decided before all can be read.

        Raises:
            NotFoundError: there is no such entry, or its answers are not here.
            StorageError: the disk gave other bytes back than were saved.
        """
        try:
            return self.view(entry)
        except (ClientError, FormError, SyncError):
            heads = self._heads.of(entry)
            for digest, revision in self._readable(heads if len(heads) > 1 else ()):
                return self._alone(view_of(digest, revision))
            raise

    def _alone(self, view: View) -> View:
        heads = self.heads_of(view.entry)
        shown_first = sorted(heads, key=lambda head: head["digest"] != view.heads[0])
        contenders = tuple(
            Contender(head["digest"], head["operation"] != VOID, head["operation"])
            for head in shown_first
        )
        digests = tuple(head["digest"] for head in shown_first)
        return replace(view, heads=digests, contested=(Contested(ENTRY_PATH, contenders),))

    def shown(self, entry: str) -> View:
        """Return an entry to be read: as it stands or, if it was taken back, as it stood before.

        Raises:
            NotFoundError: there is no such entry, or its answers or form are not here.
            StorageError: the disk gave other bytes back than were saved.
        """
        view = self.readable(entry)
        if not view.is_void:
            return view
        parents = self._heads.parents(entry).get(view.heads[0], [])
        for _, before in self._readable(parents):
            return replace(view, answers=before.answers, reasons=before.reasons)
        return view

    def revision(self, digest: str) -> Revision:
        """Return a revision that is known to be here.

        Raises:
            NotFoundError: it is not here, or its answers were taken off this device.
            StorageError: the disk gave other bytes back than were saved.
        """
        row = self._db.row("SELECT content, pruned_at FROM revision WHERE digest = ?", (digest,))
        if row is None:
            raise NotFoundError("This revision is not on this device.", code="unknown_revision")
        if row["pruned_at"] is not None:
            raise NotFoundError(
                f"The answers were taken off this device on {row['pruned_at'][:10]}; the server "
                "has them.",
                code="pruned",
            )
        if not is_named(row["content"], digest):
            raise StorageError(
                "This entry does not read back as it was saved, so it is not shown.",
                code="damaged_entry",
                hint="Check the disk. What was delivered is safe on the server.",
            )
        return parse_revision(row["content"])

    def counts(self) -> dict[str, int]:
        """Return how many entries are in each state, drafts left out."""
        generation = self._db.generation  # before the query: what is committed since counts anew
        if self._counts is None or self._counts[0] != generation:
            self._counts = (generation, self._count())
        return self._counts[1]

    def undelivered(self) -> dict[str, str]:
        """Return the state of each entry that is not delivered, or needs attention."""
        # They are few, and found by the index of states.
        rows = self._db.rows(
            "SELECT r.entry, r.state FROM revision AS r LEFT JOIN head AS h ON h.place = r.id "
            "WHERE r.state IN ('set_aside', 'quarantined', 'saved') "
            "AND (r.state = 'saved' OR h.place IS NOT NULL)"
        )
        states: dict[str, str] = {}
        for row in rows:
            states[row["entry"]] = worst((states.get(row["entry"], row["state"]), row["state"]))
        return states

    def conflicts(self) -> dict[str, tuple[str, ...]]:
        """Return the contested paths of every entry that has any."""
        rows = self._db.rows("SELECT entry, paths FROM conflict")
        found = {row["entry"]: self._contested(row) for row in rows}
        return {entry: paths for entry, paths in found.items() if paths}

    def contested(self, entry: str) -> tuple[str, ...]:
        """Return the contested paths of an entry."""
        row = self._db.row("SELECT entry, paths FROM conflict WHERE entry = ?", (entry,))
        return () if row is None else self._contested(row)

    def oldest_undelivered(self, since: str = "") -> str | None:
        """Return when the oldest revision was made, since some time, that is saved and not delivered."""
        row = self._db.row(
            "SELECT min(made_at) AS oldest FROM revision WHERE state = 'saved' AND made_at >= ?",
            (since,),
        )
        return None if row is None else row["oldest"]

    def items(self, spec: OwnEntries) -> list[Item]:
        """Return the items of a list drawn from the unit's own entries."""
        return items(spec, self._entries_of(spec.forms))

    def _count(self) -> dict[str, int]:
        states = self.undelivered()
        counts: dict[str, int] = {}
        for state in states.values():
            counts[state] = counts.get(state, 0) + 1
        delivered = self._count_entries() - len(states)
        return {**counts, State.DELIVERED: delivered} if delivered else counts

    def _count_entries(self) -> int:
        # Heads are counted as they come and go. Of an entry with several, and `conflict` has a row
        # for each, one counts.
        row = self._db.row(
            "SELECT (SELECT ifnull(sum(heads), 0) FROM tally) + (SELECT count(*) FROM conflict) - "
            "(SELECT count(*) FROM conflict AS c CROSS JOIN revision AS r USING (entry) "
            "CROSS JOIN head AS h ON h.place = r.id) AS n"
        )
        return 0 if row is None else int(row["n"])

    def _contested(self, row: Row) -> tuple[str, ...]:
        paths = row["paths"]
        if list_in(paths) is None:
            paths = self._settle(row["entry"])
        found = list_in(paths)
        return UNMERGED if found is None else tuple(found)

    def _settle(self, entry: str) -> str:
        """Find out what is contested of an entry, and keep it until its heads change."""
        try:
            contested = self.merged(entry, self._heads.of(entry)).contested
        except (ClientError, FormError, SyncError):  # of no definition yet, of a damaged head
            return UNSETTLED
        paths = json.dumps([each.path for each in contested], ensure_ascii=False)
        with suppress(StorageError), self._db.transaction():  # else it is found out again
            self._db.write(
                "UPDATE conflict SET paths = ? WHERE entry = ? AND paths = ?",
                (paths, entry, UNSETTLED),
            )
        return paths

    def _readable(self, digests: Iterable[str]) -> Iterator[tuple[str, Revision]]:
        """Yield those that are here and intact; what is missing only makes more contested."""
        for digest in digests:
            try:
                yield digest, self.revision(digest)
            except (ClientError, SyncError):
                continue

    def _recalculated(self, view: View) -> View:
        compiled = self._definitions.compiled(view.definition)
        made_at = self.revision(view.heads[0]).made_at.local
        profile = read_profile(self._db)
        environment = Environment(
            now=lambda: made_at,
            properties={} if profile is None else profile.properties,
            uuid=lambda: str(uuid.uuid4()),
            row_id=lambda: token_hex(ROW_ID_BYTES),
            own_entries=lambda _: [],
            trusts_own_entries=False,  # what rests on other entries stays as its device had it
        )
        return replace(view, answers=recalculate(compiled, environment, view.answers))

    def _entries_of(self, forms: tuple[str, ...]) -> Iterator[tuple[str, Form, Mapping[str, Any]]]:
        marks = ", ".join("?" * len(forms))
        rows = self._db.rows(
            "SELECT r.id, r.digest, r.entry, r.depth, r.definition, r.content, r.operation "  # noqa: S608 - constants and marks
            "FROM revision AS r JOIN head AS h ON h.place = r.id "
            f"WHERE r.form IN ({marks}) ORDER BY r.id",
            forms,
        )
        for heads in _by_entry(rows):
            view = self._listed(heads)
            form = None if view is None else self._definitions.form(view.definition)
            if view is not None and form is not None and not view.is_void:
                yield view.entry, form, view.answers

    def _listed(self, heads: Sequence[Row]) -> View | None:
        """Return the view of an entry for a list of choices: not worked out anew, if one head."""
        head = heads[0]
        try:
            if len(heads) > 1:  # calculations may draw on this very list: they stay as they are
                return self.merged(head["entry"], [each["digest"] for each in heads])
            if is_named(head["content"], head["digest"]):
                return _plain_view(head)
        except (ClientError, FormError, SyncError):
            pass
        return None


def state_of(heads: Sequence[Head]) -> str:
    """Return the state of an entry: the worst of its heads, and of what before them waits still."""
    waiting = [State.SAVED.value for head in heads if head["waiting_since"]]
    return worst([head["state"] for head in heads] + waiting)


def worst(states: Sequence[str]) -> str:
    """Return the state of several that most needs a person's eye."""
    return min(states, key=lambda state: _WORST_FIRST.index(State(state)))


def _plain_view(head: Row) -> View:
    content = json.loads(head["content"])
    return View(
        entry=head["entry"],
        form=content["form"],
        definition=head["definition"],
        heads=(head["digest"],),
        operation=head["operation"],
        answers=content["answers"],
        reasons=content["reasons"],
        reason=content.get("reason"),
    )


def _by_entry(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    """Yield the heads of each entry, the one with the longest history, then digest, first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["entry"], []).append(row)
    for heads in found.values():
        yield tuple(sorted(heads, key=lambda row: (row["depth"], row["digest"]), reverse=True))


def _no_entry(entry: str) -> NotFoundError:
    return NotFoundError(
        f"There is no entry {entry}.", code="unknown_entry", hint="See: tianbao entries"
    )
