"""What only shows between the files of a campaign."""

import json

from forms.campaign import parse_campaign, parse_units
from forms.campaign_lint import check_campaign, check_forms
from forms.catalogue import parse_definition

UNITS = parse_units(
    json.dumps(
        [
            {"code": "city", "name": "City", "kind": "city"},
            {"code": "village-1", "name": "一村", "kind": "village", "parent": "city"},
        ]
    ).encode()
)


def campaign(organiser="city", **item):
    document = {
        "id": "c",
        "title": "C",
        "organiser": {"unit": organiser, "name": "City"},
        "languages": ["en"],
        "default_language": "en",
        "items": [{"form": "visit", "title": "Visit", "owed_by": ["village"], **item}],
    }
    return parse_campaign(json.dumps(document).encode())


def form(form_id, *survey, **sheets):
    survey = survey or ({"type": "text", "name": "who", "label": "Who"},)
    settings = {"form_id": form_id, "version": "1", "form_title": form_id}
    document = {"settings": settings, "survey": list(survey), **sheets}
    return parse_definition(json.dumps(document).encode(), "d" * 64)


def rows(name):
    return {"type": "repeat", "name": name, "children": [{"type": "text", "name": "what"}]}


def places(findings):
    return [finding.path for finding in findings]


def test_a_campaign_with_its_units_and_forms_is_sound():
    assert check_campaign(campaign(), UNITS, [form("visit")]) == []


def test_an_organiser_that_is_no_unit_is_found():
    assert places(check_campaign(campaign("town"), UNITS, [form("visit")])) == ["organiser.unit"]


def test_an_item_without_its_form_is_found_with_the_form_that_was_meant():
    [finding] = check_campaign(campaign(form="visits"), UNITS, [form("visit")])

    assert finding.path == "items[0].form"
    assert "'visit'" in finding.suggestion


def test_an_item_about_a_form_that_is_not_there_is_found():
    found = check_campaign(campaign(about=["visit", "plan"]), UNITS, [form("visit")])

    assert places(found) == ["items[0].about[1]"]


def test_a_kind_that_no_unit_has_is_found():
    found = check_campaign(campaign(owed_by=["village", "island"]), UNITS, [form("visit")])

    assert places(found) == ["items[0].owed_by[1]"]


def test_own_entries_need_their_form_and_its_repeat():
    spec = {"source": "entries", "forms": ["plan", "lost"], "repeat": "works", "label": ["what"]}
    mine = form("visit", instances={"works": spec})

    assert places(check_forms(mine, [form("plan", rows("works"))])) == ["instances.works.forms[1]"]
    assert places(
        check_forms(mine, [form("plan", rows("trips")), form("lost", rows("works"))])
    ) == ["instances.works.forms[0]"]


def test_a_form_named_as_the_repeat_of_another_is_found():
    found = check_forms(form("visit-rows"), [form("visit", rows("rows"))])

    assert places(found) == ["settings.form_id"]
    assert "'visit-rows'" in found[0].message


def test_two_files_of_one_form_are_found():
    assert places(check_forms(form("visit"), [form("visit")])) == ["settings.form_id"]
