"""What the projector keeps in memory, and how leaves that are no entries change it and the tables."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlite_utils import Database

from forms.campaign import parse_campaign
from forms.catalogue import parse_definition
from forms.definition import Form
from forms.errors import DefinitionError
from forms.tables import plan
from server.projection.around import (
    read_surroundings,
    write_campaign,
    write_form,
    write_members,
    write_units,
)
from server.projection.merging import KnownForm
from server.projection.naming import check_names
from server.projection.rows import Surroundings
from server.projection.source import Definition, Leaf, LogSource
from server.projection.tables import add_form, update_entries_view

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Known:
    """What the projector keeps in memory; all of it can be read again from the log."""

    forms: dict[str, KnownForm] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)


def take_surroundings(db: Database, source: LogSource, known: Known, leaves: list[Leaf]) -> None:
    """Write what some leaves say of forms, units, members and the campaign."""
    kinds = {leaf.kind for leaf in leaves}
    end = leaves[-1].index + 1
    if "campaign" in kinds:
        known.around = read_surroundings(source, end)
    if "form" in kinds:
        _take_forms(db, source, known, leaves)
    if "units" in kinds:
        write_units(db, source, known.around)
    if kinds & {"enrol", "revoke"}:
        write_members(db, source, known.around)
    if "campaign" in kinds:
        content = source.campaign_before(end)
        if content is not None:
            write_campaign(db, parse_campaign(content), known.around)


def _take_forms(db: Database, source: LogSource, known: Known, leaves: Iterable[Leaf]) -> None:
    digests = [leaf.object for leaf in leaves if leaf.kind == "form"]
    for definition in source.definitions(digests):
        form = _admit(definition, known)
        if form is not None:
            write_form(db, form, definition, known.around.zone)
            add_form(db, form)
    update_entries_view(db)
    # Whoever shows the file sees by this that titles and columns are to be read again.
    db.execute("update _projection set shape = shape + ?", (len(digests),))


def _admit(definition: Definition, known: Known) -> Form | None:
    """Return the form of a definition and remember it, unless it can have no tables.

    Publishing refuses such a form; one that is in the log all the same stops nobody else's.
    """
    try:
        form = parse_definition(definition.content, definition.digest)
        check_names(form, [each.form for each in known.forms.values()])
    except DefinitionError:
        _LOGGER.exception("The form %s has no tables.", definition.form)
        return None
    known.forms[definition.digest] = KnownForm(form, plan(form))
    return form


def remember(source: LogSource, cursor: int) -> Known:
    """Return what the projection of the leaves before a place has to know."""
    known = Known(around=read_surroundings(source, cursor))
    for definition in source.definitions_before(cursor):
        _admit(definition, known)
    return known
