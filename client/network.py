"""Notices that a network came up, on every system, without a packet and without asking for names.

The system is asked which of its addresses it would send from, by "connecting" datagram sockets to
places that nobody has (RFC 5737, RFC 3849): nothing is sent. Another answer than before is another
network. So is a computer that was asleep: its clocks went apart, or nobody asked for a long while.
"""

import socket
from collections.abc import Callable
from datetime import datetime

from client.clock import Clock

_PLACES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_PORT = 9
JUMP_SECONDS = 30.0

Route = tuple[str, ...]


def local_route() -> Route:
    """Return the addresses that this computer would send from; none without a network."""
    found = []
    for family, place in _PLACES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((place, _PORT))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue  # no way there, or no such family on this computer
    return tuple(found)


class NetworkWatch:
    """Says whether a network came up, or the computer woke, since it was last asked."""

    def __init__(self, clock: Clock, route: Callable[[], Route] = local_route) -> None:
        self._clock = clock
        self._route = route
        self._known = route()
        self._seen = self._moment()

    def has_come_up(self, asked_every: float) -> bool:
        """Say so once for each change; `asked_every` is how often this is asked, in seconds."""
        route, moment = self._route(), self._moment()
        is_new = bool(route) and route != self._known
        passed = moment[1] - self._seen[1]
        drift = (moment[0] - self._seen[0]).total_seconds() - passed
        was_asleep = abs(drift) > JUMP_SECONDS or passed > asked_every + JUMP_SECONDS
        self._known, self._seen = route, moment
        return is_new or was_asleep

    def _moment(self) -> tuple[datetime, float]:
        return self._clock.now(), self._clock.monotonic()
