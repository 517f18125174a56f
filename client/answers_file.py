"""Reading answers as people have them: JSON or JSON Lines, in the encodings that programs leave.

* What comes is given on as it comes, in groups: the whole lines that one read brought. Whatever is
sent, memory stays bounded.
* UTF-8 with or without a byte order mark, and UTF-16 with one, are read as they are.
* What is no UTF-8 is read as GB 18030 (GBK and GB 2312 are part of it), and that is said. A file is
looked through for that first; of a stream the first group that is more than ASCII decides.
* A line that is no JSON object takes none of the others with it.
"""

import codecs
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from client.errors import InputError
from forms.errors import DefinitionError
from forms.strict_json import parse_json

LARGEST_LINE = 8 * 1024 * 1024
LARGEST_DOCUMENT = 16 * 1024 * 1024
LARGEST_SKIPPED = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENCODINGS = ("utf-8", "gb18030")
_GUESSED = {"gb18030": "GB 18030"}


class Stream(Protocol):
    """Bytes that come when they come."""

    def read1(self, size: int, /) -> bytes:
        """Return what is there, at most so many bytes; wait if nothing is; none at the end."""


class Shape(Enum):
    """What an input holds."""

    DOCUMENT = "one set of answers"
    LINES = "one a line"
    EITHER = "what its beginning shows"


class _Progress(Enum):
    """How far a text has come that may be JSON."""

    WHOLE = "it is JSON"
    OPEN = "it is the beginning of JSON"
    BROKEN = "it is no JSON, whatever follows"


@dataclass(frozen=True, slots=True)
class Document:
    """One set of answers, or what is wrong with its line; lines count from 1."""

    line: int
    answers: dict[str, Any] | None
    code: str = ""
    path: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it came; None for one that is too long."""

    number: int
    content: bytes | None


class AnswersReader:
    """Reads one input. `guessed` names its encoding as soon as it had to be guessed."""

    def __init__(
        self, stream: Stream, name: str, shape: Shape, encoding: str | None = None
    ) -> None:
        self._stream = stream
        self._name = name
        self._shape = shape
        self._encoding = encoding

    @property
    def guessed(self) -> str | None:
        """The name of the encoding, where it had to be guessed."""
        return _GUESSED.get(self._encoding or "")

    def groups(self) -> Iterator[list[Document]]:
        """Yield the sets of answers as they come, never an empty group.

        Raises:
            InputError: it is in no encoding that is known here, or a line does not end.
        """
        lines = _Cutter().lines(self._chunks())
        shape, held = self._shape, list[_Line]()
        while shape is Shape.EITHER and (group := next(lines, None)) is not None:
            held += [line for line in group if line.content is None or line.content.strip()]
            shape = _shape_of(held)
        if shape is Shape.LINES:
            yield from filter(None, map(self._documents, _chained(held, lines)))
        else:
            yield from self._whole(held, lines)

    def _whole(self, held: list[_Line], lines: Iterator[list[_Line]]) -> Iterator[list[Document]]:
        content = bytearray()
        for group in _chained(held, lines):
            content += b"".join((line.content or b"") + b"\n" for line in group)
            if len(content) > LARGEST_DOCUMENT or any(line.content is None for line in group):
                yield [_too_large(group[0].number)]
                return
        text = self._decoded(bytes(content))
        if text.strip() or self._shape is Shape.DOCUMENT:
            yield [_document(text, 1)]

    def _decoded(self, content: bytes) -> str:
        for encoding in (self._encoding,) if self._encoding else _ENCODINGS:
            if _is_in(content, encoding):
                self._encoding = encoding
                return content.decode(encoding)
        raise _unreadable(self._name)

    def _documents(self, group: Sequence[_Line]) -> list[Document]:
        self._encoding = self._encoding or _group_encoding(group)
        return [self._line(line) for line in group if line.content is None or line.content.strip()]

    def _line(self, line: _Line) -> Document:
        if line.content is None:
            return _too_large(line.number)
        encoding = self._encoding or "utf-8"
        try:
            return _document(line.content.decode(encoding), line.number)
        except UnicodeDecodeError:
            message = f"This line is not {_GUESSED.get(encoding, 'UTF-8')}."
            return Document(line.number, None, "encoding", "", message)

    def _chunks(self) -> Iterator[bytes]:
        """Yield the bytes without their mark; UTF-16, whose line ends are no bytes, as UTF-8."""
        head = self._stream.read1(_CHUNK)
        while len(head) < len(codecs.BOM_UTF8) and (more := self._stream.read1(_CHUNK)):
            head += more
        if head.startswith(_UTF16_MARKS):
            yield from self._recoded(head)
            return
        if head.startswith(codecs.BOM_UTF8):
            self._encoding, head = "utf-8", head.removeprefix(codecs.BOM_UTF8)
        yield head
        while chunk := self._stream.read1(_CHUNK):
            yield chunk

    def _recoded(self, chunk: bytes) -> Iterator[bytes]:
        self._encoding = "utf-8"
        decoder = codecs.getincrementaldecoder("utf-16")()  # the mark tells it the order of bytes
        try:
            while chunk:
                yield decoder.decode(chunk).encode()
                chunk = self._stream.read1(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise _unreadable(self._name) from error


def file_encoding(path: Path) -> str | None:
    """Return the encoding of a file that bears no mark; None for one that does.

    Raises:
        InputError: it is in no encoding that is known here.
    """
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)).startswith((codecs.BOM_UTF8, *_UTF16_MARKS)):
            return None
    for encoding in _ENCODINGS:
        if _is_all(path, encoding):
            return encoding
    raise _unreadable(str(path))


def _is_all(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class _Cutter:
    """Cuts what comes into lines; what is held of one that is open is bounded."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._number = 1
        self._skipped = 0

    def lines(self, chunks: Iterator[bytes]) -> Iterator[list[_Line]]:
        """Yield the lines that each chunk ends."""
        for chunk in chunks:
            # Not splitlines(): a JSON text may hold U+2028, which is no line end here.
            *ended, rest = chunk.split(b"\n")
            lines = []
            for part in ended:
                lines += [*self._take(part), *self._end()]
            lines += self._take(rest)
            if lines:
                yield lines
        if self._held:
            yield self._end()

    def _take(self, part: bytes) -> list[_Line]:
        """Hold a part of a line. One that has become too long is told at once, and skipped."""
        if self._skipped:
            self._skipped += len(part)
            if self._skipped > LARGEST_SKIPPED:
                raise _endless(self._number)
            return []
        self._held += part
        if len(self._held) <= LARGEST_LINE:
            return []
        self._skipped = len(self._held)
        self._held.clear()
        return [_Line(self._number, None)]

    def _end(self) -> list[_Line]:
        ended = [] if self._skipped else [_Line(self._number, bytes(self._held))]
        self._held.clear()
        self._number += 1
        self._skipped = 0
        return ended


def _chained(held: list[_Line], lines: Iterator[list[_Line]]) -> Iterator[list[_Line]]:
    if held:
        yield held
    yield from lines


def _shape_of(held: Sequence[_Line]) -> Shape:
    """Tell JSON Lines from one set of answers that is written over several lines.

    The first line is whole, or cannot be the beginning of anything: then it is a line. If it is open,
    the next line tells: either it goes on, or the first was cut short.
    """
    text = b""
    first_two = [line.content for line in held[:2]]
    for content in first_two:
        is_first = not text
        text += (content or b"") + b"\n"
        progress = _Progress.BROKEN if content is None else _progress(text.decode(errors="replace"))
        if progress is _Progress.BROKEN or (is_first and progress is _Progress.WHOLE):
            return Shape.LINES
    return Shape.DOCUMENT if len(first_two) > 1 else Shape.EITHER


def _progress(text: str) -> _Progress:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _Progress.OPEN if error.pos >= len(text.rstrip()) else _Progress.BROKEN
    except (ValueError, RecursionError):
        return _Progress.BROKEN
    return _Progress.WHOLE


def _group_encoding(group: Sequence[_Line]) -> str | None:
    """Return the encoding of the first lines that are more than ASCII; None before these."""
    content = b"\n".join(line.content or b"" for line in group)
    if content.isascii():
        return None
    return next((each for each in _ENCODINGS if _is_in(content, each)), "utf-8")


def _is_in(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _document(text: str, line: int) -> Document:
    try:
        value = parse_json(text.encode(errors="surrogatepass"))
    except DefinitionError as error:
        return Document(line, None, error.code, error.path, error.message)
    if not isinstance(value, dict):
        return Document(line, None, "type", "", "A set of answers is a JSON object.")
    return Document(line, value)


def _too_large(line: int) -> Document:
    return Document(
        line, None, "too_large", "", f"A line may have at most {LARGEST_LINE // 1024**2} MiB."
    )


def _endless(number: int) -> InputError:
    return InputError(
        f"Line {number} does not end; nothing after it was read.",
        code="too_large",
        hint="Is this JSON, or JSON Lines?",
    )


def _unreadable(name: str) -> InputError:
    return InputError(
        f"{name} is neither UTF-8 nor GB 18030.", code="encoding", hint="Save it as UTF-8."
    )
