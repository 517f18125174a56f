"""What stands at each definition path: told to whoever compares or merges answers.

The words are those of `sync.merge.Kind`: `group`, `repeat`, `calculated` and `value`. Calculated is
what nobody types: calculations, and what a device notes by itself (`start`, `today`, …).
"""

from forms.definition import METADATA_TYPES, Form, Group, Node, Repeat, walk


def kinds_of(form: Form) -> dict[str, str]:
    """Return the kind of every group, repeat and question of a form, by its definition path."""
    return {node.path: _kind(node) for node in walk(form.survey)}


def _kind(node: Node) -> str:
    if isinstance(node, Repeat):
        return "repeat"
    if isinstance(node, Group):
        return "group"
    is_calculated = node.calculation is not None or node.type in METADATA_TYPES
    return "calculated" if is_calculated else "value"
