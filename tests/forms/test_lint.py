"""What an author is told: every error at once, and what is likely not meant."""

import json

from forms.lint import Finding, check

SETTINGS = {"form_id": "visit", "version": "1", "form_title": {"zh-CN": "走访", "en": "Visit"}}


def findings(*survey, **sheets) -> list[Finding]:
    document = {"settings": SETTINGS, "survey": list(survey), **sheets}
    return check(json.dumps(document).encode(), "d" * 64)


def question(name, kind="text", label="Label", **columns):
    return {"type": kind, "name": name, "label": label, **columns}


def codes(found, severity):
    return {(finding.code, finding.path) for finding in found if finding.severity == severity}


def test_a_sound_form_has_no_findings():
    assert findings(question("who", required=True)) == []


def test_what_is_no_json_is_one_finding():
    [finding] = check(b"{", "d" * 64)

    assert (finding.severity, finding.code) == ("error", "json")


def test_errors_of_shape_are_all_found_at_once():
    found = findings(question("who", requird=True), question("n", "integr"))

    assert {finding.path for finding in found} == {"survey[0].requird", "survey[1].type"}
    assert found[0].suggestion == "Did you mean 'required'?"


def test_expressions_that_do_not_compile_are_all_found_with_their_columns():
    found = findings(
        question("a", relevant="1 +"),
        {"type": "group", "name": "g", "children": [question("b", constraint=". > nosuch(1)")]},
        question("c", calculation="${nobody}"),
    )

    assert {finding.path for finding in found if finding.severity == "error"} == {
        "survey[0].relevant",
        "survey[1].children[0].constraint",
        "survey[2].calculation",
    }
    assert next(f for f in found if "constraint" in f.path).column == 5


def test_a_reference_in_a_text_is_found_beside_other_errors():
    found = findings(
        question("a", label={"zh-CN": "${nobody}", "en": "Hello"}), question("b", relevant="1 +")
    )

    assert {finding.path for finding in found if finding.severity == "error"} == {
        "survey[0].label.zh-CN",
        "survey[1].relevant",
    }


def test_wrong_references_in_both_languages_of_a_label_are_told_together():
    found = findings(
        question("a", label={"zh-CN": "${nobody} ${none}", "en": "${nobody}"}, hint="${nowhere}")
    )

    assert sorted(finding.path for finding in found if finding.severity == "error") == [
        "survey[0].hint",
        "survey[0].label.en",
        "survey[0].label.zh-CN",
        "survey[0].label.zh-CN",
    ]


def test_more_errors_than_fifty_are_all_told():
    found = findings(*(question(f"q{number}", relevant="1 +") for number in range(70)))

    assert len([finding for finding in found if finding.severity == "error"]) == 70


def test_circles_are_told_one_by_one_and_beside_other_errors():
    found = findings(
        question("a", relevant="1 +"),
        {
            "type": "group",
            "name": "g",
            "relevant": "${b} = 'x'",
            "children": [question("b")],
        },
        question("c", calculation="${d}"),
        question("d", calculation="${c}"),
    )

    errors = [finding for finding in found if finding.severity == "error"]
    assert [finding.code for finding in errors] == ["syntax", "cycle", "cycle"]


def test_a_missing_translation_is_a_warning():
    found = findings(question("who", label={"zh-CN": "谁"}))

    assert ("missing_translation", "survey[0].label") in codes(found, "warning")


def test_a_text_for_all_languages_needs_no_translation():
    assert findings(question("who", label="Who")) == []


def test_a_list_that_nothing_uses_is_a_warning():
    colours = [{"name": "red", "label": "Red"}]

    found = findings(question("who"), choices={"colour": colours})

    assert ("unused_list", "choices.colour") in codes(found, "warning")


def test_a_list_that_only_an_expression_uses_is_used():
    colours = [{"name": "red", "label": "Red"}]
    lookup = "instance('colour')/root/item[name = 'red']/label"

    assert findings(question("who", calculation=lookup), choices={"colour": colours}) == []


def test_a_relevant_that_no_answer_can_change_is_a_warning():
    found = findings(question("who", relevant="1 = 1"))

    assert ("constant", "survey[0].relevant") in codes(found, "warning")


def test_an_appearance_that_has_no_effect_is_a_warning_with_what_was_meant():
    found = findings(question("who", appearance="multilin"))

    assert [finding.suggestion for finding in found] == ["Did you mean 'multiline'?"]


def test_a_question_without_a_label_is_a_warning():
    found = findings({"type": "text", "name": "who"})

    assert ("missing_label", "survey[0]") in codes(found, "warning")


def test_a_message_that_can_never_show_is_a_warning():
    found = findings(question("who", constraint_message="No"))

    assert ("lost_message", "survey[0].constraint_message") in codes(found, "warning")


def test_a_required_question_that_nobody_can_answer_is_a_warning():
    found = findings(question("who", required=True, read_only=True))

    assert ("unanswerable", "survey[0].required") in codes(found, "warning")


def test_an_accept_that_accepts_nothing_known_is_a_warning():
    found = findings(question("plan", "file", parameters={"accept": ".doc, pdf, image/*"}))

    assert [(each.code, each.path) for each in found if "pdf" in each.message] == [
        ("accept", "survey[0].parameters.accept")
    ]
