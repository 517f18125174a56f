"""Frames: how exact bytes travel and lie on disk, with their digest and signature.

    magic "TBF1" · kind (1 byte) · length (4 bytes, big-endian) · SHA-256 (32 bytes) · payload
    [· signature (64 bytes), for kinds with the highest bit set]

The highest bit of the kind says whether a signature follows, so that a kind which only a newer
program knows can be passed over: it takes nothing else of what was sent with it.

A frame whose digest does not fit its payload is still a frame: the reader hands it on, and says so
by `is_intact`, so that one damaged item never takes its neighbours with it.

On a disk or a stick anything may have happened to the bytes. `scan_frames` reads on after damage, at
the next magic number: whatever was flipped, cut out or put in, the frames that it did not touch are
read, and the rest is told by its place. What it yields is intact, but for the signature, which the
digest does not cover: whoever needs it proven verifies it.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from sync.digest import format_digest
from sync.errors import FrameError
from sync.keys import SIGNATURE_LENGTH

MAGIC = b"TBF1"
MAX_PAYLOAD = 4 * 1024 * 1024
MAX_REVISION = 1024 * 1024
_HEADER = struct.Struct(">4sBI32s")
_SIGNED = 0x80


class FrameKind(IntEnum):
    """What a frame carries; the highest bit says that it is signed."""

    REVISION = 0x81
    ANSWER = 0x82
    DEFINITION = 0x03
    CAMPAIGN = 0x04
    UNITS = 0x05
    BUNDLE = 0x06
    CHUNK = 0x07
    BUNDLE_END = 0x08


_KINDS = frozenset(FrameKind)
_PATIENCE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """Exact bytes with the digest that their sender gave; `signature` is empty where none belongs."""

    kind: FrameKind
    payload: bytes
    raw_digest: bytes
    signature: bytes = b""

    @property
    def is_intact(self) -> bool:
        """Say whether the digest fits the payload."""
        return hashlib.sha256(self.payload).digest() == self.raw_digest

    @property
    def digest(self) -> str:
        """Return the digest that the sender gave."""
        return format_digest(self.raw_digest)


def make_frame(kind: FrameKind, payload: bytes, signature: bytes = b"") -> Frame:
    """Return the frame of exact bytes."""
    return Frame(kind, payload, hashlib.sha256(payload).digest(), signature)


def format_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    header = _HEADER.pack(MAGIC, frame.kind, len(frame.payload), frame.raw_digest)
    return header + frame.payload + frame.signature


def format_frames(frames: Iterable[Frame]) -> bytes:
    """Return the bytes of several frames, one after the other."""
    return b"".join(format_frame(frame) for frame in frames)


def parse_frames(content: bytes) -> Iterator[Frame]:
    """Yield the frames of bytes, in order, those of kinds we do not know left out.

    Raises:
        FrameError: the bytes at `offset` are no frame, or the last frame is cut short.
    """
    offset = 0
    while offset < len(content):
        frame, offset = _parse_frame(content, offset)
        if frame is not None:
            yield frame


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a stream that belongs to no intact frame."""

    offset: int
    length: int


def scan_frames(chunks: Iterable[bytes] | bytes) -> Iterator[Frame | Damage]:
    """Yield the intact frames of a stream that may be damaged, and the damage between them.

    It holds one frame and one chunk at a time.

    Raises:
        FrameError: the stream was made to waste time: none that chance damaged is like that.
    """
    window = _Window(iter((chunks,)) if isinstance(chunks, bytes) else iter(chunks))
    damaged = 0  # how many bytes before the window belong to no frame
    while window.reach(1):
        after = _end_of_intact(window)
        if after is None:
            damaged += window.skip_to_magic()
            continue
        if damaged:
            yield Damage(window.offset - damaged, damaged)
            damaged = 0
        frame, _ = _parse_frame(window.take(after), 0)
        if frame is not None:
            yield frame
    if damaged:
        yield Damage(window.offset - damaged, damaged)


class _Window:
    """The part of a stream that is looked at; `offset` is where it begins."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._wasted = 0
        self.content = bytearray()
        self.offset = 0

    def reach(self, size: int) -> bool:
        """Read until the window has so many bytes; say whether the stream has them."""
        while len(self.content) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self.content += chunk
        return True

    def take(self, size: int) -> bytes:
        """Move the window on, and return what it passes."""
        taken = bytes(self.content[:size])
        del self.content[:size]
        self.offset += size
        return taken

    def skip_to_magic(self) -> int:
        """Move the window on, to the next magic number if it is in sight; return how far."""
        place = self.content.find(MAGIC, 1)
        # The last bytes may be the beginning of a magic number.
        distance = place if place > 0 else max(1, len(self.content) - len(MAGIC) + 1)
        self.take(distance)
        return distance

    def waste(self, size: int) -> None:
        """Count bytes that were digested in vain: each of them may be offered again and again."""
        self._wasted += size
        if self._wasted > _PATIENCE + 16 * (self.offset + len(self.content)):
            raise FrameError("These bytes are no frames.", offset=self.offset)


def _end_of_intact(window: _Window) -> int | None:
    """Return where the frame at the window's start ends; None if none is there, or a damaged one."""
    after = _end_of_digested(window, 0)
    if after is None or not window.content[len(MAGIC)] & _SIGNED:
        return after
    # Nothing covers the signature: where bytes of it are missing, it would take from the next frame.
    beyond = after + len(MAGIC) - 1
    window.reach(beyond)
    place = window.content.find(MAGIC, after - SIGNATURE_LENGTH, beyond)
    while place >= 0:
        if _end_of_digested(window, place) is not None:
            return None
        place = window.content.find(MAGIC, place + 1, beyond)
    return after


def _end_of_digested(window: _Window, start: int) -> int | None:
    """Return where the frame at a place ends, if its digest fits."""
    if not window.reach(start + _HEADER.size):
        return None
    magic, number, length, raw_digest = _HEADER.unpack_from(window.content, start)
    if magic != MAGIC or length > MAX_PAYLOAD:
        return None
    first = start + _HEADER.size
    after: int = first + length + (SIGNATURE_LENGTH if number & _SIGNED else 0)
    if not window.reach(after):
        return None
    payload = bytes(window.content[first : first + length])
    if hashlib.sha256(payload).digest() != raw_digest:
        window.waste(length)
        return None
    return after


def _parse_frame(content: bytes, offset: int) -> tuple[Frame | None, int]:
    """Return the frame at an offset, None where its kind is unknown, and where it ends."""
    if len(content) - offset < _HEADER.size:
        raise FrameError("The frame is cut short in its header.", offset=offset)
    magic, number, length, raw_digest = _HEADER.unpack_from(content, offset)
    if magic != MAGIC:
        raise FrameError("No frame begins here.", offset=offset)
    if length > MAX_PAYLOAD:
        raise FrameError(
            f"The frame says it holds {length} bytes; {MAX_PAYLOAD} are allowed.", offset=offset
        )
    start = offset + _HEADER.size
    end = start + length
    after = end + (SIGNATURE_LENGTH if number & _SIGNED else 0)
    if after > len(content):
        raise FrameError("The frame is cut short.", offset=offset)
    if number not in _KINDS:
        return None, after
    return Frame(FrameKind(number), content[start:end], raw_digest, content[end:after]), after
