"""The client's one SQLite file, and the only place that opens it.

* Rollback journal, TRUNCATE + FULL: when a transaction returns, it is on the disk. Both settings
are read back, and the client refuses to run on anything else.
* One connection writes; a second one only re-reads what was just committed, from the file and not
from the writer's memory.
* A schema that is older is migrated at start; one that is newer is refused with the reason.
* A full disk takes the open transaction back and nothing else. After an error of the disk itself,
met in writing or in reading, the connections are opened anew before they are used again: nothing is
believed of a handle that has failed once.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias, TypeVar

from client.durable import PRIVATE, flush_directory, storage_errors
from client.errors import DataVersionError, StorageError, StorageFullError
from client.migrations import MIGRATIONS

T = TypeVar("T")
Row: TypeAlias = sqlite3.Row
Value: TypeAlias = str | int | bytes | None

_PRAGMAS = (
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = 1",  # macOS alone: a plain fsync leaves the bytes in the drive's memory
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cache_size = -4000",
)
# What SQLite says of a damaged schema quotes the damage, which may be no text.
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
_READ_BACK = {"journal_mode": "truncate", "synchronous": 2, "fullfsync": 1}


class Database:
    """An open database. Safe to use from several threads: a transaction keeps the others out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()  # guards both connections, and is held for a whole transaction
        self._depth = 0
        self._is_poisoned = False
        self.generation = 0
        with storage_errors(path):
            path.touch(mode=PRIVATE)
            flush_directory(path.parent)
        self._open()

    def _open(self) -> None:
        try:
            self._writer = _connect(self._path)
            try:
                self._prepare()
            except BaseException:
                self._writer.close()  # what it began would keep everybody else out
                raise
        except _FAILURES as error:
            raise self._translated(error) from error
        self._is_poisoned = False

    def _prepare(self) -> None:
        _configure(self._writer)
        _migrate(self._writer, self._path)
        self._rereader = _connect(self._path)
        self._rereader.execute("PRAGMA query_only = 1")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._is_poisoned = False  # nobody opens it again
            self._rereader.close()
            self._writer.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other threads out over several transactions; what they ask for waits."""
        with self._lock:
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything the body writes, or nothing; a transaction inside joins the outer one.

        Raises:
            StorageError: nothing of it was written; or all of it, if the disk failed at the very end.
        """
        with self._lock:
            if self._depth:
                yield
                return
            self._reopen_if_poisoned()
            self._depth = 1
            try:
                self._run("BEGIN IMMEDIATE")
                yield
                self._run("COMMIT")
                self.generation += 1
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._depth = 0

    def compact(self) -> None:
        """Give the room of what was deleted back to the disk; needs as much room while it works.

        Where there is not enough, the room stays with the file, and is used again.
        """
        with self._lock:
            self._reopen_if_poisoned()
            try:
                self._run("VACUUM")
            except StorageFullError:
                return

    def write(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement that writes, within a transaction; return how many rows it touched."""
        with self._lock:
            if not self._depth:
                raise RuntimeError("A write stands in a transaction.")
            return self._run(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._fetch(lambda cursor: cursor.fetchall(), sql, values)

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a query, if there is one."""
        with self._lock:
            return self._fetch(_first, sql, values)

    def reread(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a query as the file has it, not the writer's memory."""
        with self._lock:
            self._reopen_if_poisoned()
            try:
                found: Row | None = self._rereader.execute(sql, values).fetchone()
            except _FAILURES as error:
                raise self._translated(error) from error
            return found

    def _fetch(self, take: Callable[[sqlite3.Cursor], T], sql: str, values: Sequence[Value]) -> T:
        self._reopen_if_poisoned()
        try:
            return take(self._run(sql, values))
        except _FAILURES as error:  # a page further on may fail when the first did not
            raise self._translated(error) from error

    def _run(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Cursor:
        try:
            return self._writer.execute(sql, values)
        except _FAILURES as error:
            raise self._translated(error) from error

    def _roll_back(self) -> None:
        try:
            if self._writer.in_transaction:  # a full disk has rolled back by itself
                self._writer.execute("ROLLBACK")
        except sqlite3.Error:
            self._is_poisoned = True

    def _reopen_if_poisoned(self) -> None:
        if self._is_poisoned and not self._depth:
            self._rereader.close()
            self._writer.close()
            self._open()

    def _translated(self, error: Exception) -> StorageError:
        name = getattr(error, "sqlite_errorname", "")
        self._is_poisoned |= name.startswith("SQLITE_IOERR")
        if name == "SQLITE_FULL":
            return StorageFullError(self._path)
        hint = "Everything saved earlier is in the file. Check the disk."
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            hint = (
                "Check the disk. What was saved is in the journal, too: move client.db away, and the "
                "next start takes it over from there; then enrol again."
            )
        return StorageError(
            f"The database {self._path} failed: {error} ({name or 'no code'}).", hint=hint
        )


def list_in(text: object) -> list[Any] | None:
    """Return the list that a column holds as JSON; None where the disk has made it something else."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, list) else None


@contextmanager
def held_exclusively(path: Path, patience: float) -> Iterator[bool]:
    """Hold the system's lock on a file, with SQLite's own means; say whether it was got.

    The file stays empty. The lock goes with the process, however it ends.
    """
    with storage_errors(path):
        path.touch(mode=PRIVATE)
    connection = sqlite3.connect(path, isolation_level=None, timeout=patience)
    try:
        yield _is_locked_by(connection)
    finally:
        connection.close()


def _is_locked_by(connection: sqlite3.Connection) -> bool:
    try:
        # In memory, as nothing is ever written here: a full disk must not keep anybody from reading.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise StorageError(f"The home cannot be locked: {error}") from error
        return False
    return True


def _first(cursor: sqlite3.Cursor) -> Row | None:
    found: Row | None = cursor.fetchone()
    return found


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    for name, expected in _READ_BACK.items():
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != expected:
            raise StorageError(f"SQLite gives {name} = {found} where {expected} was asked for.")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > len(MIGRATIONS):
        raise DataVersionError(
            f"{path} was written by a newer version of this program "
            f"(schema {found}; this one knows {len(MIGRATIONS)}).",
            hint="Update the program; the data is untouched.",
        )
    for number, statements in enumerate(MIGRATIONS[found:], start=found + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
