"""How much of a file to send at once, over a line that breaks.

A request that breaks brings nothing, so a chunk is what a break may cost at most, and every chunk
costs the bytes of a request and its answer. Between the two lies Young's interval between
checkpoints, sqrt(2 · cost of one · length of a run); a run is what gets through from one break to the
next. The chunks of a run are made to end where the last runs ended: a line that breaks at the same
point each time loses almost nothing.
"""

from math import ceil, sqrt

SMALLEST = 4 * 1024
LARGEST = 1024 * 1024
OVERHEAD = 1200  # bytes of a request without its chunk, and of its answer
_FIRST = 64 * 1024
_WEIGHT = 0.3
_CAUTIOUS = 0.25


class ChunkSize:
    """Chooses the size of each next chunk from how the line did so far."""

    def __init__(self) -> None:
        self._run = _FIRST**2 / (2 * OVERHEAD)
        self._sent = 0.0  # since the last break
        self._is_broken = False
        self._size = _FIRST
        self._beyond = 0  # how many chunks got through after the usual end of a run

    def next(self) -> int:
        """Return how many bytes to send now, if the file has as many."""
        self._size = round(min(LARGEST, max(SMALLEST, self._wanted())))
        return self._size

    def arrived(self, size: int) -> None:
        """Note that a chunk of so many bytes got through."""
        if self._is_broken and self._left() <= 0:
            self._beyond += 1
        self._sent += size + OVERHEAD

    def broke(self) -> None:
        """Note that the line broke, and the chunk on its way is lost."""
        run = self._sent or self._size / 2
        self._run = self._run + _WEIGHT * (run - self._run) if self._is_broken else run
        self._sent, self._beyond, self._is_broken = 0.0, 0, True

    def _wanted(self) -> float:
        best = sqrt(2 * OVERHEAD * max(self._run, self._sent))
        if not self._is_broken:
            return best
        if self._left() > 0:
            count = ceil(self._left() / (best + OVERHEAD))
            return self._left() / count - OVERHEAD
        return min(best, best * _CAUTIOUS * 2.0**self._beyond)

    def _left(self) -> float:
        """Return what is left of a run like the last ones; nothing if that is hardly a chunk."""
        left = self._run - self._sent
        return left if left > SMALLEST + OVERHEAD else 0.0
