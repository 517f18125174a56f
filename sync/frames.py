"""Frames: how exact bytes travel and lie on disk, with their digest and signature.

    magic "TBF1" · kind (1 byte) · length (4 bytes, big-endian) · SHA-256 (32 bytes) · payload
    [· signature (64 bytes), for kinds that are signed]

A frame whose digest does not fit its payload is still a frame: the reader hands it on, and says so
by `is_intact`, so that one damaged item never takes its neighbours with it.
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


class FrameKind(IntEnum):
    """What a frame carries."""

    REVISION = 1
    ANSWER = 2
    DEFINITION = 3
    CAMPAIGN = 4
    UNITS = 5


_SIGNED = frozenset({FrameKind.REVISION, FrameKind.ANSWER})


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
    """Yield the frames of bytes, in order.

    Raises:
        FrameError: the bytes at `offset` are no frame, or the last frame is cut short.
    """
    offset = 0
    while offset < len(content):
        frame, offset = _parse_frame(content, offset)
        yield frame


def parse_frame(content: bytes) -> Frame:
    """Return the only frame of bytes.

    Raises:
        FrameError: the bytes are not exactly one frame.
    """
    frame, end = _parse_frame(content, 0)
    if end != len(content):
        raise FrameError("Something follows the only frame that is expected.", offset=end)
    return frame


def _parse_frame(content: bytes, offset: int) -> tuple[Frame, int]:
    if len(content) - offset < _HEADER.size:
        raise FrameError("The frame is cut short in its header.", offset=offset)
    magic, number, length, raw_digest = _HEADER.unpack_from(content, offset)
    if magic != MAGIC:
        raise FrameError("No frame begins here.", offset=offset)
    kind = _parse_kind(number, offset)
    if length > MAX_PAYLOAD:
        raise FrameError(
            f"The frame says it holds {length} bytes; {MAX_PAYLOAD} are allowed.", offset=offset
        )
    start = offset + _HEADER.size
    end = start + length
    after = end + (SIGNATURE_LENGTH if kind in _SIGNED else 0)
    if after > len(content):
        raise FrameError("The frame is cut short.", offset=offset)
    return Frame(kind, content[start:end], raw_digest, content[end:after]), after


def _parse_kind(number: int, offset: int) -> FrameKind:
    try:
        return FrameKind(number)
    except ValueError as error:
        raise FrameError(f"There is no frame of kind {number}.", offset=offset) from error
