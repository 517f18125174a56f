"""What arrived: the revisions of the log, newest first, for the organiser's terminal."""

from dataclasses import dataclass

from server.db import Connection


@dataclass(frozen=True, slots=True)
class ArrivedRevision:
    """A revision that arrived. `unit` and `member` are None where its author is unknown."""

    index: int
    entry: str
    form: str
    operation: str
    unit: str | None
    unit_name: str | None
    member: str | None
    made_at: str
    received_at: str
    state: str


def latest(connection: Connection, limit: int) -> tuple[ArrivedRevision, ...]:
    """Return the revisions that arrived last, the newest first."""
    rows = connection.execute(
        "SELECT revision.idx, entry, form, operation, unit, unit.name AS unit_name, member, "
        "made_wall, received_at, state "
        "FROM revision LEFT JOIN unit ON unit.code = revision.unit "
        "ORDER BY revision.idx DESC LIMIT ?",
        (limit,),
    )
    return tuple(ArrivedRevision(*row) for row in rows)
