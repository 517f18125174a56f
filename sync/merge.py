"""One entry out of all its revisions: a pure view, the same for whatever order they came in.

An entry has one head as a rule, and is then that head, verbatim. Several heads are merged place by
place; a *path* names a place: `unit_name`, `contests[9f3a]/project`, `contests[9f3a]` (whether the
row is there), `contests#order`, and the empty text (whether the entry stands or is void).
 * Against their lowest common ancestors, one side's change wins over the other side's none. Changed
   differently by both, or without ancestors that agree and are known, the path is contested.
 * A contested path shows what the most preferred head among its contenders has; every contender
   is listed. Nothing that one head alone changed is contested, or lost.
 * A row that one side took away and the other changed is kept and contested; so is an entry made
   void by one side and changed by the other. Untouched by the other, it goes.
 * An answer and the reason given for it are one value; so are a position, a file, the choices of a
   list, and everything whose kind the caller does not name.
 * What is calculated is never contested: the preferred head's value stands until the caller
   computes it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sync.answer_tree import (
    NO_ROWS,
    ROW_ID,
    Kind,
    Kinds,
    Leaf,
    Local,
    Rows,
    Scope,
    leaf_of,
    misshapen,
    order_path,
    path_of,
    read_scope,
    reasons_of,
    row_path,
    write_scope,
)
from sync.history import Ancestry, preferred_heads
from sync.merge_rows import merge_order

__all__ = ["Contender", "Contested", "Kind", "Kinds", "Merged", "Version", "heads_of", "merge"]

PUT = "put"
VOID = "void"
ENTRY_PATH = ""
"""The path under which it is contested whether the entry stands or is void."""

Scopes: TypeAlias = Mapping[str, Scope | None]
"""One scope in every head and base, by digest; None where that version has it not."""


@dataclass(frozen=True, slots=True)
class Version:
    """A revision, as far as merging is concerned. `reason` is why it makes the entry void."""

    digest: str
    parents: tuple[str, ...]
    operation: str
    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """What the head `digest` has at a contested path, with the reason given there.

    The value of a row is the row itself, that of an order the list of row ids; whether the entry
    stands, `put` or `void`. `is_present` is false where the head has nothing there.
    """

    digest: str
    is_present: bool
    value: Any
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Contested:
    """A path on which heads differ and a person has to decide; the first contender is shown."""

    path: str
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """An entry as it stands; of `heads`, the preferred one comes first."""

    heads: tuple[str, ...]
    operation: str
    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    reason: str | None
    contested: tuple[Contested, ...] = ()


def heads_of(versions: Mapping[str, Version]) -> tuple[str, ...]:
    """Return the heads of an entry, the preferred one first."""
    return preferred_heads({digest: each.parents for digest, each in versions.items()})


def merge(versions: Mapping[str, Version], kinds: Kinds) -> Merged:
    """Return an entry as it stands, given all its known revisions and the kinds of its paths.

    Raises:
        ValueError: there is no revision.
    """
    heads = heads_of(versions)
    if not heads:
        raise ValueError("An entry without a revision cannot be merged.")
    first = versions[heads[0]]
    if len({_content(versions[head]) for head in heads}) == 1:
        return Merged(heads, first.operation, first.answers, first.reasons, first.reason)
    return _Merge(versions, heads, kinds).run()


def _content(version: Version) -> tuple[object, ...]:
    said = leaf_of([dict(version.answers), dict(version.reasons)])
    return version.operation, version.reason, said.key


class _Merge:
    """The merging of several heads of one entry."""

    def __init__(self, versions: Mapping[str, Version], heads: Sequence[str], kinds: Kinds) -> None:
        self._versions = versions
        self._heads = tuple(heads)
        parents = {digest: each.parents for digest, each in versions.items()}
        self._ancestry = Ancestry(heads, parents)
        self._contested: list[Contested] = []
        involved = [versions[digest] for digest in (*heads, *sorted(self._ancestry.bases))]
        broken = {path for each in involved for path in misshapen(each.answers, kinds)}
        shapes = {path: kind for path, kind in kinds.items() if path not in broken}
        self._scopes: Scopes = {
            each.digest: None
            if each.operation == VOID
            else read_scope(each.answers, each.reasons, shapes)
            for each in involved
        }

    def run(self) -> Merged:
        """Return the entry as it stands."""
        present, absent = self._presence(self._scopes, self._heads)
        if not present:
            return self._void(absent)
        if absent:
            self._contest_entry(present, absent)
        holders = [head for head in self._heads if self._scopes[head] is not None]
        scope = self._scope("", self._scopes, holders)
        contested = tuple(self._contested)
        return Merged(
            self._heads, PUT, write_scope(scope), dict(reasons_of(scope)), None, contested
        )

    def _void(self, standing: Sequence[str]) -> Merged:
        """Return an entry that is void in all heads that count; why may be contested."""

        def same(one: str, other: str) -> bool:
            return self._why_void(one) == self._why_void(other)

        standing = self._ancestry.standing(standing, standing, same) or standing
        if not all(same(head, standing[0]) for head in standing):
            self._contest_entry([], standing)
        shown = self._versions[standing[0]]
        contested = tuple(self._contested)
        return Merged(self._heads, VOID, shown.answers, shown.reasons, shown.reason, contested)

    def _why_void(self, digest: str) -> tuple[str, str | None]:
        version = self._versions[digest]
        return version.operation, version.reason

    def _contest_entry(self, present: Sequence[str], absent: Sequence[str]) -> None:
        # The entry is kept, so that those come first who keep it.
        versions = [self._versions[head] for head in (*present, *absent)]
        contenders = (
            Contender(each.digest, each.operation != VOID, each.operation, each.reason)
            for each in versions
        )
        self._contested.append(Contested(ENTRY_PATH, tuple(contenders)))

    def _presence(self, scopes: Scopes, heads: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the heads that want a scope to be there, and those that want it gone.

        Whose wish the others know of and have gone beyond is in neither list.
        """
        present = [head for head in heads if scopes[head] is not None]
        absent = [head for head in heads if scopes[head] is None]

        def same(one: str, other: str) -> bool:
            return scopes[one] == scopes[other]

        keeping = self._ancestry.standing(present, absent, same)
        removing = self._ancestry.standing(absent, present, same)
        return (keeping, removing) if keeping or removing else (present, absent)

    def _scope(self, prefix: str, scopes: Scopes, heads: Sequence[str]) -> Scope:
        """Merge a scope that is there in these heads."""
        there = {head: scope for head in heads if (scope := scopes[head]) is not None}
        merged = Scope()
        for local in _names(scope.leaves for scope in there.values()):
            leaf = self._leaf(prefix, local, scopes, heads)
            if leaf is not None:
                merged.leaves[local] = leaf
        for local in _names(scope.calculated for scope in there.values()):
            merged.calculated[local] = self._calculated(local, scopes, heads)
        for local in _names(scope.repeats for scope in there.values()):
            rows = self._rows(prefix, local, scopes, heads)
            if rows.order:
                merged.repeats[local] = rows
        return merged

    def _leaf(self, prefix: str, local: Local, scopes: Scopes, heads: Sequence[str]) -> Leaf | None:
        leaves = {
            digest: None if scope is None else scope.leaves.get(local)
            for digest, scope in scopes.items()
        }
        shown = leaves[heads[0]]
        if all(leaves[head] == shown for head in heads):
            return shown

        def same(one: str, other: str) -> bool:
            return leaves[one] == leaves[other]

        standing = self._ancestry.standing(heads, heads, same) or heads
        shown = leaves[standing[0]]
        if any(leaves[head] != shown for head in standing):
            contenders = tuple(_contender(head, leaves[head]) for head in standing)
            self._contested.append(Contested(path_of(prefix, local), contenders))
        return shown

    def _calculated(self, local: Local, scopes: Scopes, heads: Sequence[str]) -> Leaf:
        """Return the preferred head's value; a reason was typed, and one that is new is not lost."""
        leaves = {
            digest: None if scope is None else scope.calculated.get(local)
            for digest, scope in scopes.items()
        }
        found = [leaf for head in heads if (leaf := leaves[head]) is not None]
        value = next((leaf for leaf in found if leaf.is_answered), found[0])
        reasons = {digest: None if leaf is None else leaf.reason for digest, leaf in leaves.items()}

        def same(one: str, other: str) -> bool:
            return reasons[one] == reasons[other]

        standing = self._ancestry.standing(heads, heads, same) or heads
        return Leaf(value.value, value.key, reasons[standing[0]])

    def _rows(self, prefix: str, local: Local, scopes: Scopes, heads: Sequence[str]) -> Rows:
        repeats = {
            digest: NO_ROWS if scope is None else scope.repeats.get(local, NO_ROWS)
            for digest, scope in scopes.items()
        }
        kept: dict[str, Scope] = {}
        for row in dict.fromkeys(row for head in heads for row in repeats[head].order):
            versions = {digest: rows.scopes.get(row) for digest, rows in repeats.items()}
            merged = self._row(row_path(prefix, local, row), row, versions, heads)
            if merged is not None:
                kept[row] = merged
        orders = {digest: rows.order for digest, rows in repeats.items()}
        found = merge_order(kept.keys(), orders, heads, self._ancestry)
        if found.contenders:
            contenders = (
                Contender(head, is_present=True, value=list(orders[head]))
                for head in found.contenders
            )
            self._contested.append(Contested(order_path(prefix, local), tuple(contenders)))
        return Rows(found.order, kept)

    def _row(self, path: str, row: str, scopes: Scopes, heads: Sequence[str]) -> Scope | None:
        """Merge one row; None where it goes."""
        present, absent = self._presence(scopes, heads)
        if not present:
            return None
        if absent:
            contenders = (_row_contender(head, row, scopes[head]) for head in (*present, *absent))
            self._contested.append(Contested(path, tuple(contenders)))
        holders = [head for head in heads if scopes[head] is not None]
        return self._scope(f"{path}/", scopes, holders)


def _names(mappings: Iterable[Mapping[Local, object]]) -> list[Local]:
    return list(dict.fromkeys(local for each in mappings for local in each))


def _contender(head: str, leaf: Leaf | None) -> Contender:
    if leaf is None:
        return Contender(head, is_present=False, value=None)
    return Contender(head, leaf.is_answered, leaf.value, leaf.reason)


def _row_contender(head: str, row: str, scope: Scope | None) -> Contender:
    if scope is None:
        return Contender(head, is_present=False, value=None)
    return Contender(head, is_present=True, value=write_scope(scope, {ROW_ID: row}))
