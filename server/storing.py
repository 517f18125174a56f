"""Stores the arrivals of one push, on the writer's thread and within its transaction.

* Nearly always all of them are new and nothing is in their way: then they are stored together, one
  statement a table. Where anything is special, that is undone, and each is stored alone.
* Alone, each has a savepoint of its own: what goes wrong with one leaves the others alone.
* Both ways leave the same rows and give the same results; a property test holds them together.
* Whether an item is there already is found out by storing it, never by looking first. Where it is,
  and what is stored of it is damaged, the intact bytes that came take its place.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from server import log
from server.checks import Arrival, judge
from server.db import Connection, ends_transaction, savepoint
from server.definitions import compiled_form
from server.facts import Facts
from server.revisions import Placed, add_objects, add_revisions, find_result, heal, statement_of
from server.verdict import Verdict, not_stored, quarantined, result
from sync.messages import ItemResult, ItemState

_LOGGER = logging.getLogger(__name__)


class _SpecialError(Exception):
    """Say that not all of the arrivals are new."""


def store(
    connection: Connection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[ItemResult, ...]:
    """Store arrivals in their order; return what became of each."""
    try:
        with savepoint(connection, "items"):
            return store_together(connection, arrivals, now)
    except _SpecialError:
        pass
    except Exception as error:
        if ends_transaction(error, connection):
            raise
        _LOGGER.warning("%d revisions are stored one by one: %s", len(arrivals), error)
    return tuple(store_alone(connection, arrival, now) for arrival in arrivals)


def store_together(
    connection: Connection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[ItemResult, ...]:
    """Store arrivals that are all new; one that is not, or goes wrong, spoils them all."""
    if add_objects(connection, arrivals) < len(arrivals):
        raise _SpecialError
    facts = Facts(connection, (arrival.revision.entry for arrival in arrivals))
    verdicts = [_decided(connection, arrival, facts) for arrival in arrivals]
    first = log.append_all(connection, [statement_of(arrival, now) for arrival in arrivals])
    placed = [
        Placed(arrival, index, verdict)
        for index, (arrival, verdict) in enumerate(zip(arrivals, verdicts, strict=True), first)
    ]
    add_revisions(connection, placed, now)
    return tuple(result(each.arrival.digest, each.index, each.verdict) for each in placed)


def store_alone(connection: Connection, arrival: Arrival, now: datetime) -> ItemResult:
    """Store one arrival, or return what became of it earlier; its failure is a result, too."""
    try:
        with savepoint(connection, "item"):
            return _store_one(connection, arrival, now)
    except Exception as error:
        if ends_transaction(error, connection):
            raise
        _LOGGER.exception("The revision %s could not be stored.", arrival.digest)
        return not_stored(arrival.digest)


def _store_one(connection: Connection, arrival: Arrival, now: datetime) -> ItemResult:
    is_new = add_objects(connection, [arrival]) > 0
    known = find_result(connection, arrival.digest)
    if known is not None:
        heal(connection, arrival, was_gone=is_new)
        return known
    if not is_new:
        return not_stored(arrival.digest)
    verdict = _decided(connection, arrival, Facts(connection, [arrival.revision.entry]))
    index = log.append(connection, statement_of(arrival, now))
    add_revisions(connection, [Placed(arrival, index, verdict)], now)
    return result(arrival.digest, index, verdict)


def _decided(connection: Connection, arrival: Arrival, facts: Facts) -> Verdict:
    """Return the verdict on an arrival, and note what it means for those behind it."""
    verdict = _final_verdict(connection, arrival, facts)
    if verdict.state is not ItemState.QUARANTINED:
        facts.take(arrival)
    return verdict


def _final_verdict(connection: Connection, arrival: Arrival, facts: Facts) -> Verdict:
    verdict, revision, device = arrival.verdict, arrival.revision, arrival.device
    if device is None or verdict.state is ItemState.QUARANTINED:
        return verdict
    if facts.is_revoked(device.id):
        return quarantined("author_revoked")
    if verdict.code == "definition_unknown" and facts.is_published(revision.definition):
        verdict = judge(revision, device, lambda name: compiled_form(connection, name))
    return verdict_in_place(facts, arrival, verdict)


def verdict_in_place(facts: Facts, arrival: Arrival, verdict: Verdict) -> Verdict:
    """Return the verdict on a revision, given what the log holds of its form and entry."""
    revision, device = arrival.revision, arrival.device
    if device is None or verdict.state is not ItemState.LOGGED:
        return verdict
    if facts.is_closed(revision.definition):
        return quarantined("form_closed")
    owner = facts.owner(revision.entry)
    if owner is not None and owner.unit != device.unit:
        return quarantined("entry_of_other_unit")
    if owner is not None and owner.form != revision.form:
        return quarantined("form_mismatch")
    return verdict
