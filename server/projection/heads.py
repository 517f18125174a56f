"""Which of an entry's revisions stands, and which stand in quarantine.

Pure, and the same for any order of arrival:
 * The head is, among the logged revisions that no logged one descends from, the one with the
   longest history; of equally long ones the one with the greatest digest.
 * A quarantined revision stands in quarantine until a logged one descends from it, or another of
   the same unit or device: what was mended, or sent again, is no longer open.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LOGGED = "logged"
QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the log's tables say of one revision."""

    digest: str
    index: int
    entry: str
    form: str
    definition: str
    device: str
    member: str | None
    unit: str | None
    operation: str
    made_at: str
    received_at: str
    state: str
    code: str | None
    violations: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of one entry. `first_received_at` and `count` are of its logged revisions."""

    head: Stored | None
    first_received_at: str | None
    count: int
    quarantined: tuple[Stored, ...]


Parents: TypeAlias = Mapping[str, Sequence[str]]


def standing(revisions: Sequence[Stored], parents: Parents) -> Standing:
    """Return what stands of an entry with these revisions; `parents` may name unknown ones."""
    by_digest = {revision.digest: revision for revision in revisions}
    logged = [revision for revision in revisions if revision.state == LOGGED]
    below_logged = _ancestors(logged, parents)
    heads = [revision for revision in logged if revision.digest not in below_logged]
    depths = _depths(by_digest, parents) if len(heads) > 1 else {}
    head = max(heads, key=lambda each: (depths.get(each.digest, 0), each.digest), default=None)
    quarantined = (each for each in revisions if each.state == QUARANTINED)
    open_ones = [each for each in quarantined if each.digest not in below_logged]
    replaced = _replaced(open_ones, parents)
    return Standing(
        head=head,
        first_received_at=min((each.received_at for each in logged), default=None),
        count=len(logged),
        quarantined=tuple(each for each in open_ones if each.digest not in replaced),
    )


def _replaced(quarantined: Sequence[Stored], parents: Parents) -> set[str]:
    """Return the digests from which a quarantined revision of the same sender descends."""
    replaced: set[str] = set()
    for later in quarantined:
        below = _ancestors([later], parents)
        replaced |= {
            each.digest
            for each in quarantined
            if each.digest in below and _same_sender(each, later)
        }
    return replaced


def _same_sender(one: Stored, other: Stored) -> bool:
    return one.device == other.device or (one.unit is not None and one.unit == other.unit)


def _ancestors(revisions: Iterable[Stored], parents: Parents) -> set[str]:
    found: set[str] = set()
    waiting = [parent for each in revisions for parent in parents.get(each.digest, ())]
    while waiting:
        digest = waiting.pop()
        if digest not in found:
            found.add(digest)
            waiting.extend(parents.get(digest, ()))
    return found


def _depths(known: Mapping[str, Stored], parents: Parents) -> dict[str, int]:
    """Return how many revisions the longest history of each known one has."""
    depths: dict[str, int] = {}
    waiting = list(known)
    while waiting:
        digest = waiting[-1]
        above = [parent for parent in parents.get(digest, ()) if parent in known]
        missing = [parent for parent in above if parent not in depths]
        if missing:
            waiting.extend(missing)
            continue
        depths[digest] = 1 + max((depths[parent] for parent in above), default=0)
        waiting.pop()
    return depths
