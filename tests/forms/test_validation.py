import pytest

from forms.definition import OwnEntries
from forms.validation import is_empty_phrase

FORM = """
    type                | name     | required | relevant       | constraint | soft_constraint | calculation
    text                | unit     | true()   |                |            |                 |
    integer             | planned  |          |                | . < 100    | . < 50          |
    text                | why      |          | ${planned} > 5 |            |                 |
    select_multiple day | days     |          |                |            |                 |
    begin repeat        | rows     |          | ${planned} > 0 |            |                 |
    decimal             | cost     |          |                |            |                 |
    calculate           | number   |          |                |            |                 | position(..)
    end                 |          |          |                |            |                 |
    calculate           | total    |          |                |            |                 | sum(${cost})
    calculate           | id       |          |                |            |                 | once(uuid())
    calculate           | token    |          |                |            |                 | uuid()
    calculate           | day      |          |                |            |                 | today()
"""
GOOD = {
    "unit": "东胜区",
    "planned": 3,
    "days": ["mon", "tue"],
    "rows": [
        {"_row": "a", "cost": "1.50", "number": "1"},
        {"_row": "b", "cost": "2", "number": "2"},
    ],
    "total": "3.5",
    "id": "given",
    "token": "given too",
    "day": "2019-05-20",
}


@pytest.fixture
def visit(scenario):
    return scenario(FORM, choices={"day": ["mon", "tue", "wed"]})


def test_answers_in_order_break_no_rule(visit):
    assert visit.checked(GOOD) == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"unit": None}, [("unit", "type"), ("unit", "type")]),
        ({"unit": 5}, [("unit", "type")]),
        ({"unit": " "}, [("unit", "type")]),
        ({"planned": True}, [("planned", "type")]),
        ({"planned": 2**60}, [("planned", "too_big")]),
        ({"planned": 200}, [("planned", "constraint")]),
        ({"planned": 70}, [("planned", "soft_constraint")]),
        ({"why": "x"}, [("why", "not_relevant")]),
        ({"unknown": 1}, [("unknown", "unknown_question")]),
        ({"_row": "a"}, [("_row", "unknown_question")]),
        ({"days": ["tue", "mon"]}, [("days", "order")]),
        ({"days": ["mon", "mon"]}, [("days", "order")]),
        ({"days": ["sun"]}, [("days", "choice")]),
        ({"days": "mon"}, [("days", "type")]),
        ({"total": "3.50"}, [("total", "calculation")]),
        ({"total": 3.5}, [("total", "calculation")]),
        ({"day": "2019-05-21"}, [("day", "calculation")]),
        ({"rows": "none"}, [("rows", "type"), ("total", "calculation")]),
    ],
    ids=repr,
)
def test_whatever_is_wrong_is_named(visit, change, broken):
    found = visit.checked({**GOOD, **change})

    assert set(broken) <= set(found)


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ({"cost": "2", "number": "2"}, "row_id"),
        ({"_row": "a", "cost": "2", "number": "2"}, "row_id"),
        ({"_row": "a b", "cost": "2", "number": "2"}, "row_id"),
        ({"_row": 7, "cost": "2", "number": "2"}, "row_id"),
        ("text", "row_id"),
        ({"_row": "b", "cost": "02", "number": "2"}, "type"),
        ({"_row": "b", "cost": 2, "number": "2"}, "type"),
        ({"_row": "b", "cost": "2", "number": "1"}, "calculation"),
        ({"_row": "b", "cost": "2"}, "calculation"),
        ({"_row": "b", "cost": "2", "number": "2", "x": 1}, "unknown_question"),
    ],
    ids=repr,
)
def test_whatever_is_wrong_in_a_row_is_named(visit, row, broken):
    found = visit.checked({**GOOD, "rows": [GOOD["rows"][0], row]})

    assert broken in [code for _, code in found]


NESTED = """
    type         | name
    begin repeat | outer
    begin repeat | inner
    text         | t
    end          |
    end          |
    begin repeat | other
    text         | u
    end          |
"""


def test_a_row_id_that_another_outer_row_holds_too_is_refused(scenario):
    outer = [{"_row": name, "inner": [{"_row": "x", "t": name}]} for name in ("a", "b")]

    assert scenario(NESTED).checked({"outer": outer}) == [("outer[b]/inner", "row_id")]


def test_rows_of_different_repeats_may_have_the_same_id(scenario):
    answers = {
        "outer": [{"_row": "x", "inner": [{"_row": "x", "t": "1"}]}],
        "other": [{"_row": "x", "u": "2"}],
    }

    assert scenario(NESTED).checked(answers) == []


@pytest.mark.parametrize(
    "change",
    [{"planned": "3"}, {"planned": 3.0}, {"days": ["mon", "tue", "mon"]}],
    ids=repr,
)
def test_an_answer_that_is_not_canonical_counts_as_what_it_means(visit, change):
    (name,) = change

    assert [path for path, _ in visit.checked({**GOOD, **change})] == [name]


def test_answers_that_are_no_object_are_refused(visit):
    assert ("", "type") in visit.checked(["a"])


def test_a_missing_calculation_is_a_difference(visit):
    answers = {name: value for name, value in GOOD.items() if name != "total"}

    assert visit.checked(answers) == [("total", "calculation")]


def test_what_draws_randomness_may_be_missing(visit):
    answers = {name: value for name, value in GOOD.items() if name not in ("id", "token")}

    assert visit.checked(answers) == []


def test_rows_of_a_repeat_that_does_not_apply_are_named_once(visit):
    answers = {**GOOD, "planned": 0, "total": "0"}

    assert visit.checked(answers) == [("rows", "not_relevant")]


def test_a_soft_constraint_needs_a_real_reason(visit):
    answers = {**GOOD, "planned": 70, "why": "x"}

    assert visit.checked(answers) == [("planned", "soft_constraint")]
    assert visit.checked(answers, {"planned": "ok"}) == [("planned", "reason")]
    assert visit.checked(answers, {"planned": "全区一起参加"}) == []


def test_a_reason_for_nothing_is_named(visit):
    assert visit.checked(GOOD, {"nothing": "x"}) == [("nothing", "unknown_question")]
    assert visit.checked(GOOD, {"rows": "x"}) == [("rows", "reason")]
    assert visit.checked(GOOD, {"planned": 5}) == [("planned", "reason")]


def test_a_final_session_breaks_no_rule_on_the_server(scenario):
    visit = scenario(FORM, choices={"day": ["mon", "tue", "wed"]})
    visit.answer("unit", "东胜区")
    visit.answer("planned", 60)
    visit.answer("days", ["wed", "mon"])
    visit.add_row("rows")
    visit.answer("rows[1]/cost", "012.50")
    visit.give_reason("planned", "全区一起参加")

    final = visit.session.final_answers()

    assert visit.session.violations() == ()
    assert visit.checked(final, visit.session.final_reasons()) == []


REPORT = """
    type                | name    | relevant            | required | constraint                                       | calculation
    select_one contests | contest |                     | true()   |                                                  |
    calculate           | project |                     |          |                                                  | instance('contests')/root/item[name = ${contest}]/project
    calculate           | shout   |                     |          |                                                  | concat(${project}, '!')
    text                | works   | ${project} = 'Road' | true()   |                                                  |
    text                | listed  | count(instance('contests')/root/item) > 0 | true() | count(instance('contests')/root/item) > 0 |
"""
INSTANCES = {"contests": OwnEntries("contests", ("register",), "contests", ("project",))}
ROWS = [{"name": "c1", "label": "Road", "entry": "e", "form": "register", "project": "Road"}]
SENT = {"contest": "c1", "project": "Road", "shout": "Road!", "works": "dam", "listed": "yes"}


def opened(scenario, *, trusts, rows=()):
    world = {"trusts_own_entries": trusts, "own_entries": lambda _name: list(rows)}
    return scenario(REPORT, instances=INSTANCES, world=world)


def test_what_rests_on_own_entries_is_taken_as_sent_where_they_are_not_known(scenario):
    server = opened(scenario, trusts=False)

    assert server.checked(SENT) == []
    assert server.checked({**SENT, "project": "Dam", "shout": "Dam!"}) == [
        ("works", "not_relevant")
    ]
    assert server.checked({**SENT, "shout": "Dam!"}) == [("shout", "calculation")]
    unlisted = {name: value for name, value in SENT.items() if name != "listed"}
    assert server.checked(unlisted) == []


def test_what_rests_on_own_entries_is_checked_where_they_are_known(scenario):
    device = opened(scenario, trusts=True, rows=ROWS)

    assert device.checked(SENT) == []
    assert ("project", "calculation") in device.checked({**SENT, "project": "Dam"})


@pytest.mark.parametrize("trusts", [True, False])
def test_a_choice_of_own_entries_is_a_row_that_may_be_missing_but_never_free_text(scenario, trusts):
    side = opened(scenario, trusts=trusts, rows=ROWS)

    for row in ("c1", "0123456789abcdef"):
        assert ("contest", "choice") not in side.checked({**SENT, "contest": row})
    for text in ("焊工技能竞赛", "welders;2019", "x" * 65):
        assert ("contest", "choice") in side.checked({**SENT, "contest": text})


@pytest.mark.parametrize("text", ["freetext", "c9", "0123456789ABCDEF", "0123456789abcde"])
def test_free_text_that_looks_like_a_row_id_is_no_choice_on_a_device(scenario, text):
    sent = {**SENT, "contest": text}

    assert ("contest", "choice") in opened(scenario, trusts=True, rows=ROWS).checked(sent)
    assert ("contest", "choice") not in opened(scenario, trusts=False).checked(sent)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "ok",
        "OK!",
        " o.k. ",
        "Yes",
        "n/a",
        "核实无误",
        "核实无误。",
        "已核实，无误",
        "属实",
        "无",
        "1",
        "——",
        "a",
    ],
)
def test_these_phrases_say_nothing(reason):
    assert is_empty_phrase(reason)


@pytest.mark.parametrize(
    "reason", ["全区一起参加", "two teams were joined", "按上级要求延长至2021年", "补报"]
)
def test_these_are_reasons(reason):
    assert not is_empty_phrase(reason)
