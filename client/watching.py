"""A round that somebody watches: how far each file has come, as it goes, and the outcome at the end.

The round runs on a thread of its own, for it tells of its progress while it is under way. Whoever
stops watching does not end it: what it signed for so far is kept either way.
"""

from collections.abc import Iterator
from dataclasses import asdict
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from client.outbox import Outbox
from client.push_files import Progress
from client.services import Services

_TURN_SECONDS = 0.5

Json = dict[str, Any]


class _Round(Thread):
    """One round, with what it tells of; None is the last that it tells."""

    def __init__(self, services: Services) -> None:
        super().__init__(name="watched round", daemon=True)
        self._services = services
        self._outcome: Json = {}
        self._error: BaseException | None = None
        self.told: SimpleQueue[Progress | None] = SimpleQueue()

    def run(self) -> None:
        """Do the round."""
        try:
            self._services.rounds.watch(self.told.put)
            self._outcome = self._services.rounds.run()
        except BaseException as error:  # raised by `outcome`, on the thread that waits for it
            self._error = error
        finally:
            self._services.rounds.watch(None)
            self.told.put(None)

    def outcome(self) -> Json:
        """Return what came of it, or raise what did."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._outcome


def watched_round(services: Services) -> Iterator[Json]:
    """Do one round; yield `{"attachment": {"sha256", "name", "size", "offset"}}`, then the outcome.

    Raises:
        As `Rounds.run`.
    """
    running = _Round(services)
    running.start()
    names: dict[str, str] = {}
    while (progress := _next(running.told)) is not None:
        if progress.sha256 not in names:
            waiting = Outbox(services.db).progress()
            names = {progress.sha256: ""} | {each["sha256"]: each["name"] for each in waiting}
        yield {"attachment": {**asdict(progress), "name": names[progress.sha256]}}
    yield running.outcome()


def _next(told: SimpleQueue[Progress | None]) -> Progress | None:
    # Waits in turns: on Windows, a wait without an end cannot be interrupted.
    while True:
        try:
            return told.get(timeout=_TURN_SECONDS)
        except Empty:
            continue
