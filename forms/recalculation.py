"""Calculations computed anew over answers that nobody typed as a whole: those of a merged entry.

* What is calculated and does not apply is left out; answers that do not apply stay.
* What could not be computed again elsewhere (it is random, uses `once`, or rests on own entries that
  are not known here) stays as it is.
* Answers to questions that the form does not have stay verbatim.
"""

from collections.abc import Mapping
from typing import Any

from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.evaluation import settle_all
from forms.instance import Row, World, rows_of
from forms.loading import Children, Loader, collect


def recalculate(
    compiled: CompiledForm, environment: Environment, answers: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the answers with everything that the form calculates as it is in this environment."""
    root = Row(compiled.structure.root, World(environment), None, "")
    Loader(None).load(root, answers)
    taken = compiled.unrepeatable
    if not environment.trusts_own_entries:
        taken |= compiled.from_entries
    settle_all(compiled.active, root, taken)
    for place in compiled.calculated:
        for row in rows_of(root, place.scope):
            if not row.relevant[place.slot]:
                row.put(place, None)
    children = root.scope.children
    return _with_unknown(answers, collect(root, children, final=False), children)


def _with_unknown(
    answers: Mapping[str, Any], known: dict[str, Any], children: Children
) -> dict[str, Any]:
    """Return the known answers with those that the form has no place for, or that do not fit it."""
    for name, value in answers.items():
        place = children.get(name)
        if place is None:
            known.setdefault(name, value)
        elif place.inner is not None:
            _rows_with_unknown(value, known, name, place.children)
        elif place.question is None:
            group = known.get(name, {})
            if not isinstance(value, Mapping):
                known[name] = value
            elif _with_unknown(value, group, place.children):
                known[name] = group
    return known


def _rows_with_unknown(value: Any, known: dict[str, Any], name: str, children: Children) -> None:
    rows, given = known.get(name, []), value if isinstance(value, list | tuple) else ()
    before = [each.get("_row") for each in given if isinstance(each, Mapping)]
    if len(before) != len(given) or before != [row["_row"] for row in rows] or given is not value:
        known[name] = value  # what is no list of rows is kept as it is
        return
    for each, row in zip(value, rows, strict=True):
        _with_unknown(each, row, children)
