"""A copy of something on a stick, or wherever it is to be carried from.

* It appears under its name whole or not at all: it is written beside, flushed, renamed, and the
directory is flushed after it.
* It counts as a copy only once it was opened again, read back from the medium as far as the system
lets us, and found to be what was written. One that is not is taken away again.
"""

import errno
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from shutil import disk_usage

from client.durable import PRIVATE, flush, publish, storage_errors
from client.errors import StorageError, StorageFullError

_CHUNK = 1024 * 1024
_PARTIAL = ".tianbao-part"  # nobody else calls a file so: one that a crash left is written over


def require_space(path: Path, size: int) -> None:
    """Refuse to begin a copy for which there is no room.

    Raises:
        StorageFullError: the disk of this path has less.
    """
    with storage_errors(path):
        if disk_usage(path.parent).free < size:
            raise StorageFullError(path)


def copy_out(path: Path, content: Iterable[bytes]) -> int:
    """Write a private file, read it back, and return its size.

    Raises:
        StorageError: it could not be written, or does not read back; what stood there before still
            does, but for a medium that gives other bytes back than it was given.
    """
    partial = path.with_name(path.name + _PARTIAL)
    with storage_errors(path):
        try:
            partial.unlink(missing_ok=True)
            digest, size = _write(partial, content)
            publish(partial, path)
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise _too_large(path) from error
            raise
        finally:
            partial.unlink(missing_ok=True)
        if _read_back(path) != (digest, size):
            path.unlink()
            raise StorageError(
                f"{path} does not read back as it was written; it was taken away again.",
                code="damaged",
                hint="Use another stick. Everything is still on this device.",
            )
    return size


def _write(partial: Path, content: Iterable[bytes]) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in content:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        flush(file.fileno())
    return digest.digest(), size


def _read_back(path: Path) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):  # else the system would answer from its own memory
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.digest(), size


def _too_large(path: Path) -> StorageError:
    return StorageError(
        f"{path} would be larger than a file can be on this disk.",
        code="file_too_large",
        hint="Use a stick that is formatted with exFAT, or another disk.",
    )
