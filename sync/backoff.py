"""How long to wait before trying again.

Full jitter: a random time between nothing and a bound that doubles, so that a thousand devices that
lost one server do not come back at the same moment. Only the interval is capped, never the number
of tries.
"""

from collections.abc import Callable

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 900.0


def delay_seconds(
    failures: int, random: Callable[[], float], *, retry_after: float | None = None
) -> float:
    """Return the seconds to wait after so many failures in a row.

    `random` gives a number in [0, 1). What the server asked for in `Retry-After` is a lower bound,
    itself capped, so that no answer can silence a device for days.
    """
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures, 30))
    asked = min(retry_after or 0.0, LONGEST_SECONDS)
    return asked + random() * bound
