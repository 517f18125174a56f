"""The form as places and scopes: what a definition path resolves to, once, when it is compiled.

A *place* is a question, a group or a repeat of the definition. A *scope* is what stands together as
often as each other: the form itself, or one repeat. Groups open no scope; a repeat does.
- Every place has a slot in the arrays of its scope's rows, so that an expression reads an answer by
  going up some rows and taking a slot, without looking for names.
- Places are numbered in the order of the form, parents before children.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from forms.definition import Form, Group, Node, Question, Repeat
from forms.rules import NO_RULES, Rules

Exact = Callable[[Any], str | None]
"""From a canonical answer to what an expression sees of it; None for every other value."""

Sound = Callable[[Any], bool]
"""Whether a place surely breaks no rule in a row."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a change is felt: from the changed row up some rows, down some repeats, at a place."""

    place: "Place"
    ups: int
    downs: tuple[int, ...]
    recomputes: bool


class Scope:
    """The form itself, or one repeat: what its rows consist of.

    `checked` are the places that may break a rule, with the quick way to see that they do not; it is
    set once, when the form is compiled. `repeats` are the slots of the repeats.
    """

    __slots__ = ("by_path", "checked", "children", "depth", "parent", "places", "repeat", "repeats")

    def __init__(self, repeat: "Place | None") -> None:
        self.repeat = repeat
        self.parent: Scope | None = None if repeat is None else repeat.scope
        self.depth: int = 0 if self.parent is None else self.parent.depth + 1
        self.places: list[Place] = []
        self.children: dict[str, Place] = {}
        self.by_path: dict[str, Place] = {}
        self.repeats: list[int] = []
        self.checked: tuple[tuple[Place, Sound], ...] = ()

    def chain(self) -> Iterator["Scope"]:
        """Yield this scope and those around it, outwards."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


class Place:
    """One question, group or repeat, with its slot and its rules.

    `local` is its path within the scope. `inner` is the scope that a repeat opens. `rules`, `edges`,
    `rank`, `is_constant` (its relevance never changes and nothing is calculated), `is_checked` (it
    has a rule that an answer of the right type can break) and `exact` (the quick way to read an
    answer) are set once, when the form is compiled.
    """

    __slots__ = (
        "children",
        "edges",
        "exact",
        "index",
        "inner",
        "is_checked",
        "is_constant",
        "local",
        "node",
        "parent",
        "question",
        "rank",
        "rules",
        "scope",
        "slot",
    )

    def __init__(self, node: Node, scope: Scope, parent: "Place | None", index: int) -> None:
        self.node = node
        self.question: Question | None = node if isinstance(node, Question) else None
        self.scope = scope
        self.parent = parent
        self.index = index
        self.slot = len(scope.places)
        within = parent is not None and parent.inner is None
        self.local: str = f"{parent.local}/{node.name}" if parent and within else node.name
        self.children: dict[str, Place] = {}
        self.inner: Scope | None = Scope(self) if isinstance(node, Repeat) else None
        if self.inner is not None:
            self.inner.children = self.children
        self.rules: Rules = NO_RULES
        self.edges: tuple[Edge, ...] = ()
        self.rank = index
        self.is_constant = True
        self.is_checked = True
        self.exact: Exact = _nothing

    def __repr__(self) -> str:
        return f"Place({self.node.path})"


class Structure:
    """All places of a form, and how names and paths lead to them."""

    __slots__ = ("by_name", "by_path", "places", "root", "root_names")

    def __init__(self, form: Form) -> None:
        self.root_names = ("data", form.form_id)
        self.root = Scope(None)
        self.places: list[Place] = []
        self.by_path: dict[str, Place] = {}
        self.by_name: dict[str, list[Place]] = defaultdict(list)
        for node in form.survey:
            self._add(node, self.root, None)

    def scopes(self) -> list[Scope]:
        """Return the form's own scope and those of its repeats."""
        return [self.root, *(place.inner for place in self.places if place.inner is not None)]

    def _add(self, node: Node, scope: Scope, parent: Place | None) -> None:
        place = Place(node, scope, parent, len(self.places))
        scope.places.append(place)
        if place.inner is not None:
            scope.repeats.append(place.slot)
        scope.by_path[place.local] = place
        (scope if parent is None else parent).children[node.name] = place
        self.places.append(place)
        self.by_path[node.path] = place
        self.by_name[node.name].append(place)
        if isinstance(node, (Group, Repeat)):
            for child in node.children:
                self._add(child, place.inner or scope, place)


def _nothing(_value: Any) -> str | None:
    return None


def common_scope(one: Scope, other: Scope) -> Scope:
    """Return the innermost scope that both stand in."""
    around = set(other.chain())
    return next(scope for scope in one.chain() if scope in around)


def repeats_between(outer: Scope, inner: Scope) -> tuple[Place, ...]:
    """Return the repeats to go down through from an outer scope to an inner one."""
    chain = []
    for scope in inner.chain():
        if scope is outer or scope.repeat is None:
            break
        chain.append(scope.repeat)
    return tuple(reversed(chain))
