"""Writes the entries that some leaves touch: each as a whole, as it stands after the last of them.

An entry whose first revision is among the leaves cannot be in the tables yet; what is there of any
other is taken out first. So a new entry, which most are, costs no look at what is there, and a row
that would take another's place is an error.

What cannot be shown in its form's tables stands in quarantine: nothing that was logged vanishes.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from forms.definition import Form
from forms.tables import Plan, Row
from server.projection.heads import Standing, Stored
from server.projection.quarantine import UNSHOWABLE, quarantine_row
from server.projection.rows import (
    Surroundings,
    check_row_ids,
    complete_rows,
    full_text,
    parse_content,
    row_number,
)
from server.projection.source import Leaf, LogSource
from server.projection.tables import FULL_TEXT_SUFFIX, named

_TOUCHING = frozenset({"revision", "outcome"})
_LOGGER = logging.getLogger(__name__)
_INSERT_TEXT = "insert into {table}(rowid, text) values (?, ?)"


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A published definition, ready to give rows."""

    form: Form
    plan: Plan


class EntryWriter:
    """Writes entries within one transaction of the audit database."""

    def __init__(
        self,
        db: Database,
        source: LogSource,
        forms: Mapping[str, KnownForm],
        around: Surroundings,
    ) -> None:
        self._db = db
        self._source = source
        self._forms = forms
        self._around = around
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._texts: dict[str, list[tuple[int, str]]] = {}

    def write(self, leaves: Sequence[Leaf]) -> int:
        """Write every entry that the leaves touch; return how many."""
        revisions = [leaf.object for leaf in leaves if leaf.kind in _TOUCHING]
        if not revisions:
            return 0
        end = leaves[-1].index + 1
        entries = self._source.entries_of(revisions)
        old = [entry for entry, first in entries.items() if first < leaves[0].index]
        if old:
            self._take_out(old, end)
        standings = list(self._source.standings(list(entries), end))
        contents = self._source.contents([*_wanted(standings)])
        for _, standing in standings:
            self._collect(standing, contents)
        self._insert()
        return len(standings)

    def _collect(self, standing: Standing, contents: Mapping[str, bytes]) -> None:
        head = standing.head
        if head is not None:
            try:
                self._collect_head(standing, head, parse_content(contents[head.digest]))
            except Exception:
                # Nothing that was logged is so broken; but if it were, it must not stop the others.
                _LOGGER.exception("The entry %s cannot be shown.", head.entry)
                self._set_apart(replace(head, code=UNSHOWABLE), contents)
        for stored in standing.quarantined:
            self._set_apart(stored, contents)

    def _set_apart(self, stored: Stored, contents: Mapping[str, bytes]) -> None:
        revision = parse_content(contents[stored.digest])
        row = quarantine_row(stored, revision, self._version(stored), self._around)
        self._rows.setdefault(("quarantine", ""), []).append(row)

    def _collect_head(self, standing: Standing, head: Stored, revision: dict[str, Any]) -> None:
        known = self._forms[head.definition]
        tables = known.plan.rows(revision["answers"])
        check_row_ids(tables)
        complete_rows(tables, standing, head, revision, self._around)
        tables[known.form.form_id][0]["_version"] = known.form.version
        texts = list(full_text(known.plan, tables))
        for table, rows in tables.items():
            if rows:
                self._rows.setdefault((table, head.definition), []).extend(rows)
        for table, number, text in texts:
            self._texts.setdefault(table, []).append((number, text))

    def _version(self, stored: Stored) -> str | None:
        known = self._forms.get(stored.definition)
        return None if known is None else known.form.version

    def _insert(self) -> None:
        for (table, _), rows in self._rows.items():
            self._db.table(table).insert_all(rows)
        for table, texts in self._texts.items():
            insert = named(_INSERT_TEXT, table=table + FULL_TEXT_SUFFIX)
            self._db.conn.executemany(insert, texts)

    def _take_out(self, entries: list[str], end: int) -> None:
        for form in self._source.forms_of(entries, end):
            self._take_out_of(form, entries)
        self._delete("quarantine", entries)

    def _take_out_of(self, form: str, entries: list[str]) -> None:
        tables = [
            (row["name"], row["full_text"])
            for row in self._db.query("select name, full_text from _tables where form = ?", (form,))
        ]
        indexes = self._indexes_of(form, entries) if tables else []
        for name, full_text_name in tables:
            self._delete(name, entries)
            if full_text_name is not None:
                self._delete_texts(full_text_name, indexes, of_rows=name != form)

    def _indexes_of(self, form: str, entries: list[str]) -> list[int]:
        sql = named("select _index from {table} where _entry = ?", table=form)
        found = (self._db.execute(sql, (entry,)).fetchone() for entry in entries)
        return [row[0] for row in found if row is not None]

    def _delete(self, table: str, entries: list[str]) -> None:
        sql = named("delete from {table} where _entry = ?", table=table)
        self._db.conn.executemany(sql, [(entry,) for entry in entries])

    def _delete_texts(self, name: str, indexes: list[int], *, of_rows: bool) -> None:
        sql = named("delete from {table} where rowid between ? and ?", table=name)
        ranges = (
            [(row_number(index, 0), row_number(index + 1, 0) - 1) for index in indexes]
            if of_rows
            else [(index, index) for index in indexes]
        )
        self._db.conn.executemany(sql, ranges)


def _wanted(standings: Sequence[tuple[str, Standing]]) -> list[str]:
    heads = [standing.head.digest for _, standing in standings if standing.head is not None]
    return [*heads, *(each.digest for _, standing in standings for each in standing.quarantined)]
