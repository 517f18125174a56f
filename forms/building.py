"""From the checked shape of a definition to a `Form`, with the checks that need all of it.

* Names of siblings differ, also when case is ignored: they become the columns of one table.
* A select's list is there; a facet names a question; a choice stands once in its list.
* All refusals are found, not only the first.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms.definition import (
    ATTACHMENT_TYPES,
    Choice,
    Form,
    Group,
    Node,
    OwnEntries,
    Question,
    Repeat,
    Text,
    walk,
)
from forms.errors import DefinitionError
from forms.schema_fields import LANGUAGE, did_you_mean
from forms.strict_json import join_path

DEFAULT_MAX_ROWS = 5000
_QUESTION_KEYS = [
    "label",
    "hint",
    "guidance_hint",
    "list_name",
    "choice_filter",
    "default",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "soft_constraint",
    "soft_constraint_message",
    "calculation",
    "read_only",
    "parameters",
]
_TEXT_KEYS = (
    "label",
    "hint",
    "guidance_hint",
    "required_message",
    "constraint_message",
    "soft_constraint_message",
)
_GROUP_KEYS = ["label", "hint", "relevant", "read_only"]


def build_form(shape: Mapping[str, Any], digest: str) -> tuple[Form, list[DefinitionError]]:
    """Return the form, and what is wrong with it as a whole; it may be used only if nothing is."""
    settings = shape["settings"]
    survey = _nodes(shape["survey"], "", "survey")
    languages = _languages(shape, settings.get("default_language"))
    form = Form(
        digest=digest,
        form_id=settings["form_id"],
        version=settings["version"],
        title=settings["form_title"],
        default_language=languages[0] if languages else "",
        languages=languages,
        instance_name=settings.get("instance_name"),
        survey=survey,
        choices={name: _choices(given) for name, given in shape["choices"].items()},
        instances={name: _own_entries(name, given) for name, given in shape["instances"].items()},
        facets=tuple(settings.get("facets", ())),
    )
    return form, [*_settings_errors(form), *_list_errors(form), *_tree_errors(survey, form)]


def _nodes(shapes: Sequence[Mapping[str, Any]], parent: str, source: str) -> tuple[Node, ...]:
    return tuple(
        _node(shape, parent, join_path(source, index)) for index, shape in enumerate(shapes)
    )


def _node(shape: Mapping[str, Any], parent: str, source: str) -> Node:
    path = f"{parent}/{shape['name']}" if parent else shape["name"]
    place = {"name": shape["name"], "path": path, "source": source}
    appearance = tuple(shape.get("appearance", "").split())
    if shape["type"] not in {"group", "repeat"}:
        given = {key: shape[key] for key in _QUESTION_KEYS if key in shape}
        return Question(type=shape["type"], **place, **given, appearance=appearance)
    given = {key: shape[key] for key in _GROUP_KEYS if key in shape}
    children = _nodes(shape["children"], path, f"{source}.children")
    if shape["type"] == "group":
        return Group(**place, **given, appearance=appearance, children=children)
    return Repeat(
        **place,
        **given,
        appearance=appearance,
        children=children,
        min_rows=shape.get("min_rows", 0),
        max_rows=shape.get("max_rows", DEFAULT_MAX_ROWS),
    )


def _choices(shapes: Sequence[Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(shape["name"], shape["label"], shape["columns"]) for shape in shapes)


def _own_entries(name: str, shape: Mapping[str, Any]) -> OwnEntries:
    return OwnEntries(name, tuple(shape["forms"]), shape["repeat"], tuple(shape["label"]))


def _languages(shape: Mapping[str, Any], default: str | None) -> tuple[str, ...]:
    found = dict.fromkeys([default] if default else [])
    for text in _texts(shape):
        found.update(dict.fromkeys(language for language in text if language))
    return tuple(found)


def _texts(shape: Mapping[str, Any]) -> Iterator[Text]:
    """Yield every text of the shape."""
    yield shape["settings"]["form_title"]
    for choices in shape["choices"].values():
        yield from (choice["label"] for choice in choices)
    yield from _survey_texts(shape["survey"])


def _survey_texts(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    for node in nodes:
        yield from (node[key] for key in _TEXT_KEYS if key in node)
        yield from _survey_texts(node.get("children", ()))


def _settings_errors(form: Form) -> Iterator[DefinitionError]:
    if form.default_language and not LANGUAGE.match(form.default_language):
        yield DefinitionError(
            f"{form.default_language!r} is no language.",
            path="settings.default_language",
            code="value",
            hint="A language is written as in zh-CN or en.",
        )
    if form.form_id.lower().endswith("_fts"):
        yield DefinitionError(
            "A form id may not end in _fts: search tables are named so.",
            path="settings.form_id",
            code="name",
        )
    questions = {node.path for node in walk(form.survey) if isinstance(node, Question)}
    for index, facet in enumerate(form.facets):
        if facet not in questions:
            yield DefinitionError(
                f"There is no question {facet!r}.",
                path=f"settings.facets[{index}]",
                code="unknown_reference",
                hint=did_you_mean(facet, questions)
                or "A facet is a path, as in contests/category.",
            )


def _list_errors(form: Form) -> Iterator[DefinitionError]:
    for name in form.instances.keys() & form.choices.keys():
        yield DefinitionError(
            f"There is a choice list {name!r} as well.",
            path=join_path("instances", name),
            code="duplicate_name",
        )
    for list_name, choices in form.choices.items():
        counted = Counter(choice.name for choice in choices)
        for index, choice in enumerate(choices):
            if counted[choice.name] > 1:
                yield DefinitionError(
                    f"The choice {choice.name!r} stands twice in this list.",
                    path=f"{join_path('choices', list_name)}[{index}].name",
                    code="duplicate_name",
                )


def _tree_errors(nodes: tuple[Node, ...], form: Form) -> Iterator[DefinitionError]:
    first: dict[str, Node] = {}
    for node in nodes:
        known = first.setdefault(node.name.lower(), node)
        if known is not node:
            yield _duplicate(node, known)
        if isinstance(node, Question):
            yield from _question_errors(node, form)
        else:
            yield from _group_errors(node)
            yield from _tree_errors(node.children, form)


def _duplicate(node: Node, known: Node) -> DefinitionError:
    same = "also when upper and lower case are not told apart" if node.name != known.name else ""
    return DefinitionError(
        f"The name {node.name!r} is taken by {known.source}{', ' + same if same else ''}.",
        path=f"{node.source}.name",
        code="duplicate_name",
        hint="Names of one group differ.",
    )


def _question_errors(node: Question, form: Form) -> Iterator[DefinitionError]:
    lists = form.choices.keys() | form.instances.keys()
    if node.list_name is not None and node.list_name not in lists:
        yield DefinitionError(
            f"There is no choice list {node.list_name!r}.",
            path=f"{node.source}.type",
            code="unknown_list",
            hint=did_you_mean(node.list_name, lists),
        )
    if node.type in ATTACHMENT_TYPES and (node.default or node.calculation):
        yield DefinitionError(
            "An attachment has neither a default nor a calculation.",
            path=node.source,
            code="value",
        )


def _group_errors(node: Group | Repeat) -> Iterator[DefinitionError]:
    if isinstance(node, Repeat) and node.min_rows > node.max_rows:
        yield DefinitionError(
            "min_rows is greater than max_rows.", path=f"{node.source}.min_rows", code="value"
        )
    if isinstance(node, Repeat) and node.name.lower().endswith("_fts"):
        yield DefinitionError(
            "The name of a repeat may not end in _fts: search tables are named so.",
            path=f"{node.source}.name",
            code="name",
        )
