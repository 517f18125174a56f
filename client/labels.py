"""What a path of an entry, and a value there, are called for a person to read.

A path of an entry is a place among its answers (`contests[9f3a]/project`), a row (`contests[9f3a]`),
the order of rows (`contests#order`), the reason of an answer (`project#reason`), or, empty, the entry
as such. Rows are called by their position. What the form does not know is called by its name.
"""

import json
from collections.abc import Mapping
from typing import Any

from client.views import ROW
from forms.definition import Form, Node, Question, text_in, walk
from forms.values import expression_text

_SEPARATOR = " › "


class Labels:
    """The words of one form, in one language."""

    def __init__(self, form: Form | None, language: str) -> None:
        self._form = form
        self._language = language
        self._nodes = {} if form is None else {node.path: node for node in walk(form.survey)}

    def path(self, path: str, answers: Mapping[str, Any]) -> str:
        """Return what a path is called; rows are counted as they stand in these answers."""
        place, hash_sign, facet = path.partition("#")
        words: list[str] = []
        definition_path = ""
        here: Any = answers
        for step in filter(None, place.split("/")):
            name, _, row = step.rstrip("]").partition("[")
            definition_path = f"{definition_path}/{name}".lstrip("/")
            node = self._nodes.get(definition_path)
            word = name if node is None else self._text(node.label) or name
            here = here.get(name) if isinstance(here, Mapping) else None
            if row:
                position, here = _row(here, row)
                word = f"{word} {position}"
            words.append(word)
        return _SEPARATOR.join([*words, hash_sign + facet] if hash_sign else words)

    def value(self, path: str, value: Any) -> str:
        """Return a value as a person reads it; a row as its answers, one after the other."""
        if value is None:
            return ""
        place = path.partition("#")[0]
        node = self._nodes.get(_definition_path(place))
        if path != place or not isinstance(node, Question):
            return self._row_text(path, value)
        try:
            return self._question_text(node, value)
        except (TypeError, ValueError, KeyError, AttributeError):  # of a wrong type
            return _plain(value)

    def _question_text(self, question: Question, value: Any) -> str:
        form = self._form
        choices = () if form is None else form.choices.get(question.list_name or "", ())
        labels = {choice.name: self._text(choice.label) or choice.name for choice in choices}
        if labels:
            names = value if isinstance(value, list) else [value]
            return "、".join(labels.get(name, str(name)) for name in names)
        if isinstance(value, Mapping) and "sha256" in value:
            return str(value.get("name", ""))
        return str(expression_text(question, value))

    def _row_text(self, path: str, value: Any) -> str:
        if not isinstance(value, Mapping) or ROW not in value:
            return _plain(value)
        texts = [self.value(f"{path}/{name}", value[name]) for name in self._given(path, value)]
        return " · ".join(filter(None, texts))

    def _given(self, path: str, row: Mapping[str, Any]) -> list[str]:
        """Return what somebody filled in of a row, in the order of the form."""
        above = _definition_path(path)
        places = {name: number for number, name in enumerate(self._nodes)}
        names = [
            name
            for name in row
            if name != ROW and not _is_calculated(self._nodes.get(f"{above}/{name}"))
        ]
        return sorted(names, key=lambda name: places.get(f"{above}/{name}", len(places)))

    def _text(self, text: Mapping[str, str]) -> str:
        return text_in(
            text, self._language, "" if self._form is None else self._form.default_language
        )


def _is_calculated(node: Node | None) -> bool:
    return isinstance(node, Question) and node.calculation is not None


def _definition_path(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def _row(rows: Any, row_id: str) -> tuple[str, Any]:
    for position, row in enumerate(rows if isinstance(rows, list) else (), 1):
        if isinstance(row, Mapping) and row.get(ROW) == row_id:
            return str(position), row
    return f"[{row_id}]", None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
