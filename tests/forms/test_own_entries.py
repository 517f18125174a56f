"""The list of rows that a unit's own entries hold."""

import json

from forms.catalogue import parse_definition
from forms.definition import OwnEntries
from forms.own_entries import items

SPEC = OwnEntries("mine", ("plan",), "works", ("what", "paint"))
DEFINITION = {
    "settings": {
        "form_id": "plan",
        "version": "1",
        "form_title": "Plan",
        "default_language": "zh-CN",
    },
    "choices": {"colour": [{"name": "red", "label": {"zh-CN": "红"}}]},
    "survey": [
        {"type": "text", "name": "who"},
        {"type": "integer", "name": "what"},
        {
            "type": "repeat",
            "name": "works",
            "children": [
                {"type": "text", "name": "what"},
                {
                    "type": "group",
                    "name": "look",
                    "children": [{"type": "select_one colour", "name": "paint"}],
                },
            ],
        },
    ],
}


def form(**settings):
    document = {**DEFINITION, "settings": {**DEFINITION["settings"], **settings}}
    return parse_definition(json.dumps(document).encode(), "d" * 64)


def row(row_id, **answers):
    return {"_row": row_id, **answers}


def test_each_row_is_an_item_named_by_its_row():
    answers = {"works": [row("r1", what="bridge"), row("r2", what="road")]}

    found = items(SPEC, [("e1", form(), answers)])

    assert [(item["name"], item["what"]) for item in found] == [("r1", "bridge"), ("r2", "road")]
    assert {(item["entry"], item["form"]) for item in found} == {("e1", "plan")}


def test_the_label_joins_what_a_person_reads_of_a_choice():
    answers = {"works": [row("r1", what="桥", look={"paint": "red"})]}

    [item] = items(SPEC, [("e1", form(), answers)])

    assert item["label"] == "桥 · 红"
    assert item["paint"] == "red"


def test_a_row_without_the_questions_of_its_label_is_labelled_by_its_id():
    [item] = items(SPEC, [("e1", form(), {"works": [row("r1")]})])

    assert item["label"] == "r1"


def test_the_head_comes_along_and_the_row_wins_over_it():
    answers = {"who": "A", "what": 7, "works": [row("r1", what="bridge")]}

    [item] = items(SPEC, [("e1", form(), answers)])

    assert (item["who"], item["what"]) == ("A", "bridge")


def test_entries_of_other_forms_give_nothing():
    assert items(SPEC, [("e1", form(form_id="other"), {"works": [row("r1")]})]) == []


def test_entries_without_rows_give_nothing():
    assert items(SPEC, [("e1", form(), {})]) == []


def test_a_version_without_the_repeat_gives_nothing():
    spec = OwnEntries("mine", ("plan",), "trips", ("what",))

    assert items(spec, [("e1", form(), {"works": [row("r1")]})]) == []
