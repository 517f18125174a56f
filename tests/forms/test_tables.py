"""The relational shape: tables, columns and rows as ODK's CSV export would have them."""

import json

from forms.catalogue import parse_definition
from forms.tables import plan, shape

SETTINGS = {
    "form_id": "visit",
    "version": "1",
    "form_title": {"zh-CN": "走访", "en": "Visit"},
    "default_language": "zh-CN",
}
COLOURS = [
    {"name": "red", "label": {"zh-CN": "红", "en": "Red"}},
    {"name": "blue", "label": {"zh-CN": "蓝", "en": "Blue"}},
]


def form(*survey, settings=None, **sheets):
    document = {"settings": {**SETTINGS, **(settings or {})}, "survey": list(survey), **sheets}
    return parse_definition(json.dumps(document).encode(), "d" * 64)


def question(name, kind="text", **columns):
    return {"type": kind, "name": name, **columns}


def group(name, *children, kind="group"):
    return {
        "type": kind,
        "name": name,
        "label": {"zh-CN": "行", "en": "Rows"},
        "children": children,
    }


def names(table):
    return [column.name for column in table.columns]


def types(table):
    return {column.name: column.type for column in table.columns}


def only_row(made, answers):
    return plan(made).rows(answers)["visit"][0]


def test_a_question_is_a_column_and_a_note_is_none():
    made = form(question("who"), question("hello", "note", label="Hello"))

    assert names(shape(made)[0]) == ["who"]
    assert only_row(made, {"who": "A"}) == {"who": "A"}


def test_members_of_a_group_carry_its_name():
    made = form(group("head", question("who"), group("inner", question("age", "integer"))))

    assert names(shape(made)[0]) == ["head-who", "head-inner-age"]
    assert only_row(made, {"head": {"who": "A", "inner": {"age": 7}}}) == {
        "head-who": "A",
        "head-inner-age": 7,
    }


def test_what_was_not_answered_is_null():
    made = form(question("who"), group("head", question("age", "integer")))

    assert only_row(made, {}) == {"who": None, "head-age": None}


def test_numbers_are_numbers_of_the_database():
    made = form(
        question("n", "integer"),
        question("d", "decimal"),
        question("c", "calculate", calculation="1", parameters={"type": "integer"}),
    )

    assert types(shape(made)[0]) == {"n": "INTEGER", "d": "REAL", "c": "INTEGER"}
    assert only_row(made, {"n": 3, "d": "12.50", "c": 4}) == {"n": 3, "d": 12.5, "c": 4}


def test_an_integer_beyond_64_bits_does_not_stop_the_projection():
    assert only_row(form(question("n", "integer")), {"n": 10**30}) == {"n": 1e30}


def test_a_choice_gives_its_name_and_its_label_in_the_default_language():
    made = form(
        question("paint", "select_one colour"),
        question("paints", "select_multiple colour"),
        choices={"colour": COLOURS},
    )

    assert only_row(made, {"paint": "red", "paints": ["red", "blue"]}) == {
        "paint": "red",
        "paint-label": "红",
        "paints": "red blue",
        "paints-label": "红、蓝",
    }


def test_a_choice_from_own_entries_gives_the_id_of_its_row_alone():
    spec = {"source": "entries", "forms": ["plan"], "repeat": "rows", "label": ["who"]}
    made = form(question("about", "select_one mine"), instances={"mine": spec})

    assert only_row(made, {"about": "0a1b"}) == {"about": "0a1b"}


def test_a_geopoint_gives_four_numbers():
    made = form(question("site", "geopoint"))

    row = only_row(made, {"site": {"lat": "39.6", "lon": "109.8", "accuracy": "5"}})

    assert row == {
        "site-latitude": 39.6,
        "site-longitude": 109.8,
        "site-altitude": None,
        "site-accuracy": 5.0,
    }
    assert set(types(shape(made)[0]).values()) == {"REAL"}


def test_an_attachment_gives_its_name_digest_and_size():
    made = form(question("photo", "image"))
    photo = {"name": "p.png", "type": "image/png", "size": 12, "sha256": "a" * 64}

    assert only_row(made, {"photo": photo}) == {
        "photo": "p.png",
        "photo-sha256": "a" * 64,
        "photo-size": 12,
    }


def test_a_repeat_is_a_table_of_its_own_with_rows_in_order():
    made = form(question("who"), group("rows", question("what"), kind="repeat"))
    answers = {"who": "A", "rows": [{"_row": "r1", "what": "x"}, {"_row": "r2"}]}

    rows = plan(made).rows(answers)

    assert [table.name for table in shape(made)] == ["visit", "visit-rows"]
    assert rows["visit"] == [{"who": "A"}]
    assert rows["visit-rows"] == [
        {"_row": "r1", "_position": 1, "what": "x"},
        {"_row": "r2", "_position": 2, "what": None},
    ]


def test_rows_inside_rows_know_the_row_above():
    inner = group("legs", question("km", "integer"), kind="repeat")
    made = form(group("trips", question("to"), inner, kind="repeat"))
    answers = {"trips": [{"_row": "t1", "to": "B", "legs": [{"_row": "l1", "km": 4}]}]}

    rows = plan(made).rows(answers)

    assert shape(made)[2].repeat == "trips/legs"
    assert rows["visit-trips-legs"] == [
        {"_row": "l1", "_position": 1, "_parent_row": "t1", "km": 4}
    ]


def test_rows_inside_a_group_are_found():
    made = form(group("part", group("rows", question("what"), kind="repeat")))

    rows = plan(made).rows({"part": {"rows": [{"_row": "r1", "what": "x"}]}})

    assert rows["visit-part-rows"] == [{"_row": "r1", "_position": 1, "what": "x"}]


def test_titles_and_labels_stand_in_every_language_of_the_form():
    made = form(
        group(
            "rows",
            question("site", "geopoint", label={"zh-CN": "位置", "en": "Site"}),
            kind="repeat",
        )
    )

    table = shape(made)[1]

    assert table.title == {"zh-CN": "走访 · 行", "en": "Visit · Rows"}
    assert table.columns[0].label == {"zh-CN": "位置 · 纬度", "en": "Site · latitude"}


def test_facets_fall_on_the_column_that_people_read():
    made = form(
        question("paint", "select_one colour"),
        question("who"),
        choices={"colour": COLOURS},
        settings={"facets": ["paint", "who"]},
    )

    assert [c.name for c in shape(made)[0].columns if c.facet] == ["paint-label", "who"]


def test_texts_and_labels_are_searched_and_numbers_are_not():
    made = form(
        question("who"),
        question("n", "integer"),
        question("paint", "select_one colour"),
        choices={"colour": COLOURS},
    )

    assert [c.name for c in shape(made)[0].columns if c.search] == ["who", "paint-label"]


def test_a_plan_may_be_kept_for_many_answers():
    kept = plan(form(question("who")))

    assert [kept.rows({"who": who})["visit"][0]["who"] for who in "ab"] == ["a", "b"]
