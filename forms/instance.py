"""The tree of answers being filled: rows of slots, one row for the form and one for each repeat row.

- `values` holds the JSON value as answered, `texts` what an expression would see of it, `seen` the
  same but None where the place is not relevant. All three are addressed by the place's slot.
- A value of a wrong type is kept as it was given, with the reason in `wrong`; expressions see a blank.
- Rows of a repeat stand in a dict by id, in their order; `position` counts from 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms.environment import Environment
from forms.errors import AnswerError
from forms.structure import Place, Scope

Item = Mapping[str, str]


class World:
    """The environment of one open form, with the own entries read so far."""

    __slots__ = ("_entries", "environment")

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._entries: dict[str, Sequence[Item]] = {}

    def entries(self, name: str) -> Sequence[Item]:
        """Return the items of a list of own entries; they are asked for once."""
        items = self._entries.get(name)
        if items is None:
            items = self._entries[name] = self.environment.own_entries(name)
        return items

    def forget_entries(self) -> None:
        """Ask for the own entries again when they are next needed."""
        self._entries.clear()


class Row:
    """One row of a repeat, or the form itself (without a parent)."""

    __slots__ = (
        "drawn",
        "id",
        "parent",
        "position",
        "prefix",
        "reasons",
        "relevant",
        "rows",
        "scope",
        "seen",
        "texts",
        "values",
        "world",
        "wrong",
    )

    def __init__(self, scope: Scope, world: World, parent: "Row | None", row_id: str) -> None:
        size = len(scope.places)
        self.scope = scope
        self.world = world
        self.parent = parent
        self.id = row_id
        self.position = 1
        self.prefix = ""
        if parent is not None and scope.repeat is not None:
            self.prefix = f"{parent.prefix}{scope.repeat.local}[{row_id}]/"
        self.values: list[Any] = [None] * size
        self.texts: list[str] = [""] * size
        self.seen: list[str | None] = [""] * size
        self.relevant: list[bool] = [True] * size
        self.rows: dict[int, dict[str, Row]] = {slot: {} for slot in scope.repeats}
        self.wrong: dict[int, AnswerError] = {}
        self.reasons: dict[int, str] = {}
        self.drawn: dict[int, Any] = {}

    def path(self, place: Place) -> str:
        """Return the instance path of a place in this row."""
        return self.prefix + place.local

    def dissolve(self) -> None:
        """Let go of the rows beneath, so that what nobody needs any more is freed at once.

        A row and the row around it hold each other: else they wait for the garbage collector.
        """
        for rows in self.rows.values():
            for row in rows.values():
                row.dissolve()
            rows.clear()

    def put(self, place: Place, value: Any) -> None:
        """Set a canonical answer, or None for a blank; what is seen is settled afterwards."""
        slot = place.slot
        self.wrong.pop(slot, None)
        self.values[slot] = value
        text = "" if value is None or place.rules.text is None else place.rules.text(value)
        self.texts[slot] = text
        self.seen[slot] = text if self.relevant[slot] else None

    def put_wrong(self, place: Place, value: Any, error: AnswerError) -> None:
        """Keep a value that is no answer, with the reason why."""
        self.put(place, None)
        self.values[place.slot] = value
        self.wrong[place.slot] = error


def new_row(parent: Row, repeat: Place, row_id: str) -> Row:
    """Make a row that stands nowhere yet."""
    assert repeat.inner is not None  # noqa: S101 - callers pass repeats only
    return Row(repeat.inner, parent.world, parent, row_id)


def place_rows(rows: dict[str, Row], row: Row, after: str | None) -> None:
    """Put a row behind another of the same repeat, or in front of all."""
    rows.pop(row.id, None)
    order = list(rows.values())
    at = 0 if after is None else list(rows).index(after) + 1
    order.insert(at, row)
    rows.clear()
    rows.update((each.id, each) for each in order)
    renumber(rows)


def renumber(rows: dict[str, Row]) -> None:
    """Count the rows from 1 again."""
    for position, row in enumerate(rows.values(), 1):
        row.position = position


def rows_of(root: Row, scope: Scope) -> list[Row]:
    """Return all rows of a scope, in the order of the form."""
    if scope.repeat is None:
        return [root]
    slot = scope.repeat.slot
    outer = rows_of(root, scope.repeat.scope)
    return [row for each in outer for row in each.rows[slot].values()]


def document_order(row: Row, slot: int) -> tuple[int, ...]:
    """Return a key that sorts the places of all rows in the order of the form."""
    order = [slot]
    inner: Row | None = row
    while inner is not None and inner.scope.repeat is not None:
        order += [inner.position, inner.scope.repeat.slot]
        inner = inner.parent
    return tuple(reversed(order))


def cells(row: Row) -> Iterator[tuple[Row, Place]]:
    """Yield every place beneath a row with the row that holds it, in the order of the form."""
    for place in row.scope.places:
        yield row, place
        if place.inner is not None:
            for inner in row.rows[place.slot].values():
                yield from cells(inner)
