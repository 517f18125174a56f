"""The check of an arriving revision: the same rules as on the page, and nothing trusted.

Codes of violations (a page shows those of the first group; the others only a foreign client causes):

type              the value is no answer of the question's type, or not in its canonical form
too_big           a text or number beyond what is stored
required          no answer to a relevant, required question
constraint        the answer breaks the constraint
soft_constraint   the answer breaks a soft constraint, and no reason is given
reason            the reason given says nothing
choice            the choice is not in the list, or the choice filter leaves it out
min_rows max_rows too few or too many rows

unknown_question  the form has no such question
not_relevant      an answer to what does not apply
calculation       the value is not what the form calculates
order             several choices, not in the order of their list
row_id            the id of a row is missing, malformed or that of another row of the same repeat,
                  whichever rows around them hold the two

- Calculations are computed again at the environment's `now`, save those that draw randomness or use
  `once`, and, if own entries are not known here, those that rest on them: these are taken as sent.
- Defaults are not checked: they are only where a person began.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from forms.checks import Speech, violations_of
from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.evaluation import Cell, settle_all
from forms.instance import Row, World, rows_of
from forms.loading import Loader, is_same
from forms.reasons import is_empty_phrase
from forms.structure import Place, Sound
from forms.violation import Violation

__all__ = ["Violation", "check_answers", "is_empty_phrase"]

Sent = dict[Cell, Any]


def check_answers(
    compiled: CompiledForm,
    environment: Environment,
    answers: Mapping[str, Any],
    reasons: Mapping[str, Any] | None = None,
) -> tuple[Violation, ...]:
    """Return every rule that the answers of a revision break, none if they are in order."""
    root = Row(compiled.structure.root, World(environment), None, "")
    loader = Loader(None)
    loader.load(root, answers)
    loader.load_reasons(root, reasons or {})
    sent = _calculations_sent(compiled, root)
    taken = compiled.unrepeatable
    if not environment.trusts_own_entries:
        taken |= compiled.from_entries
    settle_all(compiled.active, root, taken)
    language = compiled.form.default_language
    speech = Speech(language, language)
    found = [speech.violation(path, code) for path, code in loader.findings]
    found += _not_relevant(compiled, root, sent, speech)
    found += _miscalculated(sent, taken, speech)
    for row, place in _in_doubt(root):
        found += violations_of(row, place, speech)
    root.dissolve()
    return tuple(found)


def _in_doubt(row: Row) -> Iterator[Cell]:
    """Yield the places beneath a row that may break a rule, in the order of the form."""
    if row.wrong:
        checked: Iterable[tuple[Place, Sound]] = ((place, _doubted) for place in row.scope.places)
    else:
        checked = row.scope.checked
    for place, is_sound in checked:
        if not is_sound(row):
            yield row, place
        if place.inner is not None:
            for inner in row.rows[place.slot].values():
                yield from _in_doubt(inner)


def _doubted(_row: Row) -> bool:
    return False


def _calculations_sent(compiled: CompiledForm, root: Row) -> Sent:
    return {
        (row, place): row.values[place.slot]
        for place in compiled.calculated
        for row in rows_of(root, place.scope)
    }


def _not_relevant(compiled: CompiledForm, root: Row, sent: Sent, speech: Speech) -> list[Violation]:
    found = []
    for place in compiled.active:
        for row in rows_of(root, place.scope):
            hidden = not row.relevant[place.slot] and not _is_in_hidden_row(row)
            if hidden and _is_sent(row, place, sent):
                found.append(speech.violation(row.path(place), "not_relevant"))
    return found


def _is_in_hidden_row(row: Row) -> bool:
    """Say whether the row itself is named already, as part of a repeat that does not apply."""
    repeat = row.scope.repeat
    return repeat is not None and row.parent is not None and not row.parent.relevant[repeat.slot]


def _is_sent(row: Row, place: Place, sent: Sent) -> bool:
    if place.inner is not None:
        return bool(row.rows[place.slot])
    if place.question is None:
        return False
    return sent.get((row, place), row.values[place.slot]) is not None


def _miscalculated(sent: Sent, taken: Collection[Place], speech: Speech) -> list[Violation]:
    return [
        speech.violation(row.path(place), "calculation")
        for (row, place), value in sent.items()
        if place not in taken
        and row.relevant[place.slot]
        and not is_same(value, row.values[place.slot])
    ]
