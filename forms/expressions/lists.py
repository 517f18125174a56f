"""Lists as secondary instances: `instance('list')/root/item[…]/label`, and choice filters.

- The items of a choice list have `name`, `label` (in the form's default language) and the list's
  further columns; those of own entries what the environment gives.
- An equality between a column and something that does not depend on the item, as in
  `[category = ${category}]`, is looked up in an index instead of being tried on each item.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from forms.definition import Form, text_in
from forms.errors import ExpressionError
from forms.expressions.code import Code, Context, Kind, as_text, constant
from forms.expressions.nodes import Call, Chain, Expression, Here, Literal, Path, Reference, Step
from forms.expressions.suggestions import did_you_mean
from forms.instance import Item

Items = Callable[[Context], Sequence[Item]]


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list that items are taken from. Lists of own entries have no fixed `items` and `columns`."""

    name: str
    items: tuple[Item, ...] | None
    columns: frozenset[str] | None
    indexes: Mapping[str, Mapping[str, list[Item]]]

    def source(self) -> Items:
        """Return a closure that gives all items."""
        items, name = self.items, self.name
        if items is None:
            return lambda context: context.world.entries(name)
        return lambda _: items

    def require_column(self, name: str, column: int) -> None:
        """Refuse a column that no item has.

        Raises:
            ExpressionError: the list has no such column.
        """
        if self.columns is not None and name not in self.columns:
            raise ExpressionError(
                f"The list “{self.name}” has no column “{name}”.",
                column=column,
                code="unknown_column",
                hint=did_you_mean(name, self.columns),
            )


def lists_of(form: Form) -> dict[str, ItemList]:
    """Return the lists of a form by name, those of own entries included."""
    lists = {name: ItemList(name, None, None, {}) for name in form.instances}
    for name, choices in form.choices.items():
        items: tuple[Item, ...] = tuple(
            {
                **choice.columns,
                "name": choice.name,
                "label": text_in(choice.label, form.default_language),
            }
            for choice in choices
        )
        columns = frozenset({"name", "label"}.union(*items))
        indexes = {column: _index(items, column) for column in columns}
        lists[name] = ItemList(name, items, columns, indexes)
    return lists


def indexed_equality(tree: Expression, items: ItemList) -> tuple[str, Expression] | None:
    """Return the column and what it is to equal, if an index can answer this predicate."""
    if items.items is None or not isinstance(tree, Chain) or len(tree.links) != 1:
        return None
    if tree.links[0].operator != "=":
        return None
    for one, other in ((tree.first, tree.links[0].operand), (tree.links[0].operand, tree.first)):
        name = _column(one)
        if name is not None and _is_independent(other):
            return name, other
    return None


def look_up(items: ItemList, name: str, wanted: Code) -> Items | None:
    """Return a closure that takes the items with a value in a column from the index."""
    if wanted.kind not in (Kind.TEXT, Kind.CELL):
        return None
    index, text = items.indexes.get(name, {}), as_text(wanted)
    return lambda context: index.get(text(context), [])


def _index(items: tuple[Item, ...], column: str) -> dict[str, list[Item]]:
    index: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if column in item:
            index[item[column]].append(item)
    return dict(index)


def _column(tree: Expression) -> str | None:
    match tree:
        case Path(Here(), (), (Step("child", name, ()),)):
            return name
        case _:
            return None


def _is_independent(tree: Expression) -> bool:
    match tree:
        case Literal() | Reference() | Path(Call("current", ()), (), _):
            return not isinstance(tree, Path) or not any(step.predicates for step in tree.steps)
        case _:
            return False


def item_code(items: ItemList, steps: tuple[Step, ...]) -> Code:
    """Compile a path from the item that a predicate is asked about."""
    rest = [step for step in steps if step.axis != "self" or step.predicates]
    match rest:
        case []:
            return constant("")
        case [Step("child", name, (), column)]:
            items.require_column(name, column)
            return Code(Kind.CELL, lambda frame: frame.item.get(name))
        case _:
            raise no_item_path(rest[0].column)


def column_run(found: Items, name: str) -> Callable[[Context], list[str]]:
    """Return a closure for the texts in a column of the items that have it."""
    return lambda context: [item[name] for item in found(context) if name in item]


def no_item_path(column: int) -> ExpressionError:
    """Return the error that refuses a path into a list."""
    return ExpressionError(
        "This is no path in a list.",
        column=column,
        code="unsupported",
        hint="Write instance('list')/root/item[…]/label.",
    )
