"""Adding: answers laid over a form that was just opened."""

import json
import os

import pytest

from client.errors import NotFoundError


@pytest.fixture
def add(services, tmp_path):
    def run(document, form="visit"):
        return services.adder.add(form, document, tmp_path)

    return run


@pytest.fixture
def answers_of(services):
    return lambda outcome: services.entry(outcome["entry"])["answers"]


def codes(outcome):
    return {(each["path"], each["code"]) for each in outcome["violations"]}


def test_defaults_calculations_and_row_ids_are_supplied(add, answers_of):
    answers = answers_of(
        add({"title": "一", "rows": [{"what": "沙"}, {"what": "石", "amount": 4}]})
    )

    assert answers["unit_name"] == "北旗总工会"
    assert answers["total"] == 5
    assert [row["number"] for row in answers["rows"]] == [1, 2]
    assert len({row["_row"] for row in answers["rows"]}) == 2


def test_given_row_ids_are_kept(add, answers_of):
    answers = answers_of(add({"title": "一", "rows": [{"_row": "r1", "what": "沙"}]}))

    assert answers["rows"][0]["_row"] == "r1"


def test_a_null_takes_a_default_back(add, answers_of):
    assert "on" not in answers_of(add({"title": "一", "on": None}))


def test_calculations_are_computed_whatever_is_given(add, answers_of):
    assert answers_of(add({"title": "一", "total": 99, "rows": []}))["total"] == 0


def test_the_same_read_only_value_is_accepted_another_is_not(add):
    assert "entry" in add({"title": "一", "unit_name": "北旗总工会"})
    assert codes(add({"title": "一", "unit_name": "南旗"})) == {("unit_name", "read_only")}


def test_all_that_is_wrong_is_told_together(add, services):
    outcome = add({"colour": "red", "people": "viele", "rows": [{"size": 3}]})

    found = codes(outcome)
    assert ("colour", "unknown_question") in found
    assert ("people", "type") in found
    assert ("title", "required") in found
    assert ("rows[1]/size", "unknown_question") in found  # by its position: it was given no id
    assert services.entries() == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"rows": {"what": "x"}}, ("rows", "type")),
        ({"rows": ["x"]}, ("rows", "type")),
        ({"_row": "x"}, ("_row", "unknown_question")),
        ({"_reasons": ["x"]}, ("_reasons", "type")),
        ({"rows": [{"_row": "a b", "what": "x"}]}, ("rows", "row_id")),
        ({"rows": [{"_row": 7, "what": "x"}]}, ("rows", "row_id")),
        ({"rows": [{"_row": "a", "what": "x"}, {"_row": "a", "what": "y"}]}, ("rows[a]", "row_id")),
        ({"paper": "nowhere.pdf"}, ("paper", "file")),
        ({"people": 1.5}, ("people", "type")),
        ({"kind": "c"}, ("kind", "choice")),
    ],
)
def test_what_cannot_be_an_answer_is_a_violation(add, document, expected):
    assert expected in codes(add({"title": "一", **document}))


def test_more_rows_than_allowed_are_a_violation(add):
    rows = [{"what": "x"}] * 6

    assert ("rows", "max_rows") in codes(add({"title": "一", "rows": rows}))


def test_a_reason_passes_a_soft_constraint(add, services):
    outcome = add({"title": "一", "people": 5000, "_reasons": {"people": "全市大会，已核对签到表"}})

    assert services.entry(outcome["entry"])["reasons"] == {"people": "全市大会，已核对签到表"}


def test_a_file_is_found_beside_the_answers_and_copied_in(add, answers_of, services, tmp_path):
    (tmp_path / "方案.pdf").write_bytes(b"%PDF")
    (tmp_path / "a.png").write_bytes(b"png")

    answers = answers_of(
        add({"title": "一", "paper": "方案.pdf", "rows": [{"what": "沙", "photo": "a.png"}]})
    )

    assert answers["paper"]["type"] == "application/pdf"
    assert answers["rows"][0]["photo"]["size"] == 3
    assert services.blob(answers["paper"]["sha256"]).read_bytes() == b"%PDF"


def test_an_unknown_form_is_an_error_that_names_the_forms(add):
    with pytest.raises(NotFoundError) as caught:
        add({}, form="vist")

    assert "visit" in caught.value.hint


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"], ids=["NUL", "half a character"])
def test_a_path_that_no_file_can_have_is_a_violation(add, path):
    outcome = add({"title": "一", "paper": path})

    assert codes(outcome) == {("paper", "file")}
    assert json.dumps(outcome, ensure_ascii=False).encode()


def test_a_row_id_given_twice_below_different_rows_is_a_violation(
    services, office, add, visit_form
):
    rows = next(node for node in visit_form["survey"] if node["name"] == "rows")
    inner = {"type": "repeat", "name": "parts", "label": {"zh-CN": "件", "en": "Parts"}}
    inner["children"] = [{"type": "text", "name": "part", "label": {"zh-CN": "件", "en": "Part"}}]
    rows["children"].append(inner)
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    services.rounds.run()
    twice = [{"what": "沙", "parts": [{"_row": "same", "part": name}]} for name in "ab"]

    outcome = add({"title": "一", "rows": twice})

    assert {code for _, code in codes(outcome)} == {"row_id"}


def test_an_empty_file_is_a_violation_of_its_question(add, tmp_path):
    (tmp_path / "plan.pdf").write_bytes(b"")

    assert codes(add({"title": "一", "paper": "plan.pdf"})) == {("paper", "empty_file")}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_is_no_file_to_attach_and_does_not_hang(add, tmp_path):
    os.mkfifo(tmp_path / "pipe.pdf")

    assert ("paper", "file") in codes(add({"title": "一", "paper": "pipe.pdf"}))
    assert ("paper", "file") in codes(add({"title": "一", "paper": "."}))
