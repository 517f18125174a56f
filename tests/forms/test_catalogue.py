"""From bytes to a form: what needs the whole definition to be checked."""

import copy
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

import forms
from forms.catalogue import load_form, parse_definition, read_definition
from forms.definition import Repeat
from forms.errors import DefinitionError, ExpressionError

SETTINGS = {"form_id": "visit", "version": "1", "form_title": {"zh-CN": "走访", "en": "Visit"}}


def written(*survey, settings=None, **sheets) -> bytes:
    document = {"settings": {**SETTINGS, **(settings or {})}, "survey": list(survey), **sheets}
    return json.dumps(document).encode()


def question(name, kind="text", **columns):
    return {"type": kind, "name": name, **columns}


def refusals(*survey, **sheets) -> list[tuple[str, str]]:
    _, errors = read_definition(written(*survey, **sheets), "d" * 64)
    return [(error.code, error.path) for error in errors]


def test_a_form_carries_its_digest_and_the_place_of_each_question():
    rows = {"type": "repeat", "name": "rows", "children": [question("who")]}
    content = written({"type": "group", "name": "head", "children": [rows]})

    form = parse_definition(content, "e" * 64)

    inner = form.survey[0].children[0]
    assert isinstance(inner, Repeat)
    assert form.digest == "e" * 64
    assert (inner.path, inner.source) == ("head/rows", "survey[0].children[0]")
    assert inner.children[0].path == "head/rows/who"


def test_languages_are_those_of_the_texts_with_the_default_first():
    content = written(
        question("who", label={"en": "Who", "mn": "Хэн"}), settings={"default_language": "en"}
    )

    form = parse_definition(content, "d" * 64)

    assert form.languages == ("en", "zh-CN", "mn")
    assert form.default_language == "en"


def test_a_column_of_a_choice_is_no_text_and_brings_no_language():
    choices = {"label": [{"name": "red", "label": {"mn": "Улаан"}, "hint": "warm"}]}
    spec = {"source": "entries", "forms": ["plan"], "repeat": "rows", "label": ["who"]}
    content = written(question("who"), choices=choices, instances={"rows": spec})

    assert parse_definition(content, "d" * 64).languages == ("zh-CN", "en", "mn")


def test_siblings_of_one_name_are_refused_at_the_second():
    assert refusals(question("who"), question("who")) == [("duplicate_name", "survey[1].name")]


def test_names_that_differ_in_case_alone_are_refused_for_they_share_a_column():
    assert refusals(question("who"), question("Who")) == [("duplicate_name", "survey[1].name")]


def test_one_name_in_two_groups_is_two_questions():
    groups = [{"type": "group", "name": name, "children": [question("note_text")]} for name in "ab"]

    assert refusals(*groups) == []


def test_a_list_that_is_not_there_is_refused_with_the_one_that_was_meant():
    content = written(
        question("paint", "select_one color"),
        choices={"colour": [{"name": "red", "label": "Red"}]},
    )

    with pytest.raises(DefinitionError) as caught:
        parse_definition(content, "d" * 64)

    assert caught.value.code == "unknown_list"
    assert "'colour'" in caught.value.hint


def test_a_choice_that_stands_twice_is_refused():
    red = {"name": "red", "label": "Red"}

    found = refusals(question("paint", "select_one colour"), choices={"colour": [red, red]})

    assert ("duplicate_name", "choices.colour[1].name") in found


def test_a_facet_names_a_question_by_its_path():
    found = refusals(question("who"), settings={"facets": ["who", "whom"]})

    assert found == [("unknown_reference", "settings.facets[1]")]


def test_a_form_that_would_take_the_name_of_a_search_table_is_refused():
    assert refusals(question("who"), settings={"form_id": "visit_fts"}) == [
        ("name", "settings.form_id")
    ]


def test_all_that_is_wrong_is_found_at_once():
    found = refusals(
        question("who"),
        question("who"),
        question("paint", "select_one colour"),
        settings={"facets": ["nobody"]},
    )

    assert {code for code, _ in found} == {"duplicate_name", "unknown_list", "unknown_reference"}


def test_more_columns_than_a_table_can_have_are_refused():
    many = [question(f"q{number}") for number in range(1901)]

    assert refusals(*many) == [("too_big", "survey")]


def test_an_expression_that_does_not_parse_is_refused_with_path_and_column():
    content = written(question("who", relevant="1 +"))

    with pytest.raises(ExpressionError) as caught:
        load_form(content, "d" * 64)

    assert caught.value.path == "survey[0].relevant"
    assert caught.value.column >= 3


def test_a_function_of_a_later_version_is_refused_by_name():
    content = written(question("who", calculation="pulldata('a', 'b', 'c', 'd')"))

    with pytest.raises(ExpressionError, match="pulldata"):
        load_form(content, "d" * 64)


def test_a_cycle_is_refused():
    content = written(question("a", calculation="${b}"), question("b", calculation="${a}"))

    with pytest.raises(DefinitionError):
        load_form(content, "d" * 64)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
SAMPLE = json.loads(
    (Path(forms.__file__).parent / "ordos-2019" / "progress-report.json").read_bytes()
)


def places_in(value, above=()):
    yield above
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from places_in(member, (*above, key))


PLACES = [place for place in places_in(SAMPLE) if place]


@trials(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), ANY_JSON)
def test_a_definition_with_anything_anywhere_is_read_or_refused(place, value):
    document = copy.deepcopy(SAMPLE)
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value

    with suppress(DefinitionError):
        parse_definition(json.dumps(document).encode(), "d" * 64)
