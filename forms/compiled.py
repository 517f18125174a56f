"""A form ready to run: every expression a closure, every dependency known.

- Compiling refuses what cannot run: an expression that does not parse, an unknown name or function, a
  cycle, a default that is no answer to its question. Afterwards nothing of a form fails.
- A `CompiledForm` never changes once it is built, and may be shared between threads.
- A default is an expression, so a text or date in it stands in quotes; one that is forgotten is refused
  rather than computed (`2019-05-30` would be 1984).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from forms.definition import Form, Question, Text, text_in
from forms.dependencies import connect
from forms.errors import DefinitionError, ExpressionError
from forms.expressions.compiler import compile_filter, compile_rule
from forms.expressions.functions_date import now_text, today_text
from forms.expressions.lists import ItemList, lists_of
from forms.expressions.nodes import Call, Path, Reference, walk_expression
from forms.expressions.parser import parse_expression
from forms.expressions.setting import Setting
from forms.file_types import file_rule
from forms.instance import Row
from forms.quick import exact_reader, soundness
from forms.rules import NO_MESSAGE, ChoiceList, Message, Rule, Rules, Run
from forms.strict_json import join_path
from forms.structure import Place, Structure
from forms.values import answer_from_text, checker, is_blank, text_of

_REFERENCE = re.compile(r"\$\{\s*[^\W\d][\w.-]*\s*\}")
_BARE_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*")
_QUOTES = "A default is an expression: put a text or date in quotes, as in 'north'."

METADATA: dict[str, Run] = {
    "start": lambda row: now_text(row.world.environment.now()),
    "today": lambda row: today_text(row.world.environment.now()),
    "deviceid": lambda row: row.world.environment.properties.get("deviceid", ""),
    "username": lambda row: row.world.environment.properties.get("username", ""),
}


@dataclass(frozen=True, slots=True)
class CompiledForm:
    """A form, its structure and its rules.

    `active` are the places whose relevance or value can change by themselves, in the order to compute
    them; `calculated` those with a calculation, in the order of the form. Of these, `unrepeatable` are
    those that nobody else can compute again (`uuid`, `once`), and `from_entries` those that only who
    knows the unit's own entries can.
    """

    form: Form
    structure: Structure
    instance_name: Rule | None
    active: tuple[Place, ...]
    calculated: tuple[Place, ...]
    unrepeatable: frozenset[Place]
    from_entries: frozenset[Place]
    ends: tuple[Place, ...]


def compile_form(form: Form) -> CompiledForm:
    """Resolve and compile everything that a form says.

    Raises:
        ExpressionError: an expression is refused, with the JSON path and the column.
        DefinitionError: a cycle, or a default that is no answer to its question.
    """
    compiler = _FormCompiler(form)
    errors = compiler.compile()
    if errors:
        raise errors[0]
    return compiler.finish()


def compile_errors(form: Form) -> tuple[DefinitionError, ...]:
    """Return everything that compiling would refuse, in the order of the form."""
    compiler = _FormCompiler(form)
    errors = compiler.compile()
    if not errors:
        try:
            compiler.finish()
        except DefinitionError as error:
            errors.append(error)
    return tuple(errors)


class _FormCompiler:
    """Compiles one form; gathers what is refused instead of stopping at it."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._structure = Structure(form)
        self._lists = lists_of(form)
        self._choices = {name: _choice_list(form, items) for name, items in self._lists.items()}
        self._instance_name: Rule | None = None
        self._errors: list[DefinitionError] = []

    def compile(self) -> list[DefinitionError]:
        """Set the rules of every place; return what is refused."""
        for place in self._structure.places:
            place.rules = self._rules(place)
        if self._form.instance_name is not None:
            self._instance_name = self._rule(
                self._form.instance_name, "settings.instance_name", None, "text"
            )
        return self._errors

    def finish(self) -> CompiledForm:
        """Connect the places and return the compiled form."""
        places = self._structure.places
        active = connect(places)
        for place in places:
            place.is_checked = _is_checked(place)
            place.exact = exact_reader(place)
        for scope in self._structure.scopes():
            checked = [place for place in scope.places if place.is_checked]
            scope.checked = tuple((place, soundness(place)) for place in checked)
        calculations = [
            (place, rule) for place in places if (rule := place.rules.calculation) is not None
        ]
        return CompiledForm(
            self._form,
            self._structure,
            self._instance_name,
            active,
            tuple(place for place, _ in calculations),
            frozenset(place for place, rule in calculations if rule.is_random or rule.keeps_value),
            frozenset(place for place, rule in calculations if rule.draws_on_entries),
            tuple(place for place in places if place.question and place.question.type == "end"),
        )

    def _rules(self, place: Place) -> Rules:
        node = place.node
        rules = Rules(
            relevant=self._rule(node.relevant, f"{node.source}.relevant", place, "boolean"),
            read_only=self._read_only(place),
            label=self._message(node.label, f"{node.source}.label", place),
            hint=self._message(node.hint, f"{node.source}.hint", place),
        )
        if isinstance(node, Question):
            rules = self._question_rules(rules, node, place)
        return rules

    def _question_rules(self, rules: Rules, node: Question, place: Place) -> Rules:
        def rule(name: str, wanted: str, *, keeps_own: bool = False) -> Rule | None:
            source = f"{node.source}.{name}"
            return self._rule(getattr(node, name), source, place, wanted, keeps_own=keeps_own)

        def message(name: str) -> Message:
            return self._message(getattr(node, name), f"{node.source}.{name}", place)

        return replace(
            rules,
            calculation=rule("calculation", "text", keeps_own=True),
            default=self._default(node, place),
            required=rule("required", "boolean"),
            constraint=rule("constraint", "boolean"),
            soft_constraint=rule("soft_constraint", "boolean"),
            choices=self._choices.get(node.list_name or ""),
            choice_filter=self._choice_filter(node, place),
            files=file_rule(node),
            guidance_hint=message("guidance_hint"),
            required_message=message("required_message"),
            constraint_message=message("constraint_message"),
            soft_constraint_message=message("soft_constraint_message"),
            check=checker(node),
            text=text_of(node),
        )

    def _rule(
        self,
        text: str | None,
        source: str,
        place: Place | None,
        wanted: str,
        *,
        keeps_own: bool = False,
    ) -> Rule | None:
        if text is None:
            return None
        setting = self._setting(place, keeps_own=keeps_own)
        return self._guarded(source, lambda: compile_rule(text, setting, wanted))

    def _setting(self, place: Place | None, *, keeps_own: bool = False) -> Setting:
        return Setting(self._structure, self._lists, place, keeps_own)

    def _guarded(self, source: str, compile_it: Callable[[], Rule]) -> Rule | None:
        try:
            return compile_it()
        except ExpressionError as error:
            error.path = source
            self._errors.append(error)
            return None

    def _read_only(self, place: Place) -> tuple[Rule, ...]:
        """Return the rules of the place itself and, seen from its row, of all that is around it."""
        node = place.node
        inherited = () if place.parent is None else place.parent.rules.read_only
        if place.parent is not None and place.parent.inner is place.scope:
            inherited = tuple(_one_row_up(rule) for rule in inherited)
        own = self._rule(node.read_only, f"{node.source}.read_only", place, "boolean")
        if isinstance(node, Question) and node.calculation is not None:
            return (Rule(lambda _row: True, "true()"),)
        return inherited if own is None else (*inherited, own)

    def _default(self, node: Question, place: Place) -> Rule | None:
        if node.calculation is not None:
            return None
        if node.default is None:
            run = METADATA.get(node.type)
            return None if run is None else Rule(run, node.type)
        source = f"{node.source}.default"
        known = len(self._errors)
        rule = self._rule(node.default, source, place, "text", keeps_own=True)
        for refused in self._errors[known:]:
            refused.hint = refused.hint or _QUOTES
        if rule is not None and _is_no_answer(node, node.default, rule):
            message = f"The default “{node.default}” is no answer of type {node.type}."
            error = DefinitionError(message, path=source, code="default", hint=_QUOTES)
            self._errors.append(error)
        return rule

    def _choice_filter(self, node: Question, place: Place) -> Rule | None:
        items, text = self._lists.get(node.list_name or ""), node.choice_filter
        if items is None or text is None:
            return None
        setting = self._setting(place)
        return self._guarded(
            f"{node.source}.choice_filter", lambda: compile_filter(text, setting, items)
        )

    def _message(self, text: Text, source: str, place: Place) -> Message:
        if not text:
            return NO_MESSAGE
        texts: dict[str, str | Run] = {}
        references: set[tuple[int, int]] = set()
        for language, written in text.items():
            found = list(_REFERENCE.finditer(written))
            if not found:
                texts[language] = written
                continue
            where = join_path(source, language) if language else source
            rules = [self._reference(match, where, place) for match in found]
            texts[language] = _template(_REFERENCE.split(written), rules)
            references.update(*(rule.references for rule in rules))
        return Message(texts, frozenset(references))

    def _reference(self, match: re.Match[str], source: str, place: Place) -> Rule:
        try:
            return compile_rule(match[0], self._setting(place), "text")
        except ExpressionError as error:
            error.path = source
            error.column += match.start()
            self._errors.append(error)
            return Rule(lambda _row: "", match[0])


def _is_no_answer(question: Question, text: str, rule: Rule) -> bool:
    """Say whether a default that is always the same can be seen to be no answer."""
    tree = parse_expression(text)
    if any(isinstance(each, Call | Path | Reference) for each in walk_expression(tree)):
        return False
    value = str(rule.run(None))  # a constant looks at no row
    if is_blank(value):
        return False
    return bool(_BARE_DATE.fullmatch(text)) or answer_from_text(question, value) is None


def _one_row_up(rule: Rule) -> Rule:
    run = rule.run
    return replace(rule, run=lambda row: run(row.parent))


def _template(texts: list[str], rules: Iterable[Rule]) -> Run:
    runs = [rule.run for rule in rules]
    first, rest = texts[0], texts[1:]

    def render(row: Row) -> str:
        parts = [first]
        for run, text in zip(runs, rest, strict=True):
            parts += (run(row), text)
        return "".join(parts)

    return render


def _is_checked(place: Place) -> bool:
    rules = place.rules
    checks = (
        *(rules.required, rules.constraint, rules.soft_constraint),
        *(rules.choices, rules.files),
    )
    return place.inner is not None or any(check is not None for check in checks)


def _choice_list(form: Form, items: ItemList) -> ChoiceList:
    if items.items is None:
        return ChoiceList(own_entries=items.name)
    choices = form.choices[items.name]
    labels = {
        language: {
            choice.name: text_in(choice.label, language, form.default_language) or choice.name
            for choice in choices
        }
        for language in dict.fromkeys((*form.languages, form.default_language))
    }
    return ChoiceList(
        order={choice.name: number for number, choice in enumerate(choices)},
        labels=labels,
        all_choices={language: tuple(each.items()) for language, each in labels.items()},
    )
