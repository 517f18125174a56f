"""The revisions of one entry as a history: who descends from whom.

A history is told by the parents of each known revision; a parent may be unknown. All of it depends
on what is known alone, never on the order in which it came.
 * Heads are known revisions that no known one descends from. The preferred one has the longest
   history; of equally long ones, the greatest digest.
 * The bases of two revisions are their lowest common ancestors; they are certain only if no
   unknown revision could be one of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

Parents: TypeAlias = Mapping[str, Sequence[str]]
"""The parents of every known revision, by digest."""


def preferred_heads(parents: Parents) -> tuple[str, ...]:
    """Return the heads, the preferred one first."""
    above = {parent for named in parents.values() for parent in named}
    heads = [digest for digest in parents if digest not in above]
    return in_preference(heads, parents)


def in_preference(digests: Sequence[str], parents: Parents) -> tuple[str, ...]:
    """Return some revisions, the one with the longest history first."""
    if len(digests) < 2:  # noqa: PLR2004 - one alone is the preferred one
        return tuple(digests)
    depths = depths_of(parents)
    return tuple(sorted(digests, key=lambda each: (depths.get(each, 0), each), reverse=True))


def ancestors(digests: Iterable[str], parents: Parents) -> set[str]:
    """Return what some revisions descend from, known or not; themselves only if one does."""
    found: set[str] = set()
    waiting = [parent for digest in digests for parent in parents.get(digest, ())]
    while waiting:
        digest = waiting.pop()
        if digest not in found:
            found.add(digest)
            waiting.extend(parents.get(digest, ()))
    return found


def depths_of(parents: Parents) -> dict[str, int]:
    """Return how many revisions the longest known history of each known one has."""
    depths: dict[str, int] = {}
    waiting = list(parents)
    while waiting:
        digest = waiting[-1]
        above = [parent for parent in parents[digest] if parent in parents]
        missing = [parent for parent in above if parent not in depths]
        if missing:
            waiting.extend(missing)
            continue
        depths[digest] = 1 + max((depths[parent] for parent in above), default=0)
        waiting.pop()
    return depths


class Ancestry:
    """What the heads of an entry have in common; made once for many questions."""

    __slots__ = ("_above", "_parents", "_rivals", "bases")

    def __init__(self, heads: Sequence[str], parents: Parents) -> None:
        self._parents = parents
        self._above = {head: ancestors([head], parents) | {head} for head in heads}
        self._rivals: dict[str, dict[tuple[str, ...], list[str]]] = {head: {} for head in heads}
        for place, one in enumerate(heads):
            for other in heads[:place]:
                self._compare(one, other)
        self.bases = {base for rivals in self._rivals.values() for each in rivals for base in each}

    def standing(
        self,
        heads: Collection[str],
        rivals: Collection[str],
        same: Callable[[str, str], bool],
    ) -> list[str]:
        """Return the heads that no rival has gone beyond, at a place where `same` compares two.

        A rival goes beyond a head that left the place as all their bases have it, by changing it.
        """
        return [head for head in heads if not self._is_passed(head, rivals, same)]

    def rivals_of(self, head: str) -> Mapping[tuple[str, ...], Sequence[str]]:
        """Return the other heads by the bases that this one has in common with them, if known."""
        return self._rivals[head]

    def _is_passed(
        self, head: str, rivals: Collection[str], same: Callable[[str, str], bool]
    ) -> bool:
        return any(
            all(same(base, head) for base in bases)
            and any(other in rivals and not same(other, head) for other in others)
            for bases, others in self.rivals_of(head).items()
        )

    def _compare(self, one: str, other: str) -> None:
        bases = self._bases(one, other)
        if bases is not None:
            self._rivals[one].setdefault(bases, []).append(other)
            self._rivals[other].setdefault(bases, []).append(one)

    def _bases(self, one: str, other: str) -> tuple[str, ...] | None:
        """Return the lowest common ancestors of two heads; None where nobody can know them.

        An unknown revision above one of the two alone may descend from one above the other, and so
        hide a common ancestor that is lower than those seen here.
        """
        above, beside = self._above[one], self._above[other]
        if any(digest not in self._parents for digest in above ^ beside):
            return None
        common = above & beside
        higher = {parent for digest in common for parent in self._parents.get(digest, ())}
        lowest = tuple(sorted(common - higher))
        is_known = bool(lowest) and all(digest in self._parents for digest in lowest)
        return lowest if is_known else None
