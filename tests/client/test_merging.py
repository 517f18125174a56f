"""Deciding what is contested: who has what, ours and theirs, all at once or not at all."""

import pytest

from client.enrol import Invitation, enrol
from client.errors import EntryStateError, InputError
from client.services import open_services

OURS, THEIRS = {"choice": "ours"}, {"choice": "theirs"}


@pytest.fixture
def entry(services):
    rows = [{"_row": "a1", "what": "沙子"}, {"_row": "a2", "what": "水"}]
    answers = {"title": "一", "people": 3, "rows": rows}
    entry = services.adder.add("visit", answers, services.home.path)["entry"]
    services.rounds.run()
    return entry


@pytest.fixture
def edit(services, entry):
    return lambda **patch: services.patcher.edit(entry, patch, services.home.path)


@pytest.fixture
def answers(services, entry):
    return lambda: services.entry(entry)["answers"]


@pytest.fixture
def contest(services, entry, mate, edit):
    """Let two devices change the entry without knowing of one another."""

    def contest(here, there):
        mate.edit(entry, **there)
        edit(**here)
        services.rounds.run()

    return contest


def contested(services, entry):
    return {each["path"]: each for each in services.merging.conflicts(entry, "zh-CN")["contested"]}


def test_everything_is_told_of_what_stands_against_one_another(services, entry, contest):
    contest({"title": "我"}, {"title": "他", "people": 9})

    found = services.merging.conflicts(entry, "zh-CN")

    (one,) = found["contested"]
    assert (one["path"], one["label"]) == ("title", "题目")
    assert {(each["text"], each["ours"]) for each in one["contenders"]} == {
        ("我", True),
        ("他", False),
    }
    assert [each["shown"] for each in one["contenders"]] == [True, False]
    heads = {each["digest"]: each for each in found["heads"]}
    ours = next(each for each in one["contenders"] if each["ours"])
    assert heads[ours["head"]]["is_own"] is True
    assert services.status()["conflicts"] == 1


@pytest.mark.parametrize(
    ("choice", "expected"), [(OURS, "我"), (THEIRS, "他"), ({"value": "都不"}, "都不")]
)
def test_what_is_taken_stands_and_what_was_not_contested_too(
    services, entry, contest, answers, choice, expected
):
    contest({"title": "我"}, {"title": "他", "people": 9})
    heads = services.replica.view(entry).heads

    outcome = services.merge(entry, {"title": choice})

    assert (answers()["title"], answers()["people"]) == (expected, 9)
    assert services.replica.revision(outcome["revision"]).parents == heads
    assert services.status()["conflicts"] == 0
    assert contested(services, entry) == {}


def test_what_one_head_has_is_taken_by_its_digest(services, entry, contest, answers):
    contest({"title": "我"}, {"title": "他"})
    theirs = next(
        each for each in contested(services, entry)["title"]["contenders"] if not each["ours"]
    )

    services.merge(entry, {"title": {"head": theirs["head"]}})

    assert answers()["title"] == "他"


def test_what_is_left_to_decide_is_named_and_nothing_is_saved(services, entry, contest):
    contest({"title": "我", "people": 4}, {"title": "他", "people": 9})

    with pytest.raises(EntryStateError) as caught:
        services.merge(entry, {"title": OURS})

    assert (caught.value.code, "people" in caught.value.message) == ("undecided", True)
    assert len(services.replica.view(entry).heads) == 2


def test_only_what_is_contested_is_decided(services, entry, contest):
    contest({"title": "我"}, {"title": "他"})

    with pytest.raises(InputError) as caught:
        services.merge(entry, {"people": OURS})

    assert caught.value.code == "not_contested"


@pytest.mark.parametrize(("choice", "rows"), [(THEIRS, ["a2"]), (OURS, ["a1", "a2"])])
def test_a_row_that_one_took_away_and_one_changed(services, entry, contest, answers, choice, rows):
    contest({"rows": [{"_row": "a1", "what": "石"}]}, {"rows": [{"_row": "a1", "_delete": True}]})
    assert list(contested(services, entry)) == ["rows[a1]"]
    assert contested(services, entry)["rows[a1]"]["label"] == "行 1"

    services.merge(entry, {"rows[a1]": choice})

    assert [row["_row"] for row in answers()["rows"]] == rows


def test_the_order_of_rows_that_both_changed(services, entry, contest, answers, mate):
    services.patcher.edit(entry, {"rows": [{"what": "木"}]}, services.home.path)
    services.rounds.run()
    third = answers()["rows"][2]["_row"]
    for device, row in ((mate.services, "a1"), (services, "a2")):
        device.rounds.run()
        device.editing.open(entry)
        path, after = (f"rows[{row}]", third) if row == "a1" else (f"rows[{third}]", None)
        device.filling.move_row(entry, path, "zh-CN", after=after)
    for device in (mate.services, services):
        device.finalize(entry)
    mate.services.rounds.run()
    services.rounds.run()
    assert list(contested(services, entry)) == ["rows#order"]

    services.merge(entry, {"rows#order": {"value": [third, "a2", "a1"]}})

    assert [row["_row"] for row in answers()["rows"]] == [third, "a2", "a1"]


@pytest.mark.parametrize(("choice", "operation"), [(OURS, "void"), (THEIRS, "put")])
def test_an_entry_that_one_took_back_and_one_changed(services, entry, mate, choice, operation):
    mate.edit(entry, title="他")
    services.void(entry, "重复填报")
    services.rounds.run()
    assert list(contested(services, entry)) == [""]

    services.merge(entry, {"": choice})

    row = services.entry(entry)
    assert (row["operation"], row["heads"], row["contested"]) == (operation, 1, [])
    assert row["reason"] == ("重复填报" if operation == "void" else None)


def test_a_reason_goes_with_its_answer(services, entry, contest):
    contest(
        {"people": 2000, "_reasons": {"people": "庙会"}},
        {"people": 3000, "_reasons": {"people": "集市"}},
    )

    services.merge(entry, {"people": THEIRS})

    entry = services.entry(entry)
    assert (entry["answers"]["people"], entry["reasons"]) == (3000, {"people": "集市"})


def test_of_three_things_theirs_is_none(services, entry, contest, office, tmp_path, answers):
    with open_services(tmp_path / "third") as third:
        enrol(third, Invitation(office.url, office.invite()))
        third.rounds.run()
        third.editing.open(entry)
        third.filling.answer(entry, "title", "第三个", "zh-CN")
        contest({"title": "我"}, {"title": "他"})
        third.finalize(entry)
        third.rounds.run()
    services.rounds.run()
    assert len(contested(services, entry)["title"]["contenders"]) == 3

    with pytest.raises(InputError) as caught:
        services.merge(entry, {"title": THEIRS})

    assert caught.value.code == "ambiguous"
    services.merge(entry, {"title": {"value": "第三个"}})
    assert answers()["title"] == "第三个"
    assert services.replica.conflicts() == {}


def test_what_nobody_holds_is_not_taken_by_a_digest(services, entry, contest):
    contest({"title": "我"}, {"title": "他"})

    with pytest.raises(InputError) as caught:
        services.merge(entry, {"title": {"head": "sha256:" + "0" * 64}})

    assert caught.value.code == "choice"


def test_an_entry_whose_draft_is_open_is_not_merged(services, entry, contest):
    contest({"title": "我"}, {"title": "他"})
    services.editing.open(entry)

    with pytest.raises(EntryStateError) as caught:
        services.merge(entry, {"title": OURS})

    assert caught.value.code == "draft_open"


def test_what_is_decided_has_to_keep_the_rules(services, entry, contest):
    contest({"title": "我"}, {"title": "他"})

    outcome = services.merge(entry, {"title": {"value": None}})

    assert [(each["path"], each["code"]) for each in outcome["violations"]] == [
        ("title", "required")
    ]
    assert len(services.replica.view(entry).heads) == 2


def test_both_devices_see_the_same_and_agree_after_one_has_decided(services, entry, contest, mate):
    contest({"title": "我"}, {"title": "他"})
    mate.services.rounds.run()
    assert mate.services.replica.conflicts() == services.replica.conflicts()
    assert mate.services.entry(entry)["answers"] == services.entry(entry)["answers"]

    services.merge(entry, {"title": OURS})
    services.rounds.run()
    mate.services.rounds.run()

    assert mate.services.replica.conflicts() == {}
    assert mate.services.entry(entry)["answers"]["title"] == "我"
