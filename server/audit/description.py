"""What Datasette is told of the forms' tables, read from the audit database itself.

The general part stands in `datasette-metadata.json`. This part is read again whenever the database
says that its shape has changed, so that a newly published form shows without a restart. Of the
ready-made questions those are offered whose tables and columns are there: a campaign need not have
the forms that a question is about.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.db import Connection, DatabaseError, open_reader

Query = Mapping[str, Any]
_NOT_THERE = ("no such table", "no such column")
_HIDDEN = ("_projection", "_tables", "_columns")


class Description:
    """The titles, texts, units and facets of the tables in one audit database, and its questions."""

    def __init__(self, path: Path, queries: Mapping[str, Query]) -> None:
        self._path = path
        self._queries = queries
        self._offered: Mapping[str, Query] = queries
        self._connection: Connection | None = None
        self._shape: int | None = None
        self._tables: Mapping[str, Mapping[str, Any]] = {}

    def tables(self) -> dict[str, dict[str, Any]]:
        """Return Datasette's metadata by table; the caller may change what it gets."""
        self._try_refresh()
        return {
            name: {
                key: dict(value) if isinstance(value, dict) else value
                for key, value in table.items()
            }
            for name, table in self._tables.items()
        }

    def queries(self) -> dict[str, dict[str, Any]]:
        """Return the questions that can be asked; the caller may change what it gets."""
        self._try_refresh()
        return {name: dict(query) for name, query in self._offered.items()}

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _try_refresh(self) -> None:
        try:
            self._refresh()
        except DatabaseError:
            # A moment's trouble with the file costs texts, not the page.
            self._forget()

    def _refresh(self) -> None:
        if self._connection is None:
            self._connection = open_reader(self._path)
        row = self._connection.execute("select shape from _projection").fetchone()
        if row["shape"] != self._shape:
            self._tables = read_tables(self._connection)
            self._offered = _answerable(self._connection, self._queries)
            self._shape = row["shape"]

    def _forget(self) -> None:
        self.close()
        self._shape = None


def read_tables(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return Datasette's metadata by table, as the audit database has it now."""
    tables = {row["name"]: _table(row) for row in connection.execute("select * from _tables")}
    columns = "select * from _columns order by table_name, position, name"
    for row in connection.execute(columns):
        table = tables[row["table_name"]]
        table["columns"][row["name"]] = row["description"]
        if row["facet"]:
            table["facets"].append(row["name"])
        if row["unit"]:
            table["units"][row["name"]] = row["unit"]
    return tables | {name: {"hidden": True} for name in _HIDDEN}


def _answerable(connection: Connection, queries: Mapping[str, Query]) -> dict[str, Query]:
    return {name: query for name, query in queries.items() if _has_tables(connection, query["sql"])}


def _has_tables(connection: Connection, sql: str) -> bool:
    try:
        connection.execute(f"explain {sql}").close()
    except DatabaseError as error:
        # Anything else, a value not given or a function of Datasette's, says nothing of tables.
        return not str(error).startswith(_NOT_THERE)
    return True


def _table(row: Any) -> dict[str, Any]:
    table: dict[str, Any] = {"title": row["title"], "columns": {}, "facets": [], "units": {}}
    if row["newest_first"]:
        table["sort_desc"] = row["newest_first"]
    if row["label"]:
        table["label_column"] = row["label"]
    if row["full_text"]:
        table["fts_table"] = row["full_text"]
        table["fts_pk"] = row["full_text_key"]
    return table
