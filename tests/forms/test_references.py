import pytest

from forms.errors import ExpressionError

CONTESTS = """
    type         | name     | calculation      | relevant
    text         | unit     |                  |
    begin group  | head     |                  |
    text         | filler   |                  |
    end          |          |                  |
    begin repeat | contests |                  |
    text         | project  |                  |
    integer      | trained  |                  | ${project} != 'none'
    begin group  | period   |                  |
    date         | starts   |                  |
    end          |          |                  |
    begin repeat | works    |                  |
    decimal      | cost     |                  |
    calculate    | inner    | INNER          |
    end          |          |                  |
    calculate    | row      | ROW            |
    end          |          |                  |
    calculate    | outer    | OUTER          |
"""

ANSWERS = {
    "unit": "东胜区",
    "head": {"filler": "li"},
    "contests": [
        {
            "_row": "c1",
            "project": "road",
            "trained": 5,
            "period": {"starts": "2019-05-01"},
            "works": [{"_row": "w1", "cost": "1.5"}, {"_row": "w2", "cost": "2.5"}],
        },
        {"_row": "c2", "project": "bridge", "trained": 7, "works": [{"_row": "w3", "cost": "10"}]},
        {"_row": "c3", "project": "none", "trained": 9},
    ],
}


@pytest.fixture
def visit(scenario):
    def open_form(outer="''", row="''", inner="''"):
        table = CONTESTS.replace("OUTER", outer).replace("ROW", row).replace("INNER", inner)
        return scenario(table, answers=ANSWERS)

    return open_form


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("${unit}", "东胜区"),
        ("${filler}", "li"),
        ("../head/filler", "li"),
        ("/data/head/filler", "li"),
        ("/visit/unit", "东胜区"),
        ("current()/../unit", "东胜区"),
        ("join(',', ${project})", "road,bridge,none"),
        ("string(${project})", "road"),
        ("count(${contests})", "3"),
        ("count(../contests)", "3"),
        ("count(${works})", "3"),
        ("sum(${cost})", "14"),
        ("count(${trained})", "2"),
        ("sum(${trained})", "12"),
        ("join(',', /data/contests/project)", "road,bridge,none"),
        ("join(',', ../contests[trained > 5]/project)", "bridge"),
        ("join(',', ../contests[2]/project)", "bridge"),
        ("join(',', ../contests[position() > 1]/project)", "bridge,none"),
        ("join(',', ../contests/works[1]/cost)", "1.5,10"),
        ("join(',', ${cost}[1])", "1.5"),
        ("join(',', ${contests}[2]/works/cost)", "10"),
        ("join(',', ../contests/project[. != 'road'])", "bridge,none"),
        ("join(',', ../contests/project[1])", "road,bridge,none"),
        ("join(',', ../contests[count(works) > 1]/project)", "road"),
        ("join(',', ../contests[sum(works/cost) = 10]/project)", "bridge"),
        ("join(',', ../contests[works[cost > 9]]/project)", "bridge"),
        ("join(',', ../contests[project = ${unit}]/project)", ""),
        ("join(',', ../contests[starts-with(../unit, '东')]/project)", "road,bridge,none"),
        ("join(',', ../contests[current()/../unit = '东胜区'][1]/project)", "road"),
        ("join(',', ${project}|${unit})", "东胜区,road,bridge,none"),
        ("count(${project}|${project})", "3"),
        ("count(${contests}|${works})", "6"),
        ("${project} = 'bridge'", "true"),
        ("${project} != 'bridge'", "true"),
        ("${project} = ${unit}", "false"),
        ("${project} = ${project}", "true"),
        ("${trained} > 6", "true"),
        ("${trained} > 7", "false"),
        ("${trained} < ${cost}", "true"),
        ("7 = ${trained}", "true"),
        ("8 = ${trained}", "false"),
        ("${contests} = true()", "true"),
        ("boolean(1)", None),
        ("if(../contests[trained > 100], 'some', 'none')", "none"),
        ("if(../head, 'there', 'gone')", "there"),
        ("position(../contests[3])", "3"),
        ("position(..)", "1"),
        ("../contests/../unit", "东胜区"),
        ("max(${trained})", "7"),
        ("concat(${project}, '!')", "roadbridgenone!"),
        ("join(',', ${contests}/works/../project)", "road,bridge,none"),
        ("join(',', ../contests/period/starts)", "2019-05-01,,"),
    ],
    ids=repr,
)
def test_from_outside_a_repeat_a_path_means_all_rows(visit, expression, result):
    if result is None:
        with pytest.raises(ExpressionError):
            visit(outer=expression)
        return

    assert visit(outer=expression).session.answers().get("outer", "") == result


@pytest.mark.parametrize(
    ("expression", "first", "second"),
    [
        ("${project}", "road", "bridge"),
        ("../project", "road", "bridge"),
        ("${starts}", "2019-05-01", ""),
        ("../period/starts", "2019-05-01", ""),
        ("${unit}", "东胜区", "东胜区"),
        ("../../unit", "东胜区", "东胜区"),
        ("../../head/filler", "li", "li"),
        ("position(..)", "1", "2"),
        ("count(${contests})", "3", "3"),
        ("count(../../contests)", "3", "3"),
        ("count(${works})", "2", "1"),
        ("sum(${cost})", "4", "10"),
        ("sum(/data/contests/works/cost)", "14", "14"),
        ("join(',', ../works/cost)", "1.5,2.5", "10"),
        ("join(',', ../../contests[position() < position(current()/..)]/project)", "", "road"),
        (
            "join(',', ../../contests[project != current()/../project]/project)",
            "bridge,none",
            "road,none",
        ),
    ],
    ids=repr,
)
def test_within_a_row_a_path_means_that_row(visit, expression, first, second):
    rows = visit(row=expression).session.answers()["contests"]

    assert [row.get("row", "") for row in rows[:2]] == [first, second]


@pytest.mark.parametrize(
    ("expression", "results"),
    [
        ("concat(${project}, ${cost})", ["road1.5", "road2.5", "bridge10"]),
        ("concat(position(../..), '.', position(..))", ["1.1", "1.2", "2.1"]),
        ("../../period/starts", ["2019-05-01", "2019-05-01", ""]),
        ("../../../unit", ["东胜区"] * 3),
        ("count(${works})", ["2", "2", "1"]),
        ("count(../../../contests)", ["3"] * 3),
        ("${cost} div sum(../../works/cost)", ["0.375", "0.625", "1"]),
        ("join(',', ${contests}/works/cost)", ["1.5,2.5,10"] * 3),
    ],
    ids=repr,
)
def test_rows_within_rows_know_both(visit, expression, results):
    contests = visit(inner=expression).session.answers()["contests"]

    assert [work.get("inner", "") for row in contests for work in row.get("works", [])] == results


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("../contests/nothing", "unknown_reference"),
        ("${nothing}", "unknown_reference"),
        ("../../..", "unknown_reference"),
        ("../contests[nothing = 1]/project", "unknown_reference"),
        ("../contests[1]/../unit", "unsupported"),
    ],
    ids=repr,
)
def test_a_path_that_leads_nowhere_is_refused(visit, expression, code):
    with pytest.raises(ExpressionError) as refused:
        visit(outer=expression)

    assert refused.value.code == code


def test_an_unknown_question_is_refused_with_the_closest_one(visit):
    with pytest.raises(ExpressionError) as refused:
        visit(outer="1 + ${projct}")

    assert (refused.value.column, refused.value.hint) == (5, "Did you mean project?")


TWINS = """
    type         | name | calculation
    begin group  | one  |
    text         | twin |
    end          |      |
    begin repeat | rows |
    text         | twin |
    calculate    | near | ${twin}
    end          |      |
"""


def test_of_two_questions_of_one_name_the_nearer_is_meant(scenario):
    visit = scenario(TWINS, answers={"one": {"twin": "far"}, "rows": [{"twin": "near"}]})

    assert visit.value("rows[1]/near") == "near"


def test_a_name_that_may_mean_two_questions_is_refused(scenario):
    table = """
        type        | name | calculation
        begin group | one  |
        text        | twin |
        end         |      |
        begin group | two  |
        text        | twin |
        end         |      |
        calculate   | both | ${twin}
    """
    with pytest.raises(ExpressionError) as refused:
        scenario(table)

    assert refused.value.code == "ambiguous_reference"
    assert "one/twin, two/twin" in refused.value.message


def test_two_numbers_are_equal_whatever_zeros_they_end_in(scenario):
    table = """
        type      | name  | calculation
        decimal   | owed  |
        decimal   | paid  |
        text      | note  |
        calculate | equal | ${owed} = ${paid}
        calculate | other | ${owed} = ${note}
    """
    visit = scenario(table, answers={"owed": "12.50", "paid": "12.5", "note": "12.5"})

    assert (visit.value("equal"), visit.value("other")) == ("true", "false")


def test_a_rule_of_a_repeat_stands_outside_its_rows(scenario):
    table = """
        type         | name | relevant
        text         | ask  |
        begin repeat | rows | ../ask = 'yes'
        text         | name |
        end          |      |
    """
    visit = scenario(table, answers={"ask": "yes", "rows": [{"name": "a"}]})

    visit.answer("ask", "no")

    assert not visit.is_relevant("rows")
    assert not visit.is_relevant("rows[1]/name")
