"""The campaign and its units, as published: exact bytes in the log, and rows to look up.

The newest of each counts. A unit that has members, or has handed in, cannot be left out of a
later list: what it handed in would lose its name.
"""

from datetime import datetime

from forms.campaign import Campaign, Unit, parse_campaign, parse_units
from server import log
from server.db import Connection
from server.errors import ConflictError, UnknownError
from server.settings import set_organising_unit
from sync.digest import digest_of
from sync.statement import Statement, StatementKind


def publish_units(connection: Connection, content: bytes, now: datetime) -> int:
    """Take a list of units as the newest; return its index in the log.

    Raises:
        DefinitionError: the bytes are no list of units.
        ConflictError: a unit is missing that is still needed.
    """
    units = parse_units(content)
    digest = digest_of(content)
    newest = connection.execute("SELECT * FROM units ORDER BY idx DESC LIMIT 1").fetchone()
    if newest is not None and newest["digest"] == digest:
        log.add_object(connection, digest, "units", content)
        return int(newest["idx"])
    _check_nothing_needed_is_missing(connection, {unit.code for unit in units})
    log.add_object(connection, digest, "units", content)
    index = log.append(connection, Statement(StatementKind.UNITS, digest, now))
    connection.execute("INSERT INTO units VALUES (?, ?)", (index, digest))
    _replace_units(connection, units)
    return index


def publish_campaign(connection: Connection, content: bytes, now: datetime) -> int:
    """Take a campaign as the newest; return its index in the log.

    Raises:
        DefinitionError: the bytes are no campaign.
        UnknownError: its organising unit is not there.
    """
    campaign = parse_campaign(content)
    digest, organiser = digest_of(content), campaign.organiser.unit
    newest = connection.execute("SELECT * FROM campaign ORDER BY idx DESC LIMIT 1").fetchone()
    if newest is not None and newest["digest"] == digest:
        log.add_object(connection, digest, "campaign", content)
        return int(newest["idx"])
    if not connection.execute("SELECT 1 FROM unit WHERE code = ?", (organiser,)).fetchone():
        raise UnknownError(
            f"The organising unit {organiser!r} is none of the units.",
            hint="Put it into units.json.",
        )
    log.add_object(connection, digest, "campaign", content)
    index = log.append(connection, Statement(StatementKind.CAMPAIGN, digest, now))
    connection.execute("INSERT INTO campaign VALUES (?, ?)", (index, digest))
    set_organising_unit(connection, organiser)
    return index


def current_campaign(connection: Connection) -> Campaign:
    """Return the newest campaign.

    Raises:
        UnknownError: none was published, or its bytes are damaged.
    """
    row = connection.execute("SELECT digest FROM campaign ORDER BY idx DESC LIMIT 1").fetchone()
    if row is None:
        raise UnknownError("No campaign is published.", hint="Run `tianbao-server init`.")
    content = log.read_object(connection, row["digest"])
    if content is None:
        raise UnknownError("The campaign is damaged.", hint="Run `tianbao-server doctor`.")
    return parse_campaign(content)


def _check_nothing_needed_is_missing(connection: Connection, codes: set[str]) -> None:
    needed = connection.execute(
        "SELECT unit FROM member UNION SELECT unit FROM invite "
        "UNION SELECT unit FROM revision WHERE unit IS NOT NULL "
        "UNION SELECT value FROM meta WHERE key = 'organising_unit'"
    )
    missing = sorted({row[0] for row in needed} - codes)
    if missing:
        raise ConflictError(
            f"These units are in use and missing from the list: {', '.join(missing)}.",
            code="unit_in_use",
            hint="Keep them in the list.",
        )


def _replace_units(connection: Connection, units: tuple[Unit, ...]) -> None:
    codes = {unit.code for unit in units}
    known = {row["code"] for row in connection.execute("SELECT code FROM unit")}
    connection.executemany("DELETE FROM unit WHERE code = ?", [(code,) for code in known - codes])
    connection.executemany(
        "INSERT INTO unit VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "name = excluded.name, kind = excluded.kind, parent = excluded.parent",
        [(unit.code, unit.name, unit.kind, unit.parent) for unit in units],
    )
