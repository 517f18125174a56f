"""Moving drafts to newer versions of their forms: the look beforehand, and what becomes of answers."""

import pytest

from client.errors import NotFoundError
from client.services import open_services


@pytest.fixture
def draft(services):
    draft = services.filling.open_blank("visit", "zh-CN")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.filling.answer(draft, "people", 3, "zh-CN")
    row = services.filling.add_row(draft, "rows", "zh-CN")["added"][0]
    services.filling.answer(draft, f"{row}/what", "沙子", "zh-CN")
    return draft


@pytest.fixture
def publish(services, office, visit_form):
    """Publish version 2: `people` is gone, `amount` is gone from the rows, `place` is required."""

    def publish(version="2"):
        visit_form["settings"]["version"] = version
        survey = [each for each in visit_form["survey"] if each["name"] not in ("people", "total")]
        rows = next(each for each in survey if each["name"] == "rows")
        rows["children"] = [each for each in rows["children"] if each["name"] != "amount"]
        place = {"type": "text", "name": "place", "label": "地点", "required": True}
        office.publish({**visit_form, "survey": [*survey, place]})
        services.rounds.run()

    return publish


def values(view):
    return {each["path"]: each["value"] for each in view["states"] if each["kind"] == "question"}


def test_what_would_change_is_told_and_nothing_changes(services, draft, publish):
    publish()
    before = services.filling.view(draft, "zh-CN")

    told = services.upgrading.preview(draft, "zh-CN")

    assert (told["from"]["version"], told["to"]["version"]) == ("1", "2")
    assert (told["is_newest"], told["applied"]) == (False, False)
    dropped = {each["path"].partition("[")[0]: each for each in told["dropped"]}
    assert (dropped["people"]["label"], dropped["people"]["text"]) == ("人数", "3")
    assert dropped["rows"]["label"] == "行 1 › 数量"
    assert [each["path"] for each in told["new_questions"]] == ["place"]
    assert [each["label"] for each in told["new_required"]] == ["地点"]
    assert [(each["path"], each["code"]) for each in told["violations"]] == [("place", "required")]
    assert services.filling.view(draft, "zh-CN") == before


def test_a_draft_that_is_moved_keeps_its_answers_and_is_drawn_anew(services, draft, publish):
    publish()
    seen = services.filling.view(draft, "zh-CN")["sequence"]

    told = services.upgrading.upgrade(draft, "zh-CN")

    assert told["applied"] is True
    view = services.filling.events_since(draft, seen, "zh-CN")["view"]
    assert view["version"] == "2"
    assert values(view)["title"] == "一"
    assert "people" not in values(view)
    services.filling.answer(draft, "place", "准格尔", "zh-CN")
    outcome = services.finalize(draft)
    revision = services.replica.revision(outcome["revision"])
    assert (revision.answers["title"], revision.answers["place"]) == ("一", "准格尔")
    assert "people" not in revision.answers


def test_answers_without_a_question_stay_in_the_draft_over_a_restart(
    enrolled_home, office, visit_form
):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "people", 3, "zh-CN")
        survey = [each for each in visit_form["survey"] if each["name"] != "people"]
        newer = {**visit_form, "settings": {**visit_form["settings"], "version": "2"}}
        office.publish({**newer, "survey": survey})
        services.rounds.run()
        services.upgrading.upgrade(draft, "en")

    with open_services(enrolled_home) as services:
        services.filling.answer(draft, "title", "一", "zh-CN")
        services.filling.save_changed()
        assert services.entry(draft)["answers"]["people"] == 3

        visit_form["settings"]["version"] = "3"
        office.publish(visit_form)
        services.rounds.run()
        services.upgrading.upgrade(draft, "en")

        assert values(services.filling.view(draft, "en"))["people"] == 3


def test_the_draft_of_an_edit_moves_too_and_still_follows_its_entry(services, publish):
    answers = {"title": "一", "people": 2000, "_reasons": {"people": "庙会"}}
    entry = services.adder.add("visit", answers, services.home.path)["entry"]
    first = services.entry(entry)["revision"]
    publish()
    services.editing.open(entry)
    assert services.filling.view(entry, "en")["version"] == "1"

    services.upgrading.upgrade(entry, "en")
    services.filling.answer(entry, "place", "准格尔", "en")
    outcome = services.finalize(entry)

    revision = services.replica.revision(outcome["revision"])
    assert revision.parents == (first,)
    assert revision.reasons == {}
    assert services.entry(entry)["version"] == "2"


def test_edits_in_two_versions_are_seen_as_one_with_the_questions_of_both(services, mate, publish):
    entry = services.adder.add("visit", {"title": "一"}, services.home.path)["entry"]
    services.rounds.run()
    mate.edit(entry, people=7)
    services.editing.open(entry)
    publish()
    services.upgrading.upgrade(entry, "en")
    services.filling.answer(entry, "place", "准格尔", "en")
    services.finalize(entry)
    services.rounds.run()

    view = services.replica.view(entry)

    assert len(view.heads) == 2
    assert (view.answers["people"], view.answers["place"]) == (7, "准格尔")
    assert services.entry(entry)["version"] in ("1", "2")


def test_a_draft_in_the_newest_version_stays_as_it_is(services, draft):
    told = services.upgrading.upgrade(draft, "en")

    assert (told["is_newest"], told["dropped"], told["violations"]) == (True, [], [])


def test_what_is_finalized_has_no_draft_to_move(services):
    entry = services.adder.add("visit", {"title": "一"}, services.home.path)["entry"]

    with pytest.raises(NotFoundError) as caught:
        services.upgrading.preview(entry, "en")

    assert (caught.value.code, bool(caught.value.hint)) == ("unknown_draft", True)
