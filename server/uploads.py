"""Files on their way in, chunk by chunk: how much of each is sure, and the step to a whole file.

Of a file that is not whole yet, the folder of incoming files holds `<part>.part`, its bytes so far,
and `<part>.chunks`, a record for each chunk: where it ends (8 bytes) and its SHA-256 (32 bytes).

* A part is of one name, one size and one unit: what another unit sends under this name, or somebody
  of another size, touches nothing of it. Whichever of them is whole first is the file.
* A chunk is flushed before its record is written, and the record before the chunk is answered: what
  an offset was told for is on the disk, whatever happens to the process or the power.
* What is found at a start is believed as far as the last record that the bytes bear out; the rest is
  written over. After an error of the disk nothing of the chunk counts, whatever the file says: what
  the system holds in memory need not be on the disk.
* One chunk of a file is taken at a time. A chunk that begins below the offset is not written again.
* A file gets its name once the SHA-256 of all of it, read back, is that name.
* A part that nobody went on with for 30 days goes at the next start: the device still has the file.
"""

import hashlib
import os
import re
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from server.blobs import Blobs, storage_error
from server.config import PRIVATE_FILE, DataFolder, flush_folder
from server.errors import ConflictError, RequestError, TooLargeError
from sync.chunk_size import LARGEST

MAX_SIZE = 512 * 1024 * 1024
MAX_CHUNK = LARGEST
MIN_CHUNK = 1024  # but for the last one: a record costs 40 bytes
KEPT_FOR = timedelta(days=30)
_RECORD = struct.Struct(">Q32s")
_NAME = re.compile(r"[0-9a-f]{64}-[0-9]+-[0-9a-f]{16}\.(part|chunks)", re.ASCII)
_LOCKS = 64
_UNIT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of the file `sha256`, which has `size` of them, from `offset` on, for a unit."""

    sha256: str
    offset: int
    size: int
    content: bytes = field(repr=False)
    unit: str = ""

    @property
    def part(self) -> str:
        """Return the name of the part that they belong to."""
        return part_name(self.sha256, self.size, self.unit)

    def check(self) -> None:
        """Refuse what no file can be made of.

        Raises:
            TooLargeError: the file or the chunk is too large.
            RequestError: the chunk is too small, or goes beyond the end of the file.
        """
        if self.size > MAX_SIZE:
            raise TooLargeError(f"A file has at most {MAX_SIZE} bytes.")
        if len(self.content) > MAX_CHUNK:
            raise TooLargeError(
                f"A chunk has at most {MAX_CHUNK} bytes.", hint="Send less at once."
            )
        end = self.offset + len(self.content)
        if end > self.size:
            raise RequestError("The chunk goes beyond the end of the file.")
        if len(self.content) < MIN_CHUNK and end != self.size:
            raise RequestError(f"A chunk that is not the last has at least {MIN_CHUNK} bytes.")


@dataclass(slots=True)
class _State:
    """How far a part is sure, and by how many records."""

    offset: int
    records: int


class Uploads:
    """The parts in a data folder. Safe to use from several threads."""

    def __init__(self, folder: DataFolder, blobs: Blobs) -> None:
        self._incoming = folder.incoming
        self._blobs = blobs
        self._locks = tuple(Lock() for _ in range(_LOCKS))
        self._states: dict[str, _State] = {}  # by part; each guarded by its file's lock

    def sweep(self, now: datetime) -> None:
        """Delete what is no part, and parts that nobody goes on with."""
        for path in self._incoming.iterdir():
            age = now.timestamp() - path.stat().st_mtime
            is_orphan = path.suffix == ".chunks" and not path.with_suffix(".part").exists()
            if is_orphan or not _NAME.fullmatch(path.name) or age > KEPT_FOR.total_seconds():
                path.unlink()

    def offset(self, sha256: str, size: int, unit: str = "") -> int:
        """Return how many bytes of a unit's part of a file are on the disk for good.

        Raises:
            StorageError: the disk does not say.
        """
        with self._lock(sha256):
            try:
                return self._state(part_name(sha256, size, unit)).offset
            except OSError as error:
                raise storage_error(error) from error

    def add(self, chunk: Chunk) -> int:
        """Take a chunk; return how much of the file is on the disk for good.

        Once that is all of it, the file stands under its name.

        Raises:
            ConflictError: the bytes between are not here yet (`offset`); or all of them are, and are
                not those of this name (`bad_digest`): then nothing of them is kept.
            RequestError: no file can be made of it.
            StorageError: it could not be stored now.
        """
        chunk.check()
        with self._lock(chunk.sha256):
            if self._blobs.is_whole(chunk.sha256, chunk.size):
                return chunk.size
            try:
                return self._add(chunk)
            except OSError as error:
                raise storage_error(error) from error

    def _add(self, chunk: Chunk) -> int:
        state = self._state(chunk.part)
        if chunk.offset > state.offset:
            raise ConflictError(
                f"Only {state.offset} bytes of this file are here.",
                code="offset",
                hint="Ask for the offset, and go on from there.",
            )
        if chunk.offset == state.offset and chunk.content:
            self._append(state, chunk)
        if state.offset == chunk.size:
            self._finish(chunk)
        return state.offset

    def _append(self, state: _State, chunk: Chunk) -> None:
        end = chunk.offset + len(chunk.content)
        record = _RECORD.pack(end, hashlib.sha256(chunk.content).digest())
        # Kept from now on: after an error, what the files say is not asked again.
        self._states[chunk.part] = state
        try:
            _write(self._part(chunk.part), chunk.offset, chunk.content)
            _write(self._chunks(chunk.part), state.records * _RECORD.size, record)
            if not state.records:
                flush_folder(self._incoming)
        except OSError:
            with suppress(OSError):
                os.truncate(self._chunks(chunk.part), state.records * _RECORD.size)
            raise
        state.offset, state.records = end, state.records + 1

    def _finish(self, chunk: Chunk) -> None:
        part, sha256 = self._part(chunk.part), chunk.sha256
        if not part.exists():
            _write(part, 0, b"")
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            self._drop(chunk.part)
            raise ConflictError(
                "The bytes are not those of this name; none of them are kept.",
                code="bad_digest",
                hint="Check the file on the device. If it is whole, it is sent again by itself.",
            )
        self._blobs.place(part, sha256)
        self._drop(chunk.part)
        for path in list(self._incoming.glob(f"{sha256}-*")):
            self._drop(path.stem)  # nobody goes on with any part of it

    def _drop(self, part: str) -> None:
        self._states.pop(part, None)
        self._part(part).unlink(missing_ok=True)
        self._chunks(part).unlink(missing_ok=True)

    def _state(self, part: str) -> _State:
        if part not in self._states:
            state = _find(self._part(part), self._chunks(part))
            if not state.records:
                return state
            self._states[part] = state
        return self._states[part]

    def _lock(self, sha256: str) -> Lock:
        return self._locks[int(sha256[:8], 16) % _LOCKS]

    def _part(self, part: str) -> Path:
        return self._incoming / f"{part}.part"

    def _chunks(self, part: str) -> Path:
        return self._incoming / f"{part}.chunks"


def part_name(sha256: str, size: int, unit: str) -> str:
    """Return what the part of a file is called that a unit says has this size."""
    return f"{sha256}-{size}-{hashlib.sha256(unit.encode()).hexdigest()[:_UNIT_DIGITS]}"


def _write(path: Path, offset: int, content: bytes) -> None:
    """Write bytes to the end of a file, which is at an offset, and flush them."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(offset)
        file.write(content)
        file.truncate(offset + len(content))
        file.flush()
        os.fsync(file.fileno())


def _find(part: Path, chunks: Path) -> _State:
    """Return how far the records of a part are borne out by its bytes."""
    if not part.exists() or not chunks.exists():
        return _State(0, 0)
    with part.open("rb") as content, chunks.open("rb") as records:
        count = chunks.stat().st_size // _RECORD.size
        while count and not _is_borne_out(content, records, count):
            count -= 1
        return _State(_end(records, count), count)


def _is_borne_out(content: BinaryIO, records: BinaryIO, count: int) -> bool:
    begin, end = _end(records, count - 1), _end(records, count)
    if not begin < end <= begin + MAX_CHUNK:
        return False
    records.seek((count - 1) * _RECORD.size)
    _, digest = _RECORD.unpack(records.read(_RECORD.size))
    content.seek(begin)
    return bool(hashlib.sha256(content.read(end - begin)).digest() == digest)


def _end(records: BinaryIO, count: int) -> int:
    """Return where the chunk of the last of so many records ends."""
    if not count:
        return 0
    records.seek((count - 1) * _RECORD.size)
    return int(_RECORD.unpack(records.read(_RECORD.size))[0])
