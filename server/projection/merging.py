"""Entries of several heads, shown as one: the merged view, and what of it is contested.

* What is shown depends on the log alone: calculations are computed anew at the preferred head's own
  time, with the names of that moment. An entry with one head never comes here.
* At most `MOST_HEADS` heads are merged, the preferred ones: nobody can make a row cost a day.
* Where the form's engine fails over merged answers, the preferred head's calculations stand.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
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
from server.projection.heads import Standing, Stored
from server.projection.source import LogSource
from sync.history import ancestors
from sync.merge import Contested, Merged, Version, merge
from sync.times import parse_time, parse_zone

MOST_HEADS = 64
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
    """An entry as it is shown: a revision's content, the forms that lay it out, what is contested."""

    revision: Mapping[str, Any]
    definitions: tuple[str, ...]
    contested: tuple[Contested, ...] = ()

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


def lineage_wanted(standing: Standing) -> Iterable[str]:
    """Return the revisions whose content is needed to show an entry."""
    if len(standing.heads) > 1:
        return standing.lineage
    return [head.digest for head in standing.heads]


def merged_view(
    standing: Standing,
    contents: Mapping[str, bytes],
    forms: Mapping[str, KnownForm],
    source: LogSource,
) -> View:
    """Return an entry of several heads as it is shown."""
    heads = standing.heads[:MOST_HEADS]
    first = heads[0]
    definitions = tuple(dict.fromkeys(h.definition for h in heads if h.definition in forms))
    kinds: dict[str, str] = {}
    for definition in reversed(definitions):
        kinds.update(forms[definition].kinds)
    merged = merge(_versions(standing, heads, contents), kinds)
    revision: dict[str, Any] = json.loads(contents[first.digest])
    answers = _calculated(merged, first, revision, forms, source)
    revision.update(
        answers=answers,
        reasons=merged.reasons,
        operation=merged.operation,
        reason=merged.reason,
    )
    return View(revision, definitions, merged.contested)


def _versions(
    standing: Standing, heads: Sequence[Stored], contents: Mapping[str, bytes]
) -> dict[str, Version]:
    digests = [head.digest for head in heads]
    known = ancestors(digests, standing.lineage).union(digests)
    return {
        digest: _version(digest, parents, contents[digest])
        for digest, parents in standing.lineage.items()
        if digest in known
    }


def _version(digest: str, parents: tuple[str, ...], content: bytes) -> Version:
    said = json.loads(content)
    operation, reason = said["operation"], said.get("reason")
    return Version(digest, parents, operation, said["answers"], said["reasons"], reason)


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
