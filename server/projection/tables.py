"""The tables of the audit database: made once, and grown with every version of a form.

* `FORM_ID` and `FORM_ID-REPEAT` have the columns of all versions of the form, in the order of
  publishing; nothing is ever dropped or renamed, so that a query once written keeps working.
* What readers are told of a form's tables stands in `_tables` and `_columns`, so that whoever
  shows the file needs nothing else. `_projection` says how far the file has come.
* `entries` is a view over all forms.
"""

import json
from collections.abc import Iterable, Mapping

from sqlite_utils import Database
from sqlite_utils.db import Table as DatabaseTable

from forms.definition import Form
from forms.tables import Column, Table, shape
from server.projection.columns import (
    CONFLICTS,
    ENTRIES,
    NESTED_ROW,
    QUARANTINE,
    ROW_LEADING,
    ROW_TRAILING,
    SUBMISSION_LEADING,
    SUBMISSION_TRAILING,
    SystemColumn,
)
from server.projection.descriptions import describe, describe_columns, describe_table

SCHEMA_VERSION = 3
FULL_TEXT_SUFFIX = "_fts"
_FIXED: Mapping[str, tuple[Mapping[str, type], str | tuple[str, ...]]] = {
    "_projection": (
        {
            "id": int,
            "schema_version": int,
            "cursor": int,
            "last_leaf": bytes,
            "shape": int,
            "repairs": int,
        },
        "id",
    ),
    "_tables": (
        {
            "name": str,
            "title": str,
            "form": str,
            "repeat": str,
            "full_text": str,
            "full_text_key": str,
            "newest_first": str,
            "label": str,
        },
        "name",
    ),
    "_columns": (
        {
            "table_name": str,
            "name": str,
            "position": int,
            "description": str,
            "unit": str,
            "facet": int,
        },
        ("table_name", "name"),
    ),
    "forms": (
        {
            "form": str,
            "title": str,
            "version": str,
            "versions": int,
            "published_at": str,
            "published_local": str,
            "definition": str,
        },
        "form",
    ),
    "units": ({"code": str, "name": str, "kind": str, "parent": str}, "code"),
    "members": (
        {
            "id": str,
            "name": str,
            "role": str,
            "unit": str,
            "created_at": str,
            "revoked_at": str,
        },
        "id",
    ),
    "items": (
        {
            "form": str,
            "title": str,
            "owed_by": str,
            "min_entries": int,
            "max_entries": int,
            "due_local": str,
            "due_at": str,
            "repeats": int,
        },
        "form",
    ),
}
_FOREIGN_KEYS = {
    "units": [("parent", "units", "code")],
    "members": [("unit", "units", "code")],
}
# columnsize = 0: nobody asks for ranks, and a row costs less to write.
_CREATE_FULL_TEXT = (
    "create virtual table {table} using"
    " fts5(text, tokenize = 'unicode61 remove_diacritics 2', columnsize = 0)"
)
_SQL_TYPES = {"TEXT": str, "INTEGER": int, "REAL": float}


def create_tables(db: Database) -> None:
    """Make the tables that are there without any form."""
    for name, (columns, key) in _FIXED.items():
        db.table(name).create(dict(columns), pk=key, foreign_keys=_FOREIGN_KEYS.get(name, []))
    db.table("quarantine").create(_types(QUARANTINE), pk="_revision", foreign_keys=_people())
    db.table("quarantine").create_index(["_entry"])
    describe(db, "quarantine", "隔离区 · Quarantine", QUARANTINE)
    db.table("conflicts").create(
        _types(CONFLICTS), pk=("_entry", "_path"), foreign_keys=[_people()[0]]
    )
    describe(db, "conflicts", "冲突 · Conflicts", CONFLICTS)
    describe(db, "entries", "全部填报记录 · All entries", ENTRIES)
    _create_entries_view(db, [])
    db.table("_projection").insert(
        {"id": 1, "schema_version": SCHEMA_VERSION, "cursor": 0, "shape": 0, "repairs": 0}
    )


def drop_everything(db: Database) -> None:
    """Empty the file, whatever version of it this is."""
    for name in db.view_names():
        db.view(name).drop()
    virtual = [table for table in db.tables if table.virtual_table_using]
    for table in virtual:
        table.drop()
    for name in db.table_names():
        if not name.startswith("sqlite_"):
            db.table(name).drop()


def add_form(db: Database, form: Form) -> None:
    """Make the tables of a version of a form, or add the columns it brings to those there are."""
    for table in shape(form):
        leading, trailing, key = _system_columns(form, table)
        if not db.table(table.name).exists():
            _create(db, form, table, (leading, trailing, key))
        _add_columns(db.table(table.name), table.columns)
        if any(column.search for column in table.columns):
            _create_full_text(db, table.name)
        describe_table(db, form, table, full_text=_full_text_of(db, table.name))
        describe_columns(db, table, leading, trailing)


def update_entries_view(db: Database) -> None:
    """Have the view `entries` show every form there is."""
    forms = [row["form"] for row in db.query("select form from forms order by form")]
    _create_entries_view(db, forms)


def data_tables(db: Database) -> list[str]:
    """Return the names of the tables that forms have."""
    return [row["name"] for row in db.query("select name from _tables where form is not null")]


def _system_columns(
    form: Form, table: Table
) -> tuple[tuple[SystemColumn, ...], tuple[SystemColumn, ...], str | tuple[str, ...]]:
    if table.repeat is None:
        return SUBMISSION_LEADING, SUBMISSION_TRAILING, "_entry"
    is_nested = any(
        other.repeat is not None and table.repeat.startswith(other.repeat + "/")
        for other in shape(form)
    )
    nested = (NESTED_ROW,) if is_nested else ()
    return (*ROW_LEADING, *nested), ROW_TRAILING, ("_entry", "_row")


def _create(
    db: Database,
    form: Form,
    table: Table,
    system: tuple[tuple[SystemColumn, ...], tuple[SystemColumn, ...], str | tuple[str, ...]],
) -> None:
    leading, trailing, key = system
    questions = {column.name: _SQL_TYPES[column.type] for column in table.columns}
    is_submissions = table.repeat is None
    keys = _people() if is_submissions else [_people()[0], ("_entry", form.form_id, "_entry")]
    created = db.table(table.name).create(
        {**_types(leading), **questions, **_types(trailing)}, pk=key, foreign_keys=keys
    )
    # sqlite-utils names an index by its table and columns with a `-` made `_`; two tables could meet.
    number = "_index" if is_submissions else "_number"
    created.create_index([number], f"{table.name} {number}", unique=True)
    if is_submissions:
        created.create_index(["_unit"], f"{table.name} _unit")


def _people() -> list[tuple[str, str, str]]:
    return [("_unit", "units", "code"), ("_member", "members", "id")]


def _types(columns: Iterable[SystemColumn]) -> dict[str, type]:
    return {column.name: _SQL_TYPES[column.type] for column in columns}


def _add_columns(table: DatabaseTable, columns: Iterable[Column]) -> None:
    there = {name.lower() for name in table.columns_dict}
    for column in columns:
        if column.name.lower() not in there:
            table.add_column(column.name, _SQL_TYPES[column.type])


def _create_full_text(db: Database, name: str) -> None:
    if not db.table(name + FULL_TEXT_SUFFIX).exists():
        db.execute(named(_CREATE_FULL_TEXT, table=name + FULL_TEXT_SUFFIX))


def _full_text_of(db: Database, name: str) -> str | None:
    full_text = name + FULL_TEXT_SUFFIX
    return full_text if db.table(full_text).exists() else None


def _create_entries_view(db: Database, forms: list[str]) -> None:
    if "entries" in db.view_names():
        db.view("entries").drop()
    names = [column.name for column in ENTRIES]
    # With no form there is no table to select from, but the view has its columns all the same.
    nothing = ", ".join(f"null as {name}" for name in names) + " where 0"
    selects = [nothing, *(_entries_of(db, form, names) for form in forms)]
    db.create_view("entries", "select " + " union all select ".join(selects))


def _entries_of(db: Database, form: str, names: list[str]) -> str:
    columns = (f"{db.quote(form)} as _form" if name == "_form" else name for name in names)
    return named(", ".join(columns) + " from {table}", table=form)


def named(statement: str, **names: str) -> str:
    """Return a statement with the names of tables in their places, quoted as SQL wants them."""
    return statement.format_map({place: _quoted(name) for place, name in names.items()})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def insert_into(table: str, columns: Iterable[str]) -> str:
    """Return the statement that inserts a row with these columns."""
    names = [_quoted(name) for name in columns]
    places = ", ".join("?" * len(names))
    return f"insert into {_quoted(table)} ({', '.join(names)}) values ({places})"  # noqa: S608  # names are quoted


def format_kinds(kinds: Iterable[str]) -> str:
    """Return the kinds of unit that owe an item as a JSON list, for `json_each`."""
    return json.dumps(list(kinds), ensure_ascii=False)
