"""What depends on what: the order to compute in, and the edges along which a change is felt.

- A place depends on what its relevance and calculation read, and on the relevance of what is around
  it. Ranks follow that order; a cycle is refused with the paths of its members.
- Everything else that a place has (constraint, choice filter, label …) is only drawn again: no other
  place reads it, so it makes no cycles.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from forms.errors import DefinitionError
from forms.rules import Rule, Rules
from forms.structure import Edge, Place, repeats_between

References = frozenset[tuple[int, int]]


def connect(places: list[Place]) -> tuple[Place, ...]:
    """Set edges, ranks and constancy of all places; return those to compute, in their order.

    Raises:
        DefinitionError: relevance and calculations depend on each other in a circle (`cycle`).
    """
    edges: dict[int, dict[Edge, None]] = defaultdict(dict)
    before: dict[int, set[int]] = {}
    for place in places:
        values = _references(_value_rules(place.rules))
        before[place.index] = {index for _, index in values}
        if place.parent is not None:
            before[place.index].add(place.parent.index)
        for reference in sorted(values):
            edges[reference[1]][_edge(places, place, reference, recomputes=True)] = None
        # Also where a value edge leads already: that one draws again only what it changed.
        for reference in sorted(_drawn_references(place.rules)):
            if reference[1] != place.index:
                edges[reference[1]][_edge(places, place, reference, recomputes=False)] = None
    order = _sort(places, before)
    for rank, place in enumerate(order):
        place.rank = rank
        place.edges = tuple(edges.get(place.index, ()))
    for place in places:
        place.is_constant = _is_constant(place)
    return tuple(place for place in order if not place.is_constant)


def _value_rules(rules: Rules) -> tuple[Rule | None, ...]:
    return (rules.relevant, rules.calculation)


def _references(rules: Iterable[Rule | None]) -> References:
    return frozenset().union(*(rule.references for rule in rules if rule is not None))


def _drawn_references(rules: Rules) -> References:
    messages = (
        rules.label,
        rules.hint,
        rules.guidance_hint,
        rules.required_message,
        rules.constraint_message,
        rules.soft_constraint_message,
    )
    checks = (
        rules.required,
        rules.constraint,
        rules.soft_constraint,
        rules.choice_filter,
        *rules.read_only,
    )
    return _references(checks).union(*(message.references for message in messages))


def _edge(
    places: list[Place], place: Place, reference: tuple[int, int], *, recomputes: bool
) -> Edge:
    depth, index = reference
    anchor = next(scope for scope in place.scope.chain() if scope.depth == depth)
    downs = tuple(repeat.slot for repeat in repeats_between(anchor, place.scope))
    return Edge(place, places[index].scope.depth - depth, downs, recomputes)


def _is_constant(place: Place) -> bool:
    around = place.parent is None or place.parent.is_constant
    return around and place.rules.relevant is None and place.rules.calculation is None


def _sort(places: list[Place], before: Mapping[int, set[int]]) -> list[Place]:
    """Sort so that each place stands behind what it depends on, else in the order of the form."""
    after: dict[int, list[int]] = defaultdict(list)
    waiting = {index: len(needed) for index, needed in before.items()}
    for index, needed in before.items():
        for other in needed:
            after[other].append(index)
    ready = [index for index, count in waiting.items() if count == 0]
    heapify(ready)
    order = []
    while ready:
        index = heappop(ready)
        order.append(places[index])
        for other in after[index]:
            waiting[other] -= 1
            if waiting[other] == 0:
                heappush(ready, other)
    if len(order) < len(places):
        done = {place.index for place in order}
        raise _cycle(places, before, done)
    return order


def _cycle(places: list[Place], before: Mapping[int, set[int]], done: set[int]) -> DefinitionError:
    """Describe one cycle: whatever is not sorted depends on something that is not sorted either."""
    index = next(place.index for place in places if place.index not in done)
    seen: list[int] = []
    while index not in seen:
        seen.append(index)
        index = min(before[index] - done)
    members = [places[each] for each in reversed(seen[seen.index(index) :])]
    names = " → ".join(each.node.path for each in (*members, members[0]))
    return DefinitionError(
        f"These depend on each other in a circle: {names}.",
        path=members[0].node.source,
        code="cycle",
        hint="Take one of them out of the other's calculation or relevant.",
    )
