"""Calculations over answers that nobody typed as a whole."""

from collections.abc import Callable
from typing import Any

import pytest

from forms.compiled import CompiledForm, compile_form
from forms.definition import Form
from forms.environment import Environment
from forms.recalculation import recalculate

TABLE = """
type         | name    | calculation        | relevant
integer      | price   |                    |
begin group  | more    |                    |
integer      | twice   | ${price} * 2       |
text         | note    |                    |
end          |         |                    |
begin repeat | visits  |                    |
integer      | people  |                    |
integer      | heads   | ${people} + 1      | ${people} > 1
end          |         |                    |
integer      | total   | sum(${people})     |
text         | remark  |                    | ${price} > 5
text         | drawn   | once(uuid())       |
"""


@pytest.fixture(scope="module")
def compiled(form: Callable[..., Form]) -> CompiledForm:
    return compile_form(form(TABLE))


@pytest.fixture
def recalculated(
    compiled: CompiledForm, environment: Callable[..., Environment]
) -> Callable[..., dict[str, Any]]:
    return lambda answers: recalculate(compiled, environment(), answers)


def test_what_is_calculated_follows_the_answers(recalculated):
    found = recalculated(
        {"price": 3, "more": {"twice": 4}, "visits": [{"_row": "a", "people": 2}], "total": 9}
    )

    assert found == {
        "price": 3,
        "more": {"twice": 6},
        "visits": [{"_row": "a", "people": 2, "heads": 3}],
        "total": 2,
    }


def test_a_calculation_that_does_not_apply_is_left_out_and_an_answer_stays(recalculated):
    found = recalculated({"price": 3, "remark": "x", "visits": [{"_row": "a", "heads": 7}]})

    assert found["remark"] == "x"
    assert found["visits"] == [{"_row": "a"}]


def test_what_was_drawn_once_stays(recalculated):
    assert recalculated({"drawn": "abc"})["drawn"] == "abc"


def test_answers_to_unknown_questions_stay_verbatim(recalculated):
    odd = {"x": [None, True]}
    answers = {
        "odd": odd,
        "more": {"odd": odd},
        "visits": [{"_row": "a", "people": 0, "odd": odd}, {"_row": "b", "people": 1}],
        "total": 1,
    }

    assert recalculated(answers) == answers


@pytest.mark.parametrize("visits", ["text", 7, [1], [{"people": 1}], [{"_row": "a"}] * 2])
def test_what_is_no_list_of_rows_stays_verbatim(recalculated, visits):
    assert recalculated({"visits": visits})["visits"] == visits


def test_what_is_no_group_stays_verbatim(recalculated):
    assert recalculated({"more": "text"})["more"] == "text"
