"""The journal: every revision of this device once more, beside the database, in files of its own.

    journal/<incarnation>-<first>.tbj      frames of kind REVISION, exact bytes with their signature

* A segment is named by the sequence of its first revision, so that its name tells which revisions
belong to it: those up to the first of the next one. It is sealed at 4 MiB, and written no more.
* `append` returns when the frame is on the medium, and its name too where the segment is new.
`withdraw` takes the last frame away again, wholly or as much of it as came to the disk.
* After any error of the disk the file is opened anew: nothing is believed of a handle that failed.
* What a segment holds is read frame by frame; damage never hides what stands behind it.

One process has a home open, and saving is done by one thread at a time: there is no lock here.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from client.durable import PRIVATE, flush, flush_directory, storage_errors, write_durably
from client.errors import StorageError
from sync.digest import raw_digest
from sync.frames import Damage, Frame, FrameKind, format_frame, scan_frames

SEALED_AT = 4 * 1024 * 1024
_CHUNK = 256 * 1024
_ENDLESS = 2**53
_NAME = re.compile(r"(?P<incarnation>[0-9A-Za-z]+)-(?P<first>[0-9]+)\.tbj", re.ASCII)
_BINARY: int = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A file of the journal; `first` is the sequence of its first revision."""

    incarnation: str
    first: int
    path: Path


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with the sequences of the revisions that belong to it, `end` left out."""

    segment: Segment
    end: int

    @property
    def is_last(self) -> bool:
        """Say whether what is made next belongs here."""
        return self.end == _ENDLESS


@dataclass(slots=True)
class _Open:
    """The segment that is written to; what stands beyond `end` does not count."""

    segment: Segment
    file: BinaryIO
    begin: int
    end: int


class Journal:
    """The journal of a home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: _Open | None = None
        self._last: tuple[Path, int] | None = None

    def append(self, incarnation: str, sequence: int, frame: bytes) -> None:
        """Append the frame of a revision; it is on the medium when this returns.

        Raises:
            StorageError: it is not there for sure; withdraw it before anything else is appended.
        """
        self.extend(incarnation, ((sequence, frame),))

    def extend(self, incarnation: str, frames: Iterable[tuple[int, bytes]]) -> int:
        """Append the frames of revisions by their sequences; return how many there were."""
        count = 0
        self._last = None
        with storage_errors(self._folder), self._closed_on_failure():
            for sequence, frame in frames:
                place = self._place_for(incarnation, sequence)
                self._last = (place.segment.path, place.end)
                place.begin = place.end
                _write(place.file, place.end, frame)
                place.end += len(frame)
                count += 1
                if place.end >= SEALED_AT:
                    flush(place.file.fileno())
            if count and self._open is not None and self._open.end < SEALED_AT:
                flush(self._open.file.fileno())
        return count

    def check(self, frame: bytes) -> None:
        """Read the last frame again from the file, and compare it.

        Raises:
            StorageError: it does not stand there as it was appended.
        """
        with storage_errors(self._folder), self._closed_on_failure():
            place = self._open
            if place is not None:
                place.file.seek(place.begin)
                if place.file.read(len(frame)) == frame:
                    return
        raise StorageError(
            "The journal does not read back as it was written; nothing of the entry was saved.",
            code="damaged",
            hint="What was typed is kept. Check the disk, then try again.",
        )

    def withdraw(self) -> None:
        """Take the last frame away, durably; there may be none of it.

        Raises:
            StorageError: some of it may still be there.
        """
        if self._last is None:
            return
        path, end = self._last
        self.close()
        if path.exists():
            self.cut(path, end)
        self._last = None

    def cut(self, path: Path, end: int) -> None:
        """End a segment at a place, durably; what stood behind it is gone."""
        self.close()
        with storage_errors(path), path.open("r+b") as file:
            file.truncate(end)
            flush(file.fileno())

    def segment(self, incarnation: str, first: int) -> Segment:
        """Return the segment that begins with a sequence, whether it is there or not."""
        return Segment(incarnation, first, self._folder / f"{incarnation}-{first:08}.tbj")

    def segments(self, incarnation: str | None = None) -> list[Segment]:
        """Return the segments, of one incarnation or of all, in order."""
        with storage_errors(self._folder):
            matches = [(path, _NAME.fullmatch(path.name)) for path in self._folder.iterdir()]
        found = [
            Segment(match["incarnation"], int(match["first"]), path)
            for path, match in matches
            if match
        ]
        return sorted(each for each in found if incarnation in (None, each.incarnation))

    def parts(self, incarnation: str) -> list[Part]:
        """Return the segments of an incarnation, each with where it ends."""
        segments = self.segments(incarnation)
        parts = [Part(segment, after.first) for segment, after in pairwise(segments)]
        return parts + [Part(segment, _ENDLESS) for segment in segments[-1:]]

    def read(self, segment: Segment) -> Iterator[Frame | Damage]:
        """Yield what a segment holds: intact frames, and the damage between them."""
        with storage_errors(segment.path), segment.path.open("rb") as file:
            yield from scan_frames(iter(lambda: file.read(_CHUNK), b""))

    def rewrite(self, segment: Segment, frames: Iterable[Frame], *, keep: bool) -> None:
        """Write a segment anew, at once or not at all; the bytes that stood there are kept beside."""
        self.close()
        if keep:
            with storage_errors(segment.path):
                damaged = segment.path.read_bytes()
            write_durably(_beside(segment.path), damaged)
        write_durably(segment.path, b"".join(map(format_frame, frames)))

    def remove(self, segment: Segment) -> None:
        """Take a segment away whose revisions are no longer kept on this device."""
        self.close()
        with storage_errors(segment.path):
            for kept in self._folder.glob(f"{segment.path.name}.*damaged"):
                kept.unlink(missing_ok=True)
            segment.path.unlink(missing_ok=True)
            flush_directory(self._folder)

    def close(self) -> None:
        """Close the open segment; it is opened again when something is appended."""
        place, self._open = self._open, None
        if place is not None:
            with storage_errors(place.segment.path):
                place.file.close()

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            place, self._open = self._open, None
            if place is not None:
                place.file.close()  # unbuffered: nothing more is written here
            raise

    def _place_for(self, incarnation: str, sequence: int) -> _Open:
        place = self._open
        if place is not None and place.segment.incarnation == incarnation and place.end < SEALED_AT:
            return place
        self.close()
        self._open = self._open_segment(incarnation, sequence)
        return self._open

    def _open_segment(self, incarnation: str, sequence: int) -> _Open:
        segments = self.segments(incarnation)
        if segments and segments[-1].path.stat().st_size < SEALED_AT:
            segment = segments[-1]
        else:
            segment = self.segment(incarnation, sequence)
        is_new = not segment.path.exists()
        descriptor = os.open(segment.path, os.O_RDWR | os.O_CREAT | _BINARY, PRIVATE)
        file = os.fdopen(descriptor, "r+b", buffering=0)
        if is_new:
            flush_directory(self._folder)
        end = file.seek(0, os.SEEK_END)
        return _Open(segment, file, end, end)


def frame_of(content: bytes, digest: str, signature: bytes) -> bytes:
    """Return the bytes of a revision's frame, without digesting it once more."""
    return format_frame(Frame(FrameKind.REVISION, content, raw_digest(digest), signature))


def _beside(path: Path) -> Path:
    """Return where the damaged bytes of a segment go, beside those that were kept before."""
    number, place = 1, path.with_name(path.name + ".damaged")
    while place.exists():
        number += 1
        place = path.with_name(f"{path.name}.{number}.damaged")
    return place


def _write(file: BinaryIO, offset: int, content: bytes) -> None:
    file.seek(offset)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
