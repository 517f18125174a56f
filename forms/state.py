"""What a page draws: the state of every question, group and repeat of an open form.

A `State` holds everything; a `Change` only what one step of the person changed.
- In a `Change`, a label, hint or guidance hint is there only if it refers to answers, and the
  choices only if they changed; `None` means "as before".
- `reason` is None unless a soft constraint is broken; then it is what the person wrote, or "".
"""

from dataclasses import dataclass
from typing import Any

from forms.violation import Violation

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NodeState:
    """One question, group or repeat as it is to be drawn now."""

    path: str
    kind: str
    relevant: bool
    value: Any = None
    required: bool = False
    read_only: bool = False
    label: str | None = None
    hint: str | None = None
    guidance_hint: str | None = None
    choices: Choices | None = None
    violations: tuple[Violation, ...] = ()
    reason: str | None = None
    rows: tuple[str, ...] | None = None
    can_add_row: bool = False
    can_remove_row: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What one step changed: nodes to draw again, rows that came (their paths) and went."""

    states: tuple[NodeState, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is to draw, in the order of the form."""

    language: str
    instance_name: str
    states: tuple[NodeState, ...]


def format_node(node: NodeState) -> dict[str, Any]:
    """Write one node as JSON; what is None is left out, save the value."""
    written: dict[str, Any] = {
        "path": node.path,
        "kind": node.kind,
        "relevant": node.relevant,
        "value": node.value,
        "required": node.required,
        "read_only": node.read_only,
        "violations": [
            {"path": each.path, "code": each.code, "message": each.message}
            for each in node.violations
        ],
    }
    for name in ("label", "hint", "guidance_hint", "reason"):
        if getattr(node, name) is not None:
            written[name] = getattr(node, name)
    if node.choices is not None:
        written["choices"] = [{"name": name, "label": label} for name, label in node.choices]
    if node.rows is not None:
        written["rows"] = list(node.rows)
        written["can_add_row"] = node.can_add_row
        written["can_remove_row"] = node.can_remove_row
    return written


def format_state(state: State | Change) -> dict[str, Any]:
    """Write a state or a change as JSON."""
    nodes = [format_node(node) for node in state.states]
    if isinstance(state, State):
        return {
            "language": state.language,
            "instance_name": state.instance_name,
            "states": nodes,
        }
    return {"states": nodes, "added": list(state.added), "removed": list(state.removed)}
