"""Strict reading of JSON files: definitions, campaigns, lists of units.

* UTF-8 without a byte order mark; at most 1 MiB; nested at most 32 deep.
* A duplicate key, NaN or Infinity, and text that is no Unicode (a lone surrogate) are refused.
* A refusal names the JSON path, or the line and column where the file stops being JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from forms.errors import DefinitionError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _JsonObject(dict[str, object]):
    """An object that remembers which of its keys were written twice."""

    duplicates: tuple[str, ...] = ()


def parse_json(content: bytes) -> object:
    """Return the value that the bytes hold.

    Raises:
        DefinitionError: with code `too_big`, `encoding`, `too_deep`, `json` or `duplicate_key`.
    """
    text = _decode(content)
    _check_depth(text)
    try:
        value: object = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            code="json",
            hint="A comma too many or too few, or a missing quotation mark, stands near there.",
        ) from error
    except ValueError as error:  # int() refuses numbers of more than 4,300 digits
        raise DefinitionError("A number has too many digits.", code="json") from error
    for problem in _problems(value, ""):
        raise problem
    return value


def join_path(parent: str, key: str | int) -> str:
    """Return the JSON path of a member: `survey[3].children`."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    if not re.fullmatch(r"[\w-]+", key):
        return f"{parent}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{parent}.{key}" if parent else key


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise DefinitionError(
            f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} are read.", code="too_big"
        )
    if content.startswith((_BOM, *_UTF16_BOMS)):
        raise DefinitionError(
            "The file starts with a byte order mark.",
            code="encoding",
            hint="Save it as UTF-8 without BOM.",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"The file is not UTF-8 (byte {error.start + 1}).",
            code="encoding",
            hint="It may be in GBK: save it as UTF-8 without BOM.",
        ) from error


def _check_depth(text: str) -> None:
    # Before json.loads, whose recursion would otherwise end in a RecursionError.
    depth = 0
    for match in _BRACKETS.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise DefinitionError(f"The file is nested deeper than {MAX_DEPTH}.", code="too_deep")


def _object(pairs: list[tuple[str, object]]) -> _JsonObject:
    result = _JsonObject(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        result.duplicates = tuple(key for key in result if keys.count(key) > 1)
    return result


def _no_constant(name: str) -> NoReturn:
    raise DefinitionError(f"{name} is no JSON value.", code="json", hint="Write a number or null.")


def _problems(value: object, path: str) -> Iterator[DefinitionError]:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            yield DefinitionError("The text is not Unicode.", path=path, code="encoding")
    elif isinstance(value, _JsonObject):
        for key in value.duplicates:
            yield DefinitionError(
                f"The key {key!r} stands here twice.",
                path=join_path(path, key),
                code="duplicate_key",
                hint="Keep one of them.",
            )
        for key, member in value.items():
            yield from _problems(key, path)
            yield from _problems(member, join_path(path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _problems(member, join_path(path, index))
