"""Pulling: what the server's log holds for this device, page by page.

* A page and the cursor behind it are written in one transaction: a page is taken over whole or not
at all, and taking it over twice changes nothing.
* Content counts only if it is what its digest says and the signed answer named it.
* What this version of the program cannot read does not hold up what follows. What an item is, its
signed kind says and never the frame, which nobody signs: an item of an unknown kind is passed over.
"""

from client.db import Database
from client.definitions import CAMPAIGN, UNITS, Definitions
from client.errors import NotTheServerError, UnreachableError
from client.exchange import Exchange, Question
from client.revisions import Revisions, SignedRevision
from client.settings import read_setting, write_setting
from sync.errors import MessageError
from sync.frames import Frame, FrameKind
from sync.messages import ChangeItem, ChangesAnswer
from sync.revision import parse_revision
from sync.statement import StatementKind

PAGE = 200
_CURSOR = "cursor"
_CONTENTS: dict[str, FrameKind] = {
    StatementKind.FORM: FrameKind.DEFINITION,
    StatementKind.CAMPAIGN: FrameKind.CAMPAIGN,
    StatementKind.UNITS: FrameKind.UNITS,
    StatementKind.REVISION: FrameKind.REVISION,
}
_KNOWN = frozenset(kind.value for kind in StatementKind)


class Puller:
    """Pulls what is new for this device."""

    def __init__(self, db: Database, definitions: Definitions) -> None:
        self._db = db
        self._definitions = definitions
        self._revisions = Revisions(db)

    def pull(self, exchange: Exchange) -> int:
        """Pull until nothing more is there; return how many changes came.

        Raises:
            UnreachableError: no answer came; what was taken over before stays.
            RefusedError: the server gives this device nothing.
        """
        changes = 0
        while True:
            after = self.cursor
            question = Question("GET", f"/v1/changes?after={after}&limit={PAGE}")
            answer, frames = exchange.ask(question, ChangesAnswer)
            if answer.after != after or answer.next < after:
                raise NotTheServerError("The server answered about another part of its log.")
            self._take_over(answer, _by_digest(answer, frames))
            changes += len(answer.items)
            if answer.next >= answer.log_size or answer.next == after:
                return changes

    @property
    def cursor(self) -> int:
        """The index of the log up to which this device has come."""
        return int(read_setting(self._db, _CURSOR) or "0")

    def _take_over(self, answer: ChangesAnswer, contents: dict[str, Frame]) -> None:
        if answer.next == answer.after:
            return
        with self._db.transaction():
            for item in answer.items:
                self._take(item, contents.get(item.digest))
            write_setting(self._db, _CURSOR, str(answer.next))

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
        self._revisions.add_pulled(SignedRevision(revision, frame.payload, frame.signature))


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
