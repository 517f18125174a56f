r"""Texts that match a pattern: samples for questions with a `regex` constraint.

The common part of the pattern language is understood: literals, `.`, classes, groups, `|`,
`? * + {m,n}`, anchors, and `\d \w \s` with escapes. Anything else has no sample (`None`), which
is no error: whoever asks goes without.
"""

import re
import string
from collections.abc import Callable
from random import Random
from typing import TypeAlias

_Sample: TypeAlias = Callable[[Random], str]

_WORD = string.ascii_letters + string.digits + "_"
_SETS = {"d": string.digits, "w": _WORD, "s": " "}
_CONTROLS = {"n": "\n", "t": "\t"}
_ANY = string.ascii_lowercase + string.digits
_MORE = 4
_MAX_REPEAT = 200
_PRINTABLE = [chr(code) for code in range(32, 127)]


class _UnknownError(Exception):
    """The pattern uses something that is not understood here."""


def sample(pattern: str, rng: Random) -> str | None:
    """Return a text that matches the whole pattern, or None where none was found."""
    try:
        text = _Reader(pattern).read()(rng)
        return text if re.fullmatch(pattern, text) else None
    except (_UnknownError, re.error, RecursionError):
        return None


class _Reader:
    """Reads a pattern from left to right into a function that makes samples."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def read(self) -> _Sample:
        made = self._alternatives()
        if self.at < len(self.pattern):
            raise _UnknownError
        return made

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        taken = self._peek()
        if not taken:
            raise _UnknownError
        self.at += 1
        return taken

    def _alternatives(self) -> _Sample:
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return lambda rng: rng.choice(branches)(rng)

    def _sequence(self) -> _Sample:
        parts: list[_Sample] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return lambda rng: "".join([part(rng) for part in parts])

    def _atom(self) -> _Sample:
        taken = self._take()
        if taken in "^$":
            return lambda _: ""
        if taken in "*+?{":
            raise _UnknownError
        if taken == "(":
            return self._group()
        characters = self._characters(taken)
        return lambda rng: rng.choice(characters)

    def _characters(self, taken: str) -> str:
        if taken == ".":
            return _ANY
        if taken == "[":
            return self._class()
        return self._escaped() if taken == "\\" else taken

    def _escaped(self) -> str:
        taken = self._take()
        if taken in _SETS:
            return _SETS[taken]
        if taken in _CONTROLS:
            return _CONTROLS[taken]
        if taken.isalnum():
            raise _UnknownError
        return taken

    def _group(self) -> _Sample:
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self._peek() == "?":
            raise _UnknownError
        made = self._alternatives()
        if self._take() != ")":
            raise _UnknownError
        return made

    def _class(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self.at += 1
        found: list[str] = []
        while self._peek() != "]" or not found:
            found += self._class_member()
        self.at += 1
        if negated:
            found = [character for character in _PRINTABLE if character not in found]
        if not found:
            raise _UnknownError
        return "".join(found)

    def _class_member(self) -> str:
        taken = self._take()
        first = self._escaped() if taken == "\\" else taken
        is_range = self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in {"", "]"}
        if len(first) > 1 or not is_range:
            return first
        self.at += 1
        taken = self._take()
        last = self._escaped() if taken == "\\" else taken
        return "".join(
            chr(code) for code in range(ord(first), min(ord(last), ord(first) + 200) + 1)
        )

    def _repeated(self, part: _Sample) -> _Sample:
        low, high = self._counts()
        if self._peek() in {"?", "+"} and (low, high) != (1, 1):
            self.at += 1  # lazy and possessive make no difference to a sample
        return lambda rng: "".join([part(rng) for _ in range(rng.randint(low, high))])

    def _counts(self) -> tuple[int, int]:
        simple = {"?": (0, 1), "*": (0, _MORE), "+": (1, 1 + _MORE)}.get(self._peek())
        if simple is not None:
            self.at += 1
            return simple
        braces = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.pattern, self.at)
        if braces is None:
            return 1, 1
        self.at = braces.end()
        low = int(braces[1])
        high = int(braces[3] or low + (_MORE if braces[2] else 0))
        if not low <= high <= _MAX_REPEAT:
            raise _UnknownError
        return low, high
