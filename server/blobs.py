"""Attached files on the disk, each named by the SHA-256 of its bytes.

* A file stands under its name only when all of it is there, has been checked, and is flushed.
* What is on its way lies in a folder of its own, is deleted when it fails, and at the next start.
* No name from outside ever becomes a path: only 64 hexadecimal digits do.
"""

import contextlib
import errno
import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from server.config import PRIVATE_FILE, PRIVATE_FOLDER, DataFolder, flush_folder
from server.errors import ConflictError, StorageError, StorageFullError, TooLargeError

MAX_SIZE = 512 * 1024 * 1024
_CHUNK = 256 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Source(Protocol):
    """Where the bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


class Blobs:
    """The attached files of a data folder."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        folder.make()
        for left_over in folder.incoming.iterdir():
            left_over.unlink()

    def path(self, sha256: str) -> Path:
        """Return where a file stands, or would."""
        return self._folder.blobs / sha256[:2] / sha256

    def is_whole(self, sha256: str, size: int) -> bool:
        """Say whether a file of this size stands under its name."""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def receive(self, sha256: str, source: Source) -> int:
        """Store a file under its name, durable before this returns; return its size.

        Raises:
            ConflictError: the bytes are not those of this name.
            TooLargeError: there are more of them than a file may have.
            StorageError: it could not be stored now.
        """
        part = self._folder.incoming / secrets.token_hex(16)
        try:
            size = _write(part, sha256, source)
            _move(part, self.path(sha256))
        except OSError as error:
            raise _storage_error(error) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        return size


def _write(part: Path, sha256: str, source: Source) -> int:
    found, size = hashlib.sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(part, flags, PRIVATE_FILE), "wb") as file:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > MAX_SIZE:
                raise TooLargeError(f"A file has at most {MAX_SIZE} bytes.")
            found.update(chunk)
            file.write(chunk)
        if found.hexdigest() != sha256:
            raise ConflictError(
                "The bytes are not those of this name.",
                code="bad_digest",
                hint="Send the whole file again.",
            )
        file.flush()
        os.fsync(file.fileno())
    return size


def _move(part: Path, path: Path) -> None:
    path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    part.replace(path)
    # A name is durable once its folder is; the folder's own name, once the one above it is.
    for folder in (path.parent, path.parent.parent):
        flush_folder(folder)


def _storage_error(error: OSError) -> StorageError:
    if error.errno in _NO_ROOM:
        return StorageFullError(
            "The server's disk is full; the file was not stored.",
            hint="Free some room. What is waiting is sent again by itself.",
        )
    return StorageError(f"The file could not be stored: {error}")
