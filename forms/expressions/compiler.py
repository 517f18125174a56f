"""Trees to closures: names, paths and functions resolved, and what is drawn on noted down.

`compile_rule` gives a `Rule` whose `run` takes the row that the expression stands in. Whatever can be
refused is refused here, with its column: a run never fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

from forms.errors import ExpressionError
from forms.expressions import (
    functions_date,
    functions_logic,
    functions_number,
    functions_text,
)
from forms.expressions.code import (
    Code,
    Context,
    Kind,
    as_boolean,
    as_number,
    as_text,
    constant,
)
from forms.expressions.function import Draws, Function, Site, check_arity
from forms.expressions.lists import (
    ItemList,
    Items,
    column_run,
    indexed_equality,
    item_code,
    look_up,
    no_item_path,
)
from forms.expressions.nodes import (
    Call,
    Chain,
    Expression,
    Here,
    Literal,
    Negate,
    Number,
    Path,
    Reference,
    Root,
    Step,
)
from forms.expressions.operators import (
    EQUALITY,
    RELATION,
    arithmetic,
    conjunction,
    disjunction,
    equality,
    negation,
    relation,
    union,
)
from forms.expressions.parser import parse_expression
from forms.expressions.predicates import Choose, choosing, conjuncts, is_positional
from forms.expressions.setting import Setting, resolve
from forms.expressions.suggestions import did_you_mean
from forms.expressions.trails import Trail, from_frame, from_item, from_row
from forms.instance import Row
from forms.rules import Rule, Run
from forms.structure import Place, Scope

FUNCTIONS: Mapping[str, Function] = {
    **functions_logic.FUNCTIONS,
    **functions_text.FUNCTIONS,
    **functions_number.FUNCTIONS,
    **functions_date.FUNCTIONS,
}
NODE_FUNCTIONS = ("current", "instance", "position")
FUNCTION_NAMES = frozenset(FUNCTIONS) | frozenset(NODE_FUNCTIONS)

_CONVERSIONS = {"text": as_text, "number": as_number, "boolean": as_boolean}


@dataclass(frozen=True, slots=True)
class _Focus:
    """What a predicate is asked about: rows holding a place, or items of a list."""

    scope: Scope
    place: Place | None
    anchor: int
    items: ItemList | None = None


def compile_rule(text: str, setting: Setting, wanted: str) -> Rule:
    """Compile an expression to a rule that gives a `text`, `number` or `boolean`.

    Raises:
        ExpressionError: it does not parse, or names something that is not there.
    """
    compiler = _Compiler(setting)
    code = compiler.compile(parse_expression(text), None)
    return compiler.rule(text, _CONVERSIONS[wanted](code))


def compile_filter(text: str, setting: Setting, items: ItemList) -> Rule:
    """Compile a choice filter to a rule that gives the items of a list it is true of.

    Raises:
        ExpressionError: it does not parse, or names something that is not there.
    """
    compiler = _Compiler(setting)
    chosen = compiler.filtered(items, (parse_expression(text),), None)
    return compiler.rule(text, chosen)


class _Compiler:
    """Compiles one expression, and gathers what it draws on."""

    __slots__ = ("_draws", "_setting")

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._draws = Draws()

    def rule(self, source: str, run: Run) -> Rule:
        draws = self._draws
        return Rule(
            run,
            source,
            frozenset(draws.references),
            is_random=draws.is_random,
            keeps_value=draws.keeps_value,
            draws_on_entries=draws.draws_on_entries,
        )

    def compile(self, tree: Expression, focus: _Focus | None) -> Code:
        match tree:
            case Number(value):
                return constant(value)
            case Literal(text):
                return constant(text)
            case Negate(operand):
                return negation(self.compile(operand, focus))
            case Chain():
                return self._chain(tree, focus)
            case Call(name) if name not in NODE_FUNCTIONS:
                return self._call(tree, focus)
            case _:
                return self._nodes(tree, focus)

    def filtered(
        self, items: ItemList, predicates: tuple[Expression, ...], focus: _Focus | None
    ) -> Items:
        """Return a closure for the items that all predicates are true of."""
        if items.items is None:
            self._draws.draws_on_entries = True
        found = items.source()
        inner = _Focus(self._setting.scope, self._setting.place, 0, items)
        for number, part in enumerate(self._parts(predicates, inner)):
            indexed = self._indexed(items, part, focus) if number == 0 else None
            found = indexed or _narrowed(
                found, choosing(self.compile(part, inner), _row_start(focus))
            )
        return found

    def _parts(self, predicates: tuple[Expression, ...], inner: _Focus) -> list[Expression]:
        parts: list[Expression] = []
        for predicate in predicates:
            positional = is_positional(self.compile(predicate, inner), predicate)
            parts += (predicate,) if positional else conjuncts(predicate)
        return parts

    def _indexed(self, items: ItemList, part: Expression, focus: _Focus | None) -> Items | None:
        equal = indexed_equality(part, items)
        if equal is None:
            return None
        return look_up(items, equal[0], self.compile(equal[1], focus))

    def _chain(self, tree: Chain, focus: _Focus | None) -> Code:
        operands = [self.compile(each, focus) for each in _operands(tree)]
        match tree.links[0].operator:
            case "and":
                return conjunction(operands)
            case "or":
                return disjunction(operands)
            case "|":
                return self._union(tree, operands)
            case _:
                links = zip(tree.links, operands[1:], strict=True)
                return reduce(
                    lambda left, link: _binary(link[0].operator, left, link[1]), links, operands[0]
                )

    def _union(self, tree: Chain, operands: list[Code]) -> Code:
        code = union(operands)
        if code is None:
            raise ExpressionError(
                "“|” joins questions and rows only.", column=tree.column, code="type"
            )
        return code

    def _call(self, tree: Call, focus: _Focus | None) -> Code:
        function = FUNCTIONS.get(tree.name)
        if function is None:
            raise ExpressionError(
                f"There is no function {tree.name}().",
                column=tree.column,
                code="unknown_function",
                hint=did_you_mean(tree.name, FUNCTION_NAMES),
            )
        check_arity(tree, function.least, function.most)
        arguments = [self.compile(each, focus) for each in tree.arguments]
        site = Site(tree.name, tree.column, tree.arguments, self._draws, self._own_text(focus))
        return function.build(arguments, site)

    def _own_text(self, focus: _Focus | None) -> Run | None:
        place = self._setting.place
        if place is None or not self._setting.keeps_own:
            return None
        slot, start = place.slot, _row_start(focus)
        return lambda context: start(context).texts[slot]

    def _nodes(self, tree: Expression, focus: _Focus | None) -> Code:
        """Compile what gives nodes: a path, a reference, current(), position() or instance()."""
        match tree:
            case Call("position", arguments):
                return self._position(tree, arguments, focus)
            case Call("instance") | Path(Call("instance")):
                return self._instance(tree, focus)
            case Path(Here(), (), steps) if focus is not None and focus.items is not None:
                return item_code(focus.items, steps)
        return self._trail(tree, focus).code()

    def _trail(self, tree: Expression, focus: _Focus | None) -> Trail:
        match tree:
            case Path(start, predicates, steps):
                trail = self._start(start, focus)
            case Reference() | Call("current", ()):
                trail, predicates, steps = self._start(tree, focus), (), ()
            case _:
                column = tree.column
                raise ExpressionError("Here a path is expected.", column=column, code="type")
        for predicate in predicates:
            self._keep(trail, predicate, focus, by_parent=False)
        for step in steps:
            self._step(trail, step, focus)
        return trail

    def _start(self, start: Root | Here | Reference | Call, focus: _Focus | None) -> Trail:
        setting = self._setting
        outer = Trail(_row_start(focus), setting.scope, setting.place, self._draws)
        match start:
            case Root():
                outer.to_root()
            case Reference(name, column):
                outer.to_reference(resolve(setting, name, column))
            case Here(column) if focus is not None and focus.items is not None:
                raise no_item_path(column)
            case Here() if focus is not None:
                inner = Trail(from_item, focus.scope, focus.place, self._draws)
                inner.anchor = min(inner.anchor, focus.anchor)
                return inner
            case Call(name, arguments, column) if name != "current" or arguments:
                message = f"A path cannot begin with {name}()."
                raise ExpressionError(message, column=column, code="unsupported")
        return outer

    def _step(self, trail: Trail, step: Step, focus: _Focus | None) -> None:
        if step.axis == "parent":
            trail.to_parent(step.column)
        elif step.axis == "child" and trail.at_document:
            trail.enter_document(step.name, self._setting.structure.root_names, step.column)
        elif step.axis == "child":
            trail.to_child(step.name, step.column)
        for predicate in step.predicates:
            self._keep(trail, predicate, focus, by_parent=True)

    def _keep(
        self, trail: Trail, predicate: Expression, focus: _Focus | None, *, by_parent: bool
    ) -> None:
        inner = _Focus(trail.scope, trail.place, trail.anchor)
        code = self.compile(predicate, inner)
        choose = choosing(code, _row_start(focus))
        if by_parent and is_positional(code, predicate):
            trail.keep_by_parent(choose)
        else:
            trail.keep(choose)

    def _position(
        self, tree: Call, arguments: tuple[Expression, ...], focus: _Focus | None
    ) -> Code:
        check_arity(tree, 0, 1)
        if arguments:
            return self._trail(arguments[0], focus).position()
        if focus is None:
            raise ExpressionError(
                "position() needs to be told whose position.",
                column=tree.column,
                code="misplaced",
                hint="Write position(..) for the number of the row.",
            )
        return Code(Kind.NUMBER, lambda frame: float(frame.position))

    def _instance(self, tree: Expression, focus: _Focus | None) -> Code:
        call = tree.start if isinstance(tree, Path) else tree
        assert isinstance(call, Call)  # noqa: S101 - the pattern that led here
        items = self._item_list(call)
        match tree:
            case Path(_, (), (Step("child", "root", ()), Step("child", "item", predicates), *rest)):
                found = self.filtered(items, predicates, focus)
            case _:
                raise no_item_path(tree.column)
        match rest:
            case []:
                return Code(Kind.NODES, lambda context: [""] * len(found(context)))
            case [Step("child", name, (), column)]:
                items.require_column(name, column)
                return Code(Kind.NODES, column_run(found, name))
            case _:
                raise no_item_path(rest[0].column)

    def _item_list(self, call: Call) -> ItemList:
        check_arity(call, 1, 1)
        name = call.arguments[0]
        if not isinstance(name, Literal):
            raise ExpressionError(
                "instance() takes the name of a list in quotes.", column=name.column, code="type"
            )
        items = self._setting.lists.get(name.text)
        if items is None:
            raise ExpressionError(
                f"There is no list “{name.text}”.",
                column=name.column,
                code="unknown_instance",
                hint=did_you_mean(name.text, self._setting.lists),
            )
        return items


def _binary(name: str, left: Code, right: Code) -> Code:
    if name in EQUALITY:
        return equality(name, left, right)
    return relation(name, left, right) if name in RELATION else arithmetic(name, left, right)


def _operands(tree: Chain) -> list[Expression]:
    return [tree.first, *(link.operand for link in tree.links)]


def _row_start(focus: _Focus | None) -> Callable[[Context], Row]:
    return from_row if focus is None else from_frame


def _narrowed(found: Items, choose: Choose) -> Items:
    return lambda context: choose(found(context), context)
