"""What surrounds the entries in the audit database: forms, units, members, and what is owed.

Each is written anew as it is now whenever the log says that it changed, and the columns of the
entries that repeat it follow: so a rebuild gives the same file.
"""

from datetime import tzinfo

from sqlite_utils import Database

from forms.campaign import Campaign, parse_campaign
from forms.definition import Form
from server.projection.descriptions import both_languages
from server.projection.local_time import local_text, named_zone
from server.projection.rows import Surroundings
from server.projection.source import Definition, LogSource
from server.projection.tables import data_tables, format_kinds, named
from sync.times import format_time

_UPDATE_UNIT_NAMES = """
update {table} set _unit_name = (select name from units where code = _unit)
where _unit_name is not (select name from units where code = _unit)
"""
_UPDATE_TIMES = """
update {table} set _late = ifnull(_first_received_at > :due, 0),
    _received_local = campaign_time(_received_at),
    _first_received_local = campaign_time(_first_received_at)
"""

_UPDATE_RECEIVED = "update {table} set _received_local = campaign_time(_received_at)"


def read_surroundings(source: LogSource, end: int) -> Surroundings:
    """Return what surrounds the entries before a place in the log."""
    around = Surroundings(
        units={unit["code"]: unit["name"] for unit in source.units()},
        members={member["id"]: member["name"] for member in source.members()},
    )
    content = source.campaign_before(end)
    if content is not None:
        campaign = parse_campaign(content)
        around.zone = named_zone(campaign.time_zone)
        around.due = {
            item.form: format_time(item.due) for item in campaign.items if item.due is not None
        }
    return around


def write_form(db: Database, form: Form, definition: Definition, zone: tzinfo) -> None:
    """Note a version of a form; the newest published one stands."""
    count = db.execute("select versions from forms where form = ?", (form.form_id,)).fetchone()
    db.table("forms").upsert(
        {
            "form": form.form_id,
            "title": both_languages(form.title),
            "version": form.version,
            "versions": 1 + (count[0] if count else 0),
            "published_at": definition.published_at,
            "published_local": local_text(definition.published_at, zone),
            "definition": definition.digest,
        },
        pk="form",
    )


def write_units(db: Database, source: LogSource, around: Surroundings) -> None:
    """Write the units anew, and their names wherever they are repeated."""
    _replace(db, "units", source.units())
    for table in (*data_tables(db), "quarantine", "conflicts"):
        db.execute(named(_UPDATE_UNIT_NAMES, table=table))
    around.units = {unit["code"]: unit["name"] for unit in source.units()}


def write_members(db: Database, source: LogSource, around: Surroundings) -> None:
    """Write the members anew."""
    members = source.members()
    _replace(db, "members", members)
    around.members = {member["id"]: member["name"] for member in members}


def write_campaign(db: Database, campaign: Campaign, around: Surroundings) -> None:
    """Write what is owed anew, and what the entries say of it: late or not, and local times."""
    _replace(
        db,
        "items",
        [
            {
                "form": item.form,
                "title": both_languages(item.title),
                "owed_by": format_kinds(item.owed_by),
                "min_entries": item.min_entries,
                "max_entries": item.max_entries,
                "due_local": item.due and local_text(item.due.isoformat(), around.zone),
                "due_at": item.due and format_time(item.due),
                "repeats": int(item.repeats),
            }
            for item in campaign.items
        ],
    )
    db.conn.create_function("campaign_time", 1, lambda utc: local_text(utc, around.zone))
    for form in [row["form"] for row in db.query("select form from forms")]:
        db.execute(named(_UPDATE_TIMES, table=form), {"due": around.due.get(form)})
    for table in ("quarantine", "conflicts"):
        db.execute(named(_UPDATE_RECEIVED, table=table))
    db.execute("update forms set published_local = campaign_time(published_at)")


def _replace(db: Database, table: str, rows: list[dict[str, object]]) -> None:
    db.execute(named("delete from {table}", table=table))
    db.table(table).insert_all(rows)
