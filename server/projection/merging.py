"""Entries of several heads, shown as one: the merged view, and what of it is contested.

* What is shown depends on the log alone: calculations are computed anew at the preferred head's own
  time, with the names of that moment. An entry with one head never comes here.
* Which heads are merged, `sides` says; the others are named as left out.
* Where the form's engine fails over merged answers, the preferred head's calculations stand.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from forms.campaign import parse_units
from forms.compiled import CompiledForm, compile_form
from forms.definition import Form
from forms.environment import Environment
from forms.kinds import kinds_of
from forms.recalculation import recalculate
from forms.tables import Plan, Row
from server.projection.heads import Stored
from server.projection.sides import Sides
from server.projection.source import LogSource
from sync.merge import Contested, Merged, merge
from sync.times import parse_time, parse_zone

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownForm:
    """A published definition, ready to give rows and, once that is asked for, to calculate."""

    form: Form
    plan: Plan

    @cached_property
    def compiled(self) -> CompiledForm:
        """Return the form ready to run; only merged entries need it."""
        return compile_form(self.form)

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Return what stands at each path, for merging."""
        return kinds_of(self.form)


@dataclass(frozen=True, slots=True)
class View:
    """An entry as it is shown: a revision's content, the forms that lay it out, what is contested.

    `left_out` are the heads of which nothing is shown in it.
    """

    revision: Mapping[str, Any]
    definitions: tuple[str, ...]
    contested: tuple[Contested, ...] = ()
    left_out: tuple[Stored, ...] = ()

    @property
    def open_places(self) -> int:
        """Return how many places somebody has to look at."""
        return len(self.contested) + bool(self.left_out)

    def rows(self, forms: Mapping[str, KnownForm]) -> dict[str, list[Row]]:
        """Return the rows of every table; with heads of several versions, with all their columns."""
        answers = self.revision["answers"]
        tables = forms[self.definitions[0]].plan.rows(answers)
        for definition in self.definitions[1:]:
            for name, rows in forms[definition].plan.rows(answers).items():
                # The same answers give the same rows in the same order.
                for row, more in zip(tables.setdefault(name, rows), rows, strict=True):
                    for column, cell in more.items():
                        row.setdefault(column, cell)
        return tables


def merged_view(sides: Sides, forms: Mapping[str, KnownForm], source: LogSource) -> View:
    """Return an entry of several heads as it is shown."""
    heads = sides.heads
    first = heads[0]
    definitions = tuple(dict.fromkeys(h.definition for h in heads if h.definition in forms))
    kinds: dict[str, str] = {}
    for definition in reversed(definitions):
        kinds.update(forms[definition].kinds)
    merged = merge(sides.versions, kinds)
    revision = dict(sides.preferred)
    answers = _calculated(merged, first, revision, forms, source)
    revision.update(
        answers=answers,
        reasons=merged.reasons,
        operation=merged.operation,
        reason=merged.reason,
    )
    return View(revision, definitions, merged.contested, sides.left_out)


def _calculated(
    merged: Merged,
    head: Stored,
    revision: Mapping[str, Any],
    forms: Mapping[str, KnownForm],
    source: LogSource,
) -> Mapping[str, Any]:
    if merged.operation == "void":
        return merged.answers
    try:
        environment = _environment(head, revision["made_at"], source)
        return recalculate(forms[head.definition].compiled, environment, merged.answers)
    except Exception:
        # Nothing that a form says may keep an entry from being shown.
        _LOGGER.exception("The entry %s cannot be calculated anew.", head.entry)
        return merged.answers


def _environment(head: Stored, made_at: Mapping[str, Any], source: LogSource) -> Environment:
    moment = _local(made_at)
    return Environment(
        now=lambda: moment,
        properties=_properties(head, source),
        uuid=lambda: "",  # what draws one is never computed again
        row_id=lambda: "",
        own_entries=_no_entries,
        trusts_own_entries=False,
    )


def _local(made_at: Mapping[str, Any]) -> datetime:
    return parse_time(made_at["wall"]).astimezone(parse_zone(made_at["zone"]))


def _no_entries(_: str) -> Sequence[Mapping[str, str]]:
    return ()


def _properties(head: Stored, source: LogSource) -> Mapping[str, str]:
    """Return what `property()` gives, as the devices had it when the head was received."""
    person = source.author(head.device)
    units = parse_units(source.units_before(head.index) or b"[]")
    unit = head.unit or ""
    name = person.get("name", "")
    return {
        "unit_code": unit,
        "unit_name": next((each.name for each in units if each.code == unit), unit),
        "member_id": head.member or "",
        "member_name": name,
        "username": name,
        "role": person.get("role", ""),
        "deviceid": head.device,
    }
