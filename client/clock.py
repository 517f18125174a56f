"""Time as the client sees it, handed in wherever it is needed.

The wall clock is evidence only: it may stand at 1970 or jump, and nothing is ordered by it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

BOOT = token_hex(8)
"""Names one start of this program: monotonic times are comparable within it alone."""


def local_now() -> datetime:
    """Return the time now, aware, in the zone of this computer."""
    # By way of UTC: a naive time before 1970, or soon after, has no zone on Windows.
    return datetime.now(UTC).astimezone()


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock, in the zone where forms are filled in, and a clock that only goes forward."""

    now: Callable[[], datetime] = local_now
    monotonic: Callable[[], float] = time.monotonic


EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right shows less: this program was made then."""

LATEST = datetime(2046, 11, 1, tzinfo=UTC)
"""A clock that shows more is taken to be wrong, as none of this program is in use then."""

SYSTEM_CLOCK = Clock()
