"""Files that are on the disk when the call returns.

* A file appears under its name whole or not at all: it is written beside, flushed, then renamed,
and the directory is flushed after it.
* A full disk is told apart from every other failure.
* On macOS a plain fsync leaves the bytes in the drive's memory; there `flush` asks for more.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client.errors import StorageError, StorageFullError

try:
    import fcntl
except ImportError:  # Windows: there os.fsync goes through to the medium
    _FULL_FLUSH = None
else:
    _FULL_FLUSH = getattr(fcntl, "F_FULLFSYNC", None)

PRIVATE = 0o600
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT}) if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


def flush(descriptor: int) -> None:
    """Bring what was written to an open file to the medium, as far as the system can."""
    if _FULL_FLUSH is not None:
        try:
            fcntl.fcntl(descriptor, _FULL_FLUSH)
        except OSError as error:  # a file system of the network may not know it
            if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.ENOTTY}:
                raise
        else:
            return
    os.fsync(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Write a small private file.

    Raises:
        StorageError: it could not be written; what stood there before still does.
    """
    partial = path.with_name(path.name + ".part")
    with storage_errors(path):
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            flush(file.fileno())
        publish(partial, path)


def publish(partial: Path, path: Path) -> None:
    """Give a flushed file its name, for good."""
    partial.replace(path)
    flush_directory(path.parent)


def flush_directory(directory: Path) -> None:
    """Flush a directory's names, where the system knows how."""
    if os.name == "nt":  # Windows opens no directories; its file systems keep a journal of names
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Turn the system's errors into ours.

    Raises:
        StorageError: the body failed at the disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(place) from error
        raise StorageError(f"{place} cannot be read or written: {error}") from error
