"""Parcels: revisions on the way over a slow line, without what the receiver can compute.

    magic "TBP1" · count (2 bytes, big-endian) · a length for each (4 bytes, big-endian)
    · the contents, one after the other · their signatures (64 bytes each)

No digests: the receiver digests the contents, and the signed request covers the bytes of them all.
Nor does a content name the digest of the one before it, as the revisions of a device do: a zero byte
stands in its place, and the highest bit of the length says so. The contents stand together, so that
packing finds what they have in common; the signatures, in which there is nothing to find, stand
behind them.
"""

import struct
from collections.abc import Sequence

from sync.digest import digest_of
from sync.errors import FrameError
from sync.frames import MAX_PAYLOAD, Frame, FrameKind, make_frame
from sync.keys import SIGNATURE_LENGTH

PARCEL_MAGIC = b"TBP1"
MAX_ITEMS = 1000
_HEADER = struct.Struct(">4sH")
_LENGTH = 4
_REFERS = 0x8000_0000
_MARK = b"\0"


def format_parcel(items: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the parcel of contents with their signatures."""
    parts: list[bytes] = []
    lengths: list[int] = []
    before = b""
    for content, _ in items:
        short = content if _MARK in content or not before else content.replace(before, _MARK, 1)
        lengths.append(len(short) | (_REFERS if short != content else 0))
        parts.append(short)
        before = digest_of(content).encode()
    signatures = b"".join(signature for _, signature in items)
    head = _HEADER.pack(PARCEL_MAGIC, len(items)) + struct.pack(f">{len(items)}I", *lengths)
    return head + b"".join(parts) + signatures


def parse_parcel(content: bytes) -> list[Frame]:
    """Return the revisions of a parcel, in order, as frames with the digests of their bytes.

    Raises:
        FrameError: the bytes are no whole parcel.
    """
    lengths = _lengths(content)
    begin = _HEADER.size + _LENGTH * len(lengths)
    signed_from = begin + sum(length & ~_REFERS for length in lengths)
    if len(content) != signed_from + SIGNATURE_LENGTH * len(lengths):
        raise FrameError("The parcel is not as long as it says.", offset=len(content))
    frames: list[Frame] = []
    for number, length in enumerate(lengths):
        place = signed_from + SIGNATURE_LENGTH * number
        end = begin + (length & ~_REFERS)
        whole = content[begin:end]
        if length & _REFERS:
            if not frames or whole.count(_MARK) != 1:
                raise FrameError("A revision refers to none before it.", offset=begin)
            whole = whole.replace(_MARK, frames[-1].digest.encode())
        signature = content[place : place + SIGNATURE_LENGTH]
        frames.append(make_frame(FrameKind.REVISION, whole, signature))
        begin = end
    return frames


def _lengths(content: bytes) -> tuple[int, ...]:
    if len(content) < _HEADER.size:
        raise FrameError("The parcel is cut short in its header.", offset=0)
    magic, count = _HEADER.unpack_from(content)
    if magic != PARCEL_MAGIC or count > MAX_ITEMS:
        raise FrameError("No parcel begins here.", offset=0)
    if len(content) < _HEADER.size + _LENGTH * count:
        raise FrameError("The parcel is cut short in its lengths.", offset=len(content))
    lengths: tuple[int, ...] = struct.unpack_from(f">{count}I", content, _HEADER.size)
    if any(length & ~_REFERS > MAX_PAYLOAD for length in lengths):
        raise FrameError("A revision of the parcel is too large.", offset=_HEADER.size)
    return lengths
