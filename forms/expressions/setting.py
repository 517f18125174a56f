"""Where an expression stands, and what the names in it mean there."""

from collections.abc import Mapping
from dataclasses import dataclass

from forms.errors import ExpressionError
from forms.expressions.lists import ItemList
from forms.expressions.suggestions import did_you_mean
from forms.structure import Place, Scope, Structure, common_scope


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an expression stands: the form, the place it belongs to (None: the form as a whole).

    `keeps_own` says that it may use `once`, and so the answer that is there already.
    """

    structure: Structure
    lists: Mapping[str, ItemList]
    place: Place | None = None
    keeps_own: bool = False

    @property
    def scope(self) -> Scope:
        """The scope whose rows the expression is run with."""
        return self.structure.root if self.place is None else self.place.scope


def resolve(setting: Setting, name: str, column: int) -> Place:
    """Return the place that `${name}` means where an expression stands.

    Of several places of one name the one is meant that shares the innermost scope, if it is alone.

    Raises:
        ExpressionError: there is none, or it is not clear which.
    """
    found = setting.structure.by_name.get(name, [])
    if len(found) > 1:
        depths = [common_scope(setting.scope, each.scope).depth for each in found]
        found = [each for each, depth in zip(found, depths, strict=True) if depth == max(depths)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ExpressionError(
            f"There is no question “{name}”.",
            column=column,
            code="unknown_reference",
            hint=did_you_mean(name, setting.structure.by_name),
        )
    raise ExpressionError(
        f"There are several questions “{name}”: {', '.join(each.node.path for each in found)}.",
        column=column,
        code="ambiguous_reference",
        hint="Give each question a name of its own.",
    )
