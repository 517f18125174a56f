"""Text cut up so that full-text search finds Chinese words of any length.

SQLite's tokenizers take a run of Chinese characters for one word, or (trigram) find nothing shorter
than three characters. So each such character is stored as a word of its own, and a run of them in a
query becomes a phrase: 竞赛 is searched as "竞 赛".
 * Stored text and queries go through the same normal form (NFKC): full-width １ is found by 1.
 * Cells are kept apart by a word that nobody types, so that no phrase is found across two cells.
"""

import re
from collections.abc import Iterable
from unicodedata import is_normalized, normalize

# Han with its extensions and compatibility forms, kana, hangul: written without spaces.
_UNSPACED = (
    r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PARTS = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")
_WIDE = re.compile("[\uff01-\uff5e]")
_WIDE_TO_NARROW = 0xFEE0
_QUERY_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_CELL_BORDER = " \ue000 "


def segment(text: str) -> str:
    """Return the text with spaces around every character of a script without spaces."""
    return text if text.isascii() else " ".join(_PARTS.findall(_normal(text)))


def searchable(cells: Iterable[str]) -> str:
    """Return the text under which a row is found by the words of its cells."""
    return segment(_CELL_BORDER.join(cells))


def _normal(text: str) -> str:
    """Return the NFKC form of a text; most Chinese texts differ from it in wide marks alone."""
    if is_normalized("NFKC", text):
        return text
    narrow = _WIDE.sub(lambda found: chr(ord(found[0]) - _WIDE_TO_NARROW), text)
    return narrow if is_normalized("NFKC", narrow) else normalize("NFKC", narrow)


def search_phrase(query: str) -> str:
    """Return the full-text query for what a person typed: every word of it, quoted parts whole.

    Nothing typed is taken for an operator of the query language.
    """
    # SQLite would take a NUL for the end of the query.
    parts = (quoted or bare for quoted, bare in _QUERY_PARTS.findall(query.replace("\0", " ")))
    segmented = (segment(part).strip() for part in parts)
    words = ['"' + part.replace('"', '""') + '"' for part in segmented if part]
    return " ".join(words) or '""'  # an empty query would be an error; this one finds nothing
