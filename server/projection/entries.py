"""Writes the entries that some leaves touch: each as a whole, as it stands after the last of them.

An entry whose first revision is among the leaves cannot be in the tables yet; what is there of any
other is taken out first. So a new entry, which most are, costs no look at what is there, and a row
that would take another's place is an error.

An entry of several heads is shown as merged, with a row in `conflicts` for each place that somebody
has to decide; where that cannot be shown, as its preferred head has it.

What cannot be shown in its form's tables, or not be merged with the rest of its entry, stands in
quarantine: nothing that was logged vanishes. What is damaged stands there without its content.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from sqlite_utils import Database

from forms.tables import Row
from server.projection.conflicts import conflict_rows
from server.projection.heads import Standing, Stored
from server.projection.merging import KnownForm, View, merged_view
from server.projection.quarantine import NOT_MERGED, UNREADABLE, UNSHOWABLE, quarantine_row
from server.projection.rows import (
    Surroundings,
    check_row_ids,
    complete_rows,
    full_text,
    parse_content,
    row_number,
)
from server.projection.sides import Sides, sides_of
from server.projection.source import Leaf, LogSource
from server.projection.tables import FULL_TEXT_SUFFIX, insert_into, named

MOST_GATHERED = 16 * 1024 * 1024
"""How many bytes of contents may wait as rows until they are inserted."""

MOST_APART = 16 * 1024 * 1024
"""How many bytes of one entry's contents stand in quarantine; what is beyond is named alone."""

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
        self._gathered = 0  # bytes read for what is not inserted yet
        self._room_apart = 0

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
        written = 0
        for _, standing in self._source.standings(list(entries), end):
            self._collect(standing)
            written += 1
            if self._gathered > MOST_GATHERED:
                self._insert()
        self._insert()
        return written

    def _collect(self, standing: Standing) -> None:
        self._room_apart = MOST_APART
        if len(standing.heads) == 1:
            self._collect_head(standing, standing.heads[0])
        elif standing.heads:
            self._collect_heads(standing)
        for stored in standing.quarantined:
            self._set_apart(stored)

    def _collect_head(self, standing: Standing, head: Stored) -> None:
        content = self._read(head.digest)
        if content is None or not self._is_shown(standing, head, [_plain(head, content)]):
            self._set_apart(replace(head, code=UNSHOWABLE))

    def _collect_heads(self, standing: Standing) -> None:
        sides = sides_of(standing, self._read)
        heads = sides.heads
        if heads and self._is_shown(standing, heads[0], self._views(sides, standing)):
            return
        for head in heads:
            self._set_apart(replace(head, code=UNSHOWABLE))
        for head in sides.left_out:
            self._set_apart(replace(head, code=NOT_MERGED))

    def _is_shown(self, standing: Standing, head: Stored, views: Iterable[View]) -> bool:
        for view in views:
            try:
                self._collect_view(standing, head, view)
            except Exception:
                # Nothing that was logged is so broken; but if it were, it must not stop the others.
                _LOGGER.exception("The entry %s cannot be shown.", head.entry)
            else:
                for left_out in view.left_out:
                    self._set_apart(replace(left_out, code=NOT_MERGED))
                return True
        return False

    def _views(self, sides: Sides, standing: Standing) -> Iterator[View]:
        """Yield what to show of an entry, and what to show instead where that cannot be done."""
        head = sides.heads[0]
        others = tuple(each for each in standing.heads if each is not head)
        plain = View(sides.preferred, (head.definition,), left_out=others)
        if len(sides.heads) > 1:
            try:
                view = merged_view(sides, self._forms, self._source)
            except Exception:
                _LOGGER.exception("The heads of the entry %s cannot be merged.", head.entry)
            else:
                yield view
                plain = replace(plain, contested=view.contested)
        yield plain

    def _set_apart(self, stored: Stored) -> None:
        content = self._read(stored.digest) if self._room_apart > 0 else b""
        self._room_apart -= len(content or b"")
        if content is None:
            stored = replace(stored, code=UNREADABLE)
        revision = parse_content(content) if content else None
        row = quarantine_row(stored, revision, self._version(stored), self._around)
        self._rows.setdefault(("quarantine",), []).append(row)

    def _read(self, digest: str) -> bytes | None:
        content = self._source.content(digest)
        if content is None:
            _LOGGER.error("The bytes of %s are missing or damaged.", digest)
        else:
            self._gathered += len(content)
        return content

    def _collect_view(self, standing: Standing, head: Stored, view: View) -> None:
        known = self._forms[head.definition]
        tables = view.rows(self._forms)
        check_row_ids(tables)
        complete_rows(tables, standing, head, view.revision, self._around)
        submission = tables[known.form.form_id][0]
        submission["_version"] = known.form.version
        submission["_conflicts"] = view.open_places
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
        self._rows, self._texts, self._gathered = {}, {}, 0

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


def _plain(head: Stored, content: bytes) -> View:
    return View(parse_content(content), (head.definition,))
