"""Packing: bytes made small for the wire. The bytes tell how they were packed, no header does.

* gzip costs next to nothing; xz makes a fifth less of it and costs ten times the time: for lines on
which a second is a few hundred bytes.
* Unpacking stops at a limit: no more than one chunk beyond it is ever made, whatever the input. What
is damaged gives what came out before the damage.
"""

import lzma
import zlib
from collections.abc import Callable
from gzip import compress

from sync.errors import MessageError

GZIP_LEVEL = 6
_CHUNK = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's window bits for a gzip header and trailer
_XZ_MAGIC = b"\xfd7zXZ\x00"
# Texts: whole bytes without alignment. The window holds a batch, and bounds the other side's memory.
_XZ_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20, "pb": 0}]
_XZ_MEMORY = 16 * 1024 * 1024


def pack(content: bytes, *, is_line_slow: bool) -> bytes:
    """Return packed bytes: as small as it goes for a slow line, else cheaply."""
    if not is_line_slow:
        return compress(content, GZIP_LEVEL, mtime=0)
    return lzma.compress(content, lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=_XZ_FILTERS)


def unpack(content: bytes, limit: int) -> bytes:
    """Return what bytes hold, packed or not, up to where they are damaged.

    Raises:
        MessageError: they hold more than `limit` bytes (`too_large`).
    """
    if content.startswith(_GZIP_MAGIC):
        return _expand(_inflater(content), limit)
    if content.startswith(_XZ_MAGIC):
        return _expand(_xz_reader(content), limit)
    return content


def _inflater(content: bytes) -> Callable[[int], bytes]:
    inflater, rest = zlib.decompressobj(_GZIP), content

    def read(size: int) -> bytes:
        nonlocal rest
        if inflater.eof:
            return b""
        part = inflater.decompress(rest, size)
        rest = inflater.unconsumed_tail
        return part

    return read


def _xz_reader(content: bytes) -> Callable[[int], bytes]:
    reader, rest = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), content

    def read(size: int) -> bytes:
        nonlocal rest
        if reader.eof:
            return b""
        part, rest = reader.decompress(rest, size), b""
        return part

    return read


def _expand(read: Callable[[int], bytes], limit: int) -> bytes:
    parts, room = [], limit
    try:
        while part := read(min(_CHUNK, room + 1)):
            room -= len(part)
            if room < 0:
                raise MessageError(
                    f"The body holds more than {limit} bytes once expanded.",
                    code="too_large",
                    hint="Send less at once.",
                )
            parts.append(part)
    except (zlib.error, lzma.LZMAError):
        pass  # what came out before the damage is whole: whoever reads it finds where it ends
    return b"".join(parts)
