"""The lock on a home: one process at a time has it open.

The lock is the system's and goes with the process, kill -9 included. Who finds it taken hands its
work to the process that holds it (`client.control`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client.db import held_exclusively
from client.errors import HomeBusyError


@contextmanager
def hold(path: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock while the context lasts; wait for it for so many seconds.

    Raises:
        HomeBusyError: another process holds it.
    """
    with held_exclusively(path, patience) as is_held:
        if not is_held:
            raise HomeBusyError(
                f"The home {path.parent} is in use by another process.",
                hint="Wait until it has ended, or use another home with --home.",
            )
        yield
