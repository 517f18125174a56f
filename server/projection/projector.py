"""Follows the log and keeps the audit database up to date.

* How far it has come (`cursor`) is written in the same transaction as the rows: every leaf has its
  effect exactly once, whenever the process ends.
* The tables depend on the log alone, not on how much of it was projected at once: `rebuild` gives
  the same file. It does so within one transaction, so that readers see the old one to its end.
* A file of another version of these tables, or of another log, is made anew; so is one that was drawn
  before damaged bytes of the log were replaced by the right ones.
* The cost of an entry does not depend on how much is there already.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from server.db import (
    Connection,
    DatabaseError,
    open_reader,
    open_writer,
    storage_error,
    transaction,
)
from server.projection.entries import EntryWriter
from server.projection.knowledge import Known, remember, take_surroundings
from server.projection.source import LogSource
from server.projection.tables import SCHEMA_VERSION, create_tables, drop_everything

BATCH_LEAVES = 500
_CACHE_KIB = 8 * 1024
_CHECKPOINT_PAGES = 4000  # the ids of entries are random: pages are written again and again


class Projector:
    """Keeps `audit_path` up to date with the log at `log_path`; safe to call from many threads."""

    def __init__(self, log_path: Path, audit_path: Path) -> None:
        self._log_path = log_path
        self._audit_path = audit_path
        self._lock = threading.Lock()
        self._files: _Files | None = None  # guarded by _lock, as all below
        self._known: Known | None = None
        self._cursor = 0
        self._repairs = 0

    @property
    def cursor(self) -> int:
        """Return the index of the first leaf that is not projected yet."""
        return self._cursor

    def catch_up(self) -> int:
        """Project what the log has beyond the cursor; return how many entries were written.

        Raises:
            StorageError: the audit database could not be written; what it had is intact.
        """
        with self._opened() as files:
            if files.source.repairs() != self._repairs:
                return self._rebuild(files)
            written = 0
            while True:
                with files.source.snapshot(), transaction(files.connection):
                    count, is_done = self._step(files)
                written += count
                if is_done:
                    return written

    def rebuild(self) -> int:
        """Make every table anew from the log; return how many entries were written.

        Raises:
            StorageError: the audit database could not be written; what it had is intact.
        """
        with self._opened() as files:
            return self._rebuild(files)

    def close(self) -> None:
        """Close both files; the next call opens them again."""
        with self._lock:
            self._close()

    def _rebuild(self, files: "_Files") -> int:
        with files.source.snapshot(), transaction(files.connection):
            self._begin_anew(files)
            written, is_done = 0, False
            while not is_done:
                count, is_done = self._step(files)
                written += count
        return written

    @contextmanager
    def _opened(self) -> Iterator["_Files"]:
        with self._lock:
            try:
                if self._files is None:
                    self._files = _open_files(self._log_path, self._audit_path)
                    self._begin(self._files)
                yield self._files
            except BaseException as error:
                # What this object believes may be ahead of the file now: all of it is read anew.
                self._close()
                if isinstance(error, DatabaseError):
                    raise storage_error(error) from error
                raise

    def _close(self) -> None:
        if self._files is not None:
            self._files.connection.close()
            self._files.source.close()
        self._files = self._known = None

    def _begin(self, files: "_Files") -> None:
        with files.source.snapshot(), transaction(files.connection):
            state = _state(files.db)
            if state is not None and _is_of(state, files.source):
                self._cursor, self._repairs = state["cursor"], state["repairs"]
                self._known = remember(files.source, self._cursor)
            else:
                self._begin_anew(files)

    def _begin_anew(self, files: "_Files") -> None:
        drop_everything(files.db)
        create_tables(files.db)
        self._cursor, self._repairs = 0, files.source.repairs()
        files.db.execute("update _projection set repairs = ?", (self._repairs,))
        self._known = Known()

    def _step(self, files: "_Files") -> tuple[int, bool]:
        """Project some leaves; return how many entries were written, and whether none are left."""
        leaves = files.source.leaves(self._cursor, BATCH_LEAVES)
        if not leaves or self._known is None:
            return 0, True
        take_surroundings(files.db, files.source, self._known, leaves)
        entries = EntryWriter(files.db, files.source, self._known.forms, self._known.around)
        written = entries.write(leaves)
        self._cursor = leaves[-1].index + 1
        files.db.execute(
            "update _projection set cursor = ?, last_leaf = ?", (self._cursor, leaves[-1].bytes)
        )
        return written, len(leaves) < BATCH_LEAVES


@dataclass(frozen=True, slots=True)
class _Files:
    """The open files; `db` is the audit database over `connection`."""

    connection: Connection
    db: Database
    source: LogSource


def _open_files(log_path: Path, audit_path: Path) -> _Files:
    source = LogSource(open_reader(log_path))
    connection = open_writer(audit_path)
    # What is derived need not survive a power cut: it is projected again. And no entry has to have
    # a unit that is known: quarantine has strangers.
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma foreign_keys = off")
    connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
    connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return _Files(connection, Database(connection), source)


def _state(db: Database) -> dict[str, Any] | None:
    if not db.table("_projection").exists():
        return None
    return next(db.query("select * from _projection"), None)


def _is_of(state: dict[str, Any], source: LogSource) -> bool:
    """Say whether a file is of this version and of this log: their leaves meet at the cursor."""
    if state["schema_version"] != SCHEMA_VERSION:
        return False
    cursor = state["cursor"]
    return bool(cursor == 0 or source.leaf_bytes(cursor - 1) == state["last_leaf"])
