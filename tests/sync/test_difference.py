"""Differences between two versions of an entry."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.difference import Difference, differences

KINDS = {"head": "group", "contests": "repeat", "contests/people": "repeat"}
TURNED = {"added": "removed", "removed": "added", "changed": "changed", "moved": "moved"}


def row(row_id: str, **answers: Any) -> dict[str, Any]:
    return {"_row": row_id, **answers}


def found(old: Any, new: Any, **reasons: Any) -> list[tuple[str, Any, Any, str]]:
    return [
        (each.path, each.before, each.after, each.kind)
        for each in differences(old, new, KINDS, **reasons)
    ]


def test_equal_versions_have_no_differences():
    answers = {"one": 1, "contests": [row("1", x=[1]), row("2")]}

    assert found(answers, {"contests": [row("1", x=[1]), row("2")], "one": 1, "head": {}}) == []


def test_answers_come_go_and_change():
    assert found({"one": 1, "two": 2, "head": {"x": 1}}, {"two": 3, "head": {"x": 1, "y": 2}}) == [
        ("one", 1, None, "removed"),
        ("two", 2, 3, "changed"),
        ("head/y", None, 2, "added"),
    ]


def test_against_nothing_everything_is_added():
    assert found(None, {"one": 1, "contests": [row("1", x=1)]}) == [
        ("one", None, 1, "added"),
        ("contests[1]", None, row("1", x=1), "added"),
    ]


def test_rows_that_come_or_go_are_told_as_a_whole_and_the_others_by_their_answers():
    old = {"contests": [row("1", x=1), row("2", x=1)]}
    new = {"contests": [row("3"), row("2", x=2, people=[row("p")])]}

    assert found(old, new) == [
        ("contests[1]", row("1", x=1), None, "removed"),
        ("contests[2]/x", 1, 2, "changed"),
        ("contests[2]/people[p]", None, row("p"), "added"),
        ("contests[3]", None, row("3"), "added"),
    ]


def test_rows_that_change_places_are_told_once():
    old = {"contests": [row("1"), row("2")]}
    new = {"contests": [row("2"), row("3"), row("1")]}

    assert found(old, new)[-1] == ("contests#order", ["1", "2"], ["2", "3", "1"], "moved")


def test_an_answer_of_another_type_is_changed():
    assert found({"one": 1}, {"one": True}) == [("one", 1, True, "changed")]


def test_a_blank_answer_is_not_the_same_as_none():
    assert found({"one": None}, {}) == [("one", None, None, "removed")]


def test_reasons_are_told_by_themselves():
    reasons = {"old_reasons": {"one": "a"}, "new_reasons": {"one": "b", "two": "c"}}

    assert found({"one": 1}, {"one": 1}, **reasons) == [
        ("one#reason", "a", "b", "changed"),
        ("two#reason", None, "c", "added"),
    ]


def test_what_is_no_repeat_in_one_of_them_is_compared_as_a_whole():
    rows = [row("1")]

    assert found({"contests": rows}, {"contests": "none"}) == [
        ("contests", rows, "none", "changed")
    ]


rows = st.lists(
    st.builds(lambda name, x: row(name, x=x), st.sampled_from("1234"), st.integers(0, 1)),
    unique_by=lambda each: each["_row"],
)
versions = st.fixed_dictionaries(
    {}, optional={"one": st.integers(0, 1), "head": st.just({"x": 1}), "contests": rows}
)


@given(versions, versions)
def test_the_other_way_round_every_difference_is_turned(old, new):
    there = differences(old, new, KINDS)
    back = differences(new, old, KINDS)

    turned = {(each.path, str(each.after), str(each.before), TURNED[each.kind]) for each in back}
    assert {(each.path, str(each.before), str(each.after), each.kind) for each in there} == turned


@given(versions, versions)
def test_no_difference_is_told_where_there_is_none(old, new):
    told: tuple[Difference, ...] = differences(old, new, KINDS)

    assert (not told) == (without_blanks(old) == without_blanks(new))


def without_blanks(answers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if value not in ([], {})}
