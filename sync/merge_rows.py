"""The order of a repeat's rows, out of several versions of it.

* Who moved rows wins over who left them where they were; moved differently by two, the order is
  contested. Rows that were added or taken away move nothing.
* A new row follows its predecessor; several new ones behind the same row stand in the order of
  their ids, each with what follows it in turn.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sync.history import Ancestry

Order: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergedOrder:
    """The order to show, and the heads that want different ones, if any do."""

    order: Order
    contenders: tuple[str, ...] = ()


def merge_order(
    kept: Collection[str], orders: Mapping[str, Order], heads: Sequence[str], ancestry: Ancestry
) -> MergedOrder:
    """Return the order of the rows that are kept; `orders` are those of heads and bases."""
    found = {digest: _only(order, kept) for digest, order in orders.items()}
    first = found[heads[0]]
    if len(first) == len(kept) and all(found[head] == first for head in heads):
        return MergedOrder(first)
    standing = [head for head in heads if not _is_passed(head, found, heads, ancestry)] or heads
    passed = [head for head in heads if head not in standing]
    order = _weave([found[head] for head in (*standing, *passed)], _shared(found, heads))
    is_contested = any(found[head] != _only(order, set(found[head])) for head in standing)
    return MergedOrder(order, tuple(standing) if is_contested else ())


def _is_passed(
    head: str, orders: Mapping[str, Order], heads: Collection[str], ancestry: Ancestry
) -> bool:
    """Say whether another head moved rows that this one left in the order of their bases.

    A base that lacks some of the rows that both have does not tell who moved them.
    """
    for bases, others in ancestry.rivals_of(head).items():
        for other in others:
            common = set(orders[head]).intersection(orders[other]) if other in heads else ()
            mine = _only(orders[head], common)
            is_moved = other in heads and _only(orders[other], common) != mine
            if is_moved and all(_only(orders[base], common) == mine for base in bases):
                return True
    return False


def _only(order: Order, rows: Collection[str]) -> Order:
    return tuple(row for row in order if row in rows)


def _shared(orders: Mapping[str, Order], heads: Sequence[str]) -> set[str]:
    """Return the rows that are not new: several heads have them, or a base has."""
    held = Counter(row for head in heads for row in orders[head])
    before = {row for digest, order in orders.items() if digest not in heads for row in order}
    return before | {row for row, count in held.items() if count > 1}


def _weave(orders: Sequence[Order], shared: Collection[str]) -> Order:
    """Return all rows: the shared ones as the first orders have them, new ones in between."""
    backbone: list[str] = []
    placed: set[str] = set()
    followers: dict[str | None, list[str]] = {}
    for order in orders:
        anchor: str | None = None
        before: str | None = None
        for row in order:
            if row not in shared:
                followers.setdefault(before, []).append(row)
            elif row in placed:
                anchor = row
            else:
                backbone.insert(0 if anchor is None else backbone.index(anchor) + 1, row)
                placed.add(row)
                anchor = row
            before = row
    return tuple(_with_followers(backbone, followers))


def _with_followers(
    backbone: Sequence[str], followers: Mapping[str | None, Sequence[str]]
) -> Iterator[str]:
    for anchor in (None, *backbone):
        if anchor is not None:
            yield anchor
        waiting = sorted(followers.get(anchor, ()), reverse=True)
        while waiting:
            row = waiting.pop()
            yield row
            waiting += sorted(followers.get(row, ()), reverse=True)
