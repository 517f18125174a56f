"""CSV that a Chinese Excel opens as it is meant: a byte order mark, and no cell is a formula.

A text that a spreadsheet would take for a formula gets a ' before it; plain numbers stay numbers.
The stream is rewritten as it comes, a row at a time. Sources: OWASP, "CSV Injection"; the full-width
signs are those that Excel and WPS read as the plain ones.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator

BOM = "\ufeff"
MAX_CELL = 16 * 1024 * 1024
_FORMULA = re.compile(
    r"[\t\r\n\x00]|[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]*"
    r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)

csv.field_size_limit(MAX_CELL)  # for the whole process; the default is below our largest cell


def guard_cell(cell: str) -> str:
    """Return a cell as a spreadsheet may have it."""
    if _FORMULA.match(cell) is None or _NUMBER.fullmatch(cell):
        return cell
    return "'" + cell


def guard_csv(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a CSV file anew: with a byte order mark, and without a formula."""
    yield codecs.BOM_UTF8
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for row in csv.reader(_lines(chunks)):
        writer.writerow([guard_cell(cell) for cell in row])
        if written.tell() >= io.DEFAULT_BUFFER_SIZE:
            yield _taken(written)
    if written.tell():
        yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    content = written.getvalue()
    written.seek(0)
    written.truncate()
    return content.encode()


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the text line by line; a cell's own line ends are put together again by the reader."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for chunk in chunks:
        # Only \n parts lines: splitlines would part at characters that stand within cells.
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line + "\n"
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest
