"""The fixed part of a form, as the page draws it: what stands where, and how it is asked.

What changes while a form is filled (values, labels with answers in them, choices) comes in the
states of `forms.state`.
"""

from typing import Any

from forms.definition import ATTACHMENT_TYPES, Form, Node, Question, Repeat
from forms.file_types import accept_of


def static_tree(form: Form) -> dict[str, Any]:
    """Return the form as JSON."""
    return {
        "digest": form.digest,
        "form_id": form.form_id,
        "version": form.version,
        "title": dict(form.title),
        "languages": list(form.languages),
        "default_language": form.default_language,
        "survey": [_node(node) for node in form.survey],
    }


def _node(node: Node) -> dict[str, Any]:
    written: dict[str, Any] = {
        "kind": "question",
        "name": node.name,
        "path": node.path,
        "appearance": list(node.appearance),
        # Rows that come later are drawn at once; the states bring what answers change in a label.
        "label": dict(node.label),
        "hint": dict(node.hint),
    }
    if isinstance(node, Question):
        return {**written, **_question(node)}
    written["children"] = [_node(child) for child in node.children]
    written["kind"] = written["type"] = "group"
    if isinstance(node, Repeat):
        written["kind"] = written["type"] = "repeat"
        written["min_rows"], written["max_rows"] = node.min_rows, node.max_rows
    return written


def _question(question: Question) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": question.type,
        "parameters": dict(question.parameters),
        "is_calculated": question.calculation is not None,
    }
    if question.list_name is not None:
        written["list_name"] = question.list_name
    if question.type in ATTACHMENT_TYPES:
        written["accept"] = accept_of(question)
    return written
