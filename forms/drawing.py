"""What a place looks like now: its `NodeState`.

- A state is always drawn whole; `trimmed` then leaves out of a change what the page has already.
- The texts and the unfiltered choices of a language are the same objects each time, so that comparing
  two states costs little.
"""

from dataclasses import replace
from typing import Any

from forms.checks import Speech, breaks_soft_constraint, violations_of
from forms.definition import Repeat
from forms.instance import Item, Row
from forms.rules import Message
from forms.state import Choices, NodeState
from forms.structure import Place


def draw(row: Row, place: Place, speech: Speech) -> NodeState:
    """Return the whole state of a place in a row."""
    if isinstance(place.node, Repeat):
        return _draw_repeat(row, place, place.node, speech)
    if place.question is None:
        return _draw_group(row, place, speech)
    return _draw_question(row, place, speech)


def trimmed(state: NodeState, before: NodeState | None, place: Place) -> NodeState:
    """Return a state without the texts that never change and the choices that did not."""
    rules = place.rules
    return replace(
        state,
        label=state.label if rules.label.references else None,
        hint=state.hint if rules.hint.references else None,
        guidance_hint=state.guidance_hint if rules.guidance_hint.references else None,
        choices=None if before is not None and before.choices == state.choices else state.choices,
    )


def _draw_question(row: Row, place: Place, speech: Speech) -> NodeState:
    rules, slot = place.rules, place.slot
    reason = row.reasons.get(slot, "") if breaks_soft_constraint(row, place) else None
    return NodeState(
        path=row.path(place),
        kind="question",
        relevant=row.relevant[slot],
        value=row.values[slot],
        required=rules.required is not None and bool(rules.required.run(row)),
        read_only=_is_read_only(row, place),
        label=speech.render(rules.label, row),
        hint=_optional(rules.hint, row, speech),
        guidance_hint=_optional(rules.guidance_hint, row, speech),
        choices=_choices(row, place, speech),
        violations=violations_of(row, place, speech),
        reason=reason,
    )


def _draw_group(row: Row, place: Place, speech: Speech) -> NodeState:
    return NodeState(
        path=row.path(place),
        kind="group",
        relevant=row.relevant[place.slot],
        read_only=_is_read_only(row, place),
        label=speech.render(place.rules.label, row),
        hint=_optional(place.rules.hint, row, speech),
    )


def _draw_repeat(row: Row, place: Place, repeat: Repeat, speech: Speech) -> NodeState:
    rows = tuple(row.rows[place.slot])
    read_only = _is_read_only(row, place)
    return NodeState(
        path=row.path(place),
        kind="repeat",
        relevant=row.relevant[place.slot],
        read_only=read_only,
        label=speech.render(place.rules.label, row),
        hint=_optional(place.rules.hint, row, speech),
        violations=violations_of(row, place, speech),
        rows=rows,
        can_add_row=not read_only and len(rows) < repeat.max_rows,
        can_remove_row=not read_only and len(rows) > repeat.min_rows,
    )


def _optional(text: Message, row: Row, speech: Speech) -> str | None:
    return speech.render(text, row) if text.texts else None


def _is_read_only(row: Row, place: Place) -> bool:
    return any(rule.run(row) for rule in place.rules.read_only)


def _choices(row: Row, place: Place, speech: Speech) -> Choices | None:
    choices, rule = place.rules.choices, place.rules.choice_filter
    if choices is None:
        return None
    if choices.own_entries is not None:
        items = rule.run(row) if rule else row.world.entries(choices.own_entries)
        return tuple((item["name"], item.get("label") or item["name"]) for item in items)
    language = speech.language if speech.language in choices.labels else speech.fallback
    if rule is None:
        return choices.all_choices[language]
    labels: Any = choices.labels[language]
    return tuple((name, labels[name]) for name in map(_name, rule.run(row)))


def _name(item: Item) -> str:
    return item["name"]
