"""What is contested of an entry, and what an edit or a merge does about it.

* An edit decides a contested path by another answer there, or by one that a person gave to it since
the edit was opened. What is only left as it is shown is not decided.
* What the version that the entry is drawn in has no place for is dropped when it is saved: it is
named before.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from client.labels import Labels
from client.opening import Instance
from client.views import ROW, View, answer_at, has_rows
from forms.violation import Violation

Json = dict[str, Any]

CONTESTED = "contested"


def undecided(view: View, shown: Instance, edited: Instance) -> list[Violation]:
    """Return a violation for each contested path of a view that an edit of it leaves undecided.

    `shown` is an instance with the view's answers, in the version that the edit has.
    """
    before, after = shown.kept_answers(), edited.kept_answers()
    return [
        Violation(each.path, CONTESTED, "Two devices say otherwise here: it is to be decided.")
        for each in view.contested
        if each.path not in edited.touched
        and _stands(each.path, before, after)
        and shown.kept_reasons().get(each.path) == edited.kept_reasons().get(each.path)
    ]


def dropped(instance: Instance, labels: Labels) -> list[Json]:
    """Return the answers that an instance's version of the form has no place for."""
    return [
        {
            "path": path,
            "label": labels.path(path, instance.kept_answers()),
            "value": value,
            "text": labels.value(path, value),
        }
        for path, value in leaves("", instance.unknown)
    ]


def leaves(path: str, answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every answer with its path; what stands together (a position, a file) is one."""
    for name, value in answers.items():
        here = f"{path}/{name}" if path else name
        if isinstance(value, list) and value and all(map(_is_row, value)):
            for row in value:
                yield from leaves(f"{here}[{row[ROW]}]", row)
        elif isinstance(value, dict) and not _is_one_answer(value):
            yield from leaves(here, value)
        elif name != ROW:
            yield here, value


def without_place(paths: Collection[str], instance: Instance) -> list[str]:
    """Return those of several paths at which an instance would drop what it has."""
    unknown = dict(leaves("", instance.unknown))
    return [path for path in paths if path in unknown]


def _stands(path: str, before: Json, after: Json) -> bool:
    """Say whether a path has the same in two sets of answers; of an entry as such, always."""
    place, hash_sign, _ = path.partition("#")
    if not place:
        return True
    if hash_sign:
        return _order(before, place) == _order(after, place)
    if not has_rows(after, place):
        return False
    return path.endswith("]") or bool(answer_at(before, place) == answer_at(after, place))


def _order(answers: Json, place: str) -> list[str]:
    return [row[ROW] for row in answer_at(answers, place) or ()]


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and ROW in value


def _is_one_answer(value: Mapping[str, Any]) -> bool:
    return "sha256" in value or "lat" in value  # no form is asked: it may not have the question
