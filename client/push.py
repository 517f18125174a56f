"""Pushing revisions, in batches; the files they name go after them (`client.push_files`).

* A batch holds at most 100 revisions and 4 MiB; after an answer that did not come it shrinks to a
tenth, and grows again with each that did.
* What the server answers is taken over item by item, in one transaction.
* A request that is refused as a whole is tried in smaller ones. Headers are not signed, so what is
refused that way says nothing of a revision, and it stays saved; only one that is too large by itself
is set aside.
* An item that does not get through alone goes behind the others and holds none of them up. Two in
a row mean that it is the network: the rest waits for the next round.
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass

from client.db import Database
from client.errors import NoConnectionError, RefusedError, UnreachableError
from client.exchange import Exchange, Question
from client.outbox import Outbox, Pending
from client.revisions import Revisions
from client.setbacks import Setbacks
from sync.frames import FrameKind, format_frames, make_frame
from sync.messages import ItemResult, ItemState, PushAnswer

LARGEST_BATCH = 100
BATCH_BYTES = 4 * 1024 * 1024
GZIP_LEVEL = 6
_BLAMES_THE_BODY = frozenset({400, 413, 422})
_TOO_LARGE = 413


@dataclass(slots=True)
class Pushed:
    """How much a round of pushing brought over."""

    revisions: int = 0
    files: int = 0


class Pusher:
    """Pushes what waits on this device."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._outbox = Outbox(db)
        self._revisions = Revisions(db)
        self._limit = LARGEST_BATCH

    def push_revisions(self, exchange: Exchange, pushed: Pushed) -> None:
        """Push until every waiting revision was offered once.

        Raises:
            NoConnectionError: there is no way to the server.
            UnreachableError: no answer came to a part of them.
            RefusedError: the server does not take them from this device now.
        """
        later: set[str] = set()
        setbacks = Setbacks()
        while batch := self._outbox.pending(self._limit, BATCH_BYTES, later):
            try:
                answer, _ = exchange.ask(_push_question(batch), PushAnswer)
                later.update(self._take_over(batch, answer, pushed))
            except NoConnectionError:
                raise
            except UnreachableError as error:
                later.update(self._after_silence(batch))
                setbacks.keep_silence(error)
            except RefusedError as error:
                if error.status not in _BLAMES_THE_BODY:
                    raise
                if self._narrow(batch, error):
                    continue
                later.update(self._after_silence(batch))
                setbacks.keep_silence(error)
            else:
                self._limit = min(LARGEST_BATCH, self._limit * 10)
                setbacks.hear()
        setbacks.end()

    def _take_over(
        self, batch: Sequence[Pending], answer: PushAnswer, pushed: Pushed
    ) -> Sequence[str]:
        """Take over the results of a batch; return what still waits, but not in this round."""
        sent = {item.digest for item in batch}
        results = [result for result in answer.results if result.digest in sent]
        if not results:
            raise UnreachableError("The server took nothing of what was sent.", code="cut")
        missing = sent - {result.digest for result in results}
        with self._db.transaction():
            for result in results:
                self._revisions.apply(result)
            self._revisions.postpone(missing)
        pushed.revisions += sum(result.state is not ItemState.REFUSED for result in results)
        # What was cut off on the way is offered again at once: the server did not see it.
        return [result.digest for result in results if result.temporary]

    def _after_silence(self, batch: Sequence[Pending]) -> Sequence[str]:
        """Take smaller batches from now on; return what is not to be offered in this round."""
        self._limit = max(1, len(batch) // 10)
        if len(batch) > 1:
            return ()
        with self._db.transaction():
            self._revisions.postpone([batch[0].digest])
        return (batch[0].digest,)

    def _narrow(self, batch: Sequence[Pending], error: RefusedError) -> bool:
        """Look for what a refused request is to be blamed on; say whether that leads on."""
        if len(batch) > 1:
            self._limit = len(batch) // 2
            return True
        if error.status != _TOO_LARGE or error.code != "too_large":
            return False
        refusal = ItemResult(
            batch[0].digest, ItemState.REFUSED, code=error.code, message=error.message
        )
        with self._db.transaction():
            self._revisions.apply(refusal)
        return True


def _push_question(batch: Sequence[Pending]) -> Question:
    frames = [make_frame(FrameKind.REVISION, item.content, item.signature) for item in batch]
    body = gzip.compress(format_frames(frames), GZIP_LEVEL, mtime=0)
    return Question("POST", "/v1/push", body, {"Content-Encoding": "gzip"})
