"""Merging the heads of an entry: the cases of the table in `sync/README.md`."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.merge import Contender, Contested, Kind, Merged, Version, heads_of, merge

KINDS = {
    "head": Kind.GROUP,
    "head/name": Kind.VALUE,
    "head/place": Kind.VALUE,
    "contests": Kind.REPEAT,
    "contests/project": Kind.VALUE,
    "contests/days": Kind.CALCULATED,
    "contests/people": Kind.REPEAT,
    "contests/people/name": Kind.VALUE,
    "total": Kind.CALCULATED,
}


def version(digest: str, *parents: str, **more: Any) -> Version:
    """Return a version with some answers; `void` makes it void for that reason."""
    reason = more.pop("void", None)
    reasons = more.pop("reasons", {})
    answers = more.pop("answers", more)
    operation = "put" if reason is None else "void"
    return Version(digest, parents, operation, answers, reasons, reason)


def merged(*versions: Version, kinds: Mapping[str, str] = KINDS) -> Merged:
    """Merge some versions."""
    return merge({each.digest: each for each in versions}, kinds)


def row(row_id: str, **answers: Any) -> dict[str, Any]:
    """Return a row of a repeat."""
    return {"_row": row_id, **answers}


def rows(*names: str) -> list[dict[str, Any]]:
    """Return rows that say nothing but their names."""
    return [row(name, project=name) for name in names]


def paths(found: Merged) -> list[str]:
    """Return what is contested."""
    return [each.path for each in found.contested]


def order(found: Merged) -> str:
    """Return the ids of the rows in their order."""
    return "".join(each["_row"] for each in found.answers.get("contests", ()))


def test_one_head_is_the_entry_verbatim():
    answers = {"head": {}, "contests": [], "unknown": {"b": [1, None], "a": True}}

    found = merged(version("a", answers={"x": 1}), version("b", "a", answers=answers))

    assert found.answers is answers
    assert (found.heads, found.contested) == (("b",), ())


def test_no_revision_is_no_entry():
    with pytest.raises(ValueError, match="without a revision"):
        merge({}, KINDS)


def test_the_longest_history_is_preferred_then_the_greatest_digest():
    versions = [version("x"), version("y", "x"), version("a", "y"), version("z", "x")]

    assert heads_of({each.digest: each for each in versions}) == ("a", "z")
    assert heads_of({name: version(name) for name in "ab"}) == ("b", "a")


def test_changes_of_different_paths_are_both_taken():
    found = merged(
        version("x", one=1, two=1), version("a", "x", one=2, two=1), version("b", "x", one=1, two=2)
    )

    assert found.answers == {"one": 2, "two": 2}
    assert found.contested == ()
    assert found.heads == ("b", "a")


def test_a_change_of_one_path_to_the_same_is_no_conflict():
    found = merged(version("x", one=1), version("a", "x", one=2), version("b", "x", one=2, two=1))

    assert found.answers == {"one": 2, "two": 1}
    assert found.contested == ()


def test_a_path_that_both_changed_is_contested_and_shows_the_preferred_heads():
    found = merged(version("x", one=1), version("a", "x", one=2), version("b", "x", one=3))

    assert found.answers == {"one": 3}
    assert found.contested == (
        Contested("one", (Contender("b", True, 3), Contender("a", True, 2))),
    )


def test_an_answer_taken_back_and_changed_is_contested():
    found = merged(version("x", one=1), version("b", "x"), version("a", "x", one=3))

    assert found.answers == {}
    assert found.contested[0].contenders[0] == Contender("b", False, None)


def test_an_answer_taken_back_that_the_other_left_alone_is_gone():
    found = merged(version("x", one=1), version("a", "x"), version("b", "x", one=1, two=2))

    assert found.answers == {"two": 2}


def test_numbers_texts_and_truths_are_different_values():
    found = merged(version("x"), version("a", "x", one=1), version("b", "x", one=True))

    assert paths(found) == ["one"]


def test_what_belongs_together_is_contested_as_a_whole():
    here, there = {"lat": "39.8", "lon": "110.0"}, {"lat": "39.9", "lon": "110.0"}
    found = merged(
        version("x", place=here),
        version("a", "x", place=there),
        version("b", "x", place={**here, "lon": "110.1"}),
    )

    assert paths(found) == ["place"]
    assert found.answers == {"place": {**here, "lon": "110.1"}}


def test_groups_are_merged_question_by_question():
    found = merged(
        version("x", head={"name": "A", "place": "B"}),
        version("a", "x", head={"name": "A1", "place": "B"}),
        version("b", "x", head={"name": "A", "place": "B1"}),
    )

    assert found.answers == {"head": {"name": "A1", "place": "B1"}}


def test_a_group_that_a_caller_calls_a_value_is_one():
    found = merged(
        version("x", head={"name": "A", "place": "B"}),
        version("a", "x", head={"name": "A1", "place": "B"}),
        version("b", "x", head={"name": "A", "place": "B1"}),
        kinds={"head": "value"},
    )

    assert paths(found) == ["head"]


def test_rows_that_both_added_are_both_there():
    found = merged(
        version("x", contests=rows("1")),
        version("a", "x", contests=rows("1", "3")),
        version("b", "x", contests=rows("1", "2")),
    )

    assert order(found) == "123"
    assert found.contested == ()


def test_a_row_taken_away_is_gone_where_the_other_left_it_alone():
    found = merged(
        version("x", contests=rows("1", "2")),
        version("a", "x", contests=rows("2")),
        version("b", "x", contests=rows("1", "2"), one=1),
    )

    assert order(found) == "2"
    assert found.contested == ()


def test_a_row_taken_away_that_the_other_changed_is_kept_and_contested():
    found = merged(
        version("x", contests=rows("1", "2")),
        version("a", "x", contests=[row("1", project="new"), row("2", project="2")]),
        version("b", "x", contests=rows("2")),
    )

    assert found.answers == {"contests": [row("1", project="new"), row("2", project="2")]}
    assert found.contested == (
        Contested(
            "contests[1]",
            (Contender("a", True, row("1", project="new")), Contender("b", False, None)),
        ),
    )


def test_a_row_of_which_only_a_calculation_changed_is_left_alone():
    found = merged(
        version("x", contests=[row("1", project="1", days=3)]),
        version("a", "x", contests=[row("1", project="1", days=4)]),
        version("b", "x"),
    )

    assert found.answers == {}
    assert found.contested == ()


def test_a_calculation_is_never_contested():
    found = merged(
        version("x", total=1), version("a", "x", total=2, one=1), version("b", "x", total=3)
    )

    assert found.answers == {"one": 1, "total": 3}
    assert found.contested == ()


def test_rows_within_rows_are_merged_alike():
    def inner(*people: dict[str, Any]) -> list[dict[str, Any]]:
        return [row("1", people=list(people))]

    found = merged(
        version("x", contests=inner(row("p", name="A"), row("q", name="B"))),
        version("a", "x", contests=inner(row("p", name="A1"), row("q", name="B"))),
        version("b", "x", contests=inner(row("p", name="A2"))),
    )

    assert found.answers == {"contests": inner(row("p", name="A2"))}
    assert paths(found) == ["contests[1]/people[p]/name"]


def test_who_moved_rows_wins_over_who_did_not():
    found = merged(
        version("x", contests=rows(*"123")),
        version("a", "x", contests=rows(*"312")),
        version("b", "x", contests=rows(*"1243")),
    )

    assert order(found) == "3124"
    assert found.contested == ()


def test_rows_moved_differently_are_contested():
    found = merged(
        version("x", contests=rows(*"123")),
        version("a", "x", contests=rows(*"312")),
        version("b", "x", contests=rows(*"213")),
    )

    assert order(found) == "213"
    assert found.contested == (
        Contested(
            "contests#order",
            (Contender("b", True, ["2", "1", "3"]), Contender("a", True, ["3", "1", "2"])),
        ),
    )


def test_rows_moved_alike_are_not_contested():
    found = merged(
        version("x", contests=rows(*"123")),
        version("a", "x", contests=rows(*"3124")),
        version("b", "x", contests=rows(*"312")),
    )

    assert order(found) == "3124"
    assert found.contested == ()


def test_the_order_of_rows_of_which_one_is_gone_is_not_contested():
    found = merged(
        version("x", contests=rows(*"123")),
        version("a", "x", contests=rows(*"321")),
        version("b", "x", contests=rows(*"21")),
    )

    assert order(found) == "21"
    assert found.contested == ()


def test_new_rows_follow_their_predecessor_each_side_in_one_piece():
    found = merged(
        version("x", contests=rows(*"12")),
        version("a", "x", contests=rows(*"71682")),
        version("b", "x", contests=rows(*"413952")),
    )

    assert order(found) == "47" + "1" + "395" + "68" + "2"


def test_a_reason_belongs_to_its_answer():
    found = merged(
        version("x", one=1),
        version("a", "x", one=2, reasons={"one": "measured again"}),
        version("b", "x", one=1, two=2),
    )

    assert found.reasons == {"one": "measured again"}


def test_another_reason_for_the_same_answer_is_contested():
    found = merged(
        version("x", one=1),
        version("a", "x", one=2, reasons={"one": "measured again"}),
        version("b", "x", one=2, reasons={"one": "misread"}),
    )

    assert found.reasons == {"one": "misread"}
    assert found.contested[0].contenders[1] == Contender("a", True, 2, "measured again")


def test_a_reason_in_a_row_goes_with_the_row():
    reasons = {"contests[1]/project": "because"}
    found = merged(
        version("x", contests=rows("1"), reasons=reasons),
        version("a", "x"),
        version("b", "x", contests=rows("1"), reasons=reasons, one=1),
    )

    assert found.answers == {"one": 1}
    assert found.reasons == {}


def test_a_reason_for_what_is_calculated_is_kept():
    found = merged(
        version("x", total=1),
        version("a", "x", total=2, reasons={"total": "a long way"}),
        version("b", "x", total=3),
    )

    assert found.reasons == {"total": "a long way"}
    assert found.contested == ()


def test_reasons_without_an_answer_are_kept():
    reasons = {"one": "why", "contests[9]/x": "no such row", "[": "no path"}
    found = merged(version("x"), version("a", "x", reasons=reasons), version("b", "x", two=2))

    assert found.reasons == reasons
    assert found.answers == {"two": 2}


def test_an_entry_made_void_that_the_other_left_alone_is_void():
    found = merged(
        version("x", one=1, total=1), version("a", "x", void="twice"), version("b", "x", one=1)
    )

    assert (found.operation, found.reason, found.answers) == ("void", "twice", {})
    assert found.contested == ()


def test_an_entry_made_void_that_the_other_changed_is_kept_and_contested():
    found = merged(version("x", one=1), version("b", "x", void="twice"), version("a", "x", one=2))

    assert (found.operation, found.reason, found.answers) == ("put", None, {"one": 2})
    assert found.contested == (
        Contested("", (Contender("a", True, "put"), Contender("b", False, "void", "twice"))),
    )


def test_an_entry_made_void_for_two_reasons_is_void_and_contested():
    found = merged(
        version("x", one=1), version("a", "x", void="twice"), version("b", "x", void="wrong")
    )

    assert (found.operation, found.reason) == ("void", "wrong")
    assert paths(found) == [""]


def test_a_void_entry_that_one_side_took_up_again_stands():
    found = merged(
        version("x", void="twice"), version("a", "x", one=1), version("b", "x", void="twice")
    )

    assert (found.operation, found.answers) == ("put", {"one": 1})
    assert found.contested == ()


def test_three_heads_are_merged_at_once():
    found = merged(
        version("x", one=1, two=1, three=1),
        version("a", "x", one=2, two=1, three=1),
        version("b", "x", one=1, two=2, three=2),
        version("c", "x", one=1, two=1, three=3),
    )

    assert found.answers == {"one": 2, "two": 2, "three": 3}
    assert [(each.path, [one.digest for one in each.contenders]) for each in found.contested] == [
        ("three", ["c", "b"])
    ]


def test_a_revision_that_follows_all_heads_ends_the_conflict():
    found = merged(
        version("x", one=1),
        version("a", "x", one=2),
        version("b", "x", one=3),
        version("c", "a", "b", one=2),
    )

    assert (found.answers, found.contested) == ({"one": 2}, ())


def criss_cross(**last: Any) -> Merged:
    """Merge two heads that each merged the same two revisions before."""
    return merged(
        version("x", one=0),
        version("a", "x", one=1),
        version("b", "x", one=2),
        version("c", "a", "b", one=last["c"]),
        version("d", "a", "b", one=last["d"]),
    )


def test_where_lowest_common_ancestors_differ_no_side_is_unchanged():
    assert paths(criss_cross(c=1, d=2)) == ["one"]
    assert paths(criss_cross(c=1, d=3)) == ["one"]
    assert paths(criss_cross(c=3, d=3)) == []


def test_without_a_known_ancestor_everything_that_differs_is_contested():
    found = merged(
        version("a", "?", one=1, two=2, contests=rows("1", "2")),
        version("b", "!", one=1, two=3, contests=rows("2")),
    )

    assert paths(found) == ["two", "contests[1]"]
    assert order(found) == "12"


def test_an_unknown_revision_in_common_is_no_base():
    found = merged(version("x", one=1), version("a", "?", one=1), version("b", "?", one=2))

    assert paths(found) == ["one"]


def test_an_unknown_revision_above_one_head_could_be_a_nearer_ancestor():
    found = merged(
        version("x", one=1),
        version("y", "x", one=2),
        version("a", "?", "x", one=1),  # the unknown one may follow y, and a have changed it back
        version("b", "y", one=2),
    )

    assert paths(found) == ["one"]


def test_what_lies_above_the_common_ancestor_may_be_unknown():
    found = merged(version("x", "?", one=1), version("a", "x", one=2), version("b", "x", one=1))

    assert (found.answers, found.contested) == ({"one": 2}, ())


def test_answers_of_another_version_of_the_form_are_kept_verbatim():
    odd = {"_row": "no row", "deep": [{"x": True}], "": None}
    found = merged(
        version("x", one=1),
        version("a", "x", one=1, odd=odd, head={"name": "A", "odd": odd}),
        version("b", "x", one=2, contests=[row("1", odd=odd)]),
    )

    assert found.answers == {
        "one": 2,
        "odd": odd,
        "head": {"name": "A", "odd": odd},
        "contests": [row("1", odd=odd)],
    }


@pytest.mark.parametrize("shape", ["text", [{"project": "no id"}], [row("1"), row("1")], [1]])
def test_what_does_not_look_like_a_repeat_is_a_value(shape: Any):
    found = merged(
        version("x", contests=rows("1")),
        version("a", "x", contests=shape),
        version("b", "x", contests=rows("1"), one=1),
    )

    assert found.answers == {"contests": shape, "one": 1}


def test_what_does_not_look_like_a_group_is_a_value():
    found = merged(
        version("x", head={"name": "A"}),
        version("a", "x", head="text"),
        version("b", "x", head={"name": "B"}),
    )

    assert paths(found) == ["head"]


def test_heads_that_say_the_same_are_one_verbatim():
    found = merged(
        version("x"),
        version("a", "x", head={}, contests=[]),
        version("b", "x", head={}, contests=[]),
    )

    assert found.answers == {"head": {}, "contests": []}
    assert found.heads == ("b", "a")
