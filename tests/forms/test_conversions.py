import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.expressions.conversions import (
    any_to_boolean,
    any_to_number,
    any_to_text,
    number_to_boolean,
    number_to_date,
    number_to_text,
    text_to_date,
    text_to_number,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12.0, "12"),
        (-1.5, "-1.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (-2.5e-10, "-0.00000000025"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
    ],
    ids=repr,
)
def test_a_number_is_written_without_exponent(number, text):
    assert number_to_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_being_written(number):
    assert text_to_number(number_to_text(number)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 12 ", 12.0),
        ("12.", 12.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1970-01-01", 0.0),
        ("2019-05-30", 18046.0),
        ("1969-12-31", -1.0),
        ("1970-01-02T12:00:00Z", 1.5),
        ("1970-01-02T12:00:00.000+12:00", 1.0),
        ("1970-01-01T00:00-06:00", 0.25),
        ("06:00:00", 0.25),
        ("18:00:00.000+08:00", 0.75),
    ],
    ids=repr,
)
def test_numbers_dates_and_times_convert(text, number):
    assert text_to_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "abc",
        "+5",
        "1e3",
        "1_000",
        "1,000",
        "--1",
        "0x10",
        "Infinity",
        "nan",
        "１２",
        "2019-02-29",
        "2019-05-30T25:00:00Z",
        "24:00:00",
        "2019-05",
        "a" * 100,
    ],
    ids=repr,
)
def test_everything_else_is_no_number(text):
    assert math.isnan(text_to_number(text))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-05-30", date(2019, 5, 30)),
        ("2019-05-30T23:30:00-11:00", date(2019, 5, 30)),
        ("18046", date(2019, 5, 30)),
        ("18046.9", date(2019, 5, 30)),
        ("-0.5", date(1969, 12, 31)),
        ("", None),
        ("2019-05-30T25:00:00Z", None),
        ("99999999", None),
    ],
    ids=repr,
)
def test_a_day_is_read_from_dates_and_numbers(text, day):
    assert text_to_date(text) == day


def test_the_calendar_ends():
    assert number_to_date(math.inf) is None
    assert number_to_date(-719163.0) is None
    assert number_to_date(-719162.0) == date.min


def test_zero_and_nan_are_false():
    assert [number_to_boolean(each) for each in (0.0, -0.0, math.nan, 0.1)] == [
        False,
        False,
        False,
        True,
    ]


def test_whatever_a_branch_gave_converts_as_its_kind():
    assert [any_to_text(each) for each in ("a", 1.0, True)] == ["a", "1", "true"]
    assert [any_to_number(each) for each in ("2", 1.5, True)] == [2.0, 1.5, 1.0]
    assert [any_to_boolean(each) for each in ("false", "", 0.0, False)] == [
        True,
        False,
        False,
        False,
    ]
