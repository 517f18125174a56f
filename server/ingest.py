"""Takes pushed revisions into the log.

* Whatever is not refused is stored and has its place in the log before the result is returned.
* What another request may have changed since the check is asked again on the writer's thread:
  whether the device is revoked, the definition published, and whose entry it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from server import log
from server.checks import Arrival, Checks
from server.clock import Clock
from server.db import Connection
from server.storing import store
from server.writer import Writer
from sync.frames import Frame
from sync.messages import ItemResult


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of each item, in order; `missing` are the attachments still waited for."""

    results: tuple[ItemResult, ...]
    missing: tuple[str, ...]
    log_size: int


class Ingest:
    """Takes pushed revisions into the log."""

    def __init__(
        self, checks: Checks, writer: Writer, clock: Clock, is_here: Callable[[str], bool]
    ) -> None:
        self._checks = checks
        self._is_here = is_here
        self._writer = writer
        self._clock = clock

    def push(self, frames: Iterable[Frame]) -> PushOutcome:
        """Take what was pushed; return once all that is not refused is durable.

        Raises:
            StorageError: nothing was stored; the same push may be sent again.
        """
        examined = [self._checks.examine(frame) for frame in frames]
        results, size = self._writer.run(lambda connection: self._store(connection, examined))
        named = sorted(_named(examined))
        return PushOutcome(results, tuple(name for name in named if not self._is_here(name)), size)

    def _store(
        self, connection: Connection, examined: Sequence[Arrival | ItemResult]
    ) -> tuple[tuple[ItemResult, ...], int]:
        arrivals = [item for item in examined if isinstance(item, Arrival)]
        stored = iter(store(connection, arrivals, self._clock()))
        results = tuple(next(stored) if isinstance(item, Arrival) else item for item in examined)
        return results, log.size(connection)


def _named(examined: Sequence[Arrival | ItemResult]) -> set[str]:
    return {
        attachment.sha256
        for item in examined
        if isinstance(item, Arrival)
        for attachment in item.revision.attachments
    }
