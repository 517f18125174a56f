"""Takes pushed revisions into the log.

* Whatever is not refused is stored and has its place in the log before the result is returned.
* Each item is stored in a savepoint of its own: what goes wrong with one leaves the others alone.
* An item that is there already keeps its index, state and code. Whether it is there is found out
  by storing it, never by looking first: two requests may bring it at the same moment.
* What another request may have changed since the check is asked again on the writer's thread:
  whether the device is revoked, the definition published, and whose entry it is.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server import log
from server.checks import Arrival, Checks, judge
from server.clock import Clock
from server.db import Connection, ends_transaction, savepoint
from server.definitions import compiled_form, is_closed, is_published
from server.members import is_revoked
from server.revisions import add_object, add_revision, find_result, owner
from server.verdict import Verdict, not_stored, quarantined
from server.writer import Writer
from sync.frames import Frame
from sync.messages import ItemResult, ItemState

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of each item, in order; `missing` are the attachments still waited for."""

    results: tuple[ItemResult, ...]
    missing: tuple[str, ...]
    log_size: int


class Ingest:
    """Takes pushed revisions into the log."""

    def __init__(
        self, checks: Checks, writer: Writer, clock: Clock, is_here: Callable[[str], bool]
    ) -> None:
        self._checks = checks
        self._is_here = is_here
        self._writer = writer
        self._clock = clock

    def push(self, frames: Iterable[Frame]) -> PushOutcome:
        """Take what was pushed; return once all that is not refused is durable.

        Raises:
            StorageError: nothing was stored; the same push may be sent again.
        """
        examined = [self._checks.examine(frame) for frame in frames]
        results, size = self._writer.run(lambda connection: self._store(connection, examined))
        named = sorted(_named(examined))
        return PushOutcome(results, tuple(name for name in named if not self._is_here(name)), size)

    def _store(
        self, connection: Connection, examined: Sequence[Arrival | ItemResult]
    ) -> tuple[tuple[ItemResult, ...], int]:
        now = self._clock()
        results = tuple(
            _store_alone(connection, item, now) if isinstance(item, Arrival) else item
            for item in examined
        )
        return results, log.size(connection)


def _store_alone(connection: Connection, arrival: Arrival, now: datetime) -> ItemResult:
    try:
        with savepoint(connection, "item"):
            return _store_one(connection, arrival, now)
    except Exception as error:
        if ends_transaction(error, connection):
            raise
        _LOGGER.exception("The revision %s could not be stored.", arrival.digest)
        return not_stored(arrival.digest)


def _store_one(connection: Connection, arrival: Arrival, now: datetime) -> ItemResult:
    if not add_object(connection, arrival):
        known = find_result(connection, arrival.digest)
        return known if known is not None else not_stored(arrival.digest)
    return add_revision(connection, arrival, _final_verdict(connection, arrival), now)


def verdict_in_place(connection: Connection, arrival: Arrival, verdict: Verdict) -> Verdict:
    """Return the verdict on a revision, given what the log holds of its form and entry."""
    revision, device = arrival.revision, arrival.device
    if device is None or verdict.state is not ItemState.LOGGED:
        return verdict
    if is_closed(connection, revision.definition):
        return quarantined("form_closed")
    first = owner(connection, revision.entry)
    if first is not None and first["unit"] != device.unit:
        return quarantined("entry_of_other_unit")
    if first is not None and first["form"] != revision.form:
        return quarantined("form_mismatch")
    return verdict


def _final_verdict(connection: Connection, arrival: Arrival) -> Verdict:
    verdict, revision, device = arrival.verdict, arrival.revision, arrival.device
    if device is None or verdict.state is ItemState.QUARANTINED:
        return verdict
    if is_revoked(connection, device.id):
        return quarantined("author_revoked")
    if verdict.code == "definition_unknown" and is_published(connection, revision.definition):
        verdict = judge(revision, device, lambda name: compiled_form(connection, name))
    return verdict_in_place(connection, arrival, verdict)


def _named(examined: Sequence[Arrival | ItemResult]) -> set[str]:
    return {
        attachment.sha256
        for item in examined
        if isinstance(item, Arrival)
        for attachment in item.revision.attachments
    }
