"""Edits: a finalized entry is opened again, changed or taken back; drafts, heads and what is listed."""

import io

import pytest

from client.errors import EntryStateError, InputError, NotFoundError
from client.services import open_services
from sync.messages import ItemResult, ItemState, ProblemAnswer


def add(services, **answers):
    return services.adder.add("visit", answers, services.home.path)["entry"]


@pytest.fixture
def entry(services):
    return add(services, title="一", people=3, rows=[{"what": "沙子"}])


@pytest.fixture
def pulled(services):
    return services.rounds.run


@pytest.fixture
def refusing(office):
    """Let the office say so of one revision."""

    def refuse(digest, state):
        def verdict(asked):
            is_it = asked == digest
            return ItemResult(asked, ItemState(state), code="rules") if is_it else None

        office.verdict = verdict

    return refuse


def listed(services, entry):
    return next(each for each in services.entries() if each["entry"] == entry)


def change(services, entry, **answers):
    """Edit an entry as a person does on the page."""
    draft = services.editing.open(entry, "zh-CN")
    for path, value in answers.items():
        services.filling.answer(draft, path, value, "zh-CN")
    return services.finalize(draft)


def test_an_edit_begins_with_the_answers_of_the_entry_and_follows_it(services, entry):
    before = services.entry(entry)
    draft = services.editing.open(entry, "zh-CN")
    view = services.filling.view(draft, "zh-CN")
    assert {each["path"]: each["value"] for each in view["states"] if each["kind"] == "question"}[
        "title"
    ] == "一"
    assert view["is_edit"] is True

    services.filling.answer(draft, "title", "二", "zh-CN")
    outcome = services.finalize(draft)

    assert services.entry(entry)["answers"]["title"] == "二"
    assert outcome["revision"] != before["revision"]
    assert services.replica.revision(outcome["revision"]).parents == (before["revision"],)
    assert [each["entry"] for each in services.entries()] == [entry]


def test_an_entry_with_an_edit_open_is_listed_once_as_it_stands(services, entry):
    services.editing.open(entry)
    services.filling.answer(entry, "title", "二", "zh-CN")
    services.filling.save_changed()

    (only,) = services.entries()

    assert (only["entry"], only["state"], only["draft"]) == (entry, "saved", True)
    assert services.entry(entry)["answers"]["title"] == "一"


def test_a_discarded_edit_leaves_the_entry_as_it_was(services, entry):
    before = services.entry(entry)
    services.editing.open(entry)
    services.filling.answer(entry, "title", "二", "zh-CN")

    services.filling.discard(entry)

    assert services.entry(entry) == before


def test_opening_an_entry_again_goes_on_with_the_same_draft(services, entry):
    services.editing.open(entry)
    services.filling.answer(entry, "title", "二", "zh-CN")

    services.editing.open(entry)

    states = services.filling.view(entry, "zh-CN")["states"]
    assert {each["path"]: each.get("value") for each in states}["title"] == "二"


def test_an_edit_that_changes_nothing_makes_no_revision(services, entry):
    before = services.entry(entry)["revision"]
    services.editing.open(entry)

    outcome = services.finalize(entry)

    assert outcome == {"entry": entry, "revision": before, "state": "saved", "unchanged": True}
    assert len(services.history.of(entry, "en")) == 1
    assert listed(services, entry)["draft"] is False
    assert services.finalize(entry)["revision"] == before  # a second tap


def test_a_second_tap_on_a_finalized_edit_gives_the_same_revision(services, entry):
    outcome = change(services, entry, title="二")

    assert services.finalize(entry) == outcome
    assert len(services.history.of(entry, "en")) == 2


def test_an_edit_survives_a_restart_with_what_it_follows(enrolled_home):
    with open_services(enrolled_home) as services:
        entry = add(services, title="一")
        first = services.entry(entry)["revision"]
        services.editing.open(entry)
        services.filling.answer(entry, "title", "二", "zh-CN")

    with open_services(enrolled_home) as services:
        outcome = services.finalize(entry)

        assert services.replica.revision(outcome["revision"]).parents == (first,)
        assert services.entry(entry)["answers"]["title"] == "二"


def test_entries_of_other_devices_are_edited_files_that_are_not_here_too(services, mate, pulled):
    entry = mate.add(title="一", paper={"name": "a.pdf", "type": "application/pdf"})
    pulled()

    change(services, entry, title="二")

    answers = services.entry(entry)["answers"]
    assert (answers["title"], answers["paper"]["name"]) == ("二", "a.pdf")


def test_a_file_that_another_device_has_not_sent_yet_is_waited_for(services, mate, office, pulled):
    def no_files(asked):
        if "/attachments/" not in asked.target or asked.method == "GET":
            return None
        stamp = office.stamp(asked)
        return ProblemAnswer(**stamp, status=503, code="busy", message="Later.", retry_after=1)

    office.problem = no_files
    entry = mate.add(title="一", paper={"name": "a.pdf"})
    pulled()
    change(services, entry, title="二")

    assert pulled()["problem"] is None
    assert listed(services, entry)["state"] == "saved"
    office.problem = lambda asked: None
    mate.services.rounds.run()
    pulled()
    assert listed(services, entry)["state"] == "delivered"


def test_a_file_that_is_put_in_anew_has_to_be_there(services, entry):
    services.editing.open(entry)
    services.filling.attach(entry, "paper", io.BytesIO(b"x"), "a.pdf")
    for blob in services.home.blobs.iterdir():
        blob.unlink()

    assert [each["code"] for each in services.finalize(entry)["violations"]] == ["file"]


def test_edits_of_one_entry_on_two_devices_are_seen_as_one(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, title="二")
    change(services, entry, people=4)
    pulled()

    view = services.replica.view(entry)

    assert len(view.heads) == 2
    assert (view.answers["title"], view.answers["people"]) == ("二", 4)
    assert view.contested == ()
    row = listed(services, entry)
    assert (row["heads"], row["contested"], row["state"]) == (2, [], "delivered")
    assert services.status()["conflicts"] == 0


def test_calculations_of_entries_seen_as_one_follow_from_both(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, rows=[{"what": "水", "amount": 5}])
    row = services.editing.open(entry)
    added = services.filling.add_row(row, "rows", "zh-CN")["added"][0]
    services.filling.answer(row, f"{added}/what", "石", "zh-CN")
    services.finalize(row)
    pulled()

    answers = services.entry(entry)["answers"]

    amounts = [each["amount"] for each in answers["rows"]]
    assert sorted(amounts) == [1, 1, 5]
    assert answers["total"] == 7
    assert [each["number"] for each in answers["rows"]] == [1, 2, 3]


def test_an_edit_of_an_entry_with_two_heads_follows_both(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, title="二")
    change(services, entry, people=4)
    pulled()
    heads = services.replica.view(entry).heads

    outcome = change(services, entry, kind="a")

    assert services.replica.revision(outcome["revision"]).parents == heads
    assert services.replica.view(entry).heads == (outcome["revision"],)


def test_bringing_heads_together_is_a_change_though_no_answer_is(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, title="二")
    change(services, entry, people=4)
    pulled()

    outcome = change(services, entry)

    assert "unchanged" not in outcome
    assert listed(services, entry)["heads"] == 1


def test_an_edit_that_was_open_while_another_came_is_a_second_head(services, entry, mate, pulled):
    pulled()
    services.editing.open(entry)
    mate.edit(entry, title="二")
    pulled()
    services.filling.answer(entry, "title", "三", "zh-CN")

    services.finalize(entry)

    row = listed(services, entry)
    assert (row["heads"], row["contested"]) == (2, ["title"])
    assert services.status()["conflicts"] == 1


def test_a_child_that_comes_before_its_parent_is_the_head_all_the_same(
    services, mate, office, pulled
):
    entry = mate.add(title="一")
    mate.edit(entry, title="二")
    office.leaves[-2:] = reversed(office.leaves[-2:])
    pulled()

    assert listed(services, entry)["heads"] == 1
    assert services.entry(entry)["answers"]["title"] == "二"
    assert [each["state"] for each in services.history.of(entry, "en")] == ["delivered"] * 2


def test_what_another_device_has_in_quarantine_is_no_head(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, "quarantined", title="坏")
    pulled()

    assert services.entry(entry)["answers"]["title"] == "一"
    assert listed(services, entry)["heads"] == 1
    assert [each["state"] for each in services.history.of(entry, "en")] == [
        "quarantined",
        "delivered",
    ]


def test_what_comes_out_of_quarantine_is_a_head_from_then_on(services, entry, mate, pulled):
    pulled()
    digest = mate.edit(entry, "quarantined", title="坏")
    pulled()
    mate.decide(digest, "logged")
    pulled()

    assert services.entry(entry)["answers"]["title"] == "坏"


def test_an_entry_that_is_all_in_quarantine_is_listed(services, mate, pulled):
    entry = mate.add("quarantined", title="坏")
    pulled()

    assert listed(services, entry)["state"] == "quarantined"


def test_ones_own_edit_stands_though_it_is_in_quarantine(services, entry, pulled, refusing):
    pulled()
    outcome = change(services, entry, title="二")
    refusing(outcome["revision"], "quarantined")
    pulled()

    assert services.entry(entry)["answers"]["title"] == "二"
    assert listed(services, entry)["state"] == "quarantined"


def test_an_edit_of_what_was_refused_follows_what_that_followed(services, entry, pulled, refusing):
    first = services.entry(entry)["revision"]
    pulled()
    refused = change(services, entry, title="二")["revision"]
    refusing(refused, "refused")
    pulled()
    assert listed(services, entry)["state"] == "set_aside"
    assert services.entry(entry)["answers"]["title"] == "二"

    outcome = change(services, entry, title="三")

    assert services.replica.revision(outcome["revision"]).parents == (first,)
    row = listed(services, entry)
    assert (row["heads"], row["state"], row["revision"]) == (1, "saved", outcome["revision"])


def test_an_entry_that_is_taken_back_says_so_and_why(services, entry):
    outcome = services.void(entry, "重复填报")

    row = listed(services, entry)
    assert (row["state"], row["operation"], row["reason"]) == ("saved", "void", "重复填报")
    assert row["revision"] == outcome["revision"]
    assert services.entry(entry)["answers"]["title"] == "一"
    assert services.void(entry, "又一次") == {**outcome, "unchanged": True}


def test_an_entry_that_was_taken_back_is_not_changed(services, entry):
    services.void(entry, "重复填报")

    with pytest.raises(EntryStateError) as caught:
        services.editing.open(entry)

    assert caught.value.code == "void_entry"


def test_taking_back_needs_a_reason_and_no_open_draft(services, entry):
    with pytest.raises(InputError):
        services.void(entry, "  ")
    services.editing.open(entry)

    with pytest.raises(EntryStateError) as caught:
        services.void(entry, "重复填报")

    assert caught.value.code == "draft_open"


def test_an_entry_that_is_not_there_is_not_opened(services):
    with pytest.raises(NotFoundError):
        services.editing.open("6f1c2a9e-0000-4000-8000-000000000000")


def test_an_entry_that_others_changed_since_it_was_taken_back_is_contested_as_such(
    services, entry, mate, pulled
):
    pulled()
    mate.edit(entry, title="二")
    services.void(entry, "重复填报")
    pulled()

    row = listed(services, entry)

    assert (row["operation"], row["contested"]) == ("put", [""])
    assert services.entry(entry)["answers"]["title"] == "二"


def test_counts_are_of_entries_and_not_of_revisions(services, entry, mate, pulled):
    pulled()
    services.editing.open(entry)
    mate.edit(entry, title="二")
    pulled()
    change(services, entry, people=4)

    assert listed(services, entry)["heads"] == 2
    assert listed(services, entry)["state"] == "saved"
    assert services.replica.counts() == {"saved": 1}
    pulled()
    assert services.replica.counts() == {"delivered": 1}


def test_lists_of_own_entries_are_drawn_from_all_heads(services, entry, mate, pulled):
    pulled()
    mate.edit(entry, rows=[{"what": "水"}])
    change(services, entry, people=4)
    pulled()
    report = services.filling.open_blank("report")

    choices = services.filling.view(report, "zh-CN")["states"][0]["choices"]

    assert [choice["label"] for choice in choices] == ["沙子", "水"]


def test_a_draft_opened_while_an_entry_is_taken_back_stays_and_stops_it(
    services, entry, monkeypatch
):
    real = services.replica.view

    def view(asked):
        found = real(asked)
        monkeypatch.setattr(services.replica, "view", real)
        services.editing.open(entry, "zh-CN")
        return found

    monkeypatch.setattr(services.replica, "view", view)
    with pytest.raises(EntryStateError, match="draft"):
        services.void(entry, "填错了")

    assert services.status()["drafts"] == 1
    assert services.entry(entry)["operation"] == "put"
