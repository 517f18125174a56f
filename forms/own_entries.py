"""Lists drawn from what the unit itself has handed in: the `instances` of a definition.

* Each row of the named repeat, in an entry of one of the named forms, is one item.
* An item is named by its row's `_row` id, so that it stays the same when the entry is revised.
* An item has `name`, `label`, `entry` and `form`, and the answers of its row and of the head of
its entry, as text. Where names meet, these four win, then the row.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from forms.definition import Form, Node, OwnEntries, Question, Repeat, text_in, walk
from forms.values import expression_text, is_blank

Item: TypeAlias = dict[str, str]

LABEL_SEPARATOR = " · "


def items(spec: OwnEntries, entries: Iterable[tuple[str, Form, Mapping[str, Any]]]) -> list[Item]:
    """Return the items of the list, in the order of the entries and of their rows.

    The caller gives the newest revision of each entry: its id, its form and its answers.
    """
    return [
        item
        for entry_id, form, answers in entries
        if form.form_id in spec.forms
        for item in _items_of(spec, entry_id, form, answers)
    ]


def _items_of(
    spec: OwnEntries, entry_id: str, form: Form, answers: Mapping[str, Any]
) -> Iterator[Item]:
    repeat = _repeat(form, spec.repeat)
    if repeat is None:  # another version of the form may have had no such repeat
        return
    head = dict(_answered(form.survey, answers))
    for row in _rows(repeat, answers):
        fields = {**head, **dict(_answered(repeat.children, row))}
        label = [_shown(form, *fields[name]) for name in spec.label if name in fields]
        texts = {
            name: expression_text(question, value) for name, (question, value) in fields.items()
        }
        yield {
            **texts,
            "name": row["_row"],
            "label": LABEL_SEPARATOR.join(label) or row["_row"],
            "entry": entry_id,
            "form": form.form_id,
        }


def _repeat(form: Form, wanted: str) -> Repeat | None:
    return next(
        (node for node in walk(form.survey) if isinstance(node, Repeat) and node.name == wanted),
        None,
    )


def _rows(repeat: Repeat, answers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows at the repeat's path; those of a repeat inside a repeat are put in line."""
    found: list[Any] = [answers]
    for step in repeat.path.split("/"):
        found = [member for holder in found for member in _members(holder.get(step))]
    return found


def _members(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _answered(
    nodes: tuple[Node, ...], answers: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Question, Any]]]:
    """Yield the answered questions that stand once here: those of groups, but of no repeat."""
    for node in nodes:
        value = answers.get(node.name)
        if isinstance(node, Question):
            if not is_blank(value):
                yield node.name, (node, value)
        elif not isinstance(node, Repeat) and value is not None:
            yield from _answered(node.children, value)


def _shown(form: Form, question: Question, value: Any) -> str:
    """Return the answer as a person reads it: a choice by its label."""
    names: list[str] = value if isinstance(value, list) else [str(value)]
    labels = {
        choice.name: text_in(choice.label, form.default_language)
        for choice in form.choices.get(question.list_name or "", ())
    }
    if labels:
        return "、".join(labels.get(name, name) for name in names)
    return expression_text(question, value)
