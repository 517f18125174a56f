"""The quick way through a check says yes only where the long way finds nothing."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import forms
from forms.catalogue import load_form
from forms.compiled import CompiledForm, compile_form
from forms.environment import Environment
from forms.errors import AnswerError
from forms.example import Wish, examples
from forms.instance import Row, World
from forms.loading import is_same
from forms.session import Session
from forms.structure import Place
from forms.validation import check_answers
from forms.values import is_blank

FOLDER = Path(forms.__file__).parent / "ordos-2019"
SAMPLES = ("attachment-1", "attachment-2", "implementation-plan", "progress-report")
ALL_TYPES = """
    type                | name  | required      | relevant   | constraint | soft_constraint | choice_filter   | calculation | min_rows | max_rows
    text                | text  | true()        |            | . != 'no'  |                 |                 |             |          |
    barcode             | code  |               |            |            | . != '1'        |                 |             |          |
    integer             | count | ${text} = 'x' |            | . < 100    | . < 50          |                 |             |          |
    decimal             | cost  |               | ${count}>5 |            |                 |                 |             |          |
    date                | day   |               |            | . > '2019' |                 |                 |             |          |
    time                | hour  |               |            |            |                 |                 |             |          |
    datetime            | at    |               |            |            |                 |                 |             |          |
    select_one list     | one   | true()        |            |            |                 | group = ${text} |             |          |
    select_one list     | free  |               |            |            |                 |                 |             |          |
    select_multiple list | some |               |            |            |                 | group = ${text} |             |          |
    select_multiple list | any  |               |            |            |                 |                 |             |          |
    acknowledge         | seen  |               |            |            |                 |                 |             |          |
    geopoint            | place |               |            |            |                 |                 |             |          |
    image               | photo |               |            |            |                 |                 |             |          |
    begin repeat        | rows  |               | ${count}!=3 |           |                 |                 |             | 1        | 2
    text                | name  | true()        |            |            |                 |                 |             |          |
    calculate           | place |               |            |            |                 |                 | position(..) |         |
    end                 |       |               |            |            |                 |                 |             |          |
    calculate           | total |               |            |            |                 |                 | count(${rows}) |       |
"""
LISTED = {
    "list": [
        {"name": "a", "group": "x"},
        {"name": "b", "group": "x"},
        {"name": "c", "group": "y"},
    ]
}
LIKELY = [
    *("", " ", "x", "y", "no", "1", "a", "b", "a b", "\u3000", "line\nbreak", "nul\x00", "\ud800"),
    *("12.50", "-0", "1.", ".5", "01", "１２", "2019-05-20", "2019-02-30", "08:30", "08:30:00"),
    *("2019-05-30T08:30:00+08:00", "2019-05-30T08:30+08:00", "x" * 100_001, "9" * 41, "OK"),
    *(0, 1, 7, 49, 60, 100, 2**53 - 1, 2**53, -1, True, False, None, 1.0, 2.5, float("nan")),
    *([], ["a"], ["a", "b"], ["b", "a"], ["c"], ["z"], ["a", "a"], {}, {"lat": "1", "lon": "2"}),
    {"name": "a.png", "type": "image/png", "size": 5, "sha256": "ab" * 32},
    {"name": "a.txt", "type": "text/plain", "size": 0, "sha256": "ab" * 32},
    *([{"_row": "r", "name": "x"}], [{"_row": "r"}, {"_row": "r"}], [{"_row": "!"}], [1]),
    [{"_row": row, "name": "x"} for row in "abc"],
]
VALUES = st.sampled_from(LIKELY) | st.text(max_size=4) | st.integers() | st.lists(st.text("ab"))


@pytest.fixture(scope="module")
def all_types(form: Callable[..., Any]) -> CompiledForm:
    return compile_form(form(ALL_TYPES, choices=LISTED))


@pytest.fixture(scope="module")
def doubting(form: Callable[..., Any]) -> CompiledForm:
    """The same form, gone through the long way."""
    return _long_way(compile_form(form(ALL_TYPES, choices=LISTED)))


def _long_way(compiled: CompiledForm) -> CompiledForm:
    """Have a form doubt everything."""
    for place in compiled.structure.places:
        place.exact = lambda _value: None
    for scope in compiled.structure.scopes():
        scope.checked = tuple((place, lambda _row: False) for place, _ in scope.checked)
    return compiled


def _sample(name: str) -> CompiledForm:
    return load_form((FOLDER / f"{name}.json").read_bytes(), "0" * 64)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members: Any = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    here = [path] if path else []
    return here + [each for key, member in members for each in _paths(member, (*path, key))]


def _altered(draw: st.DrawFn, answers: dict[str, Any]) -> dict[str, Any]:
    answers = copy.deepcopy(answers)
    for _ in range(draw(st.integers(0, 4))):
        paths = _paths(answers)
        if not paths:
            break
        *way, key = draw(st.sampled_from(paths))
        holder: Any = answers
        for step in way:
            holder = holder[step]
        if draw(st.booleans()):
            holder[key] = draw(VALUES)
        else:
            del holder[key]
    return answers


def _found(compiled: CompiledForm, environment: Environment, sent: Any, reasons: Any) -> list[Any]:
    return [(each.path, each.code) for each in check_answers(compiled, environment, sent, reasons)]


@given(value=VALUES)
def test_an_exact_reader_takes_what_is_canonical_and_shows_it_as_it_is_seen(
    all_types: CompiledForm, value: Any
) -> None:
    for place in all_types.structure.places:
        text = place.exact(value)
        if text is not None:
            assert not is_blank(value)
            assert is_same(_canonical(place, value), value)
            assert text == place.rules.text(value)


def _canonical(place: Place, value: Any) -> Any:
    try:
        return place.rules.check(value)
    except AnswerError:
        return None


@pytest.mark.parametrize("group", ["x", "y"])
def test_both_ways_find_the_same_in_every_likely_answer(
    all_types: CompiledForm,
    doubting: CompiledForm,
    environment: Callable[..., Environment],
    group: str,
) -> None:
    around = environment(trusts_own_entries=False)
    for place in all_types.structure.places:
        for value in LIKELY:
            sent = {"text": group, place.node.name: value}
            quick = _found(all_types, around, sent, {})
            assert quick == _found(doubting, around, sent, {}), (place, value)


@given(data=st.data(), trusts=st.booleans())
def test_both_ways_find_the_same_in_answers_of_every_type(
    all_types: CompiledForm,
    doubting: CompiledForm,
    environment: Callable[..., Environment],
    data: st.DataObject,
    trusts: bool,
) -> None:
    names = [place.node.name for place in all_types.structure.places]
    sent = data.draw(st.dictionaries(st.sampled_from(names), VALUES))
    reasons = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(["ok", "工期"])))
    around = environment(trusts_own_entries=trusts)

    quick = _found(all_types, around, sent, reasons)

    assert quick == _found(doubting, around, sent, reasons)


@pytest.mark.parametrize("name", SAMPLES)
def test_both_ways_find_the_same_in_altered_examples_of_the_campaign(
    name: str, environment: Callable[..., Environment]
) -> None:
    form, doubting = _sample(name), _long_way(_sample(name))
    around = environment(trusts_own_entries=False)
    filled = _examples(form, around)

    @given(data=st.data())
    def hold(data: st.DataObject) -> None:
        sent = data.draw(st.composite(_altered)(data.draw(st.sampled_from(filled))))
        reasons = sent.pop("_reasons", None) or {}
        reasons = reasons if isinstance(reasons, dict) else {}
        assert _found(form, around, sent, reasons) == _found(doubting, around, sent, reasons)

    hold()


def _examples(compiled: CompiledForm, around: Environment) -> list[dict[str, Any]]:
    filled = []
    for answers in examples(compiled, Wish(seed=1, count=4, rows=2), around.now()):
        reasons = answers.pop("_reasons", {})
        session = Session.resume(compiled, around, answers, reasons)
        filled.append({**session.final_answers(), "_reasons": reasons})
    return filled


def test_what_is_in_order_is_not_looked_at_twice(
    all_types: CompiledForm, environment: Callable[..., Environment]
) -> None:
    compiled = all_types
    root = Row(compiled.structure.root, World(environment()), None, "")

    assert all(is_sound(root) for place, is_sound in root.scope.checked if place.node.name == "any")
    assert next(each for each in compiled.structure.places if each.node.name == "text").exact("x")
