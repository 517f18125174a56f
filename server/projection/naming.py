"""Which table names a form may have in the audit database.

A table is named by its form and repeat alone, so two forms can want one name, and a form can want
one of ours. Both are refused when the form is published; SQLite and Datasette know no case.
"""

import re
from collections.abc import Iterable

from forms.definition import Form
from forms.errors import DefinitionError
from forms.tables import shape

RESERVED = frozenset(
    {
        *("conflicts", "entries", "forms", "items", "members", "quarantine", "units"),
        # the canned queries of datasette-metadata.json, which have addresses beside the tables
        *("submissions-by-unit-and-form", "contests-by-category", "arrived-late"),
        *("in-conflict", "in-quarantine", "units-with-nothing-yet"),
    }
)
MAX_COLUMNS = 1950  # SQLite's limit is 2,000, the system's columns included
_OURS = re.compile(r"sqlite_.*|.*_fts(_.*)?")


def check_names(form: Form, published: Iterable[Form]) -> None:
    """Check that the tables of a form have room beside those of all that is published.

    Raises:
        DefinitionError: a name is taken; its `path` is where the definition gives it.
    """
    others = list(published)
    taken = {
        table.name.lower(): other.form_id
        for other in others
        if other.form_id != form.form_id
        for table in shape(other)
    }
    for table in shape(form):
        name = table.name.lower()
        if name in RESERVED or _OURS.fullmatch(name):
            raise _refusal(f"The table name {table.name!r} is the system's own.")
        if name in taken:
            raise _refusal(f"The form {taken[name]!r} has a table {table.name!r} already.")
    _check_width(form, others)


def _check_width(form: Form, others: Iterable[Form]) -> None:
    """The table of a form has the columns of all its versions."""
    columns: dict[str, set[str]] = {}
    for version in (form, *(other for other in others if other.form_id == form.form_id)):
        for table in shape(version):
            names = {column.name.lower() for column in table.columns}
            columns.setdefault(table.name, set()).update(names)
    for name, found in columns.items():
        if len(found) > MAX_COLUMNS:
            message = f"With all versions, the table {name!r} would have {len(found):,} columns."
            raise DefinitionError(message, path="survey", code="too_big")


def _refusal(message: str) -> DefinitionError:
    return DefinitionError(
        message, path="settings.form_id", code="duplicate_name", hint="Choose another form_id."
    )
