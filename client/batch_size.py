"""How much is pushed at once: what got through lately, doubled while it goes well, halved when not.

Kept in the database, so that a command that ends after one round goes on where the last one stood.
"""

from client.db import Database
from client.settings import read_setting, write_setting

LARGEST_BATCH = 100
LARGEST_BYTES = 4 * 1024 * 1024
FIRST_BYTES = 512 * 1024
_LEAST_BYTES = 4 * 1024
_SETTING = "batch_size"


class BatchSize:
    """The bounds of the next batch: how many revisions, and how many bytes of them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        kept = (read_setting(db, _SETTING) or f"{LARGEST_BATCH} {FIRST_BYTES}").split()
        self.count, self.bytes = int(kept[0]), int(kept[1])

    def grow(self) -> None:
        """Take more next time: a batch got through."""
        self._set(min(LARGEST_BATCH, self.count * 2), min(LARGEST_BYTES, self.bytes * 2))

    def shrink(self, count: int, size: int) -> None:
        """Take half of what did not get through."""
        self._set(max(1, count // 2), max(_LEAST_BYTES, size // 2))

    def _set(self, count: int, size: int) -> None:
        if (count, size) == (self.count, self.bytes):
            return
        self.count, self.bytes = count, size
        with self._db.transaction():
            write_setting(self._db, _SETTING, f"{count} {size}")
