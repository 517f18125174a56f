"""Paths through the answers, resolved when the form is compiled.

A `Trail` follows a path step by step through the definition. What is left for the run is little: go up
some rows, perhaps down through repeats and predicates, and read one slot.
- A path that goes down through no repeat and has no predicate gives a cell; any other gives nodes.
- What is not relevant is no node.
- The trail knows the outermost scope it passed: that, with each place read, is the edge along which a
  change is felt.
"""

from collections.abc import Callable
from itertools import groupby

from forms.definition import Question
from forms.errors import ExpressionError
from forms.expressions.code import Code, Context, Kind, Node
from forms.expressions.function import Draws
from forms.expressions.suggestions import did_you_mean
from forms.instance import Row
from forms.structure import Place, Scope, repeats_between
from forms.values import value_type

Start = Callable[[Context], Row]
Stage = Callable[[list[Row], Context], list[Row]]
Keep = Stage

NUMERIC_TYPES = frozenset({"integer", "decimal"})


class Trail:
    """The place that a path has come to, and how a row there is found from where it began.

    `place` is None at the root. The rows on the way are those that hold the place: a repeat's own rows,
    and for a question or group the row that it stands in. `anchor` is the depth of the outermost scope
    on the way, `scope` the present one.
    """

    __slots__ = ("_draws", "_stages", "_start", "_ups", "anchor", "at_document", "place", "scope")

    def __init__(self, start: Start, scope: Scope, place: Place | None, draws: Draws) -> None:
        self._start = start
        self._ups = 0
        self._stages: list[Stage | Place] = []
        self._draws = draws
        self.anchor = scope.depth
        self.at_document = False
        self.scope = scope
        self.place = place

    @property
    def is_single(self) -> bool:
        """Whether there is always just one row."""
        return not self._stages

    def to_root(self) -> None:
        """Go to the document, above the root element that an absolute path names first."""
        self._climb(self.scope.depth)
        self.place = None
        self.at_document = True

    def enter_document(self, name: str, known: tuple[str, ...], column: int) -> None:
        """Go to the root of the form; XLSForm calls it `data` or by the form's id.

        Raises:
            ExpressionError: the path begins with anything else.
        """
        if name not in known:
            raise ExpressionError(
                f"There is no “{name}” at the root.",
                column=column,
                code="unknown_reference",
                hint="An absolute path begins with /data.",
            )
        self.at_document = False

    def to_reference(self, target: Place) -> None:
        """Go to what `${name}` means here: up to the scope in common, then down to the target."""
        common = self.scope
        while common not in set(target.scope.chain()):
            common = common.parent or common
        self._climb(self.scope.depth - common.depth)
        for repeat in repeats_between(common, target.scope):
            self._descend(repeat)
        if target.inner is not None:
            self._descend(target)
        self.place = target

    def to_child(self, name: str, column: int) -> None:
        """Go to a child of the place.

        Raises:
            ExpressionError: there is none of that name.
        """
        if self.place is not None and self.place.inner not in (None, self.scope):
            self._descend(self.place)
        children = self._children()
        child = children.get(name)
        if child is None:
            where = f"in {self.place.node.path}" if self.place else "at the top of the form"
            raise ExpressionError(
                f"There is no “{name}” {where}.",
                column=column,
                code="unknown_reference",
                hint=did_you_mean(name, children),
            )
        if child.inner is not None:
            self._descend(child)
        self.place = child

    def to_parent(self, column: int) -> None:
        """Go to what is around the place.

        Raises:
            ExpressionError: the path leaves the form, or goes back up from a predicate.
        """
        place = self.place
        if place is None:
            raise ExpressionError(
                "The path leads out of the form.", column=column, code="unknown_reference"
            )
        # The rule of a repeat itself stands outside its rows.
        if place.inner is self.scope:
            self._leave(place, column)
        self.place = place.parent

    def keep(self, keep: Keep) -> None:
        """Keep only the rows that a predicate chooses."""
        self._stages.append(keep)

    def keep_by_parent(self, keep: Keep) -> None:
        """Keep only what a predicate chooses among the children of each parent, counted apart."""
        of_rows = self.place is not None and self.place.inner is not None

        def stage(rows: list[Row], context: Context) -> list[Row]:
            groups = groupby(rows, lambda row: id(row.parent if of_rows else row))
            return [row for _, group in groups for row in keep(list(group), context)]

        self._stages.append(stage)

    def code(self) -> Code:
        """Return code for the nodes that the trail ends at."""
        place = self.place
        if place is None or place.inner is not None:
            return self._rows_code()
        self._note(place)
        slot = place.slot
        if isinstance(place.node, Question) and self.is_single:
            numeric = value_type(place.node) in NUMERIC_TYPES
            return Code(Kind.CELL, self._cell(slot), numeric, self._nodes(slot))
        rows = self.rows()

        def run(context: Context) -> list[str]:
            return [text for row in rows(context) if (text := row.seen[slot]) is not None]

        return Code(Kind.NODES, run, nodes=self._nodes(slot))

    def rows(self) -> Callable[[Context], list[Row]]:
        """Return a closure that gives the rows holding the place."""
        base = self._base()
        stages = [_down(stage) if isinstance(stage, Place) else stage for stage in self._stages]
        if not stages:
            return lambda context: [base(context)]
        if len(stages) == 1:
            only = stages[0]
            return lambda context: only([base(context)], context)

        def run(context: Context) -> list[Row]:
            rows = [base(context)]
            for stage in stages:
                rows = stage(rows, context)
            return rows

        return run

    def position(self) -> Code:
        """Return code for the position of the row that the trail ends at."""
        if self.place is None or self.place.inner is None:
            return Code(Kind.NUMBER, lambda _: 1.0)
        self._note(self.place)
        rows = self.rows()

        def run(context: Context) -> float:
            found = rows(context)
            return float(found[0].position) if found else float("nan")

        return Code(Kind.NUMBER, run)

    def _children(self) -> dict[str, Place]:
        if self.place is not None:
            return self.place.children
        root = self.scope
        while root.parent is not None:
            root = root.parent
        return root.children

    def _climb(self, ups: int) -> None:
        for _ in range(ups):
            self.scope = self.scope.parent or self.scope
        self._ups += ups
        self.anchor = min(self.anchor, self.scope.depth)

    def _descend(self, repeat: Place) -> None:
        assert repeat.inner is not None  # noqa: S101 - callers pass repeats only
        self._note(repeat)
        self._stages.append(repeat)
        self.scope = repeat.inner

    def _leave(self, repeat: Place, column: int) -> None:
        """Go from a repeat's row to the row around it."""
        if not self._stages:
            self._climb(1)
        elif self._stages[-1] is repeat:
            self._stages.pop()
            self.scope = repeat.scope
        else:
            raise ExpressionError(
                "A path cannot go back up out of rows that a predicate chose.",
                column=column,
                code="unsupported",
            )

    def _note(self, place: Place) -> None:
        self._draws.references.add((min(self.anchor, place.scope.depth), place.index))

    def _base(self) -> Start:
        start, ups = self._start, self._ups
        if ups == 0:
            return start
        if ups == 1:
            return lambda context: start(context).parent  # type: ignore[return-value] # compiled depth

        def climb(context: Context) -> Row:
            row = start(context)
            for _ in range(ups):
                row = row.parent  # type: ignore[assignment] # a row as deep as compiled has parents
            return row

        return climb

    def _cell(self, slot: int) -> Callable[[Context], str | None]:
        start, ups = self._start, self._ups
        if start is from_row and ups == 0:
            return lambda row: row.seen[slot]
        if start is from_row and ups == 1:
            return lambda row: row.parent.seen[slot]
        base = self._base()
        return lambda context: base(context).seen[slot]

    def _rows_code(self) -> Code:
        rows, place = self.rows(), self.place
        if place is not None:
            self._note(place)

        def nodes(context: Context) -> list[Node]:
            return [(row, -1) for row in rows(context)]

        if place is None or not self.is_single:
            return Code(Kind.NODES, lambda context: [""] * len(rows(context)), nodes=nodes)

        def run(context: Context) -> list[str]:
            return [""] if is_row_relevant(rows(context)[0], place) else []

        return Code(Kind.NODES, run, nodes=nodes)

    def _nodes(self, slot: int) -> Callable[[Context], list[Node]]:
        rows = self.rows()
        return lambda context: [(row, slot) for row in rows(context) if row.seen[slot] is not None]


def from_row(context: Context) -> Row:
    """Begin at the row that the expression stands in."""
    return context  # type: ignore[no-any-return] # outside predicates the context is the row


def from_frame(context: Context) -> Row:
    """Begin, within a predicate, at the row that the whole expression stands in."""
    return context.row  # type: ignore[no-any-return] # within predicates the context is a frame


def from_item(context: Context) -> Row:
    """Begin, within a predicate, at the row that the predicate is asked about."""
    return context.item  # type: ignore[no-any-return] # within predicates the context is a frame


def is_row_relevant(row: Row, repeat: Place) -> bool:
    """Say whether the repeat that a row belongs to is relevant."""
    return row.parent is None or row.parent.relevant[repeat.slot]


def _down(repeat: Place) -> Stage:
    slot = repeat.slot

    def stage(rows: list[Row], _context: Context) -> list[Row]:
        if len(rows) == 1:
            row = rows[0]
            return list(row.rows[slot].values()) if row.relevant[slot] else []
        return [inner for row in rows if row.relevant[slot] for inner in row.rows[slot].values()]

    return stage
