"""Parcels: revisions on the way over a slow line, without what the receiver can compute.

    magic "TBP1" · count (2 bytes, big-endian) · a length for each (4 bytes, big-endian)
    · the contents, one after the other · their signatures (64 bytes each)

No digests: the receiver digests the contents, and the signed request covers the bytes of them all.
The contents stand together, so that packing finds what they have in common; the signatures, in which
there is nothing to find, stand behind them.
"""

import struct
from collections.abc import Sequence

from sync.errors import FrameError
from sync.frames import MAX_PAYLOAD, Frame, FrameKind, make_frame
from sync.keys import SIGNATURE_LENGTH

PARCEL_MAGIC = b"TBP1"
MAX_ITEMS = 1000
_HEADER = struct.Struct(">4sH")
_LENGTH = 4


def format_parcel(items: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the parcel of contents with their signatures."""
    lengths = struct.pack(f">{len(items)}I", *(len(content) for content, _ in items))
    contents = b"".join(content for content, _ in items)
    signatures = b"".join(signature for _, signature in items)
    return _HEADER.pack(PARCEL_MAGIC, len(items)) + lengths + contents + signatures


def parse_parcel(content: bytes) -> list[Frame]:
    """Return the revisions of a parcel, in order, as frames with the digests of their bytes.

    Raises:
        FrameError: the bytes are no whole parcel.
    """
    offset = _HEADER.size
    lengths = _lengths(content)
    signed_from = offset + _LENGTH * len(lengths) + sum(lengths)
    if len(content) != signed_from + SIGNATURE_LENGTH * len(lengths):
        raise FrameError("The parcel is not as long as it says.", offset=len(content))
    frames = []
    begin = offset + _LENGTH * len(lengths)
    for number, length in enumerate(lengths):
        place = signed_from + SIGNATURE_LENGTH * number
        signature = content[place : place + SIGNATURE_LENGTH]
        frames.append(make_frame(FrameKind.REVISION, content[begin : begin + length], signature))
        begin += length
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
    if max(lengths, default=0) > MAX_PAYLOAD:
        raise FrameError("A revision of the parcel is too large.", offset=_HEADER.size)
    return lengths
