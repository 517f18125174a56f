"""The work behind the pages, and the only module that starts a thread.

* One thread writes drafts out, moments after each step: the step is answered first. No error of a
draft ends it.
* One thread does rounds of push and pull. Each of these alone is enough for one: the start, the
  passing of a minute, a network that comes up or a computer that wakes, a new save, and somebody who
  asks for one. After a round that failed it waits, longer each time, a random part of the time.
* Both only call single steps of services; a step that is cut off is repeated at the next start.
"""

import _thread
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from threading import Event, Thread

from client.errors import ClientError, StorageError
from client.network import NetworkWatch
from client.services import Services
from sync.backoff import delay_seconds
from sync.errors import SyncError

IDLE_SECONDS = 60.0
WATCH_SECONDS = 5.0
MOST_FAILURES = 3  # somebody sits before the screen: however many failures, 16 seconds at most
_WRITE_AFTER_SECONDS = 0.05  # by then the answer to the step is on its way to the page
_WRITE_RETRY_SECONDS = 2.0
_STOP_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Worker:
    """Works on one home until it is stopped."""

    def __init__(
        self,
        services: Services,
        draw: Callable[[], float] = random.random,
        *,
        idle: float = IDLE_SECONDS,
        network: NetworkWatch | None = None,
        watch: float = WATCH_SECONDS,
    ) -> None:
        self._services = services
        self._draw = draw
        self._idle = idle
        self._network = network or NetworkWatch(services.clock)
        self._watch = watch
        self._steps = Event()
        self._calls = Event()
        self._stopping = Event()
        self._threads = [
            Thread(target=self._write_drafts, name="drafts", daemon=True),
            Thread(target=self._do_rounds, name="rounds", daemon=True),
        ]

    def start(self) -> None:
        """Begin; the first round comes at once."""
        self._services.filling.on_step = self._steps.set
        self._services.wake = self._calls.set
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the steps under way; a round that hangs in the network is left behind."""
        self._stopping.set()
        self._steps.set()
        self._calls.set()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def _write_drafts(self) -> None:
        while not self._stopping.is_set():
            self._steps.wait()
            self._stopping.wait(_WRITE_AFTER_SECONDS)
            self._steps.clear()
            if not self._save_changed():
                self._steps.set()
                self._stopping.wait(_WRITE_RETRY_SECONDS)

    def _save_changed(self) -> bool:
        try:
            self._services.filling.save_changed()
        except StorageError as error:
            _log.warning("Drafts could not be written: %s", error)
            return False
        except Exception:
            _log.exception("A draft could not be written; it is tried again.")
            return False
        return True

    def _do_rounds(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            asked = self._attempt()
            failures = 0 if asked is None else min(failures + 1, MOST_FAILURES)
            delay = (
                self._idle
                if asked is None
                else delay_seconds(failures, self._draw, retry_after=asked)
            )
            if self._wait(delay):
                failures = 0  # another network, another try

    def _wait(self, seconds: float) -> bool:
        """Wait for a call, or for so long; say whether a network came up and ended it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._calls.wait(min(left, self._watch)):
                break
            if self._network.has_come_up(self._watch):
                return True
        self._calls.clear()
        return False

    def _attempt(self) -> float | None:
        """Do a round; return None if it went well, else the seconds that the server asked for."""
        try:
            done = self._services.rounds.run()
        except (ClientError, SyncError):
            return 0.0  # kept in `rounds.problem`, where the page and `status` show it
        except Exception:
            _log.exception("A round failed; it is tried again.")
            return 0.0
        return None if done["problem"] is None else float(done["retry_after"] or 0)


def end_with_parent() -> None:
    """Interrupt this process once its standard input ends: the parent is gone or wants it."""
    Thread(target=_wait_for_parent, name="parent", daemon=True).start()


def _wait_for_parent() -> None:
    # os.read and not sys.stdin.read: a thread that waits inside a buffered reader would make the
    # interpreter abort when it ends.
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 1024):
        pass
    _thread.interrupt_main()
