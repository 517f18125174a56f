"""Attached files, copied into the home and named by their SHA-256.

* `keep` returns once the copy is flushed, its directory too, and was read again and found equal.
* The same content is kept once: a file that is here already, and whole, is left alone. A name is
only ever given to a whole file.
* A kept file goes only by `remove`, and not in the life of the process that has just copied it in;
half copies that a crash left behind go at the next start.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Protocol

from client.durable import PRIVATE, flush, flush_directory, publish, storage_errors
from client.errors import InputError, NotFoundError, StorageError
from client.room import require_room_for_file
from sync.digest import is_hex_digest

LARGEST_FILE = 512 * 1024 * 1024
_CHUNK = 256 * 1024


class Readable(Protocol):
    """Anything with bytes to read."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is safe in the home."""

    sha256: str
    size: int


class Blobs:
    """The attached files on this device."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept_here: set[str] = set()  # an open draft may name them before the disk knows it
        self._naming = Lock()  # so that none is found whole and then removed
        for partial in directory.glob("*.part"):
            partial.unlink(missing_ok=True)

    def keep(self, stream: Readable, size: int = 0) -> Kept:
        """Copy a file in, of a size as far as that is known.

        Raises:
            LowSpaceError: it would fill the disk.
            StorageError: the copy could not be written, or reads back otherwise.
            InputError: the file is too large.
        """
        require_room_for_file(self._directory, size)
        partial = self._directory / f"{token_hex(8)}.part"
        with storage_errors(self._directory):
            try:
                kept = _copy(stream, partial)
                _compare(partial, kept.sha256)
                with self._naming:
                    self._kept_here.add(kept.sha256)
                    if not self._is_whole(kept):
                        publish(partial, self._place(kept.sha256))
            finally:
                partial.unlink(missing_ok=True)
        return kept

    def remove(self, sha256: str) -> int:
        """Delete a file that nothing on this device needs; return how many bytes that freed."""
        place = self._place(sha256)
        with storage_errors(place), self._naming:
            if sha256 in self._kept_here or not place.is_file():
                return 0
            size = place.stat().st_size
            place.unlink()
        return size

    def path(self, sha256: str) -> Path:
        """Return where a file lies.

        Raises:
            NotFoundError: it is not on this device.
        """
        if not is_hex_digest(sha256) or not self._place(sha256).is_file():
            raise NotFoundError("This file is not on this device.", code="unknown_file")
        return self._place(sha256)

    def read(self, sha256: str, offset: int, size: int) -> bytes:
        """Return some bytes of a file, as many as there are.

        Raises:
            NotFoundError: it is not on this device.
            StorageError: it cannot be read.
        """
        place = self.path(sha256)
        with storage_errors(place), place.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def verify(self, sha256: str, size: int) -> None:
        """Read a file again and compare it with its name.

        Raises:
            NotFoundError: it is not on this device, or of another size.
            StorageError: its bytes have changed.
        """
        place = self.path(sha256)
        with storage_errors(place):
            if place.stat().st_size != size:
                raise NotFoundError("The file has another size than the answer says.")
            _compare(place, sha256)

    def _is_whole(self, kept: Kept) -> bool:
        """Say whether the file is here already: one that is being sent cannot be replaced on Windows."""
        try:
            self.verify(kept.sha256, kept.size)
        except (NotFoundError, StorageError):
            return False
        flush_directory(self._directory)
        return True

    def _place(self, sha256: str) -> Path:
        return self._directory / sha256


def _copy(stream: Readable, partial: Path) -> Kept:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise InputError(
                    f"A file may have at most {LARGEST_FILE // 1024**2} MiB.", code="too_large"
                )
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        flush(file.fileno())
    return Kept(digest.hexdigest(), size)


def _compare(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise StorageError(
            f"The file {path.name} does not read back as it was written.",
            code="damaged",
            hint="Check the disk, then attach the file again.",
        )
