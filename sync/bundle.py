"""Bundles: what waits on a device as one file, carried by hand where there is no network.

    BUNDLE · REVISION … · CHUNK … · BUNDLE_END

* A bundle is made of frames alone: it holds no name of a file, and nothing in it says where
anything goes. No frame is larger than `sync.frames` allows, and one at a time is in memory.
* Whatever happened to it, every intact frame is read, and what is missing or changed is told: any
change of a single byte leaves a flaw. Only a bundle without a flaw came as it was made.
* A bundle proves nothing. Revisions are signed by their devices, files are named by their digest,
and what is neither is not believed.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sync.bundle_messages import (
    BundleEnd,
    BundleHeader,
    format_bundle_message,
    parse_bundle_message,
)
from sync.digest import digest_of, format_digest
from sync.errors import FrameError, MessageError
from sync.frames import (
    Damage,
    Frame,
    FrameKind,
    format_frame,
    make_frame,
    parse_frames,
    scan_frames,
)

CHUNK_BYTES = 1024 * 1024
_CHUNK_HEAD = struct.Struct(">32sQ")
_LARGEST_END = 16 * 1024


@dataclass(frozen=True, slots=True)
class FileChunk:
    """Bytes of the file `sha256`, from `offset` on."""

    sha256: str
    offset: int
    content: bytes


class FlawKind(StrEnum):
    """What is wrong with a bundle."""

    DAMAGED = "damaged"  # a stretch of bytes belongs to no intact frame
    UNEXPECTED = "unexpected"  # a frame that does not belong there, or says nothing readable
    NO_HEADER = "no_header"
    NO_END = "no_end"
    INCOMPLETE = "incomplete"  # not all that the header counts came, or not in its order
    CHANGED = "changed"  # the bytes are not those that the end was written for


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is wrong with a bundle; the stretch it concerns, where there is one."""

    kind: FlawKind
    offset: int = 0
    length: int = 0


BundlePart = BundleHeader | Frame | FileChunk | Flaw


def bundle_name(header: BundleHeader) -> str:
    """Return the digest that names a bundle."""
    return digest_of(format_bundle_message(header))


def contents_digest(revisions: Iterable[str], files: Iterable[str]) -> str:
    """Return the digest of a bundle's contents, from the digests of revisions and names of files."""
    found = hashlib.sha256()
    for digest in revisions:
        found.update(bytes.fromhex(digest.removeprefix("sha256:")))
    for sha256 in files:
        found.update(bytes.fromhex(sha256))
    return format_digest(found.digest())


def chunk_frame(chunk: FileChunk) -> Frame:
    """Return the frame of a part of a file."""
    head = _CHUNK_HEAD.pack(bytes.fromhex(chunk.sha256), chunk.offset)
    return make_frame(FrameKind.CHUNK, head + chunk.content)


def parse_chunk(frame: Frame) -> FileChunk:
    """Return the part of a file that a frame holds.

    Raises:
        MessageError: it holds none, or a larger one than there may be.
    """
    if frame.kind is not FrameKind.CHUNK:
        raise MessageError("This is no part of a file.")
    size = len(frame.payload) - _CHUNK_HEAD.size
    if not 0 <= size <= CHUNK_BYTES:
        raise MessageError(f"A part of a file has at most {CHUNK_BYTES} bytes.")
    raw, offset = _CHUNK_HEAD.unpack_from(frame.payload)
    return FileChunk(raw.hex(), offset, frame.payload[_CHUNK_HEAD.size :])


def write_bundle(header: BundleHeader, frames: Iterable[Frame]) -> Iterator[bytes]:
    """Yield the bytes of a bundle, a frame at a time."""
    found = hashlib.sha256()
    opening = format_frame(make_frame(FrameKind.BUNDLE, format_bundle_message(header)))
    found.update(opening)
    yield opening
    for frame in frames:
        content = format_frame(frame)
        found.update(content)
        yield content
    end = BundleEnd(header, format_digest(found.digest()))
    yield format_frame(make_frame(FrameKind.BUNDLE_END, format_bundle_message(end)))


def peek_header(beginning: bytes) -> BundleHeader | None:
    """Return the header of a bundle from its first bytes; None where they begin with none."""
    try:
        frame = next(parse_frames(beginning), None)
        if frame is None or frame.kind is not FrameKind.BUNDLE or not frame.is_intact:
            return None
        message = parse_bundle_message(frame.payload)
    except MessageError:
        return None
    return message if isinstance(message, BundleHeader) else None


def read_bundle(chunks: Iterable[bytes]) -> Iterator[BundlePart]:
    """Yield what is intact in the bytes of a bundle, and the flaws.

    The header comes first, or near the end where only the end still says it; a revision comes as
    its frame. The last flaws come after everything else.
    """
    stream = _Stream(chunks)
    reader = _Reader()
    try:
        for found in scan_frames(stream.pass_on()):
            if isinstance(found, Damage):
                yield Flaw(FlawKind.DAMAGED, found.offset, found.length)
            else:
                yield from reader.read(found)
    except FrameError as error:  # made to waste time: what is behind is not looked at
        yield Flaw(FlawKind.DAMAGED, error.offset)
    yield from reader.finish(stream)


class _Stream:
    """Bytes that are digested as they pass, but for the last ones: the end digests what precedes it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._found = hashlib.sha256()
        self._tail = b""

    def pass_on(self) -> Iterator[bytes]:
        """Yield the chunks."""
        for chunk in self._chunks:
            held = self._tail + chunk
            self._found.update(held[:-_LARGEST_END])
            self._tail = held[-_LARGEST_END:]
            yield chunk

    def digest_before(self, ending: bytes) -> str | None:
        """Return the digest of everything before the bytes that it all ends with, if it does."""
        if not self._tail.endswith(ending):
            return None
        found = self._found.copy()
        found.update(self._tail[: len(self._tail) - len(ending)])
        return format_digest(found.digest())


class _Reader:
    """Reads the frames of one bundle."""

    def __init__(self) -> None:
        self._header: BundleHeader | None = None
        self._end: tuple[BundleEnd, bytes] | None = None
        self._opened = False
        self._contents = hashlib.sha256()

    def read(self, frame: Frame) -> Iterator[BundlePart]:
        """Yield what a frame says."""
        try:
            match frame.kind:
                case FrameKind.REVISION:
                    self._contents.update(frame.raw_digest)
                    yield frame
                case FrameKind.CHUNK:
                    chunk = parse_chunk(frame)
                    if not chunk.offset:
                        self._contents.update(bytes.fromhex(chunk.sha256))
                    yield chunk
                case FrameKind.BUNDLE | FrameKind.BUNDLE_END:
                    yield from self._read_message(frame)
                case _:
                    yield Flaw(FlawKind.UNEXPECTED)
        except MessageError:
            yield Flaw(FlawKind.UNEXPECTED)

    def finish(self, stream: _Stream) -> Iterator[Flaw]:
        """Yield what is wrong with the whole."""
        if not self._opened:
            yield Flaw(FlawKind.NO_HEADER)
        found = format_digest(self._contents.digest())
        if self._header is not None and self._header.contents != found:
            yield Flaw(FlawKind.INCOMPLETE)
        if self._end is None:
            yield Flaw(FlawKind.NO_END)
        elif stream.digest_before(self._end[1]) != self._end[0].digest:
            yield Flaw(FlawKind.CHANGED)

    def _read_message(self, frame: Frame) -> Iterator[BundlePart]:
        message = parse_bundle_message(frame.payload)
        if isinstance(message, BundleHeader) and frame.kind is FrameKind.BUNDLE:
            if self._opened:
                yield Flaw(FlawKind.UNEXPECTED)  # two bundles in one file
                return
            self._opened = True
            yield from self._take_header(message)
        elif isinstance(message, BundleEnd) and frame.kind is FrameKind.BUNDLE_END:
            self._end = (message, format_frame(frame))
            yield from self._take_header(message.header)
        else:
            yield Flaw(FlawKind.UNEXPECTED)

    def _take_header(self, header: BundleHeader) -> Iterator[BundleHeader]:
        if self._header is None:
            self._header = header
            yield header
