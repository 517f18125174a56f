"""What the log holds that decides about revisions, asked once within one transaction.

Only the writer's thread writes, and within one job nothing but revisions is added: so what was asked
once stays true to its end. What a stored revision adds to it is told by `take`.
"""

from collections.abc import Iterable

from server.checks import Arrival
from server.db import Connection
from server.definitions import is_closed, is_published
from server.members import is_revoked
from server.revisions import Owner, owners


class Facts:
    """Answers from one connection, each remembered."""

    def __init__(self, connection: Connection, entries: Iterable[str]) -> None:
        self._connection = connection
        self._entries = tuple(entries)
        self._owners: dict[str, Owner] | None = None
        self._revoked: dict[str, bool] = {}
        self._published: dict[str, bool] = {}
        self._closed: dict[str, bool] = {}

    def is_revoked(self, device: str) -> bool:
        """Say whether a device is revoked."""
        if device not in self._revoked:
            self._revoked[device] = is_revoked(self._connection, device)
        return self._revoked[device]

    def is_published(self, definition: str) -> bool:
        """Say whether a definition is in the log."""
        if definition not in self._published:
            self._published[definition] = is_published(self._connection, definition)
        return self._published[definition]

    def is_closed(self, definition: str) -> bool:
        """Say whether an organiser has closed a definition."""
        if definition not in self._closed:
            self._closed[definition] = is_closed(self._connection, definition)
        return self._closed[definition]

    def owner(self, entry: str) -> Owner | None:
        """Return to whom one of the named entries belongs, if it is there already."""
        return self._known_owners().get(entry)

    def take(self, arrival: Arrival) -> None:
        """Note that a revision is stored which is not quarantined: the first one owns its entry."""
        unit = None if arrival.device is None else arrival.device.unit
        revision = arrival.revision
        self._known_owners().setdefault(revision.entry, Owner(unit, revision.form))

    def _known_owners(self) -> dict[str, Owner]:
        if self._owners is None:
            self._owners = owners(self._connection, self._entries)
        return self._owners
