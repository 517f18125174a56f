"""What a device already knows of its own revisions in the log, said shortly.

    first-last-mark[,first-last-mark …]

Each says: at every index from first to last stands a revision of mine, and `mark` is made of their
digests. The server leaves these out of the changes it tells, and finds out by the mark where its log
is not the one in which they stood. Ranges rise, do not meet, and are bounded together: what it costs
the server to look is bounded, too.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.errors import MessageError

MOST_RANGES = 32
MOST_PLACES = 10_000
_RANGE = re.compile(r"([0-9]{1,15})-([0-9]{1,15})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """A range of indexes, both ends included, and the mark of what stands there."""

    first: int
    last: int
    mark: str


def mark_of(digests: Iterable[str]) -> str:
    """Return the mark of digests in the order of their indexes: 32 hexadecimal digits."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]


def known_of(places: Sequence[tuple[int, str]]) -> tuple[Known, ...]:
    """Return the ranges of indexes with their digests, in the order of the index."""
    ranges: list[list[tuple[int, str]]] = []
    for place in places:
        if not ranges or ranges[-1][-1][0] + 1 != place[0]:
            if len(ranges) == MOST_RANGES:
                break
            ranges.append([])
        ranges[-1].append(place)
    return tuple(
        Known(each[0][0], each[-1][0], mark_of(digest for _, digest in each)) for each in ranges
    )


def format_known(ranges: Iterable[Known]) -> str:
    """Return the text of ranges."""
    return ",".join(f"{each.first}-{each.last}-{each.mark}" for each in ranges)


def parse_known(text: str) -> tuple[Known, ...]:
    """Return the ranges of a text.

    Raises:
        MessageError: it is not such a text, or of too many ranges or places, or they do not rise.
    """
    parts = text.split(",") if text else []
    found = [_RANGE.fullmatch(part) for part in parts[: MOST_RANGES + 1]]
    if len(found) > MOST_RANGES or not all(found):
        raise MessageError("What the device says it knows cannot be read.")
    known = tuple(Known(int(each[1]), int(each[2]), each[3]) for each in found if each)
    _check_order(known)
    return known


def _check_order(known: Sequence[Known]) -> None:
    last, places = -1, 0
    for each in known:
        if not last < each.first <= each.last:
            raise MessageError("What the device says it knows is out of order.")
        last = each.last
        places += each.last - each.first + 1
    if places > MOST_PLACES:
        raise MessageError("The device says that it knows too much at once.")
