"""Examples are valid answers, varied, and the same for the same seed."""

import json
from datetime import UTC, datetime

import pytest

from forms.catalogue import load_form
from forms.errors import ExampleError
from forms.example import Wish, examples, file_name, file_questions

NOW = datetime(2026, 5, 30, 8, 0, tzinfo=UTC)
SETTINGS = {"form_id": "visit", "version": "1", "form_title": "Visit", "default_language": "en"}


def form(*survey, **sheets):
    document = {"settings": SETTINGS, "survey": list(survey), **sheets}
    return load_form(json.dumps(document).encode(), "d" * 64)


def made(compiled, *, seed=1, count=10, rows=None, files=False):
    return list(examples(compiled, Wish(seed, count, rows, files), NOW))


def question(name, kind="text", **columns):
    return {"type": kind, "name": name, **columns}


def rows_of(*children, **columns):
    return {"type": "repeat", "name": "rows", "children": list(children), **columns}


def test_the_same_seed_gives_the_same_examples_and_another_gives_others():
    compiled = form(question("who", required=True), rows_of(question("what", required=True)))

    assert made(compiled, seed=7) == made(compiled, seed=7)
    assert made(compiled, seed=7) != made(compiled, seed=8)


def test_every_required_question_is_answered():
    kinds = [
        "text",
        "integer",
        "decimal",
        "date",
        "time",
        "datetime",
        "geopoint",
        "barcode",
        "acknowledge",
    ]
    compiled = form(*(question(f"q_{kind}", kind, required=True) for kind in kinds))

    assert all(set(answers) == {f"q_{kind}" for kind in kinds} for answers in made(compiled))


def test_optional_questions_are_answered_now_and_then():
    answered = [len(answers) for answers in made(form(question("who")), count=40)]

    assert {0, 1} == set(answered)


@pytest.mark.parametrize(
    ("kind", "constraint"),
    [
        ("integer", ". >= 1900 and . <= 1950"),
        ("integer", ". > 0 and . < 3"),
        ("decimal", ". >= 0 and regex(., '^[0-9]+([.][0-9]{1,2})?$')"),
        ("date", ". >= date('2019-01-01') and . <= date('2020-12-31')"),
        ("date", ". <= today()"),
        ("text", "regex(., '^[A-Z]{2}[0-9]{4}$')"),
        ("text", "string-length(.) >= 50 and string-length(.) <= 60"),
        ("text", "string-length(.) <= 5"),
    ],
)
def test_constraints_of_the_usual_kinds_are_met(kind, constraint):
    compiled = form(question("q", kind, constraint=constraint, required=True))

    assert all(answers["q"] is not None for answers in made(compiled))


def test_a_constraint_that_refers_to_an_earlier_answer_is_met():
    compiled = form(
        question("starts", "date", required=True),
        question("ends", "date", required=True, constraint=". >= ${starts}"),
    )

    assert all(answers["ends"] >= answers["starts"] for answers in made(compiled))


def test_a_cascade_is_followed():
    choices = {
        "region": [{"name": name, "label": name} for name in ("north", "south")],
        "town": [
            {"name": f"{region}{number}", "label": "Town", "region": region}
            for region in ("north", "south")
            for number in range(3)
        ],
    }
    town = question("town", "select_one town", choice_filter="region = ${region}", required=True)
    compiled = form(question("region", "select_one region", required=True), town, choices=choices)

    found = made(compiled, count=30)

    assert all(answers["town"].startswith(answers["region"]) for answers in found)
    assert {answers["region"] for answers in found} == {"north", "south"}


def test_several_choices_stand_in_the_order_of_the_list():
    letters = [{"name": letter, "label": letter} for letter in "cab"]
    compiled = form(
        question("q", "select_multiple letter", required=True), choices={"letter": letters}
    )

    assert all(
        answers["q"] == sorted(answers["q"], key="cab".index)
        for answers in made(compiled, count=30)
    )


def test_soft_constraints_are_now_and_then_broken_with_a_reason():
    compiled = form(
        question("n", "integer", required=True, soft_constraint=". < 100"),
    )

    found = made(compiled, count=60)

    broken = [answers for answers in found if answers["n"] >= 100]
    assert 0 < len(broken) < len(found)
    assert all(answers["_reasons"]["n"] for answers in broken)
    assert all("_reasons" not in answers for answers in found if answers["n"] < 100)


def test_rows_are_as_many_as_wished_within_the_limits_of_the_form():
    compiled = form(rows_of(question("what", required=True), min_rows=2, max_rows=8))

    assert [len(made(compiled, rows=rows)[0]["rows"]) for rows in (0, 5, 99)] == [2, 5, 8]


def test_rows_carry_their_ids():
    [answers] = made(form(rows_of(question("what", required=True))), count=1, rows=3)

    assert len({row["_row"] for row in answers["rows"]}) == 3


def test_what_only_the_device_can_supply_is_left_out():
    compiled = form(
        question("who", default="property('member_name')"),
        question("unit", default="property('unit_name')", read_only=True),
        question("twice", "integer", calculation="${n} * 2"),
        question("n", "integer", required=True),
        question("day", "today"),
    )

    assert all(set(answers) == {"who", "n"} for answers in made(compiled))


def test_files_are_named_only_where_they_are_there_or_must_be():
    compiled = form(question("photo", "image"), question("plan", "file", required=True))

    assert made(compiled)[0] == {"plan": "example.pdf"}
    assert any(answers.get("photo") == "example.png" for answers in made(compiled, files=True))


def test_rows_that_need_a_file_wait_for_files():
    compiled = form(rows_of(question("photo", "image", required=True)))

    assert made(compiled, count=1, rows=3) == [{}]
    assert len(made(compiled, count=1, rows=3, files=True)[0]["rows"]) == 3


def test_a_file_is_of_a_kind_that_the_question_accepts():
    compiled = form(question("plan", "file", parameters={"accept": ".docx, .txt"}))

    assert file_name(file_questions(compiled.form)[0]) == "example.docx"


def test_a_file_of_an_accepted_media_type_answers_a_question():
    compiled = form(question("p", "file", required=True, parameters={"accept": "image/*"}))

    assert made(compiled)[0] == {"p": "example.png"}


def test_a_required_choice_of_own_entries_is_some_row():
    spec = {"source": "entries", "forms": ["plan"], "repeat": "rows", "label": ["what"]}
    compiled = form(question("about", "select_one mine", required=True), instances={"mine": spec})

    assert all(len(answers["about"]) == 16 for answers in made(compiled))


def test_a_form_that_nobody_can_fill_is_said_to_be_so():
    compiled = form(question("n", "integer", required=True, constraint=". > 1 and . < 1"))

    with pytest.raises(ExampleError) as caught:
        made(compiled)

    assert caught.value.path == "n"
