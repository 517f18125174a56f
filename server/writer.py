"""The one thread that writes log.db; many requests share one commit.

* A job is done once its future has a result, and that is set only after COMMIT has returned.
* Each job runs in a savepoint of its own: one that raises undoes itself and no other.
* When the disk is full or fails, no job of the commit is done, each is told so, and the next
  commit is tried as if nothing had been. After a failure of the disk the connection is opened
  anew: what it still believes cannot be trusted.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from server.db import Connection, ends_transaction, is_full, savepoint, storage_error
from server.errors import ServerError, StorageError

T = TypeVar("T")

MAX_JOBS = 256
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    perform: Callable[[Connection], Any]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs on the writing connection, and wakes whoever waits for them after the commit."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None  # the writer thread's alone
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._after_commit: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._is_stopped = False  # guarded by _lock
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, perform: Callable[[Connection], T]) -> Future[T]:
        """Queue a job; its future is set after the commit that holds it.

        Raises:
            StorageError: the server is stopping.
        """
        job = _Job(perform)
        with self._lock:
            if self._is_stopped:
                raise StorageError("The server is stopping.", code="stopping")
            self._jobs.put(job)
        return job.future

    def run(self, perform: Callable[[Connection], T]) -> T:
        """Do a job and return its result, once it is durable.

        Raises:
            StorageError: nothing was stored.
        """
        return self.submit(perform).result()

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Have something called after each commit, on the writer's thread; it has to be quick."""
        self._after_commit.append(wake)

    def stop(self) -> None:
        """Do what is queued, then end the thread and close the connection."""
        with self._lock:
            if not self._is_stopped:
                self._is_stopped = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._commit(batch)
        self._close()

    def _next_batch(self) -> list[_Job]:
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == MAX_JOBS:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._jobs.put(None)  # the end is seen again, once this batch is done
        return batch

    def _commit(self, queued: list[_Job]) -> None:
        batch = [job for job in queued if job.future.set_running_or_notify_cancel()]
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._perform(connection, job)
            connection.execute("COMMIT")
        except Exception as error:  # whatever it was, nothing of the batch is stored
            self._fail(batch, error)
            return
        for job in batch:
            _settle(job)
        self._wake()

    def _perform(self, connection: Connection, job: _Job) -> None:
        try:
            with savepoint(connection, "job"):
                job.result = job.perform(connection)
        except Exception as error:
            if ends_transaction(error, connection):
                raise
            job.error = error

    def _fail(self, batch: list[_Job], error: Exception) -> None:
        _LOGGER.error("Nothing of %d jobs was stored: %s", len(batch), error)
        self._undo(error)
        for job in batch:
            job.future.set_exception(
                error if isinstance(error, ServerError) else storage_error(error)
            )

    def _undo(self, error: Exception) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except Exception:
            _LOGGER.exception("The failed transaction could not be rolled back.")
            self._close()
            return
        if not is_full(error):
            self._close()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _wake(self) -> None:
        for wake in self._after_commit:
            try:
                wake()
            except Exception:
                _LOGGER.exception("What follows a commit failed.")


def _settle(job: _Job) -> None:
    if job.error is None:
        job.future.set_result(job.result)
    else:
        job.future.set_exception(job.error)
