"""Attached files on the disk, each named by the SHA-256 of its bytes.

* A file stands under its name only when all of it is there, has been checked, and is flushed.
* No name from outside ever becomes a path: only 64 hexadecimal digits do.
"""

import errno
from pathlib import Path

from server.config import PRIVATE_FOLDER, DataFolder, flush_folder
from server.errors import StorageError, StorageFullError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Blobs:
    """The attached files of a data folder."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        folder.make()

    def path(self, sha256: str) -> Path:
        """Return where a file stands, or would."""
        return blob_path(self._folder, sha256)

    def is_whole(self, sha256: str, size: int) -> bool:
        """Say whether a file of this size stands under its name."""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def place(self, part: Path, sha256: str) -> None:
        """Give a flushed file, shown to be of this name, its name for good."""
        path = self.path(sha256)
        path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        part.replace(path)
        # A name is durable once its folder is; the folder's own name, once the one above it is.
        for folder in (path.parent, path.parent.parent):
            flush_folder(folder)


def blob_path(folder: DataFolder, sha256: str) -> Path:
    """Return where a file of a data folder stands, or would."""
    return folder.blobs / sha256[:2] / sha256


def storage_error(error: OSError) -> StorageError:
    """Return the error that says what the disk did not do with a file."""
    if error.errno in _NO_ROOM:
        return StorageFullError(
            "The server's disk is full; the file was not stored.",
            hint="Free some room. What is waiting is sent again by itself.",
        )
    return StorageError(f"The file could not be stored: {error}")
