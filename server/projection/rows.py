"""The rows of one entry: what its head says, with the columns of the system's."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, TypeAlias

from forms.tables import Cell, Plan, Row
from server.projection.heads import Standing, Stored
from server.projection.local_time import local_text, named_zone, zone_of
from server.projection.segmentation import searchable

Rows: TypeAlias = dict[str, list[Row]]
_ORDINAL_BITS = 20  # a revision has at most 1 MiB, and so fewer rows; several merged have more


@dataclass(slots=True)
class Surroundings:
    """What rows say that is not in the revision: names, when an item is due, the zone."""

    units: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    due: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = field(default_factory=lambda: named_zone("Asia/Shanghai"))

    def is_late(self, form: str, first_received_at: str) -> int:
        """Return 1 where an entry came after its form was due; a mark, nothing more."""
        due = self.due.get(form)
        return int(due is not None and first_received_at > due)


def parse_content(content: bytes) -> dict[str, Any]:
    """Return a revision's bytes as an object; they were checked when they were taken."""
    revision: dict[str, Any] = json.loads(content)
    return revision


def check_row_ids(tables: Rows) -> None:
    """Raise ValueError where two rows of one table have the same id: only one could stand there."""
    for name, rows in tables.items():
        ids = [row["_row"] for row in rows if "_row" in row]
        if len(ids) != len(set(ids)):
            raise ValueError(f"Two rows of {name} have the same id.")


def complete_rows(
    tables: Rows,
    standing: Standing,
    head: Stored,
    revision: Mapping[str, Any],
    around: Surroundings,
) -> None:
    """Give the rows of an entry the system's columns; the first table is its submission's."""
    person = person_cells(head, around)
    for ordinal, (row, is_submission) in enumerate(_all_rows(tables)):
        row["_entry"] = head.entry
        row["_unit"], row["_unit_name"] = person["_unit"], person["_unit_name"]
        if is_submission:
            row.update(person)
            row.update(time_cells(head, revision, around))
            row.update(_history(standing, head, revision, around))
        else:
            row["_number"] = row_number(head.index, ordinal)


def row_number(index: int, ordinal: int) -> int:
    """Return the number of a row of the revision at an index: unique, and in order."""
    if ordinal >> _ORDINAL_BITS:
        raise ValueError("There are too many rows to be numbered.")
    return (index << _ORDINAL_BITS) | ordinal


def full_text(plan: Plan, tables: Rows) -> Iterator[tuple[str, int, str]]:
    """Yield the table, number and text of each row in which something can be found."""
    for table in plan.tables:
        searched = [column.name for column in table.columns if column.search]
        if not searched:
            continue
        key = "_index" if table.repeat is None else "_number"
        for row in tables[table.name]:
            cells = [str(row[name]) for name in searched if row[name]]
            number = row[key]
            if cells and isinstance(number, int):
                yield table.name, number, searchable(cells)


def _all_rows(tables: Rows) -> Iterator[tuple[Row, bool]]:
    is_submission = True
    for rows in tables.values():
        for row in rows:
            yield row, is_submission
        is_submission = False


def person_cells(stored: Stored, around: Surroundings) -> dict[str, Cell]:
    """Return the cells that say who made a revision."""
    return {
        "_unit": stored.unit,
        "_unit_name": around.units.get(stored.unit or ""),
        "_member": stored.member,
        "_member_name": around.members.get(stored.member or ""),
    }


def time_cells(
    stored: Stored, revision: Mapping[str, Any] | None, around: Surroundings
) -> dict[str, Cell]:
    """Return the cells that say when a revision was made, as far as is known, and received."""
    offset = None if revision is None else revision["made_at"]["zone"]
    return {
        "_received_local": local_text(stored.received_at, around.zone),
        "_received_at": stored.received_at,
        "_made_local": local_text(stored.made_at, zone_of(offset)),
        "_made_zone": offset,
        "_made_at": stored.made_at,
    }


def _history(
    standing: Standing, head: Stored, revision: Mapping[str, Any], around: Surroundings
) -> dict[str, Cell]:
    first = standing.first_received_at or head.received_at
    reasons = revision.get("reasons") or {}
    return {
        "_late": around.is_late(head.form, first),
        "_reasons": "\n".join(f"{path}：{reasons[path]}" for path in sorted(reasons)) or None,
        "_operation": revision["operation"],
        "_void_reason": revision.get("reason"),
        "_first_received_local": local_text(first, around.zone),
        "_first_received_at": first,
        "_revisions": standing.count,
        "_heads": len(standing.heads),
        "_revision": head.digest,
        "_index": head.index,
        "_device": head.device,
    }
