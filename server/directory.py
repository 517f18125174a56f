"""The enrolled devices, remembered between requests.

Whoever changes members, devices or units calls `forget` after the commit. A device that was
revoked a moment ago may still be found here as it was: the writer asks the database again before
it decides about a revision.
"""

import threading

from server.db import Readers
from server.members import Device, find_device


class Directory:
    """Finds devices by their key id."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._lock = threading.Lock()
        self._devices: dict[str, Device] = {}  # guarded by _lock

    def device(self, name: str) -> Device | None:
        """Return an enrolled device, revoked ones too."""
        known = self._devices.get(name)
        if known is not None:
            return known
        # Reading happens under the lock: `forget` then cannot fall between reading and keeping.
        with self._lock, self._readers.read() as connection:
            found = find_device(connection, name)
            if found is not None:
                self._devices[name] = found
            return found

    def forget(self) -> None:
        """Read everything anew from now on."""
        with self._lock:
            self._devices.clear()
