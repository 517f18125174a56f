"""What readers are told of tables and columns, as data in the audit database.

Titles, column texts, units of measure and facets come from the definitions; the newest version of a
form has the last word, and what only an older one has keeps its text.
"""

from sqlite_utils import Database

from forms.definition import ATTACHMENT_TYPES, Form, Text, text_in
from forms.tables import Column, Table
from server.projection.columns import SystemColumn

_LANGUAGES = ("zh-CN", "en")
# Units of measure that Datasette can show with a value; all others stand in the labels.
_UNIT_OF_PART = {"altitude": "m", "accuracy": "m", "size": "byte"}


def describe(db: Database, name: str, title: str, columns: tuple[SystemColumn, ...]) -> None:
    """Note what is told of a table that no form defines."""
    db.table("_tables").insert({"name": name, "title": title, "newest_first": "_index"})
    _upsert_columns(db, name, [_system_row(column) for column in columns])


def both_languages(text: Text) -> str:
    """Return a text as it is shown: in zh-CN, then in en; in another language where it has none."""
    found = dict.fromkeys(text[language] for language in _LANGUAGES if text.get(language))
    return " · ".join(found) if found else text_in(text, _LANGUAGES[0])


def describe_table(db: Database, form: Form, table: Table, *, full_text: str | None) -> None:
    """Note what is told of a form's table as a whole."""
    is_submissions = table.repeat is None
    db.table("_tables").upsert(
        {
            "name": table.name,
            "title": both_languages(table.title),
            "form": form.form_id,
            "repeat": table.repeat,
            "full_text": full_text,
            "full_text_key": "_index" if is_submissions else "_number",
            "newest_first": "_index" if is_submissions else "_number",
            "label": "_unit_name" if is_submissions else None,
        },
        pk="name",
    )


def describe_columns(
    db: Database,
    table: Table,
    leading: tuple[SystemColumn, ...],
    trailing: tuple[SystemColumn, ...],
) -> None:
    """Note what is told of the columns of a form's table."""
    questions: list[dict[str, object]] = [
        {
            "name": column.name,
            "description": _description(column),
            "unit": _unit_of(column),
            "facet": int(column.facet),
        }
        for column in table.columns
    ]
    rows = [*map(_system_row, leading), *questions, *map(_system_row, trailing)]
    _upsert_columns(db, table.name, rows)


def _upsert_columns(db: Database, table: str, rows: list[dict[str, object]]) -> None:
    numbered = (
        {"table_name": table, "position": position, **row} for position, row in enumerate(rows)
    )
    db.table("_columns").upsert_all(numbered, pk=("table_name", "name"))


def _system_row(column: SystemColumn) -> dict[str, object]:
    return {
        "name": column.name,
        "description": column.text,
        "unit": None,
        "facet": int(column.facet),
    }


def _description(column: Column) -> str:
    label, hint = both_languages(column.label), both_languages(column.hint)
    return f"{label}（{hint}）" if hint else label


def _unit_of(column: Column) -> str | None:
    question = column.question
    if question is None or question.type not in {"geopoint", *ATTACHMENT_TYPES}:
        return None
    return _UNIT_OF_PART.get(column.name.rpartition("-")[2])
