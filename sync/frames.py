"""Frames: how exact bytes travel and lie on disk, with their digest and signature.

    magic "TBF1" · kind (1 byte) · length (4 bytes, big-endian) · SHA-256 (32 bytes) · payload
    [· signature (64 bytes), for kinds with the highest bit set]

The highest bit of the kind says whether a signature follows, so that a kind which only a newer
program knows can be passed over: it takes nothing else of what was sent with it.

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


def parse_frame(content: bytes) -> Frame:
    """Return the only frame of bytes.

    Raises:
        FrameError: the bytes are not exactly one frame.
    """
    frame, end = _parse_frame(content, 0)
    if frame is None:
        raise FrameError("There is no frame of this kind.", offset=0)
    if end != len(content):
        raise FrameError("Something follows the only frame that is expected.", offset=end)
    return frame


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
