"""The shape of a definition: what is refused, where, and with what advice."""

import json

import pytest

from forms.catalogue import parse_definition
from forms.definition import Form
from forms.errors import DefinitionError

SETTINGS = {"form_id": "visit", "version": "1", "form_title": "Visit"}
TEXT = {"type": "text", "name": "who"}


def parse(*survey, settings=None, **sheets) -> Form:
    document = {"settings": {**SETTINGS, **(settings or {})}, "survey": list(survey), **sheets}
    return parse_definition(json.dumps(document).encode(), "d" * 64)


def refusal(*survey, **sheets) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        parse(*survey, **sheets)
    return caught.value


def place(error: DefinitionError) -> tuple[str, str]:
    return error.code, error.path


def test_an_unknown_key_is_refused_with_the_key_that_was_meant():
    error = refusal({**TEXT, "requird": True})

    assert place(error) == ("unknown_key", "survey[0].requird")
    assert "'required'" in error.hint


def test_a_key_that_this_type_does_not_use_is_refused_by_name_of_the_type():
    error = refusal({"type": "note", "name": "hello", "label": "Hello", "constraint": "1 = 1"})

    assert error.path == "survey[0].constraint"
    assert "'note'" in error.message


def test_a_type_of_a_later_version_is_refused_by_name():
    error = refusal({"type": "geotrace", "name": "way"})

    assert error.path == "survey[0].type"
    assert "'geotrace' is not supported by this version" in error.message


def test_a_mistyped_type_is_refused_with_the_type_that_was_meant():
    assert "'integer'" in refusal({"type": "integr", "name": "n"}).message


@pytest.mark.parametrize("kind", ["select_one", "select_multiple", "text colours"])
def test_a_list_name_belongs_to_selects_and_to_them_only(kind):
    assert refusal({"type": kind, "name": "q"}).path == "survey[0].type"


@pytest.mark.parametrize("name", ["_row", "1st", "a b", "a-b", "名", "", "x" * 65])
def test_a_name_that_could_be_no_column_is_refused(name):
    assert refusal({"type": "text", "name": name}).path == "survey[0].name"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("label", 5),
        ("label", {}),
        ("label", {"zh_CN": "名"}),
        ("label", {"zh-CN": ""}),
        ("relevant", True),
        ("relevant", ""),
        ("required", "  "),
        ("appearance", ["grid"]),
        ("parameters", "accept=.pdf"),
        ("parameters", {"colour": "red"}),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_its_path(key, value):
    assert refusal({**TEXT, key: value}).path.startswith(f"survey[0].{key}")


def test_a_refusal_deep_in_the_form_names_its_whole_path():
    inner = {"type": "repeat", "name": "rows", "children": [{**TEXT, "label": []}]}

    error = refusal({"type": "group", "name": "head", "children": [TEXT, inner]})

    assert error.path == "survey[0].children[1].children[0].label"


def test_required_true_is_an_expression_and_false_is_none():
    form = parse({**TEXT, "required": True, "read_only": False})

    assert (form.survey[0].required, form.survey[0].read_only) == ("true()", None)


def test_a_select_names_its_list():
    choices = {"colour": [{"name": "red", "label": "Red", "warm": "yes"}]}

    form = parse({"type": "select_one colour", "name": "paint"}, choices=choices)

    assert (form.survey[0].type, form.survey[0].list_name) == ("select_one", "colour")
    assert form.choices["colour"][0].columns == {"warm": "yes"}


def test_a_choice_name_with_a_space_is_refused():
    error = refusal(TEXT, choices={"colour": [{"name": "dark red", "label": "Dark red"}]})

    assert error.path == "choices.colour[0].name"


def test_a_column_of_a_choice_holds_a_text():
    error = refusal(TEXT, choices={"colour": [{"name": "red", "label": "Red", "rank": 1}]})

    assert error.path == "choices.colour[0].rank"


def test_own_entries_come_from_the_source_entries_only():
    spec = {"source": "web", "forms": ["visit"], "repeat": "rows", "label": ["who"]}

    assert refusal(TEXT, instances={"rows": spec}).path == "instances.rows.source"


def test_rows_have_limits():
    rows = {"type": "repeat", "name": "rows", "children": [TEXT]}

    assert refusal({**rows, "max_rows": 1_000_000}).path == "survey[0].max_rows"
    assert refusal({**rows, "min_rows": 3, "max_rows": 2}).path == "survey[0].min_rows"


@pytest.mark.parametrize("document", [b"[]", b'"form"', b"null", b"{}", b'{"survey": {}}'])
def test_what_is_no_definition_at_all_is_refused(document):
    with pytest.raises(DefinitionError):
        parse_definition(document, "d" * 64)
