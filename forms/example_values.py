"""Plausible answers to one question, drawn at random: what `forms.example` tries one by one.

Nothing here knows what an expression means. Numbers, dates, lengths and patterns that stand in the
question's constraints are taken as marks near which a valid answer may lie; the form itself says
whether it does.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeAlias

from forms.definition import Form, Question, text_in
from forms.pattern_samples import sample
from forms.values import value_type

Values: TypeAlias = Iterator[Any]

_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PATTERN = re.compile(r"regex\(\s*\.\s*,\s*(?:'([^']*)'|\"([^\"]*)\")\s*\)")
_REFERENCE = re.compile(r"\$\{(\w+)\}")

_LONGEST_TEXT = 400
_FAR_DAYS = 400
_NEAR_DAYS = 200
_USUAL_NUMBER = 200
_SENTENCES = {
    "zh": (
        "组织职工广泛参与，进展顺利。",
        "按月比进度、比质量，评比结果公示。",
        "开展岗位练兵和技术交流，成效明显。",
        "已建立台账，专人负责，定期检查。",
        "对优胜班组和个人予以表彰。",
    ),
    "en": (
        "Workers took part in numbers, and it goes well.",
        "Progress and quality are compared each month.",
        "Training and exchange have shown results.",
        "One person keeps the record and checks it.",
        "The best teams were commended.",
    ),
}
_SAMPLE_WORD = {"zh": "示例", "en": "sample"}


@dataclass(frozen=True, slots=True)
class Marks:
    """What a question's constraints mention, and the answers they refer to."""

    numbers: tuple[float, ...]
    dates: tuple[date, ...]
    patterns: tuple[str, ...]


def marks_of(question: Question, answered: Mapping[str, Any]) -> Marks:
    """Read the marks off the question's constraints; `answered` holds earlier answers by name."""
    written = " ".join(filter(None, (question.constraint, question.soft_constraint)))
    bare = _TEXTS.sub(" ", written)
    referred = [answered[name] for name in _REFERENCE.findall(written) if name in answered]
    numbers = [float(number) for number in _NUMBER.findall(bare)]
    numbers += [float(value) for value in referred if _is_number(value)]
    days = _DATE.findall(written) + [
        value for value in referred if isinstance(value, str) and _DATE.fullmatch(value)
    ]
    patterns = [single or double for single, double in _PATTERN.findall(written)]
    return Marks(tuple(numbers), tuple(_real_dates(days)), tuple(patterns))


def values(question: Question, form: Form, marks: Marks, rng: Random, now: datetime) -> Values:
    """Yield answers without end, likely ones first; selects and files are not drawn here."""
    kind = value_type(question)
    if kind in _DRAWN:
        return _DRAWN[kind](marks, rng, now)
    return _texts(question, form, marks, rng)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"-?\d{1,15}(\.\d+)?", value) is not None
    return isinstance(value, int)


def _real_dates(texts: list[str]) -> Iterator[date]:
    for text in texts:
        try:
            yield date.fromisoformat(text)
        except ValueError:
            continue


def _numbers(marks: Marks, rng: Random) -> Iterator[float]:
    lowest, highest = min(marks.numbers, default=0.0), max(marks.numbers, default=_USUAL_NUMBER)
    while True:
        yield rng.uniform(0, _USUAL_NUMBER)
        yield rng.uniform(lowest, highest)
        for number in marks.numbers:
            yield from (number, number + 1, number - 1, number * 2)


def _integers(marks: Marks, rng: Random, _: datetime) -> Values:
    return (round(number) for number in _numbers(marks, rng))


def _decimals(marks: Marks, rng: Random, _: datetime) -> Values:
    return (f"{abs(number):.{rng.randint(0, 2)}f}" for number in _numbers(marks, rng))


def _dates(marks: Marks, rng: Random, now: datetime) -> Values:
    while True:
        for mark in marks.dates or (now.date(),):
            yield (mark + timedelta(days=rng.randint(-_FAR_DAYS, _FAR_DAYS))).isoformat()
            yield (mark + timedelta(days=rng.randint(0, _NEAR_DAYS))).isoformat()
        yield (now.date() - timedelta(days=rng.randint(0, _NEAR_DAYS))).isoformat()


def _times(_: Marks, rng: Random, __: datetime) -> Values:
    while True:
        yield f"{rng.randint(7, 18):02}:{rng.randint(0, 59):02}:00"


def _datetimes(_: Marks, rng: Random, now: datetime) -> Values:
    while True:
        moment = now - timedelta(minutes=rng.randint(0, 60 * 24 * _NEAR_DAYS))
        yield moment.isoformat(timespec="seconds")


def _geopoints(_: Marks, rng: Random, __: datetime) -> Values:
    while True:
        yield {
            "lat": f"{rng.uniform(37.6, 40.8):.6f}",
            "lon": f"{rng.uniform(106.7, 111.4):.6f}",
            "accuracy": str(rng.randint(3, 40)),
        }


def _barcodes(marks: Marks, rng: Random, _: datetime) -> Values:
    while True:
        yield from _matching(marks, rng)
        yield f"69{rng.randrange(10**11):011}"


def _acknowledgements(_: Marks, __: Random, ___: datetime) -> Values:
    while True:
        yield "OK"


def _texts(question: Question, form: Form, marks: Marks, rng: Random) -> Values:
    language = "zh" if form.default_language.startswith("zh") else "en"
    label = text_in(question.label, form.default_language, "en") or question.name
    while True:
        yield from _matching(marks, rng)
        plain = f"{label}{_SAMPLE_WORD[language]}{rng.randint(1, 999)}"
        if "multiline" in question.appearance:
            plain = f"{plain}：" + "".join(rng.sample(_SENTENCES[language], rng.randint(1, 3)))
        yield plain
        lengths = [int(number) for number in marks.numbers if number <= _LONGEST_TEXT]
        if lengths:
            length = rng.randint(min(lengths), max(lengths))
            yield (plain * (length // len(plain) + 1))[:length]


def _matching(marks: Marks, rng: Random) -> Iterator[str]:
    for pattern in marks.patterns:
        made = sample(pattern, rng)
        if made is not None:
            yield made


_DRAWN: Mapping[str, Callable[[Marks, Random, datetime], Values]] = {
    "integer": _integers,
    "decimal": _decimals,
    "date": _dates,
    "time": _times,
    "datetime": _datetimes,
    "geopoint": _geopoints,
    "barcode": _barcodes,
    "acknowledge": _acknowledgements,
}
