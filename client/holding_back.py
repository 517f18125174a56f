"""Revisions that do not get through while others do: held back, and tried again less and less often.

Held back is not refused: nothing was said of them, and they stay *saved*. Each time one fails alone
in a round in which others got through is counted, and it is left out of more and more rounds; no
clock is asked. What fails while nothing gets through tells of the network, and is not counted.
"""

from collections.abc import Iterable

from client.clock import Clock
from client.db import Database
from client.errors import ClientError
from client.outbox import Pending
from client.settings import read_setting, write_setting
from client.troubles import Troubles

HELD_BACK = "held_back"
LONGEST_PAUSE = 64
_ROUND = "push_round"


class HoldingBack:
    """What is held back on this device."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._troubles = Troubles(db)

    def resting(self) -> set[str]:
        """Begin a round; return the digests that are left out of it."""
        counts = self._troubles.counts(HELD_BACK)
        if not counts:
            return set()
        number = int(read_setting(self._db, _ROUND) or "0") + 1
        with self._db.transaction():
            write_setting(self._db, _ROUND, str(number))
        return {
            digest
            for digest, count in counts.items()
            if number % min(LONGEST_PAUSE, 2 ** (count - 1))
        }

    def note(self, item: Pending, error: ClientError) -> None:
        """Count that an item failed alone while others got through."""
        self._troubles.note(
            HELD_BACK,
            item.digest,
            f"The entry {item.entry} is not handed over, while others are: {error.message}",
            "It stays here and is tried again, less often each time. To bring it another way: "
            "tianbao export FILE, and give the file to the organiser.",
            self._clock.now(),
        )

    def release(self, digests: Iterable[str]) -> None:
        """Forget what got through after all."""
        for digest in self._troubles.counts(HELD_BACK).keys() & set(digests):
            self._troubles.settle(HELD_BACK, digest)
