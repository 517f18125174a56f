import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Question
from forms.errors import AnswerError
from forms.values import (
    TEXT_LIMIT,
    answer_from_text,
    check_value,
    expression_text,
    is_blank,
)

SHA = "ab" * 32
FILE = {"name": "计划.pdf", "type": "application/pdf", "size": 3, "sha256": SHA}


def question(kind, **given):
    return Question(type=kind, name="q", path="head/q", source="survey[0]", **given)


@pytest.mark.parametrize(
    ("kind", "typed", "canonical"),
    [
        ("text", " as typed ", " as typed "),
        ("integer", 12, 12),
        ("integer", "12", 12),
        ("integer", "-007", -7),
        ("integer", 3.0, 3),
        ("integer", "１２", 12),
        ("decimal", "12.50", "12.50"),
        ("decimal", "0012.50", "12.50"),
        ("decimal", "+5", "5"),
        ("decimal", ".5", "0.5"),
        ("decimal", "5.", "5"),
        ("decimal", "-0", "0"),
        ("decimal", "-0.00", "0.00"),
        ("decimal", "１２．５", "12.5"),
        ("decimal", 12.5, "12.5"),
        ("decimal", 1e-7, "0.0000001"),
        ("decimal", 3, "3"),
        ("date", "2020-02-29", "2020-02-29"),
        ("date", " ２０１９-05-30", "2019-05-30"),
        ("time", "08:30", "08:30:00"),
        ("time", "08:30:15.250+08:00", "08:30:15.250+08:00"),
        ("datetime", "2019-05-30T08:30+08:00", "2019-05-30T08:30:00+08:00"),
        ("datetime", "2019-05-30T08:30:00.5Z", "2019-05-30T08:30:00.5Z"),
        ("select_one", "major_works", "major_works"),
        ("select_multiple", ["a", "b", "a"], ["a", "b"]),
        ("acknowledge", True, "OK"),
        ("geopoint", {"lat": 39.6, "lon": "109.80"}, {"lat": "39.6", "lon": "109.80"}),
        (
            "geopoint",
            {"accuracy": "4", "lon": "1", "lat": "-90", "alt": "1300.5"},
            {"lat": "-90", "lon": "1", "alt": "1300.5", "accuracy": "4"},
        ),
        ("image", FILE, FILE),
        ("start", "2019-05-30T08:30:00Z", "2019-05-30T08:30:00Z"),
        ("today", "2019-05-30", "2019-05-30"),
    ],
    ids=repr,
)
def test_an_answer_takes_its_one_canonical_form(kind, typed, canonical):
    checked = check_value(question(kind), typed)

    assert checked == canonical
    assert type(checked) is type(canonical)
    assert check_value(question(kind), checked) == canonical


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", 5),
        ("text", None),
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("integer", True),
        ("integer", "1.5"),
        ("integer", 1.5),
        ("integer", "1e3"),
        ("integer", float("nan")),
        ("decimal", "1,000"),
        ("decimal", "1e3"),
        ("decimal", "."),
        ("decimal", ""),
        ("decimal", "NaN"),
        ("decimal", float("inf")),
        ("decimal", True),
        ("date", "2019-02-29"),
        ("date", "2019-5-3"),
        ("date", "20190530"),
        ("date", "0000-01-01"),
        ("date", 20190530),
        ("time", "24:00:00"),
        ("time", "8:30"),
        ("datetime", "2019-05-30T08:30:00"),
        ("datetime", "2019-13-30T08:30:00Z"),
        ("select_one", "two words"),
        ("select_one", ""),
        ("select_one", ["a"]),
        ("select_multiple", "a"),
        ("select_multiple", ["a", 1]),
        ("acknowledge", "yes"),
        ("acknowledge", False),
        ("geopoint", {"lat": "1"}),
        ("geopoint", {"lat": "90.1", "lon": "0"}),
        ("geopoint", {"lat": "0", "lon": "-180.5"}),
        ("geopoint", {"lat": "0", "lon": "0", "colour": "red"}),
        ("geopoint", "1 2"),
        ("file", {**FILE, "sha256": "AB" * 32}),
        ("file", {**FILE, "size": -1}),
        ("file", {**FILE, "size": True}),
        ("file", {**FILE, "name": "../etc/passwd"}),
        ("file", {**FILE, "name": ""}),
        ("file", {**FILE, "type": "pdf"}),
        ("file", {"name": "a"}),
        ("file", "a.pdf"),
    ],
    ids=repr,
)
def test_what_is_no_answer_of_the_type_is_refused_with_the_path(kind, typed):
    with pytest.raises(AnswerError) as refused:
        check_value(question(kind), typed)

    assert (refused.value.code, refused.value.path) == ("type", "head/q")


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * (TEXT_LIMIT + 1)),
        ("integer", 2**53),
        ("integer", -(2**53)),
        ("decimal", "1" * 41),
        ("select_multiple", [f"c{number}" for number in range(1001)]),
    ],
    ids=repr,
)
def test_what_is_too_large_is_refused_as_that(kind, typed):
    with pytest.raises(AnswerError) as refused:
        check_value(question(kind), typed)

    assert refused.value.code == "too_big"


@pytest.mark.parametrize("value", [None, "", "  \n", "　", [], {}])
def test_nothing_and_white_space_are_blank(value):
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, "0", ["a"]], ids=repr)
def test_zero_is_an_answer(value):
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [
        ("text", None, ""),
        ("integer", 12, "12"),
        ("decimal", "12.50", "12.50"),
        ("select_multiple", ["a", "b"], "a b"),
        ("geopoint", {"lat": "39.6", "lon": "109.8"}, "39.6 109.8 0 0"),
        ("geopoint", {"lat": "1", "lon": "2", "alt": "3", "accuracy": "4"}, "1 2 3 4"),
        ("image", FILE, "计划.pdf"),
    ],
    ids=repr,
)
def test_an_expression_sees_a_text(kind, value, seen):
    assert expression_text(question(kind), value) == seen


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("integer", "12", 12),
        ("integer", "2.9", 2),
        ("integer", "-2.9", -2),
        ("integer", "NaN", None),
        ("integer", "twelve", None),
        ("decimal", "12.50", "12.50"),
        ("decimal", "Infinity", None),
        ("date", "2019-05-30", "2019-05-30"),
        ("date", "18046", "2019-05-30"),
        ("date", "2019-05-30T23:00:00+08:00", "2019-05-30"),
        ("date", "soon", None),
        ("select_multiple", "a  b", ["a", "b"]),
        (
            "geopoint",
            "39.6 109.8 0 5",
            {"lat": "39.6", "lon": "109.8", "alt": "0", "accuracy": "5"},
        ),
        ("geopoint", "39.6", None),
        ("text", "NaN", "NaN"),
        ("text", "", None),
        ("file", "a.pdf", None),
    ],
    ids=repr,
)
def test_the_result_of_a_calculation_becomes_an_answer_or_a_blank(kind, text, answer):
    assert answer_from_text(question(kind), text) == answer


def test_a_calculation_may_name_its_type():
    days = question("calculate", parameters={"type": "integer"})

    assert answer_from_text(days, "12") == 12
    assert check_value(days, 12) == 12


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_every_decimal_keeps_its_value_and_its_digits(number):
    text = format(number, "f")

    assert check_value(question("decimal"), text) in (text, text.removeprefix("-"))


@given(
    st.sampled_from(
        ["text", "integer", "decimal", "date", "time", "datetime", "select_one", "geopoint", "file"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
)
def test_no_value_raises_anything_but_an_answer_error(kind, value):
    try:
        checked = check_value(question(kind), value)
    except AnswerError:
        return

    assert check_value(question(kind), checked) == checked
