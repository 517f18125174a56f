"""Revisions in log.db: stored once under their digest, each with one place in the log.

* Storing the same bytes again changes nothing and gives the same index, state and code.
* A state is decided once; only a held revision is decided later, by a leaf of its own.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from server import log
from server.checks import Arrival
from server.db import Connection, Row
from server.verdict import Verdict, format_violations, parse_violations, result
from sync.digest import digest_of, is_named
from sync.messages import ItemResult, ItemState, RuleViolation
from sync.statement import Statement, StatementKind
from sync.times import format_time

_INSERT_OBJECT = "INSERT INTO object VALUES (?, 'revision', ?, ?) ON CONFLICT DO NOTHING"
_INSERT_REVISION = (
    "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A revision with its place in the log and the final verdict on it."""

    arrival: Arrival
    index: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an entry is, and of which form."""

    unit: str | None
    form: str


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
    """A revision that waits to be decided; `content` is empty where it is damaged."""

    digest: str
    device: str
    code: str
    content: bytes


def add_objects(connection: Connection, arrivals: Sequence[Arrival]) -> int:
    """Store the bytes of revisions; return how many of them are new."""
    rows = [(each.digest, each.content, each.signature) for each in arrivals]
    return connection.executemany(_INSERT_OBJECT, rows).rowcount


def statement_of(arrival: Arrival, now: datetime) -> Statement:
    """Return the statement that a revision was taken."""
    return Statement(StatementKind.REVISION, arrival.digest, now, digest_of(arrival.signature))


def add_revisions(connection: Connection, placed: Sequence[Placed], now: datetime) -> None:
    """Add revisions whose bytes and leaves are stored just now."""
    received_at = format_time(now)
    connection.executemany(_INSERT_REVISION, [_row(each, received_at) for each in placed])
    parents = [
        (each.arrival.digest, parent)
        for each in placed
        for parent in dict.fromkeys(each.arrival.revision.parents)
    ]
    if parents:
        connection.executemany("INSERT INTO parent VALUES (?, ?)", parents)
    uses = [
        (attachment.sha256, each.arrival.digest, attachment.size)
        for each in placed
        for attachment in each.arrival.revision.attachments
    ]
    if uses:
        connection.executemany("INSERT INTO attachment_use VALUES (?, ?, ?)", uses)


def _row(placed: Placed, received_at: str) -> tuple[str | int | None, ...]:
    arrival, verdict = placed.arrival, placed.verdict
    revision, device = arrival.revision, arrival.device
    made_at = revision.made_at
    return (
        arrival.digest,
        placed.index,
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
        format_time(made_at.wall),
        made_at.local.isoformat(timespec="seconds"),
        received_at,
        verdict.state.value,
        verdict.code,
        format_violations(verdict.violations),
    )


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


def heal(connection: Connection, arrival: Arrival, *, was_gone: bool) -> None:
    """Put what came of a known revision in the place of what is damaged of it.

    `was_gone` says that its object was missing, and is stored just now. The signature is the one
    that the leaf names: another may be a stranger's, which nobody could check.

    Raises:
        ValueError: the object was missing, and came with another signature.
    """
    row = connection.execute(
        "SELECT leaf.detail, object.bytes, object.signature FROM revision "
        "JOIN leaf ON leaf.idx = revision.idx "
        "JOIN object ON object.digest = revision.digest WHERE revision.digest = ?",
        (arrival.digest,),
    ).fetchone()
    is_signed = is_named(row["signature"], row["detail"])
    if was_gone and not is_signed:
        raise ValueError("The signature is not the one that the log names.")
    if was_gone:
        log.count_repair(connection)
        return
    can_sign = not is_signed and is_named(arrival.signature, row["detail"])
    if can_sign or not is_named(row["bytes"], arrival.digest):
        signature = arrival.signature if can_sign else row["signature"]
        log.put_back_object(connection, arrival.digest, "revision", arrival.content, signature)
        connection.executemany(
            "UPDATE attachment_use SET size = ? WHERE sha256 = ? AND revision = ?",
            [(file.size, file.sha256, arrival.digest) for file in arrival.revision.attachments],
        )


def owners(connection: Connection, entries: Sequence[str]) -> dict[str, Owner]:
    """Return to whom entries belong, those that are there: the first revision of each decides.

    A quarantined one owns nothing: else a stranger could seize an entry by being first.
    """
    rows = connection.execute(
        # With min(), SQLite takes the other columns from the row that has it.
        "SELECT entry, unit, form, min(idx) FROM revision "
        "WHERE entry IN (SELECT value FROM json_each(?)) AND state != 'quarantined' "
        "GROUP BY entry",
        (json.dumps(entries),),
    )
    return {row["entry"]: Owner(row["unit"], row["form"]) for row in rows}


def held_revisions(connection: Connection) -> Iterator[HeldRevision]:
    """Yield the revisions that wait to be decided, in the order they came."""
    rows = connection.execute(
        "SELECT digest, device, code FROM revision WHERE state = 'held' ORDER BY idx"
    )
    for digest, device, code in rows.fetchall():  # the contents one by one: there may be many
        content = log.read_object(connection, digest) or b""
        yield HeldRevision(digest, device, code, content)


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
