"""The quick way through a check: closures that say yes only where all is in order beyond doubt.

Nearly every revision that arrives keeps every rule. Here is made, once a form, what settles such
answers with one call each. A closure that does not say yes says nothing: the way that names what is
wrong (`forms.loading`, `forms.checks`) is then gone as if it had not been asked.
- `exact_reader` reads a value that is in its one canonical form already.
- `soundness` says that a place breaks no rule in a row that holds no value of a wrong type.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from forms.definition import Repeat
from forms.errors import AnswerError
from forms.rules import ChoiceList, Rule, Rules, Run
from forms.structure import Exact, Place, Sound
from forms.values import DIGITS_LIMIT, INTEGER_LIMIT, TEXT_LIMIT, checker, is_unwritable, value_type

_TEXT_LIKE = frozenset({"decimal", "date", "time", "datetime"})
_REMEMBERED = 4096


def exact_reader(place: Place) -> Exact:
    """Return a closure from a canonical answer to what an expression sees; None for all else."""
    if place.question is None:
        return _nothing
    kind = value_type(place.question)
    choices = place.rules.choices
    if kind in _TEXT_LIKE:
        return _remembered(checker(place.question))
    if kind == "select_one" and choices is not None and choices.own_entries is None:
        return _among(checker(place.question), choices.order)
    return _READERS.get(kind, _nothing)


def soundness(place: Place) -> Sound:
    """Return a closure that says whether a place breaks no rule in a row, as far as it can tell."""
    if isinstance(place.node, Repeat):
        return _has_its_rows(place, place.node)
    rules = place.rules
    used = (rules.required, rules.constraint, rules.soft_constraint, rules.choice_filter)
    if any(rule is not None and rule.draws_on_entries for rule in used):
        return _unknown
    if rules.choices is not None and rules.choices.own_entries is not None:
        return _unknown
    return _keeps_rules(place, rules)


def _keeps_rules(place: Place, rules: Rules) -> Sound:
    slot, required = place.slot, rules.required
    tests = _tests(place, rules)

    def is_sound(row: Any) -> bool:
        if not row.relevant[slot]:
            return True
        if row.values[slot] is None:
            return required is None or not required.run(row)
        for test in tests:  # noqa: SIM110  # a generator would cost as much as the tests
            if not test(row):
                return False
        return True

    return is_sound


def _tests(place: Place, rules: Rules) -> list[Run]:
    slot, files = place.slot, rules.files
    tests: list[Run] = []
    if rules.choices is not None:
        tests.append(_is_among_choices(place, rules.choices))
    if files is not None:
        tests.append(lambda row: not files.breach(row.values[slot]))
    kept = (rules.constraint, rules.soft_constraint)
    return [*tests, *(rule.run for rule in kept if rule is not None)]


def _is_among_choices(place: Place, choices: ChoiceList) -> Run:
    slot, order = place.slot, choices.order
    if place.rules.choice_filter is not None:
        return _is_left_by(place.rules.choice_filter, slot)

    def is_listed(row: Any) -> bool:
        value = row.values[slot]
        return value in order if type(value) is str else order.keys() >= set(value)

    return is_listed


def _is_left_by(choice_filter: Rule, slot: int) -> Run:
    run = choice_filter.run

    def is_left(row: Any) -> bool:
        value = row.values[slot]
        names = [item["name"] for item in run(row)]
        return value in names if type(value) is str else set(names) >= set(value)

    return is_left


def _has_its_rows(place: Place, repeat: Repeat) -> Sound:
    slot, least, most = place.slot, repeat.min_rows, repeat.max_rows
    return lambda row: not row.relevant[slot] or least <= len(row.rows[slot]) <= most


def _unknown(_row: Any) -> bool:
    return False


def _nothing(_value: Any) -> str | None:
    return None


def _exact_text(value: Any) -> str | None:
    if type(value) is not str or len(value) > TEXT_LIMIT or not value or value.isspace():
        return None
    # What is printable holds nothing that cannot be written; line breaks and tabs are looked at.
    return value if value.isprintable() or not is_unwritable(value) else None


def _exact_integer(value: Any) -> str | None:
    return str(value) if type(value) is int and -INTEGER_LIMIT <= value <= INTEGER_LIMIT else None


def _remembered(check: Callable[[Any], Any]) -> Exact:
    """Return a reader of short texts that remembers what it found: dates come again and again."""

    @lru_cache(maxsize=_REMEMBERED)
    def read(text: str) -> str | None:
        return _read_text(check, text)

    def exact(value: Any) -> str | None:
        return read(value) if type(value) is str and len(value) <= DIGITS_LIMIT else None

    return exact


def _among(check: Callable[[Any], Any], order: Mapping[str, int]) -> Exact:
    names = {name for name in order if _read_text(check, name) is not None}

    def exact(value: Any) -> str | None:
        return value if type(value) is str and value in names else None

    return exact


def _read_text(check: Callable[[Any], Any], text: str) -> str | None:
    try:
        return text if check(text) == text else None
    except AnswerError:
        return None


_READERS: Mapping[str, Exact] = {
    "text": _exact_text,
    "barcode": _exact_text,
    "integer": _exact_integer,
}
