"""Pushing revisions, in batches; the files they name go after them (`client.push_files`).

* A batch doubles while it gets through, and is halved when it does not (`client.batch_size`). The
halves of one that did not are offered next, so that an item that spoils every batch it is in stands
alone after a number of requests that grows with the logarithm of the batch.
* Such an item is held back with the reason and holds up none of the others
(`client.holding_back`). Nothing was said of it, so it stays saved: headers are not signed, and what
is refused with the whole request says nothing of a revision. One alone is set aside: it is too large
by itself, by the server's signed word.
* Silences are dear: two in a row mean the network, and the rest waits for the next round. So do two
single items in a row that fail in whatever way. There is no last try.
* What the server answers is taken over item by item, in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from client.batch_size import BatchSize
from client.clock import Clock
from client.db import Database
from client.errors import (
    ClientError,
    NoConnectionError,
    NotTheServerError,
    RefusedError,
    UnreachableError,
)
from client.exchange import Exchange, Question
from client.holding_back import HoldingBack
from client.outbox import Outbox, Pending
from client.revisions import Revisions
from client.setbacks import Setbacks
from sync.errors import MessageError
from sync.messages import ItemResult, ItemState, PushAnswer
from sync.packing import pack
from sync.parcel import format_parcel
from sync.runs import lengthen

SLOW_BYTES_PER_SECOND = 64 * 1024
_BLAMES_THE_BODY = frozenset({400, 413, 422})
_TOO_LARGE = 413
_SERVER_ERROR = 500


@dataclass(slots=True)
class Pushed:
    """How much a round of pushing brought over."""

    revisions: int = 0
    files: int = 0


@dataclass(slots=True)
class _Errand:
    """What one round of pushing knows: what is not offered again in it, and what failed alone."""

    skip: set[str]
    halves: list[Sequence[Pending]] = field(default_factory=list)
    alone: list[tuple[Pending, ClientError]] = field(default_factory=list)
    has_delivered: bool = False
    setbacks: Setbacks = field(default_factory=Setbacks)


class Pusher:
    """Pushes what waits on this device."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._outbox = Outbox(db)
        self._revisions = Revisions(db)
        self._size = BatchSize(db)
        self._holding = HoldingBack(db, clock)
        self._is_line_slow = True  # until a push shows otherwise

    def push_revisions(self, exchange: Exchange, pushed: Pushed) -> None:
        """Push until every waiting revision was offered.

        Raises:
            NoConnectionError: there is no way to the server.
            UnreachableError: no answer came to a part of them.
            RefusedError: the server does not take them from this device now.
        """
        errand = _Errand(self._holding.resting())
        try:
            while batch := self._next(errand):
                self._offer(exchange, batch, errand, pushed)
            errand.setbacks.end()
        finally:
            if errand.has_delivered:
                for item, error in errand.alone:
                    self._holding.note(item, error)

    def _next(self, errand: _Errand) -> Sequence[Pending]:
        if errand.halves:
            return errand.halves.pop()
        return self._outbox.pending(self._size.count, self._size.bytes, errand.skip)

    def _offer(
        self, exchange: Exchange, batch: Sequence[Pending], errand: _Errand, pushed: Pushed
    ) -> None:
        try:
            results = self._ask(exchange, batch)
        except NoConnectionError:
            raise
        except (UnreachableError, RefusedError) as error:
            self._after_failure(batch, error, errand)
            return
        self._take_over(batch, results)
        pushed.revisions += sum(result.state is not ItemState.REFUSED for result in results)
        # What was cut off on the way is offered again at once: the server did not see it.
        errand.skip.update(result.digest for result in results if result.temporary)
        errand.has_delivered = True
        errand.setbacks.hear()
        self._size.grow()

    def _ask(self, exchange: Exchange, batch: Sequence[Pending]) -> Sequence[ItemResult]:
        """Push a batch; return what the server says of it."""
        parcel = format_parcel([(item.content, item.signature) for item in batch])
        body = pack(parcel, is_line_slow=self._is_line_slow)
        began, self._is_line_slow = self._clock.monotonic(), True
        answer, _ = exchange.ask(Question("POST", "/v1/push", body), PushAnswer)
        seconds = self._clock.monotonic() - began
        self._is_line_slow = seconds * SLOW_BYTES_PER_SECOND > len(body)
        digests = [item.digest for item in batch]
        try:
            said = (*lengthen(answer.runs, digests), *answer.results)
        except MessageError as error:
            raise NotTheServerError(error.message) from error
        results = [result for result in said if result.digest in set(digests)]
        if not results:
            raise UnreachableError("The server took nothing of what was sent.", code="cut")
        return results

    def _take_over(self, batch: Sequence[Pending], results: Sequence[ItemResult]) -> None:
        answered = {result.digest for result in results}
        with self._db.transaction():
            for result in results:
                self._revisions.apply(result)
            self._revisions.postpone(item.digest for item in batch if item.digest not in answered)
            self._holding.release(answered)

    def _after_failure(
        self, batch: Sequence[Pending], error: UnreachableError | RefusedError, errand: _Errand
    ) -> None:
        """Offer the halves next; hold a single item back.

        Raises:
            ClientError: the rest has to wait for the next round.
        """
        if isinstance(error, RefusedError) and error.status not in _BLAMES_THE_BODY:
            raise error
        self._size.shrink(len(batch), sum(len(item.content) for item in batch))
        middle = len(batch) // 2
        if middle:
            errand.halves += [batch[middle:], batch[:middle]]
            if not _blames_the_body(error):
                errand.setbacks.count_silence(error)
        elif not self._set_aside(batch[0], error):
            errand.skip.add(batch[0].digest)
            errand.alone.append((batch[0], error))
            with self._db.transaction():
                self._revisions.hold_back(batch[0].digest, error.code, error.message)
            errand.setbacks.keep_silence(error)

    def _set_aside(self, item: Pending, error: ClientError) -> bool:
        """Set aside what the server finds too large by itself; say whether it does."""
        if not isinstance(error, RefusedError) or error.status != _TOO_LARGE:
            return False
        if error.code != "too_large":
            return False
        refusal = ItemResult(item.digest, ItemState.REFUSED, code=error.code, message=error.message)
        with self._db.transaction():
            self._revisions.apply(refusal)
        return True


def _blames_the_body(error: ClientError) -> bool:
    """Say whether somebody answered at once that this request will not do."""
    if isinstance(error, NotTheServerError):
        return error.status in _BLAMES_THE_BODY or error.status >= _SERVER_ERROR
    return isinstance(error, RefusedError)
