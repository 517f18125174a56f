"""Whether an answer keeps the rules of its question: the same check on a page and on a server.

- Only what is relevant is checked. A blank is asked for if required, and otherwise breaks no rule.
- A type that is wrong hides everything else; a constraint comes before a soft constraint.
- What rests on own entries is not checked where these are not known.
- A choice of own entries may name a row that has not arrived here yet. Where own entries are known it
  is on the list or has the form of a generated id, elsewhere it is any row's id; never free text.
"""

from dataclasses import dataclass
from typing import Any

from forms.definition import Repeat
from forms.instance import Row
from forms.messages import message
from forms.paths import GENERATED_ROW_ID, ROW_ID
from forms.reasons import is_empty_phrase
from forms.rules import Message, Rule
from forms.structure import Place
from forms.values import value_type
from forms.violation import Violation


@dataclass(frozen=True, slots=True)
class Speech:
    """The language that messages are given in, and the form's default language."""

    language: str
    fallback: str

    def violation(self, path: str, code: str, text: str = "", **facts: object) -> Violation:
        """Make a violation with the form's own text or, if there is none, the engine's."""
        said = text or message(code, self.language, self.fallback, **facts)
        return Violation(path, code.partition(".")[0], said)

    def render(self, text: Message, row: Row) -> str:
        """Return a text of the form in the language."""
        return text.render(row, self.language, self.fallback)


def violations_of(row: Row, place: Place, speech: Speech) -> tuple[Violation, ...]:
    """Return the rules that a place breaks in a row."""
    if not row.relevant[place.slot]:
        return ()
    if isinstance(place.node, Repeat):
        return _row_count(row, place, place.node, speech)
    if place.question is None:
        return ()
    if row.wrong and place.slot in row.wrong:
        return (_wrong_type(row, place, speech),)
    if row.values[place.slot] is None:
        return _blank(row, place, speech)
    return _answered(row, place, speech)


def breaks_soft_constraint(row: Row, place: Place) -> bool:
    """Say whether the answer may stand only with a reason."""
    rule, slot = place.rules.soft_constraint, place.slot
    if rule is None or row.values[slot] is None or slot in row.wrong or not row.relevant[slot]:
        return False
    return _is_broken(row, rule) and not _is_broken(row, place.rules.constraint)


def allowed_names(row: Row, place: Place) -> frozenset[str] | None:
    """Return the names that may be chosen now; None if this side does not know them."""
    choices, rule = place.rules.choices, place.rules.choice_filter
    if choices is None or choices.own_entries is not None:
        return None
    if rule is None:
        return frozenset(choices.order)
    if rule.draws_on_entries and not row.world.environment.trusts_own_entries:
        return None
    return frozenset(item["name"] for item in rule.run(row))


def _row_count(row: Row, place: Place, repeat: Repeat, speech: Speech) -> tuple[Violation, ...]:
    count = len(row.rows[place.slot])
    if count < repeat.min_rows:
        return (speech.violation(row.path(place), "min_rows", count=repeat.min_rows),)
    if count > repeat.max_rows:
        return (speech.violation(row.path(place), "max_rows", count=repeat.max_rows),)
    return ()


def _wrong_type(row: Row, place: Place, speech: Speech) -> Violation:
    code = row.wrong[place.slot].code
    assert place.question is not None  # noqa: S101 - only questions have values
    if code == "type":
        code = f"type.{_message_type(value_type(place.question))}"
    return speech.violation(row.path(place), code)


def _message_type(kind: str) -> str:
    return kind if kind in _SPOKEN_TYPES else "text"


_SPOKEN_TYPES = frozenset(
    [
        "integer",
        "decimal",
        "date",
        "time",
        "datetime",
        "select_one",
        "select_multiple",
        "acknowledge",
        "geopoint",
        "file",
    ]
)


def _blank(row: Row, place: Place, speech: Speech) -> tuple[Violation, ...]:
    rules = place.rules
    if rules.required is None or not _holds(row, rules.required, unknown=False):
        return ()
    text = speech.render(rules.required_message, row)
    return (speech.violation(row.path(place), "required", text),)


def _answered(row: Row, place: Place, speech: Speech) -> tuple[Violation, ...]:
    rules = place.rules
    if rules.choices is not None and not _is_allowed(row, place):
        return (speech.violation(row.path(place), "choice"),)
    if rules.files is not None and (breach := rules.files.breach(row.values[place.slot])):
        spoken = rules.files.spoken
        return (speech.violation(row.path(place), breach, accepted=spoken),)
    if _is_broken(row, rules.constraint):
        text = speech.render(rules.constraint_message, row)
        return (speech.violation(row.path(place), "constraint", text),)
    if _is_broken(row, rules.soft_constraint):
        return _soft(row, place, speech)
    return ()


def _soft(row: Row, place: Place, speech: Speech) -> tuple[Violation, ...]:
    reason = row.reasons.get(place.slot)
    if not reason:
        text = speech.render(place.rules.soft_constraint_message, row)
        return (speech.violation(row.path(place), "soft_constraint", text),)
    return (speech.violation(row.path(place), "reason"),) if is_empty_phrase(reason) else ()


def _is_allowed(row: Row, place: Place) -> bool:
    value: Any = row.values[place.slot]
    names = (value,) if isinstance(value, str) else value
    choices = place.rules.choices
    if choices is not None and choices.own_entries is not None:
        return all(_may_be_own(row, place, choices.own_entries, name) for name in names)
    allowed = allowed_names(row, place)
    return allowed is None or allowed.issuperset(names)


def _may_be_own(row: Row, place: Place, own_entries: str, name: str) -> bool:
    if not row.world.environment.trusts_own_entries:
        return ROW_ID.fullmatch(name) is not None
    if GENERATED_ROW_ID.fullmatch(name):
        return True
    rule = place.rules.choice_filter
    items = rule.run(row) if rule else row.world.entries(own_entries)
    return any(item["name"] == name for item in items)


def _is_broken(row: Row, rule: Rule | None) -> bool:
    return rule is not None and not _holds(row, rule, unknown=True)


def _holds(row: Row, rule: Rule, *, unknown: bool) -> bool:
    if rule.draws_on_entries and not row.world.environment.trusts_own_entries:
        return unknown
    return bool(rule.run(row))
