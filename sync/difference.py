"""What one version of an entry says otherwise than another: for the history, and for a preview.

Paths are those of `sync.merge`: `unit_name`, `contests[9f3a]/project`, `contests[9f3a]` for a row
that came or went as a whole, `contests#order` for rows that changed places. A reason given for an
answer has the path of the answer and `#reason`.
 * Between equal versions there is no difference; the other way round, every difference is turned.
 * Rows that came or went move nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sync.answer_tree import (
    NO_ROWS,
    ROW_ID,
    Kinds,
    Leaf,
    Local,
    Rows,
    Scope,
    misshapen,
    order_path,
    path_of,
    read_scope,
    row_path,
    write_scope,
)


class DifferenceKind(StrEnum):
    """What became of a path."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """One path and what stood there before and after; None where nothing did."""

    path: str
    before: Any
    after: Any
    kind: DifferenceKind


def differences(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    kinds: Kinds,
    *,
    old_reasons: Mapping[str, str] | None = None,
    new_reasons: Mapping[str, str] | None = None,
) -> tuple[Difference, ...]:
    """Return how the new answers differ from the old ones; from none, all of them are added."""
    before = {} if old is None else old
    broken = misshapen(before, kinds) | misshapen(new, kinds)
    shapes = {path: kind for path, kind in kinds.items() if path not in broken}
    one = read_scope(before, old_reasons or {}, shapes)
    other = read_scope(new, new_reasons or {}, shapes)
    return tuple(_scopes("", one, other))


def _scopes(prefix: str, old: Scope, new: Scope) -> Iterator[Difference]:
    leaves = {**old.leaves, **old.calculated}, {**new.leaves, **new.calculated}
    for local in _names(*leaves):
        path = path_of(prefix, local)
        yield from _leaves(path, leaves[0].get(local), leaves[1].get(local))
    for local in _names(old.repeats, new.repeats):
        rows = old.repeats.get(local, NO_ROWS), new.repeats.get(local, NO_ROWS)
        yield from _rows(prefix, local, *rows)


def _names(old: Mapping[Local, object], new: Mapping[Local, object]) -> list[Local]:
    return list(dict.fromkeys((*old, *new)))


def _leaves(path: str, old: Leaf | None, new: Leaf | None) -> Iterator[Difference]:
    had, has = old is not None and old.is_answered, new is not None and new.is_answered
    before, after = old.value if old else None, new.value if new else None
    if had != has or (old and new and old.key != new.key):
        yield Difference(path, before, after, _kind(was_there=had, is_there=has))
    gave, gives = old.reason if old else None, new.reason if new else None
    if gave != gives:
        kind = _kind(was_there=gave is not None, is_there=gives is not None)
        yield Difference(f"{path}#reason", gave, gives, kind)


def _kind(*, was_there: bool, is_there: bool) -> DifferenceKind:
    if was_there and is_there:
        return DifferenceKind.CHANGED
    return DifferenceKind.ADDED if is_there else DifferenceKind.REMOVED


def _rows(prefix: str, local: Local, old: Rows, new: Rows) -> Iterator[Difference]:
    for row in dict.fromkeys((*old.order, *new.order)):
        path = row_path(prefix, local, row)
        before, after = old.scopes.get(row), new.scopes.get(row)
        if before is not None and after is not None:
            yield from _scopes(f"{path}/", before, after)
        else:
            kind = _kind(was_there=before is not None, is_there=after is not None)
            yield Difference(path, _written(row, before), _written(row, after), kind)
    stayed = [row for row in old.order if row in new.scopes]
    if stayed != [row for row in new.order if row in old.scopes]:
        path = order_path(prefix, local)
        yield Difference(path, list(old.order), list(new.order), DifferenceKind.MOVED)


def _written(row: str, scope: Scope | None) -> dict[str, Any] | None:
    return None if scope is None else write_scope(scope, {ROW_ID: row})
