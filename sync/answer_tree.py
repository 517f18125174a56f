"""Answers as a tree of scopes, in which two versions of an entry can be compared place by place.

A *scope* is the entry itself, or one row of a repeat; groups open none. It holds leaves (answers
with their reasons) and repeats. A path within a scope is a tuple of names.
 * What each definition path is, the caller tells (`Kinds`). A path that is not named holds a value:
   it is kept verbatim and compared as a whole, so that answers to unknown questions survive.
 * Rows are rows only if each is an object with a text `_row` of its own; what is called a repeat or
   a group but does not look like one is a value, and then so in every version (`misshapen`).
 * Two scopes are equal if a person would have to do the same to make them: same answers, reasons,
   rows and order of rows. What is calculated makes no difference.
 * Without answers, a group or a repeat is not there. A reason without an answer is a leaf whose
   value is absent.
"""

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias


class Kind(StrEnum):
    """What stands at a definition path."""

    GROUP = "group"
    REPEAT = "repeat"
    VALUE = "value"
    CALCULATED = "calculated"


Kinds: TypeAlias = Mapping[str, str]
"""Kinds by definition path, as in `contests/project`; `Kind` or its texts."""

Local: TypeAlias = tuple[str, ...]
ROW_ID = "_row"
ABSENT: Hashable = ("absent",)
"""The key of a leaf that is a reason only."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An answer as a whole, with the reason given for it; `key` tells two values apart."""

    value: Any = field(compare=False)
    key: Hashable
    reason: str | None = None

    @property
    def is_answered(self) -> bool:
        """Say whether there is an answer, not a reason alone."""
        return self.key is not ABSENT


@dataclass(frozen=True, slots=True)
class Scope:
    """The entry itself, or one row. `calculated` are leaves too, apart because nobody typed them."""

    leaves: dict[Local, Leaf] = field(default_factory=dict)
    calculated: dict[Local, Leaf] = field(default_factory=dict, compare=False)
    repeats: dict[Local, "Rows"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a repeat by their ids; `order` is compared, the mapping's own order is not."""

    order: tuple[str, ...] = ()
    scopes: dict[str, Scope] = field(default_factory=dict)


NO_ROWS = Rows()
_ROW = re.compile(r"\[[^\]]*\]")
_STEP = re.compile(r"([^\[\]]*)(?:\[([^\[\]]*)\])?")


def leaf_of(value: Any, reason: str | None = None) -> Leaf:
    """Return the leaf of a JSON value; 1, true and the text are three values."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return Leaf(value, value, reason)
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return Leaf(value, (kind.__name__, written), reason)


def misshapen(answers: Mapping[str, Any], kinds: Kinds) -> set[str]:
    """Return the definition paths that are called a group or repeat and do not hold one here."""
    return set(_misshapen(answers, kinds, ""))


def _misshapen(answers: Mapping[str, Any], kinds: Kinds, prefix: str) -> Iterator[str]:
    for name, value in answers.items():
        path = prefix + name
        kind = kinds.get(path)
        if kind == Kind.GROUP:
            if isinstance(value, Mapping):
                yield from _misshapen(value, kinds, f"{path}/")
            else:
                yield path
        elif kind == Kind.REPEAT:
            if _are_rows(value):
                for row in value:
                    yield from _misshapen(row, kinds, f"{path}/")
            else:
                yield path


def _are_rows(value: Any) -> bool:
    if not isinstance(value, list | tuple):
        return False
    ids = [row.get(ROW_ID) if isinstance(row, Mapping) else None for row in value]
    return all(isinstance(each, str) for each in ids) and len(set(ids)) == len(ids)


def read_scope(answers: Mapping[str, Any], reasons: Mapping[str, str], kinds: Kinds) -> Scope:
    """Return the tree of some answers; their shapes must be as the kinds say."""
    scope, reader = Scope(), _Reader(kinds, reasons)
    reader.read(scope, answers, (), "", "")
    reader.read_loose_reasons(scope)
    return scope


class _Reader:
    """Reads answers into scopes."""

    __slots__ = ("_kinds", "_reasons")

    def __init__(self, kinds: Kinds, reasons: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._reasons = dict(reasons)

    def read(
        self, scope: Scope, answers: Mapping[str, Any], local: Local, definition: str, instance: str
    ) -> None:
        """Read an object; `definition` and `instance` are what its paths begin with."""
        for name, value in answers.items():
            inner, path, place = (*local, name), definition + name, instance + name
            kind = self._kinds.get(path)
            if kind == Kind.GROUP:
                self.read(scope, value, inner, f"{path}/", f"{place}/")
            elif kind == Kind.REPEAT:
                if value:
                    scope.repeats[inner] = self._rows(value, path, place)
            elif name != ROW_ID or not instance.endswith("]/"):
                leaves = scope.calculated if kind == Kind.CALCULATED else scope.leaves
                leaves[inner] = leaf_of(value, self._reasons.pop(place, None))

    def read_loose_reasons(self, root: Scope) -> None:
        """Read the reasons for what is not answered; only foreign programs give any."""
        for path, reason in self._reasons.items():
            scope, local = _place(root, path)
            kind = self._kinds.get(_ROW.sub("", path))
            leaves = scope.calculated if kind == Kind.CALCULATED else scope.leaves
            leaves[local] = Leaf(None, ABSENT, reason)

    def _rows(self, rows: Iterable[Mapping[str, Any]], definition: str, instance: str) -> Rows:
        scopes = {}
        for row in rows:
            scope = scopes[row[ROW_ID]] = Scope()
            self.read(scope, row, (), f"{definition}/", f"{instance}[{row[ROW_ID]}]/")
        return Rows(tuple(scopes), scopes)


def _place(root: Scope, path: str) -> tuple[Scope, Local]:
    """Return where a path leads; one that leads into no row stays in the entry as it is written."""
    scope, local = root, []
    for step in path.split("/"):
        match = _STEP.fullmatch(step)
        if match is None:
            return root, (path,)
        local.append(match[1])
        if match[2] is not None:
            inner = scope.repeats.get(tuple(local), NO_ROWS).scopes.get(match[2])
            if inner is None:
                return root, (path,)
            scope, local = inner, []
    return (scope, tuple(local)) if local else (root, (path,))


def write_scope(scope: Scope, first: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the answers of a scope; `first` is what stands in front of them."""
    answers: dict[str, Any] = dict(first or {})
    for leaves in (scope.leaves, scope.calculated):
        for local, leaf in leaves.items():
            if leaf.is_answered:
                _group(answers, local)[local[-1]] = leaf.value
    for local, rows in scope.repeats.items():
        written = [write_scope(rows.scopes[row], {ROW_ID: row}) for row in rows.order]
        _group(answers, local)[local[-1]] = written
    return answers


def _group(answers: dict[str, Any], local: Local) -> dict[str, Any]:
    for name in local[:-1]:
        answers = answers.setdefault(name, {})
    return answers


def reasons_of(scope: Scope, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and text of every reason in a scope."""
    for leaves in (scope.leaves, scope.calculated):
        for local, leaf in leaves.items():
            if leaf.reason is not None:
                yield path_of(prefix, local), leaf.reason
    for local, rows in scope.repeats.items():
        for row in rows.order:
            yield from reasons_of(rows.scopes[row], f"{row_path(prefix, local, row)}/")


def path_of(prefix: str, local: Local) -> str:
    """Return the instance path of a place in a scope whose paths begin with a prefix."""
    return prefix + "/".join(local)


def row_path(prefix: str, local: Local, row: str) -> str:
    """Return the instance path of a row."""
    return f"{path_of(prefix, local)}[{row}]"


def order_path(prefix: str, local: Local) -> str:
    """Return the path under which the order of a repeat's rows is named."""
    return f"{path_of(prefix, local)}#order"
