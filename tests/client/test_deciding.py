"""What is contested is decided by a person: nothing decided is dropped, nothing is decided unasked."""

import pytest

from client.errors import EntryStateError
from client.filling import Filling

L = "zh-CN"
OURS = {"choice": "ours"}


@pytest.fixture
def entry(services, mate):
    entry = mate.add(title="一", people=1)
    services.rounds.run()
    return entry


@pytest.fixture
def change(services):
    def change(entry, decided=False, **answers):
        services.editing.open(entry, L)
        for name, value in answers.items():
            services.filling.answer(entry, name, value, L)
        return services.finalize(entry, decided=decided)

    return change


@pytest.fixture
def contest(services, mate, entry, change):
    """Let two devices change the entry without knowing of one another."""

    def contest(here, there):
        change(entry, **here)
        mate.services.patcher.edit(entry, there, services.home.path)
        mate.services.rounds.run()
        services.rounds.run()
        return entry

    return contest


def without(form, *names, **more):
    survey = [each for each in form["survey"] if each["name"] not in names]
    form["settings"]["version"] = "2"
    return {**form, "survey": [*survey, *more.values()]}


@pytest.fixture
def upgraded(services, mate, office, entry, change):
    """Let the other device change the entry in a newer version of the form, and this one in the old."""

    def upgraded(form, here, there):
        change(entry, **here)
        office.publish(form)
        others = mate.services
        others.rounds._puller.pull(others.rounds._exchange(others.profile))
        others.editing.open(entry, L)
        others.upgrading.upgrade(entry, L)
        for name, value in there.items():
            others.filling.answer(entry, name, value, L)
        others.finalize(entry)
        others.rounds.run()
        services.rounds.run()
        return entry

    return upgraded


def test_what_was_taken_stands_though_a_newer_version_has_no_question_for_it(
    services, upgraded, visit_form
):
    entry = upgraded(without(visit_form, "people", "total"), {"people": 55}, {"title": "新"})
    assert services.entry(entry)["contested"] == ["people"]

    outcome = services.merge(entry, {"people": OURS})

    made = services.replica.revision(outcome["revision"])
    assert (made.answers["people"], made.answers["title"]) == (55, "新")
    assert services.entry(entry)["contested"] == []


def test_an_edit_of_what_two_versions_say_shows_what_is_contested(services, upgraded, visit_form):
    entry = upgraded(without(visit_form, "people", "total"), {"people": 55}, {"title": "新"})
    services.editing.open(entry, L)

    (broken,) = services.finalize(entry)["violations"]

    assert (broken["path"], broken["code"]) == ("people", "contested")
    services.filling.answer(entry, "people", 56, L)
    outcome = services.finalize(entry)
    assert services.replica.revision(outcome["revision"]).answers["people"] == 56


def test_what_a_merge_has_no_place_for_is_named_before_and_after(services, upgraded, visit_form):
    fresh = {"type": "text", "name": "remark", "label": {"zh-CN": "备注", "en": "Remark"}}
    form = without(visit_form, "people", "total", remark=fresh)
    entry = upgraded(form, {"people": 55}, {"remark": "他加的"})

    told = services.merging.conflicts(entry, L)
    outcome = services.merge(entry, {"people": OURS})

    assert [(each["path"], each["text"]) for each in told["dropped"]] == [("remark", "他加的")]
    assert outcome["dropped"] == told["dropped"]
    assert services.replica.revision(outcome["revision"]).answers["people"] == 55


def test_an_edit_that_leaves_something_contested_is_not_finalized_before_it_is_decided(
    services, contest
):
    entry = contest({"people": 2}, {"people": 3})
    services.editing.open(entry, L)
    services.filling.answer(entry, "title", "只改题目", L)

    outcome = services.finalize(entry)

    assert [(each["path"], each["code"]) for each in outcome["violations"]] == [
        ("people", "contested")
    ]
    assert services.entry(entry)["contested"] == ["people"]
    assert services.entry(entry)["draft"] is True


def test_an_answer_to_what_is_contested_decides_it_even_if_it_is_the_one_shown(services, contest):
    entry = contest({"people": 2}, {"people": 3})
    shown = services.entry(entry)["answers"]["people"]
    services.editing.open(entry, L)
    services.filling.answer(entry, "people", shown, L)

    outcome = services.finalize(entry)

    assert services.replica.revision(outcome["revision"]).answers["people"] == shown
    assert services.entry(entry)["contested"] == []


def test_a_person_may_say_that_all_that_is_contested_is_meant_as_it_stands(services, contest):
    entry = contest({"people": 2}, {"people": 3})
    services.editing.open(entry, L)

    assert "revision" in services.finalize(entry, decided=True)

    assert services.entry(entry)["contested"] == []


def test_other_answers_decide_after_a_restart_too(services, contest):
    entry = contest({"people": 2}, {"people": 3})
    services.editing.open(entry, L)
    services.filling.answer(entry, "people", 9, L)
    services.filling.save_changed()

    filling = Filling(
        services.db,
        services.opener,
        services.filling._finalizer,
        services.blobs,
        services.editing,
    )

    assert "revision" in filling.finalize(entry)


def test_an_edit_of_several_heads_that_agree_is_finalized_as_ever(services, contest):
    entry = contest({"people": 2}, {"title": "他"})

    services.editing.open(entry, L)

    assert "revision" in services.finalize(entry)


def test_one_of_several_that_stand_is_taken_by_the_beginning_of_its_digest(services, contest):
    entry = contest({"people": 2}, {"people": 3})
    (one,) = services.merging.conflicts(entry, L)["contested"]
    theirs = next(each for each in one["contenders"] if not each["ours"])

    services.merge(entry, {"people": {"head": theirs["head"][:15]}})

    assert services.entry(entry)["answers"]["people"] == 3


def test_a_row_is_not_decided_by_leaving_it_there(services, mate, change):
    entry = mate.add(title="一", rows=[{"_row": "a1", "what": "沙"}])
    services.rounds.run()
    change(entry, **{"rows[a1]/what": "石"})
    mate.services.patcher.edit(
        entry, {"rows": [{"_row": "a1", "_delete": True}]}, services.home.path
    )
    mate.services.rounds.run()
    services.rounds.run()
    services.editing.open(entry, L)

    outcome = services.finalize(entry)

    assert [each["path"] for each in outcome["violations"]] == ["rows[a1]"]
    services.filling.remove_row(entry, "rows[a1]", L)
    assert "revision" in services.finalize(entry)


def test_a_merge_leaves_nothing_to_a_finished_edit(services, contest):
    entry = contest({"people": 2}, {"people": 3})
    services.editing.open(entry, L)

    with pytest.raises(EntryStateError) as caught:
        services.merge(entry, {"people": OURS})

    assert caught.value.code == "draft_open"
