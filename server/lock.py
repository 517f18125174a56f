"""The lock on a data folder: one process at a time has its databases open.

The lock is the system's and goes with the process, kill -9 included; what the lock file says means
nothing. Who finds it taken hands its work to the process that holds it (`server.control`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from server.errors import LockedError


@contextmanager
def hold(path: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock while the context lasts; wait for it for so many seconds.

    Raises:
        LockedError: another process holds it.
    """
    lock = FileLock(path, timeout=patience, poll_interval=0.05, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise LockedError(
            f"The data folder {path.parent} is in use by another process.",
            hint="Wait until it has ended, or stop it.",
        ) from error
    try:
        yield
    finally:
        lock.release()
