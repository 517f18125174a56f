"""SQLite as the server uses it; no other module imports `sqlite3`.

* The one writing connection runs WAL + FULL; both are read back, and nothing else is accepted.
* Readers open the file read-only: they neither write nor checkpoint. SQLite before 3.51.3 can
  damage a WAL file when two connections do that at the same moment.
* Rows are read by name.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.config import PRIVATE_FILE
from server.errors import DataFolderError, StorageError, StorageFullError

Connection = sqlite3.Connection
Row = sqlite3.Row
DatabaseError = sqlite3.Error

# What SQLite says of a damaged schema quotes the damage, which may be no text.
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
_BUSY_SECONDS = 10.0
_FULL_SYNCHRONOUS = 2
_CACHE_KIB = 32 * 1024
# Digests are random, so that each commit touches pages all over the indexes; a longer WAL lets many
# commits touch a page before it is written back once.
_WAL_PAGES = 8192
_WAL_BYTES_KEPT = 64 * 1024 * 1024
_PRIMARY_CODE = 0xFF
_FULL = frozenset({sqlite3.SQLITE_FULL})
_FULL_EXTENDED = frozenset({sqlite3.SQLITE_IOERR_SHMSIZE})
_LOST = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_BUSY,
    }
)


def open_writer(path: Path) -> Connection:
    """Open a database for writing; transactions are begun and ended by hand.

    Raises:
        DataFolderError: the file is no database, or its disk cannot do WAL.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare_writer(connection)
    except _FAILURES as error:
        connection.close()
        raise DataFolderError(
            f"The database {path} cannot be opened: {error}", hint="Restore it from the backup."
        ) from error
    except DataFolderError:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> Connection:
    """Open a database that exists, for reading alone.

    Raises:
        DataFolderError: there is none, or its schema cannot be read.
    """
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise DataFolderError(
            f"The database {path} cannot be opened: {error}", hint="Run `tianbao-server init`."
        ) from error
    try:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except UnicodeDecodeError as error:
        connection.close()
        raise DataFolderError(
            f"The database {path} is damaged: {error}", hint="Restore it from the backup."
        ) from error
    except sqlite3.Error:
        pass  # whoever reads is told
    connection.row_factory = sqlite3.Row
    return connection


def open_sealed(path: Path) -> Connection:
    """Open a database that nobody writes any more, on whatever medium; nothing appears beside it.

    Raises:
        DataFolderError: there is none.
    """
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
    except sqlite3.Error as error:
        raise DataFolderError(f"The database {path} cannot be opened: {error}") from error
    connection.row_factory = sqlite3.Row
    return connection


def make_sealed(path: Path) -> Connection:
    """Open a new database that is filled once and flushed by whoever asks; it keeps no journal."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    connection = sqlite3.connect(path.resolve().as_uri(), uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def attach(connection: Connection, name: str, path: Path, *, is_sealed: bool = False) -> None:
    """Let a connection read a further database, under a name."""
    how = "&immutable=1" if is_sealed else ""
    connection.execute(f"ATTACH ? AS {quoted(name)}", (f"{path.resolve().as_uri()}?mode=ro{how}",))


def quoted(name: str) -> str:
    """Return the name of a table or a database as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def is_full(error: BaseException) -> bool:
    """Say whether an error means that there is no room on the disk."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY_CODE in _FULL or code in _FULL_EXTENDED


def ends_transaction(error: BaseException, connection: Connection) -> bool:
    """Say whether an error takes the whole transaction with it, not one statement."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    return is_full(error) or code in _LOST or not connection.in_transaction


def storage_error(error: BaseException) -> StorageError:
    """Return what a database error means to whoever wanted to store something."""
    if is_full(error):
        return StorageFullError(
            "The server's disk is full; nothing was stored.",
            hint="Free some room. What is waiting is sent again by itself.",
        )
    return StorageError(f"The server could not store anything: {error}")


@contextmanager
def savepoint(connection: Connection, name: str) -> Iterator[None]:
    """Undo what was done within, and nothing else, if it raises."""
    connection.execute(f"SAVEPOINT {name}")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute(f"ROLLBACK TO {name}")
            connection.execute(f"RELEASE {name}")
        raise
    connection.execute(f"RELEASE {name}")


@contextmanager
def transaction(connection: Connection) -> Iterator[Connection]:
    """Commit what was done within as one, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Readers:
    """Read-only connections to one database, lent out and reused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[Connection] = []  # guarded by _lock
        self._is_closed = False  # guarded by _lock

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection that sees one state of the database from first to last."""
        connection = self._take()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._give_back(connection)

    def close(self) -> None:
        """Close every connection; those that are lent out, once they come back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return open_reader(self._path)

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()


def _prepare_writer(connection: Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
    journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if journal != "wal" or synchronous != _FULL_SYNCHRONOUS:
        # SQLite stays in another mode without a word where the disk cannot do this one.
        raise DataFolderError(
            f"The database runs with journal {journal!r}, synchronous {synchronous}; "
            "it needs WAL and FULL.",
            code="journal_mode",
            hint="Put the data folder on a local disk.",
        )
