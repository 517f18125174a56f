"""Pulling: what the server's log holds for this device, page by page.

* A page, the cursor behind it and the leaf before that are written in one transaction: a page is
taken over whole or not at all, and taking it over twice changes nothing.
* Content counts only if it is what its digest says and the signed answer named it.
* What this version of the program cannot read does not hold up what follows. What an item is, its
signed kind says and never the frame, which nobody signs: an item of an unknown kind is passed over.
* A page that does not come is asked for in a smaller size in the next round, which grows again with
success.
* The server names neither what this device made and knows the place of, nor its content. Where it
names something of this device that is not here, the content is asked for, and `recall` is told.
* What was taken off this device comes back where its entry got a second head: it has to be seen what
stands against what. It is asked for by its place, once in the life of the process.
* A log that is not the one this device followed, by the server's word or because it lacks what it
was said to hold, makes the device start over (`client.starting_over`).
"""

from collections.abc import Callable

from client.clock import Clock
from client.db import Database
from client.definitions import CAMPAIGN, UNITS, Definitions
from client.errors import NoConnectionError, NotTheServerError, RefusedError, UnreachableError
from client.exchange import Exchange, Question
from client.naming import Naming
from client.reconcile import compare_at_next_start
from client.revisions import Revisions, SignedRevision
from client.settings import read_setting, write_setting
from client.starting_over import CURSOR, LEAF, start_over
from sync.errors import MessageError
from sync.frames import Frame, FrameKind
from sync.known import MOST_PLACES, Known, format_known, known_of
from sync.messages import ChangeItem, ChangesAnswer
from sync.revision import parse_revision
from sync.statement import StatementKind

PAGE = 200
_PAGE = "page_size"
_CONTENTS: dict[str, FrameKind] = {
    StatementKind.FORM: FrameKind.DEFINITION,
    StatementKind.CAMPAIGN: FrameKind.CAMPAIGN,
    StatementKind.UNITS: FrameKind.UNITS,
    StatementKind.REVISION: FrameKind.REVISION,
}
_WANTED = (
    "SELECT r.digest, r.log_index, r.is_own FROM conflict AS c JOIN revision AS r USING (entry) "
    "WHERE r.pruned_at IS NOT NULL AND r.log_index IS NOT NULL ORDER BY r.log_index"
)
_KNOWN = frozenset(kind.value for kind in StatementKind)

Places = dict[int, str]
Recall = Callable[[SignedRevision], bool]


class Puller:
    """Pulls what is new for this device."""

    def __init__(
        self, db: Database, definitions: Definitions, device: str, clock: Clock, recall: Recall
    ) -> None:
        self._db = db
        self._definitions = definitions
        self._device = device
        self._clock = clock
        self._recall = recall
        self._revisions = Revisions(db)
        self._naming = Naming(db, definitions)
        self._asked_again: set[str] = set()
        self._page = int(read_setting(db, _PAGE) or PAGE)

    def pull(self, exchange: Exchange) -> int:
        """Pull until nothing more is there; return how many changes came.

        Raises:
            UnreachableError: no answer came; what was taken over before stays.
            RefusedError: the server gives this device nothing, or `log_changed`: it starts over.
        """
        changes = 0
        while True:
            try:
                answer, contents = self._ask(exchange)
            except (NoConnectionError, NotTheServerError):
                raise
            except UnreachableError:
                self._set_page(max(1, self._page // 4))
                raise
            except RefusedError as error:
                if error.code == "log_changed":
                    start_over(self._db, self._clock, error.message)
                raise
            self._take_over(answer, contents)
            self._set_page(min(PAGE, self._page * 2))
            changes += len(answer.items)
            if answer.next >= answer.log_size or answer.next == answer.after:
                self._fetch_pruned(exchange)
                return changes

    @property
    def cursor(self) -> int:
        """The index of the log up to which this device has come."""
        return int(read_setting(self._db, CURSOR) or "0")

    def _ask(self, exchange: Exchange) -> tuple[ChangesAnswer, dict[str, Frame]]:
        """Return the next page, with the contents of this device's own where they are not here."""
        places = self._places(self.cursor)
        known = known_of(list(places.items()))
        answer, frames = self._ask_page(exchange, known, own=False)
        if any(self._is_lost(item) for item in answer.items):
            answer, frames = self._ask_page(exchange, known, own=True)
        gone = _not_told(answer, places, known)
        if gone:  # asked as a question of its own, the server has to say whether it is still there
            self._ask_page(exchange, known_of(gone), own=False)
        return answer, _by_digest(answer, frames)

    def _ask_page(
        self, exchange: Exchange, known: tuple[Known, ...], *, own: bool
    ) -> tuple[ChangesAnswer, list[Frame]]:
        after, leaf = self.cursor, (read_setting(self._db, LEAF) or "").removeprefix("sha256:")
        target = f"/v1/changes?after={after}&limit={self._page}"
        target += f"&leaf={leaf}" if leaf else ""
        target += f"&known={format_known(known)}" if known else ""
        target += "&own=1" if own else ""
        answer, frames = exchange.ask(Question("GET", target), ChangesAnswer)
        if answer.after != after or answer.next < after:
            raise NotTheServerError("The server answered about another part of its log.")
        return answer, frames

    def _fetch_pruned(self, exchange: Exchange) -> None:
        for row in self._db.rows(_WANTED):
            if row["digest"] in self._asked_again:
                continue
            target = f"/v1/changes?after={row['log_index']}&limit=1&own=1"
            _, frames = exchange.ask(Question("GET", target), ChangesAnswer)
            self._asked_again.add(row["digest"])
            for frame in frames:
                if frame.digest == row["digest"] and frame.is_intact:
                    self._restore(frame, is_own=bool(row["is_own"]))

    def _restore(self, frame: Frame, *, is_own: bool) -> None:
        with self._db.transaction():
            self._revisions.restore(frame.digest, frame.payload)
            if is_own:
                compare_at_next_start(self._db)  # the journal has to have it, too

    def _places(self, after: int) -> Places:
        """Return where own revisions stand in the log, as the server said when they were pushed."""
        rows = self._db.rows(
            "SELECT log_index, digest FROM revision WHERE log_index >= ? AND is_own = 1 "
            "ORDER BY log_index LIMIT ?",
            (after, MOST_PLACES),
        )
        return {row["log_index"]: row["digest"] for row in rows}

    def _is_lost(self, item: ChangeItem) -> bool:
        """Say whether the server told of a revision without its content, and it is not here."""
        is_bare = item.kind == StatementKind.REVISION and not item.has_content
        return is_bare and not self._revisions.has(item.digest)

    def _set_page(self, size: int) -> None:
        if size != self._page:
            self._page = size
            with self._db.transaction():
                write_setting(self._db, _PAGE, str(size))

    def _take_over(self, answer: ChangesAnswer, contents: dict[str, Frame]) -> None:
        if answer.next == answer.after:
            return
        with self._db.transaction():
            if self.cursor != answer.after:
                return  # it was set back meanwhile, to read something again: this page is too late
            for item in answer.items:
                self._take(item, contents.get(item.digest))
            write_setting(self._db, CURSOR, str(answer.next))
            write_setting(self._db, LEAF, answer.leaf or "")

    def _take(self, item: ChangeItem, frame: Frame | None) -> None:
        if item.kind not in _KNOWN:
            return
        if frame is not None:
            if item.kind == StatementKind.FORM:
                self._definitions.add(frame.payload, item.index)
            elif item.kind == StatementKind.REVISION:
                self._take_revision(frame)
            else:
                kind = CAMPAIGN if item.kind == StatementKind.CAMPAIGN else UNITS
                self._definitions.publish(kind, frame.payload, item.index)
        if item.result is not None:
            self._revisions.apply(item.result)

    def _take_revision(self, frame: Frame) -> None:
        try:
            revision = parse_revision(frame.payload)
        except MessageError:
            return  # of a version that this program cannot read yet
        name = self._naming.name(revision)
        signed = SignedRevision(revision, frame.payload, frame.signature, name)
        if revision.device == self._device:
            self._recall(signed)
        else:
            self._revisions.add_pulled(signed)


def _not_told(
    answer: ChangesAnswer, places: Places, known: tuple[Known, ...]
) -> list[tuple[int, str]]:
    """Return the own revisions that a page should have told of, as it was not asked to leave them out."""
    last_known = known[-1].last if known else -1
    told = {item.index: item.digest for item in answer.items}
    return [
        (index, digest)
        for index, digest in places.items()
        if last_known < index < answer.next and told.get(index) != digest
    ]


def _by_digest(answer: ChangesAnswer, frames: list[Frame]) -> dict[str, Frame]:
    """Return the frames that the answer announced and we can read, all of them and no other."""
    expected = {
        item.digest: _CONTENTS[item.kind]
        for item in answer.items
        if item.has_content and item.kind in _CONTENTS
    }
    contents = {frame.digest: frame for frame in frames}
    for digest, kind in expected.items():
        frame = contents.get(digest)
        if frame is None or not frame.is_intact:
            raise UnreachableError("The answer lost a part on the way.", code="cut")
        if frame.kind is not kind:
            raise NotTheServerError("The server sent something else than it announced.")
    return {digest: contents[digest] for digest in expected}
