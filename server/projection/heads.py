"""Which of an entry's revisions stand, and which stand in quarantine.

Pure, and the same for any order of arrival:
 * The heads are the logged revisions that no logged one descends from. The preferred one has the
   longest history; of equally long ones, the greatest digest. Several are shown as merged.
 * A quarantined revision stands in quarantine until a logged one descends from it, or another of
   the same unit or device: what was mended, or sent again, is no longer open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sync.history import Parents, ancestors, in_preference

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
    """What stands of one entry. `first_received_at` and `count` are of its logged revisions.

    Of `heads`, the preferred one comes first. Where there are several, `lineage` names the parents
    of every known revision that they descend from, themselves included: what merging them takes.
    """

    heads: tuple[Stored, ...]
    first_received_at: str | None
    count: int
    quarantined: tuple[Stored, ...]
    lineage: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def head(self) -> Stored | None:
        """Return the preferred head; None where nothing stands."""
        return self.heads[0] if self.heads else None


def standing(revisions: Sequence[Stored], parents: Parents) -> Standing:
    """Return what stands of an entry with these revisions; `parents` may name unknown ones."""
    if len(revisions) == 1 and revisions[0].state == LOGGED:  # which most entries are
        return Standing((revisions[0],), revisions[0].received_at, 1, ())
    logged = [revision for revision in revisions if revision.state == LOGGED]
    below_logged = ancestors((each.digest for each in logged), parents)
    heads = [revision for revision in logged if revision.digest not in below_logged]
    lineage: dict[str, tuple[str, ...]] = {}
    if len(heads) > 1:
        known = below_logged | {head.digest for head in heads}
        for each in revisions:
            if each.digest in known:
                lineage[each.digest] = tuple(parents.get(each.digest, ()))
        by_digest = {head.digest: head for head in heads}
        heads = [by_digest[digest] for digest in in_preference(list(by_digest), lineage)]
    quarantined = (each for each in revisions if each.state == QUARANTINED)
    open_ones = [each for each in quarantined if each.digest not in below_logged]
    replaced = _replaced(open_ones, parents)
    return Standing(
        heads=tuple(heads),
        first_received_at=min((each.received_at for each in logged), default=None),
        count=len(logged),
        quarantined=tuple(each for each in open_ones if each.digest not in replaced),
        lineage=lineage,
    )


def _replaced(quarantined: Sequence[Stored], parents: Parents) -> set[str]:
    """Return the digests from which a quarantined revision of the same sender descends."""
    replaced: set[str] = set()
    for later in quarantined:
        below = ancestors([later.digest], parents)
        replaced |= {
            each.digest
            for each in quarantined
            if each.digest in below and _same_sender(each, later)
        }
    return replaced


def _same_sender(one: Stored, other: Stored) -> bool:
    return one.device == other.device or (one.unit is not None and one.unit == other.unit)
