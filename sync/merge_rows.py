"""The order of a repeat's rows, out of several versions of it.

* Who moved rows wins over who left them where they were; moved differently by two, the order is
  contested. Rows that were added or taken away move nothing.
* What only one version has, or the one whose order stands has not, follows its predecessor in the
  version it comes from; several behind the same row stand in the order of their ids, each with
  what follows it in turn.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
    members = {digest: frozenset(order) for digest, order in found.items()}

    def agree(one: str, other: str) -> bool:
        common = members[one] & members[other]
        return _only(found[one], common) == _only(found[other], common)

    standing = ancestry.standing(heads, heads, agree) or list(heads)
    is_contested = any(
        not agree(one, other) for place, one in enumerate(standing) for other in standing[:place]
    )
    order = _weave(found, heads, _backbone(found, heads, standing[0]))
    return MergedOrder(order, tuple(standing) if is_contested else ())


def _only(order: Order, rows: Collection[str]) -> Order:
    return tuple(row for row in order if row in rows)


def _backbone(orders: Mapping[str, Order], heads: Sequence[str], winner: str) -> Order:
    """Return the rows of the order that stands, without those that were added there alone."""
    held = Counter(row for head in heads for row in orders[head])
    before = {row for digest, order in orders.items() if digest not in heads for row in order}
    return tuple(row for row in orders[winner] if row in before or held[row] > 1)


def _weave(orders: Mapping[str, Order], heads: Sequence[str], backbone: Order) -> Order:
    """Return the backbone with every other row behind its predecessor.

    Of several versions that have a row, the preferred one says what its predecessor is: so two rows
    can never be each other's predecessor.
    """
    placed = set(backbone)
    followers: dict[str | None, list[str]] = {}
    for head in heads:
        before: str | None = None
        for row in orders[head]:
            if row not in placed:
                placed.add(row)
                followers.setdefault(before, []).append(row)
            before = row
    woven: list[str] = []
    for anchor in (None, *backbone):
        if anchor is not None:
            woven.append(anchor)
        waiting = sorted(followers.get(anchor, ()), reverse=True)
        while waiting:
            row = waiting.pop()
            woven.append(row)
            waiting += sorted(followers.get(row, ()), reverse=True)
    return tuple(woven)
