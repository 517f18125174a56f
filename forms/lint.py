"""What is wrong in a definition, and what is likely not meant: `tianbao form check`.

* Errors are what would be refused when the form is published; as many as can be found at once.
* Warnings leave the form usable: a translation that is missing, a list that nothing uses, a
message that can never be shown, a question that can never be answered.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forms.catalogue import read_definition
from forms.compiled import compile_errors
from forms.definition import Form, Node, Question, Repeat, Text, walk
from forms.definition_schema import APPEARANCES
from forms.errors import DefinitionError, ExpressionError
from forms.file_types import is_media_type, is_suffix
from forms.schema_fields import did_you_mean
from forms.strict_json import join_path

_MOST_CIRCLES = 50
_REFERENCE = re.compile(r"\$\{|/|\.\.|(?<![\w.])\.(?![\w.])|\b(instance|property|today|now|once)\(")
_NODE_KEY = re.compile(r"(survey\[\d+\](?:\.children\[\d+\])*)(?:\.(\w+))?")
_CIRCULAR_KEYS = ("relevant", "calculation")
_MESSAGES = (
    ("constraint", "constraint_message"),
    ("soft_constraint", "soft_constraint_message"),
    ("required", "required_message"),
)
_TEXT_KEYS = ("label", "hint", "guidance_hint", *(message for _, message in _MESSAGES))
_EXPRESSION_KEYS = (
    "relevant",
    "read_only",
    "default",
    "required",
    "constraint",
    "soft_constraint",
    "calculation",
    "choice_filter",
)
_UNSEEN_TYPES = frozenset(["calculate", "hidden", "start", "end", "today", "deviceid", "username"])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: an `error` or a `warning`, where, and what would be right."""

    severity: str
    path: str
    column: int | None
    code: str
    message: str
    suggestion: str = ""


def check(content: bytes, digest: str) -> list[Finding]:
    """Return everything found in the bytes of a definition, errors first."""
    form, errors = read_definition(content, digest)
    if form is None or errors:
        return [finding_of(error) for error in errors]
    findings = [finding_of(error) for error in _expression_errors(form)]
    for rule in _RULES:
        findings += rule(form)
    return findings


def finding_of(error: DefinitionError) -> Finding:
    """Return the refusal of a definition as a finding."""
    column = error.column if isinstance(error, ExpressionError) else None
    return Finding("error", error.path, column, error.code, error.message, error.hint)


def _expression_errors(form: Form) -> Iterator[DefinitionError]:
    """Yield what the compiler refuses: every expression at once, then one circle after the other.

    A circle is only seen in a form without other errors, and hides the next. So what is refused is
    taken out, and the form compiled again; each round takes something out, or is the last.
    """
    told: set[tuple[str, str]] = set()
    for _ in range(_MOST_CIRCLES):
        errors = compile_errors(form)
        yield from (error for error in errors if (error.path, error.message) not in told)
        told.update((error.path, error.message) for error in errors)
        mended = _without(form, (error.path for error in errors))
        if mended == form:
            return
        form = mended


def _without(form: Form, paths: Iterable[str]) -> Form:
    """Return the form without what stands at the paths; of a node in a circle, its logic."""
    refused: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        if path == "settings.instance_name":
            form = replace(form, instance_name=None)
        elif place := _NODE_KEY.match(path):
            _refuse(refused, *place.groups())
    return replace(form, survey=tuple(_node_without(node, refused) for node in form.survey))


def _refuse(refused: dict[str, set[str]], source: str, key: str | None) -> None:
    """Note what to take out for an error at a node, or at one of its keys."""
    if key is not None:
        refused[source].add(key)
        return
    # A question may be part of a circle only because a group around it has a relevant.
    while source:
        refused[source].update(_CIRCULAR_KEYS)
        source = source.rpartition(".")[0]


def _node_without(node: Node, refused: Mapping[str, set[str]]) -> Node:
    blank: dict[str, Any] = {}
    for key in refused.get(node.source, ()):
        if known := getattr(node, key, None):
            blank[key] = None if isinstance(known, str) else {}
    kept = replace(node, **blank)
    if isinstance(kept, Question):
        return kept
    children = tuple(_node_without(child, refused) for child in kept.children)
    return replace(kept, children=children)


def _warning(path: str, code: str, message: str, suggestion: str = "") -> Finding:
    return Finding("warning", path, None, code, message, suggestion)


def _missing_translations(form: Form) -> Iterator[Finding]:
    for path, text in _texts(form):
        if "" in text:
            continue
        missing = [language for language in form.languages if language not in text]
        if missing:
            languages = ", ".join(missing)
            yield _warning(path, "missing_translation", f"There is no text in {languages}.")


def _texts(form: Form) -> Iterator[tuple[str, Text]]:
    """Yield every text of the form with its JSON path."""
    yield "settings.form_title", form.title
    for list_name, choices in form.choices.items():
        for index, choice in enumerate(choices):
            yield f"{join_path('choices', list_name)}[{index}].label", choice.label
    for node in walk(form.survey):
        for key in _TEXT_KEYS:
            text = getattr(node, key, None)
            if text:
                yield f"{node.source}.{key}", text


def _unused_lists(form: Form) -> Iterator[Finding]:
    nodes = list(walk(form.survey))
    used = {node.list_name for node in nodes if isinstance(node, Question)}
    written = " ".join(expression for node in nodes for expression in _expressions(node))
    used |= set(re.findall(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)", written))
    for key, lists in (("choices", form.choices), ("instances", form.instances)):
        for name in lists:
            if name not in used:
                yield _warning(join_path(key, name), "unused_list", "No question uses this list.")


def _constant_relevants(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        if node.relevant is not None and not _REFERENCE.search(node.relevant):
            yield _warning(
                f"{node.source}.relevant",
                "constant",
                "This is always the same: no answer can change it.",
                "Refer to a question, as in ${name} = 'yes'.",
            )


def _unknown_appearances(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        for appearance in node.appearance:
            if appearance not in APPEARANCES:
                yield _warning(
                    f"{node.source}.appearance",
                    "unknown_appearance",
                    f"The appearance {appearance!r} is not known and has no effect.",
                    did_you_mean(appearance, APPEARANCES),
                )


def _missing_labels(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        is_seen = isinstance(node, Repeat) or (
            isinstance(node, Question) and node.type not in _UNSEEN_TYPES
        )
        if is_seen and not node.label:
            yield _warning(
                node.source, "missing_label", f"{node.name!r} has no label: people see its name."
            )


def _lost_messages(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        if not isinstance(node, Question):
            continue
        for rule, message in _MESSAGES:
            if getattr(node, message) and not getattr(node, rule):
                yield _warning(
                    f"{node.source}.{message}",
                    "lost_message",
                    f"This is never shown: the question has no {rule}.",
                )


def _unanswerable(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        if not isinstance(node, Question) or node.required is None:
            continue
        if node.read_only == "true()" and not (node.default or node.calculation):
            yield _warning(
                f"{node.source}.required",
                "unanswerable",
                "This is required and read-only, but has neither a default nor a calculation.",
            )


def _unread_accepts(form: Form) -> Iterator[Finding]:
    for node in walk(form.survey):
        accept = node.parameters.get("accept", "") if isinstance(node, Question) else ""
        for part in filter(None, (each.strip() for each in accept.split(","))):
            if not (is_suffix(part) or is_media_type(part)):
                yield _warning(
                    f"{node.source}.parameters.accept",
                    "accept",
                    f"“{part}” is neither a suffix, as .pdf, nor a media type, as image/*.",
                )


_RULES: tuple[Callable[[Form], Iterator[Finding]], ...] = (
    _missing_translations,
    _unused_lists,
    _constant_relevants,
    _unknown_appearances,
    _missing_labels,
    _lost_messages,
    _unanswerable,
    _unread_accepts,
)


def _expressions(node: Node) -> Iterator[str]:
    for key in _EXPRESSION_KEYS:
        written = getattr(node, key, None)
        if written:
            yield written
