"""Computing relevance and calculations, all at once or along what one change reaches.

- Places are computed in the order of their ranks, so that each is computed once, from settled values.
- A calculation runs whether its place is relevant or not; what others see of it does depend on that.
- What other devices' entries decide, and this side does not know them, is taken as it was sent: a
  place is then relevant if something beneath it is answered.
"""

from collections.abc import Collection, Iterable
from heapq import heappop, heappush

from forms.instance import Row, rows_of
from forms.rules import Rule
from forms.structure import Edge, Place
from forms.values import answer_from_text

Cell = tuple[Row, Place]


def settle(row: Row, place: Place) -> bool:
    """Compute relevance and value of one place in one row; say whether anything changed."""
    slot = place.slot
    before = row.texts[slot], row.relevant[slot], row.seen[slot]
    _compute(row, place, place.rules.calculation)
    return before != (row.texts[slot], row.relevant[slot], row.seen[slot])


def settle_all(active: Iterable[Place], root: Row, taken: Collection[Place] = ()) -> None:
    """Compute everything beneath a root; calculations `taken` as they are stay as they were sent."""
    for place in active:
        calculation = None if place in taken else place.rules.calculation
        for row in rows_of(root, place.scope):
            _compute(row, place, calculation)


def _compute(row: Row, place: Place, calculation: Rule | None) -> None:
    slot = place.slot
    relevant = row.relevant[slot] = _is_relevant(row, place)
    if calculation is not None:
        text = calculation.run(row)
        if text != row.texts[slot] or slot in row.wrong:
            assert place.question is not None  # noqa: S101 - only questions calculate
            row.put(place, answer_from_text(place.question, text))
    row.seen[slot] = row.texts[slot] if relevant else None


def has_answers(row: Row, place: Place) -> bool:
    """Say whether anything at or beneath a place is answered."""
    if place.inner is not None:
        return bool(row.rows[place.slot])
    if place.question is not None:
        return row.values[place.slot] is not None
    return any(has_answers(row, child) for child in place.children.values())


def _is_relevant(row: Row, place: Place) -> bool:
    parent = place.parent
    if parent is not None:
        holder = row if parent.scope is place.scope else row.parent
        if holder is not None and not holder.relevant[parent.slot]:
            return False
    rule = place.rules.relevant
    if rule is None:
        return True
    if rule.draws_on_entries and not row.world.environment.trusts_own_entries:
        return has_answers(row, place)
    return bool(rule.run(row))


class Ripple:
    """Follows one change to everything that depends on it.

    `touched` gathers the cells that may look different afterwards.
    """

    __slots__ = ("_heap", "_places", "_rows", "touched")

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._rows: dict[int, dict[Row, None]] = {}
        self._places: dict[int, Place] = {}
        self.touched: dict[Cell, None] = {}

    def changed(self, row: Row, place: Place) -> None:
        """Say that a cell changed, or for a repeat that its rows did."""
        self.touched[row, place] = None
        for edge in place.edges:
            for target in _targets(row, edge):
                if edge.recomputes:
                    self.push(target, edge.place)
                else:
                    self.touched[target, edge.place] = None

    def push(self, row: Row, place: Place) -> None:
        """Ask for a cell to be computed."""
        rows = self._rows.get(place.rank)
        if rows is None:
            self._rows[place.rank] = rows = {}
            self._places[place.rank] = place
            heappush(self._heap, place.rank)
        rows[row] = None

    def run(self) -> None:
        """Compute what was asked for, and what depends on it, until nothing changes any more."""
        while self._heap:
            rank = heappop(self._heap)
            place = self._places[rank]
            for row in self._rows.pop(rank):
                was_relevant = row.relevant[place.slot]
                if settle(row, place):
                    self.changed(row, place)
                    if row.relevant[place.slot] is not was_relevant:
                        self._pass_on(row, place)

    def _pass_on(self, row: Row, place: Place) -> None:
        """Ask for what stands within a group or repeat whose relevance changed."""
        rows = [row] if place.inner is None else list(row.rows[place.slot].values())
        for child in place.children.values():
            for inner in rows:
                self.push(inner, child)


def _targets(row: Row, edge: Edge) -> list[Row]:
    start: Row | None = row
    for _ in range(edge.ups):
        start = start.parent if start is not None else None
    rows = [] if start is None else [start]
    for slot in edge.downs:
        rows = [inner for outer in rows for inner in outer.rows[slot].values()]
    return rows
