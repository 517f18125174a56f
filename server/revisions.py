"""Revisions in log.db: stored once under their digest, each with one place in the log.

* Storing the same bytes again changes nothing and gives the same index, state and code.
* A state is decided once; only a held revision is decided later, by a leaf of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from server import log
from server.checks import Arrival
from server.db import Connection, Row
from server.verdict import Verdict, format_violations, parse_violations, result
from sync.digest import digest_of
from sync.messages import ItemResult, ItemState, RuleViolation
from sync.statement import Statement, StatementKind
from sync.times import format_time


@dataclass(frozen=True, slots=True)
class QuarantinedRevision:
    """A revision that is kept for the organiser to look at."""

    digest: str
    index: int
    entry: str
    form: str
    device: str
    member: str | None
    unit: str | None
    made_at: str
    received_at: str
    code: str
    violations: tuple[RuleViolation, ...]


@dataclass(frozen=True, slots=True)
class HeldRevision:
    """A revision that waits to be decided."""

    digest: str
    device: str
    code: str
    content: bytes


def add_object(connection: Connection, arrival: Arrival) -> bool:
    """Store the bytes of a revision; say whether they are new."""
    return log.add_signed_object(
        connection, arrival.digest, "revision", arrival.content, arrival.signature
    )


def add_revision(
    connection: Connection, arrival: Arrival, verdict: Verdict, now: datetime
) -> ItemResult:
    """Give a revision, whose bytes are stored just now, its place in the log."""
    statement = Statement(StatementKind.REVISION, arrival.digest, now, digest_of(arrival.signature))
    index = log.append(connection, statement)
    revision, device, at = arrival.revision, arrival.device, format_time(now)
    connection.execute(
        "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            arrival.digest,
            index,
            revision.entry,
            revision.form,
            revision.definition,
            revision.device,
            revision.incarnation,
            revision.sequence,
            revision.previous,
            None if device is None else device.member,
            None if device is None else device.unit,
            revision.operation,
            format_time(revision.made_at.wall),
            revision.made_at.local.isoformat(timespec="seconds"),
            at,
            verdict.state.value,
            verdict.code,
            format_violations(verdict.violations),
        ),
    )
    _add_links(connection, arrival)
    return result(arrival.digest, index, verdict)


def decide(connection: Connection, digest: str, verdict: Verdict, now: datetime) -> int:
    """Decide a held revision; return the index of the leaf that says so."""
    statement = Statement(StatementKind.OUTCOME, digest, now, verdict.state.value)
    index = log.append(connection, statement)
    connection.execute(
        "UPDATE revision SET state = ?, code = ?, violations = ?, decided_idx = ? WHERE digest = ?",
        (
            verdict.state.value,
            verdict.code,
            format_violations(verdict.violations),
            index,
            digest,
        ),
    )
    return index


def find_result(connection: Connection, digest: str) -> ItemResult | None:
    """Return what became of a stored revision."""
    row = connection.execute("SELECT * FROM revision WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else result_of(row)


def result_of(row: Row) -> ItemResult:
    """Return what became of the revision in a row of the table."""
    verdict = Verdict(ItemState(row["state"]), row["code"], parse_violations(row["violations"]))
    return result(row["digest"], row["idx"], verdict)


def owner(connection: Connection, entry: str) -> Row | None:
    """Return `unit` and `form` of the first revision of an entry that was taken.

    A quarantined one owns nothing: else a stranger could seize an entry by being first.
    """
    row: Row | None = connection.execute(
        "SELECT unit, form FROM revision WHERE entry = ? AND state != 'quarantined' "
        "ORDER BY idx LIMIT 1",
        (entry,),
    ).fetchone()
    return row


def held_revisions(connection: Connection) -> Iterator[HeldRevision]:
    """Yield the revisions that wait to be decided, in the order they came."""
    rows = connection.execute(
        "SELECT revision.digest, revision.device, revision.code, object.bytes FROM revision "
        "JOIN object ON object.digest = revision.digest WHERE state = 'held' ORDER BY idx"
    )
    for row in rows.fetchall():
        yield HeldRevision(row["digest"], row["device"], row["code"], bytes(row["bytes"]))


def quarantine(connection: Connection) -> tuple[QuarantinedRevision, ...]:
    """Return what is kept for the organiser to look at, in the order it came."""
    rows = connection.execute("SELECT * FROM revision WHERE state = 'quarantined' ORDER BY idx")
    return tuple(
        QuarantinedRevision(
            digest=row["digest"],
            index=row["idx"],
            entry=row["entry"],
            form=row["form"],
            device=row["device"],
            member=row["member"],
            unit=row["unit"],
            made_at=row["made_wall"],
            received_at=row["received_at"],
            code=row["code"],
            violations=parse_violations(row["violations"]),
        )
        for row in rows
    )


def _add_links(connection: Connection, arrival: Arrival) -> None:
    revision = arrival.revision
    for parent in dict.fromkeys(revision.parents):
        connection.execute("INSERT INTO parent VALUES (?, ?)", (arrival.digest, parent))
    for attachment in revision.attachments:
        connection.execute(
            "INSERT INTO attachment_use VALUES (?, ?)", (attachment.sha256, arrival.digest)
        )
