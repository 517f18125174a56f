import pytest

from forms.errors import AnswerError
from forms.session import Session

VISIT = """
    type         | name      | required | relevant          | calculation            | default
    text         | unit      | true()   |                   |                        | property('unit_name')
    date         | filled_on | true()   |                   |                        | today()
    integer      | planned   |          |                   |                        | 3
    integer      | doubled   |          |                   |                        | ${planned} * 2
    text         | why       |          | ${planned} > 5    |                        |
    begin repeat | contests  |          |                   |                        |
    calculate    | number    |          |                   | position(..)           |
    text         | project   | true()   |                   |                        |
    integer      | trained   |          | ${project} != ''  |                        | 1
    end          |           |          |                   |                        |
    calculate    | count     |          |                   | count(${contests})     |
    calculate    | trained_in_all |     |                   | sum(${trained})        |
"""


def paths(change):
    return [state.path for state in change.states]


def test_a_new_form_has_its_defaults_and_calculations(scenario):
    visit = scenario(VISIT)

    assert visit.session.answers() == {
        "unit": "东胜区总工会",
        "filled_on": "2019-05-20",
        "planned": 3,
        "doubled": 6,
        "count": "0",
        "trained_in_all": "0",
    }


def test_a_resumed_draft_gets_no_defaults(scenario):
    visit = scenario(VISIT, answers={"planned": 4})

    assert visit.session.answers() == {"planned": 4, "count": "0", "trained_in_all": "0"}


def test_an_answer_changes_what_depends_on_it_and_nothing_else(scenario):
    visit = scenario(VISIT)

    change = visit.answer("planned", 6)

    assert paths(change) == ["planned", "why"]
    assert change.states[1].relevant


def test_an_answer_that_changes_nothing_still_draws_its_question(scenario):
    visit = scenario(VISIT)

    assert paths(visit.answer("planned", 3)) == ["planned"]


def test_an_answer_is_kept_in_its_canonical_form(scenario):
    visit = scenario(VISIT)

    change = visit.answer("planned", "007")

    assert change.states[0].value == 7


def test_a_blank_takes_an_answer_back(scenario):
    visit = scenario(VISIT)

    visit.answer("unit", "  ")

    assert "unit" not in visit.session.answers()
    assert visit.broken("unit") == ["required"]


def test_a_value_of_a_wrong_type_is_kept_as_typed_and_breaks_a_rule(scenario):
    visit = scenario(VISIT)

    change = visit.answer("planned", "many")

    assert change.states[0].value == "many"
    assert [each.code for each in change.states[0].violations] == ["type"]
    assert visit.session.answers()["planned"] == "many"
    assert visit.all_broken() == [("planned", "type")]


def test_what_is_calculated_is_not_answered(scenario):
    visit = scenario(VISIT)

    with pytest.raises(AnswerError) as refused:
        visit.answer("count", 3)

    assert refused.value.code == "calculated"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nothing", "unknown_path"),
        ("contests", "unknown_path"),
        ("contests/project", "unknown_path"),
        ("contests[zz]/project", "unknown_row"),
        ("unit[a]", "unknown_path"),
        ("unit/x", "unknown_path"),
        ("", "unknown_path"),
    ],
)
def test_an_answer_to_nothing_is_refused(scenario, path, code):
    visit = scenario(VISIT)

    with pytest.raises(AnswerError) as refused:
        visit.session.answer(path, "x")

    assert refused.value.code == code


def test_a_row_comes_with_its_defaults(scenario):
    visit = scenario(VISIT)

    change = visit.add_row("contests")

    assert change.added == ("contests[r1]",)
    assert paths(change) == [
        "contests",
        "contests[r1]/number",
        "contests[r1]/project",
        "contests[r1]/trained",
        "count",
    ]
    assert [state.value for state in change.states[1:4]] == ["1", None, 1]
    assert change.states[0].rows == ("r1",)
    assert change.states[2].label == ""


def test_rows_are_counted_again_when_one_goes(scenario):
    visit = scenario(VISIT)
    for number, project in enumerate(["road", "bridge", "rail"], 1):
        visit.add_row("contests")
        visit.answer(f"contests[{number}]/project", project)

    change = visit.remove_row("contests[1]")

    assert change.removed == ("contests[r1]",)
    assert paths(change) == [
        "contests",
        "contests[r2]/number",
        "contests[r3]/number",
        "count",
        "trained_in_all",
    ]
    assert visit.session.answers()["contests"] == [
        {"_row": "r2", "number": "1", "project": "bridge", "trained": 1},
        {"_row": "r3", "number": "2", "project": "rail", "trained": 1},
    ]


def test_a_row_can_be_put_behind_another(scenario):
    visit = scenario(VISIT, answers={"contests": [{"_row": "a"}, {"_row": "b"}]})

    visit.add_row("contests", after="contests[1]")

    assert visit.state("contests").rows == ("a", "r1", "b")


def test_a_row_moves_with_its_answers_and_reasons(scenario):
    rows = [{"_row": "a", "project": "A"}, {"_row": "b", "project": "B"}, {"_row": "c"}]
    visit = scenario(VISIT, answers={"contests": rows})

    visit.move_row("contests[3]", after=None)
    visit.session.move_row("contests[a]", after="b")

    assert visit.state("contests").rows == ("c", "b", "a")
    assert [visit.value(f"contests[{number}]/number") for number in (1, 2, 3)] == ["1", "2", "3"]
    assert visit.value("contests[3]/project") == "A"


def test_a_row_may_be_moved_behind_itself(scenario):
    visit = scenario(VISIT, answers={"contests": [{"_row": "a"}, {"_row": "b"}]})

    visit.session.move_row("contests[a]", after="contests[a]")

    assert visit.state("contests").rows == ("a", "b")


@pytest.mark.parametrize("step", ["remove_row", "move_row"])
def test_a_row_that_is_not_there_cannot_be_handled(scenario, step):
    visit = scenario(VISIT)
    handle = {
        "remove_row": visit.session.remove_row,
        "move_row": lambda path: visit.session.move_row(path, after=None),
    }[step]

    for path in ("contests[zz]", "contests", "unit"):
        with pytest.raises(AnswerError):
            handle(path)


def test_hidden_answers_are_kept_in_the_draft_and_dropped_when_final(scenario):
    visit = scenario(VISIT)
    visit.answer("planned", 6)
    visit.answer("why", "more people")

    visit.answer("planned", 2)

    assert visit.session.answers()["why"] == "more people"
    assert "why" not in visit.session.final_answers()
    visit.answer("planned", 7)
    assert visit.session.final_answers()["why"] == "more people"


def test_what_is_hidden_reads_as_a_blank(scenario):
    visit = scenario(VISIT, answers={"contests": [{"_row": "a", "project": "A", "trained": 5}]})
    assert visit.value("trained_in_all") == "5"

    visit.answer("contests[1]/project", None)

    assert visit.value("trained_in_all") == "0"


GROUPS = """
    type         | name    | relevant      | required | read_only    | calculation
    text         | ask     |               |          |              |
    begin group  | outer   | ${ask} = '1'  |          | ${ask} = '2' |
    begin group  | inner   |               |          |              |
    text         | name    |               | true()   |              |
    end          |         |               |          |              |
    begin repeat | rows    |               |          |              |
    text         | cell    |               |          |              |
    end          |         |               |          |              |
    end          |         |               |          |              |
    calculate    | seen    |               |          |              | concat(${name}, count(${rows}))
"""


def test_a_hidden_group_hides_everything_within(scenario):
    visit = scenario(
        GROUPS,
        answers={"ask": "1", "outer": {"inner": {"name": "A"}, "rows": [{"_row": "a"}]}},
    )
    assert visit.value("seen") == "A1"

    change = visit.answer("ask", "0")

    assert paths(change) == [
        "ask",
        "outer",
        "outer/inner",
        "outer/inner/name",
        "outer/rows",
        "outer/rows[a]/cell",
        "seen",
    ]
    assert visit.value("seen") == "0"
    assert visit.session.final_answers() == {"ask": "0", "seen": "0"}
    assert visit.all_broken() == []


def test_a_group_that_is_read_only_is_so_within(scenario):
    visit = scenario(GROUPS, answers={"outer": {"rows": [{"_row": "a"}]}})
    assert not visit.state("outer/rows[1]/cell").read_only

    change = visit.answer("ask", "2")

    assert {state.path for state in change.states if state.read_only} == {
        "outer",
        "outer/inner",
        "outer/inner/name",
        "outer/rows",
        "outer/rows[a]/cell",
    }
    assert not visit.state("outer/rows").can_add_row


LIMITS = """
    type         | name | min_rows | max_rows
    begin repeat | rows | 1        | 2
    text         | cell |          |
    end          |      |          |
"""


def test_the_least_rows_are_there_from_the_start(scenario):
    visit = scenario(LIMITS)

    assert visit.state("rows").rows == ("r1",)
    assert not visit.state("rows").can_remove_row
    with pytest.raises(AnswerError) as refused:
        visit.remove_row("rows[1]")
    assert refused.value.code == "min_rows"


def test_there_are_no_more_than_the_most_rows(scenario):
    visit = scenario(LIMITS)
    visit.add_row("rows")

    assert not visit.state("rows").can_add_row
    with pytest.raises(AnswerError) as refused:
        visit.add_row("rows")
    assert refused.value.code == "max_rows"


def test_a_draft_may_have_too_few_or_too_many_rows(scenario):
    assert scenario(LIMITS, answers={}).all_broken() == [("rows", "min_rows")]
    rows = [{"_row": name} for name in "abc"]
    assert scenario(LIMITS, answers={"rows": rows}).all_broken() == [("rows", "max_rows")]


CHECKED = """
    type    | name  | constraint     | constraint_message      | soft_constraint | soft_constraint_message
    integer | least |                |                         |                 |
    integer | most  | . >= ${least}  | Not below ${least}.     | . < 100         | That is a lot.
"""


def test_a_constraint_speaks_the_form_s_own_words(scenario):
    visit = scenario(CHECKED, answers={"least": 5})

    change = visit.answer("most", 3)

    assert [(each.code, each.message) for each in change.states[0].violations] == [
        ("constraint", "Not below 5.")
    ]


def test_a_constraint_is_looked_at_again_when_what_it_reads_changes(scenario):
    visit = scenario(CHECKED, answers={"least": 5, "most": 7})
    assert visit.broken("most") == []

    change = visit.answer("least", 9)

    assert paths(change) == ["least", "most"]
    assert visit.broken("most") == ["constraint"]


def test_a_constraint_asks_nothing_of_a_blank(scenario):
    assert scenario(CHECKED, answers={"least": 5}).all_broken() == []


def test_a_soft_constraint_is_passed_with_a_reason(scenario):
    visit = scenario(CHECKED, answers={"least": 1})
    visit.answer("most", 300)
    assert visit.state("most").reason == ""
    assert visit.broken("most") == ["soft_constraint"]

    change = visit.give_reason("most", "全区一起参加")

    assert change.states[0].reason == "全区一起参加"
    assert visit.all_broken() == []
    assert visit.session.final_reasons() == {"most": "全区一起参加"}


def test_an_empty_phrase_is_no_reason(scenario):
    visit = scenario(CHECKED, answers={"least": 1, "most": 300}, reasons={"most": "核实无误"})

    assert visit.broken("most") == ["reason"]


def test_a_reason_that_is_no_longer_needed_stays_in_the_draft_only(scenario):
    visit = scenario(CHECKED, answers={"least": 1, "most": 300}, reasons={"most": "全区一起参加"})

    visit.answer("most", 30)

    assert visit.state("most").reason is None
    assert visit.session.reasons() == {"most": "全区一起参加"}
    assert visit.session.final_reasons() == {}


def test_a_reason_can_be_taken_back_and_is_not_endless(scenario):
    visit = scenario(CHECKED, answers={"least": 1, "most": 300}, reasons={"most": "全区一起参加"})

    visit.give_reason("most", "")

    assert visit.session.reasons() == {}
    with pytest.raises(AnswerError) as refused:
        visit.give_reason("most", "x" * 3000)
    assert refused.value.code == "too_big"


DRAFT = "type | name\ninteger | a\nbegin group | g |\ntext | b\nend |\nbegin repeat | r |\ntext | c\nend |"


@pytest.mark.parametrize(
    ("answers", "broken"),
    [
        ({"x": 1}, [("x", "unknown_question")]),
        ({"g": {"x": 1}}, [("g/x", "unknown_question")]),
        ({"r": [{"_row": "a", "x": 1}]}, [("r[a]/x", "unknown_question")]),
        ({"g": "text"}, [("g", "type")]),
        ({"r": {"a": 1}}, [("r", "type")]),
        ({"r": ["text"]}, [("r[r1]", "type")]),
        ({"r": [{"_row": "not an id"}]}, [("r", "row_id")]),
        ({"a": [1]}, [("a", "type")]),
    ],
    ids=repr,
)
def test_what_is_wrong_in_a_draft_is_shown_and_not_lost(scenario, answers, broken):
    assert scenario(DRAFT, answers=answers).all_broken() == broken


def test_rows_without_ids_get_them(scenario):
    visit = scenario(DRAFT, answers={"r": [{"c": "1"}, {"_row": "a"}, {"_row": "a"}]})

    assert visit.state("r").rows == ("r1", "a", "r2")
    assert visit.all_broken() == []


def test_a_row_of_a_draft_whose_id_another_outer_row_holds_gets_its_own(scenario):
    table = "type | name\nbegin repeat | o\nbegin repeat | i\ntext | t\nend |\nend |"
    outer = [{"_row": name, "i": [{"_row": "x", "t": name}]} for name in ("a", "b")]

    visit = scenario(table, answers={"o": outer})

    assert visit.state("o[1]/i").rows == ("x",)
    assert visit.state("o[2]/i").rows == ("r1",)


def test_several_choices_stand_in_the_order_of_their_list(scenario):
    visit = scenario("type | name\nselect_multiple kind | kinds", choices={"kind": ["a", "b", "c"]})

    assert visit.answer("kinds", ["c", "a", "c"]).states[0].value == ["a", "c"]
    assert visit.answer("kinds", ["z", "a"]).states[0].value == ["a", "z"]
    assert visit.broken("kinds") == ["choice"]


def test_texts_show_the_answers_they_refer_to(scenario):
    visit = scenario(
        "type | name | label | hint\ntext | a | Name |\ntext | b | Hello ${a}! | see ${ a }"
    )
    assert visit.state("b").label == "Hello !"

    change = visit.answer("a", "Li")

    assert [(state.label, state.hint) for state in change.states] == [
        (None, None),
        ("Hello Li!", "see Li"),
    ]


def test_messages_speak_the_language_of_the_session(scenario):
    visit = scenario(VISIT)
    visit.answer("unit", None)

    said = {}
    for language in ("en", "zh-CN"):
        visit.session.language = language
        said[language] = visit.session.violations()[0].message

    assert said == {"en": "This needs an answer.", "zh-CN": "此项必填。"}


def test_once_keeps_what_is_there(scenario):
    table = """
        type      | name | calculation
        text      | a    |
        calculate | id   | once(concat(${a}, '-', uuid()))
        calculate | free | concat(${a}, '-', uuid())
    """
    visit = scenario(table, answers={"a": "x"})
    first = visit.session.answers()

    visit.answer("a", "y")

    assert visit.session.answers()["id"] == first["id"]
    assert visit.session.answers()["free"] != first["free"]


def test_what_the_device_knows_is_filled_in(scenario):
    table = (
        "type | name\nstart | began\nend | ended\ntoday | day\ndeviceid | device\nusername | who"
    )
    visit = scenario(table)
    assert "ended" not in visit.session.answers()

    final = visit.session.final_answers()

    assert final == {
        "began": "2019-05-20T12:00:00.000+08:00",
        "ended": "2019-05-20T12:00:00.000+08:00",
        "day": "2019-05-20",
        "device": "d1",
        "who": "li",
    }


def test_an_instance_is_called_as_the_form_says(scenario):
    table = "type | name\ntext | a"
    named = scenario(table, instance_name="concat(${a}, ' ', today())", answers={"a": "x"})
    unnamed = scenario(table)

    assert named.session.instance_name() == "x 2019-05-20"
    assert unnamed.session.instance_name() == "Visit"


def test_a_default_is_an_expression(scenario):
    table = """
        type                 | name | default
        text                 | a    | 'north'
        date                 | b    | '2019-05-30'
        integer              | c    | -1
        select_multiple word | d    | 'x y'
        date                 | e    | ${b} + 1
        text                 | f    | concat(${a}, ${c})
        text                 | g    | ''
    """
    assert scenario(table, choices={"word": ["x", "y"]}).session.answers() == {
        "a": "north",
        "b": "2019-05-30",
        "c": -1,
        "d": ["x", "y"],
        "e": "2019-05-31",
        "f": "north-1",
    }


def test_calculations_have_the_type_they_name(scenario):
    table = """
        type      | name | parameters   | calculation
        calculate | days | type=integer | date('2019-05-30') - date('2019-05-01')
        calculate | none | type=integer | number('')
        calculate | half | type=decimal | 1 div 2
        integer   | seen |              | ${days} + 1
    """
    assert scenario(table).session.answers() == {"days": 29, "half": "0.5", "seen": 30}


def test_a_session_resumed_from_its_answers_is_the_same(scenario):
    visit = scenario(VISIT)
    visit.answer("planned", "many")
    visit.add_row("contests")

    again = Session.resume(visit.compiled, visit.environment, visit.session.answers())

    assert again.answers() == visit.session.answers()
    assert again.state("en") == visit.session.state("en")
