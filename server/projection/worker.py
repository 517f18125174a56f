"""The thread that keeps the audit database up to date while the server runs.

* It is woken after each commit of the log, and lets what came meanwhile go in one transaction. After
  each it rests a moment: of what comes in a stream, much goes at once, and costs less.
* When the audit database cannot be written it tries again, for ever: nothing of the log is lost.
"""

import logging
import threading

from server.projection.projector import Projector

RETRY_SECONDS = 5.0
REST_SECONDS = 0.2
_LOGGER = logging.getLogger(__name__)


class ProjectionWorker:
    """Runs a projector in a thread of its own."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._news = threading.Condition()
        self._is_woken = False  # guarded by _news, as all below
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)

    def start(self) -> None:
        """Start the thread; it first projects what is there already."""
        self.wake()
        self._thread.start()

    def wake(self) -> None:
        """Say that the log has grown."""
        with self._news:
            self._is_woken = True
            self._news.notify_all()

    def stop(self) -> None:
        """Let the thread finish what it is at, end it, and close the files."""
        with self._news:
            self._is_stopped = True
            self._news.notify_all()
        self._thread.join()
        self._projector.close()

    def _run(self) -> None:
        while self._wait_for_work():
            try:
                self._projector.catch_up()
            except Exception:
                _LOGGER.exception("The audit database falls behind.")
                self._try_later()
            with self._news:
                self._news.wait_for(lambda: self._is_stopped, REST_SECONDS)

    def _wait_for_work(self) -> bool:
        with self._news:
            self._news.wait_for(lambda: self._is_woken or self._is_stopped)
            self._is_woken = False
            return not self._is_stopped

    def _try_later(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._is_stopped, RETRY_SECONDS)
            self._is_woken = True
