"""Reading answers as people have them: JSON or JSON Lines, in the encodings that programs leave.

* UTF-8 with or without a byte order mark, and UTF-16 with one, are read as they are.
* What is no UTF-8 is read as GB 18030 (GBK and GB 2312 are part of it), and that is said.
* A line that is no JSON object takes none of the others with it.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from client.errors import InputError
from forms.errors import DefinitionError
from forms.strict_json import parse_json

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One set of answers, or what is wrong with its line; lines count from 1."""

    line: int
    answers: dict[str, Any] | None
    code: str = ""
    path: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says; `encoding` is named only where it had to be guessed."""

    content: str
    encoding: str | None = None


def decode(content: bytes, name: str) -> Text:
    """Return the text of a file.

    Raises:
        InputError: it is in no encoding that is known here.
    """
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return Text(_decoded(content, encoding, name))
    try:
        return Text(content.decode())
    except UnicodeDecodeError:
        return Text(_decoded(content, "gb18030", name), "GB 18030")


def documents(text: str, *, by_line: bool) -> Iterator[Document]:
    """Yield the sets of answers: one in all, or one a line."""
    if not by_line:
        yield _document(text, 1)
        return
    # Not splitlines(): a JSON text may hold U+2028, which is no line end here.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _document(line, number)


def is_by_line(text: str) -> bool:
    """Say whether a text of unknown kind is JSON Lines: its first line is a whole object."""
    first, _, rest = text.strip().partition("\n")
    return bool(rest.strip()) and _document(first, 1).answers is not None


def _document(text: str, line: int) -> Document:
    try:
        value = parse_json(text.encode(errors="surrogatepass"))
    except DefinitionError as error:
        return Document(line, None, error.code, error.path, error.message)
    if not isinstance(value, dict):
        return Document(line, None, "type", "", "A set of answers is a JSON object.")
    return Document(line, value)


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is neither UTF-8 nor GB 18030.",
            code="encoding",
            hint="Save it as UTF-8.",
        ) from error
