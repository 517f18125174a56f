"""Reads a file from a medium that may fail: what cannot be read comes as zeros, and is counted.

* Behind a place that cannot be read, reading goes on: a stick with one bad sector still holds all the
  rest. Zeros keep every later byte at its place; what digests it finds that they are wrong.
* A medium that fails all the time was pulled out, or is dying: after so many failures it ends there.
"""

import os
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1024 * 1024
_SECTOR = 4096
_MOST_FAILURES = 1024


class Medium:
    """A file that is read once from its begin to its end; `lost` counts bytes that could not be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failures = 0
        self.lost = 0
        self.error: OSError | None = None  # what was wrong last

    def chunks(self) -> Iterator[bytes]:
        """Yield all of the file.

        Raises:
            OSError: it cannot be opened.
        """
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            end = os.fstat(descriptor).st_size
            offset = 0
            while offset < end and self._failures < _MOST_FAILURES:
                chunk = self._read(descriptor, offset, min(_CHUNK, end - offset))
                if not chunk:
                    return  # it was cut short meanwhile
                offset += len(chunk)
                yield chunk
            self.lost += end - offset
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, offset: int, size: int) -> bytes:
        try:
            return os.pread(descriptor, size, offset)
        except OSError:
            places = range(offset, offset + size, _SECTOR)
            ends = (min(place + _SECTOR, offset + size) for place in places)
            return b"".join(
                self._read_sector(descriptor, place, end - place)
                for place, end in zip(places, ends, strict=True)
            )

    def _read_sector(self, descriptor: int, offset: int, size: int) -> bytes:
        content = b""
        if self._failures < _MOST_FAILURES:
            try:
                content = os.pread(descriptor, size, offset)
            except OSError as error:
                self.error = error
                self._failures += 1
        self.lost += size - len(content)
        return content.ljust(size, b"\0")
