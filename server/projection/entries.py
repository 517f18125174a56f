"""Writes the entries that some leaves touch: each as a whole, as it stands after the last of them.

An entry whose first revision is among the leaves cannot be in the tables yet; what is there of any
other is taken out first. So a new entry, which most are, costs no look at what is there, and a row
that would take another's place is an error.

An entry of several heads is shown as merged, with a row in `conflicts` for each place that somebody
has to decide; where that cannot be shown, as its preferred head has it.

What cannot be shown in its form's tables stands in quarantine: nothing that was logged vanishes.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from sqlite_utils import Database

from forms.tables import Row
from server.projection.conflicts import conflict_rows
from server.projection.heads import Standing, Stored
from server.projection.merging import KnownForm, View, lineage_wanted, merged_view
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
from server.projection.tables import FULL_TEXT_SUFFIX, insert_into, named

_TOUCHING = frozenset({"revision", "outcome"})
_LOGGER = logging.getLogger(__name__)
_INSERT_TEXT = "insert into {table}(rowid, text) values (?, ?)"


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
        self._rows: dict[tuple[str, ...], list[Row]] = {}
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
        if head is not None and not self._is_shown(standing, head, contents):
            self._set_apart(replace(head, code=UNSHOWABLE), contents)
        for stored in standing.quarantined:
            self._set_apart(stored, contents)

    def _is_shown(self, standing: Standing, head: Stored, contents: Mapping[str, bytes]) -> bool:
        for view in self._views(standing, head, contents):
            try:
                self._collect_view(standing, head, view)
            except Exception:
                # Nothing that was logged is so broken; but if it were, it must not stop the others.
                _LOGGER.exception("The entry %s cannot be shown.", head.entry)
            else:
                return True
        return False

    def _views(
        self, standing: Standing, head: Stored, contents: Mapping[str, bytes]
    ) -> Iterator[View]:
        """Yield what to show of an entry, and what to show instead where that cannot be done."""
        plain = View(parse_content(contents[head.digest]), (head.definition,))
        if len(standing.heads) > 1:
            try:
                view = merged_view(standing, contents, self._forms, self._source)
            except Exception:
                _LOGGER.exception("The heads of the entry %s cannot be merged.", head.entry)
            else:
                yield view
                plain = replace(plain, contested=view.contested)
        yield plain

    def _set_apart(self, stored: Stored, contents: Mapping[str, bytes]) -> None:
        revision = parse_content(contents[stored.digest])
        row = quarantine_row(stored, revision, self._version(stored), self._around)
        self._rows.setdefault(("quarantine",), []).append(row)

    def _collect_view(self, standing: Standing, head: Stored, view: View) -> None:
        known = self._forms[head.definition]
        tables = view.rows(self._forms)
        check_row_ids(tables)
        complete_rows(tables, standing, head, view.revision, self._around)
        submission = tables[known.form.form_id][0]
        submission["_version"] = known.form.version
        submission["_conflicts"] = len(view.contested)
        conflicts = list(conflict_rows(standing, view, known.form, self._around))
        texts = list(full_text(known.plan, tables))
        # Rows of one key have the same columns: of two versions of a form, those of both.
        for table, rows in tables.items():
            if rows:
                self._rows.setdefault((table, *view.definitions), []).extend(rows)
        if conflicts:
            self._rows.setdefault(("conflicts",), []).extend(conflicts)
        for table, number, text in texts:
            self._texts.setdefault(table, []).append((number, text))

    def _version(self, stored: Stored) -> str | None:
        known = self._forms.get(stored.definition)
        return None if known is None else known.form.version

    def _insert(self) -> None:
        for (table, *_), rows in self._rows.items():
            cells = itemgetter(*rows[0])
            self._db.conn.executemany(insert_into(table, rows[0]), map(cells, rows))
        for table, texts in self._texts.items():
            insert = named(_INSERT_TEXT, table=table + FULL_TEXT_SUFFIX)
            # Whenever a number is lower than the one before, FTS5 writes out all it has gathered.
            self._db.conn.executemany(insert, sorted(texts))

    def _take_out(self, entries: list[str], end: int) -> None:
        for form in self._source.forms_of(entries, end):
            self._take_out_of(form, entries)
        for table in ("quarantine", "conflicts"):
            self._delete(table, entries)

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
    shown = [digest for _, standing in standings for digest in lineage_wanted(standing)]
    return [*shown, *(each.digest for _, standing in standings for each in standing.quarantined)]
