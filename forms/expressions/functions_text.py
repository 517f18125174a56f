"""Functions of texts, patterns, selected choices, and what the environment knows of the person.

- A pattern matches the whole text, as in Collect. It has a time limit: a pattern that runs away has
  not matched. One written in quotes is refused when the form is compiled if it is none.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import regex

from forms.expressions.code import Code, Context, Kind, as_number, as_text, as_texts
from forms.expressions.function import Function, Site

PATTERN_SECONDS = 0.25
PATTERN_LIMIT = 1000
RANDOM_LIMIT = 1000


def _concat(arguments: list[Code], _site: Site) -> Code:
    texts = [as_texts(each) for each in arguments]
    return Code(Kind.TEXT, lambda context: "".join(t for each in texts for t in each(context)))


def _join(arguments: list[Code], _site: Site) -> Code:
    between, texts = as_text(arguments[0]), [as_texts(each) for each in arguments[1:]]
    return Code(
        Kind.TEXT,
        lambda context: between(context).join(t for each in texts for t in each(context)),
    )


def _string(arguments: list[Code], _site: Site) -> Code:
    return Code(Kind.TEXT, as_text(arguments[0]))


def _string_length(arguments: list[Code], _site: Site) -> Code:
    text = as_text(arguments[0])
    return Code(Kind.NUMBER, lambda context: float(len(text(context))))


def _contains(arguments: list[Code], _site: Site) -> Code:
    text, part = as_text(arguments[0]), as_text(arguments[1])
    return Code(Kind.BOOLEAN, lambda context: part(context) in text(context))


def _starts_with(arguments: list[Code], _site: Site) -> Code:
    text, part = as_text(arguments[0]), as_text(arguments[1])
    return Code(Kind.BOOLEAN, lambda context: text(context).startswith(part(context)))


def _substr(arguments: list[Code], _site: Site) -> Code:
    text, bounds = as_text(arguments[0]), [as_number(each) for each in arguments[1:]]

    def run(context: Context) -> str:
        whole = text(context)
        ends = [each(context) for each in bounds]
        if any(math.isnan(end) for end in ends):
            return ""
        # Python's slice counts negative bounds from the end, as JavaRosa does.
        start, end = (*ends, math.inf)[:2]
        return whole[_bound(start, len(whole)) : _bound(end, len(whole))]

    return Code(Kind.TEXT, run)


def _bound(number: float, length: int) -> int:
    return int(max(-length - 1, min(length, number)))


def _regex(arguments: list[Code], site: Site) -> Code:
    text, pattern = as_text(arguments[0]), as_text(arguments[1])
    literal = site.literal(1)
    if literal is None:
        return Code(
            Kind.BOOLEAN, lambda context: _matches(_pattern(pattern(context)), text(context))
        )
    compiled = _pattern(literal.text)
    if compiled is None:
        raise site.refuse(f"“{literal.text}” is no regular expression.", "bad_pattern")
    return Code(Kind.BOOLEAN, lambda context: _matches(compiled, text(context)))


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    if len(text) > PATTERN_LIMIT:
        return None
    try:
        return regex.compile(text, regex.VERSION0)
    except (regex.error, RecursionError, OverflowError):
        return None


def _matches(pattern: Any, text: str) -> bool:
    if pattern is None:
        return False
    try:
        return pattern.fullmatch(text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        return False


def _selected(arguments: list[Code], _site: Site) -> Code:
    chosen, name = as_text(arguments[0]), as_text(arguments[1])
    return Code(Kind.BOOLEAN, lambda context: name(context).strip() in chosen(context).split())


def _selected_at(arguments: list[Code], _site: Site) -> Code:
    chosen, index = as_text(arguments[0]), as_number(arguments[1])

    def run(context: Context) -> str:
        names, at = chosen(context).split(), index(context)
        return names[int(at)] if 0 <= at < len(names) else ""

    return Code(Kind.TEXT, run)


def _count_selected(arguments: list[Code], _site: Site) -> Code:
    chosen = as_text(arguments[0])
    return Code(Kind.NUMBER, lambda context: float(len(chosen(context).split())))


def _uuid(arguments: list[Code], site: Site) -> Code:
    site.draws.is_random = True
    if not arguments:
        return Code(Kind.TEXT, lambda context: context.world.environment.uuid())
    length = as_number(arguments[0])

    def run(context: Context) -> str:
        wanted = length(context)
        draw = context.world.environment.uuid
        return _characters(int(min(wanted, RANDOM_LIMIT)), draw) if wanted >= 1 else ""

    return Code(Kind.TEXT, run)


def _characters(count: int, draw: Callable[[], str]) -> str:
    text = ""
    while len(text) < count:
        text += draw().replace("-", "")
    return text[:count]


def _property(arguments: list[Code], _site: Site) -> Code:
    name = as_text(arguments[0])
    return Code(
        Kind.TEXT, lambda context: context.world.environment.properties.get(name(context), "")
    )


FUNCTIONS = {
    "concat": Function(1, None, _concat),
    "join": Function(2, None, _join),
    "string": Function(1, 1, _string),
    "string-length": Function(1, 1, _string_length),
    "contains": Function(2, 2, _contains),
    "starts-with": Function(2, 2, _starts_with),
    "substr": Function(2, 3, _substr),
    "regex": Function(2, 2, _regex),
    "selected": Function(2, 2, _selected),
    "selected-at": Function(2, 2, _selected_at),
    "count-selected": Function(1, 1, _count_selected),
    "uuid": Function(0, 1, _uuid),
    "property": Function(1, 1, _property),
}
