"""Pulling: pages, the cursor, entries of the unit's other devices, what became of own ones."""

import io
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from client.enrol import Invitation, enrol
from client.errors import UnreachableError
from client.services import open_services
from client.troubles import Troubles
from sync.frames import FrameKind, make_frame
from sync.messages import ItemResult, ItemState
from sync.revision import format_revision, parse_revision


@pytest.fixture
def other(tmp_path, office):
    """Another device of the same unit."""
    with open_services(tmp_path / "other") as services:
        enrol(services, Invitation(office.url, office.invite()))
        services.rounds.run()
        yield services


def save(services, title="一"):
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", title, "zh-CN")
    row = services.filling.add_row(draft, "rows", "zh-CN")["added"][0]
    services.filling.answer(draft, f"{row}/what", "沙子", "zh-CN")
    services.finalize(draft)
    return draft


def cursor(services):
    return services.rounds._puller.cursor


def test_forms_come_in_the_order_they_were_published(services):
    assert [form["form_id"] for form in services.forms()] == ["visit", "report"]


def test_entries_of_the_units_other_devices_come_too(services, other):
    entry = save(other)
    other.rounds.run()

    services.rounds.run()

    shown = services.entry(entry)
    assert (shown["state"], shown["is_own"]) == ("delivered", False)
    assert shown["answers"]["title"] == "一"


def test_what_the_server_has_damaged_holds_up_nothing_behind_it(services, other, office):
    for title in "一二":
        save(other, title)
    other.rounds.run()
    damaged, _ = [leaf for leaf in office.leaves if leaf.kind == "revision"]
    damaged.frame = None

    services.rounds.run()

    assert cursor(services) == len(office.leaves)
    assert [each["is_own"] for each in services.entries()] == [False]


def test_rows_of_the_units_other_devices_can_be_chosen(services, other):
    save(other)
    other.rounds.run()
    services.rounds.run()

    report = services.filling.open_blank("report")

    choices = services.filling.view(report, "zh-CN")["states"][0]["choices"]
    assert [choice["label"] for choice in choices] == ["沙子"]


def test_a_page_that_is_lost_leaves_the_cursor(services, office, visit_form):
    before = cursor(services)
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    office.next_reply(lambda asked: office.honest(asked) and None)

    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert cursor(services) == before
    services.rounds.run()
    assert services.forms()[0]["version"] == "2"


def test_many_changes_come_page_by_page(services, office, monkeypatch, visit_form):
    monkeypatch.setattr("client.pull.PAGE", 2)
    services.rounds._puller._page = 2
    for version in range(2, 7):
        visit_form["settings"]["version"] = str(version)
        office.publish(visit_form)

    assert services.rounds.run()["pulled"] == 5

    assert services.forms()[0]["version"] == "6"


def test_content_that_is_not_what_was_signed_is_not_taken(services, office, visit_form):
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    before = cursor(services)

    def swap(asked):
        status, headers, content = office.honest(asked)
        return status, headers, content.replace(b'"version": "2"', b'"version": "3"')

    office.next_reply(swap)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert cursor(services) == before
    assert services.forms()[0]["version"] == "1"


def test_a_held_entry_is_told_when_it_is_decided(services, office):
    entry = save(services)
    office.verdict = lambda digest: ItemResult(digest, ItemState.HELD, code="definition_unknown")
    services.rounds.run()
    digest = services.entry(entry)["revision"]
    verdict = ItemResult(digest, ItemState.QUARANTINED, index=2, code="rules")
    office.leaves.append(type(office.leaves[0])("outcome", digest, None, verdict))

    services.rounds.run()

    assert services.entry(entry)["state"] == "quarantined"


def test_a_definition_of_a_newer_program_does_not_hold_up_the_rest(services, office, visit_form):
    strange = {**visit_form, "survey": [{"type": "hologram", "name": "x", "label": "x"}]}
    strange["settings"] = {**visit_form["settings"], "form_id": "strange"}
    office.publish(strange)
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)

    services.rounds.run()

    forms = {form["form_id"]: form for form in services.forms()}
    assert forms["strange"]["problem"]
    assert forms["visit"]["version"] == "2"


def test_bytes_that_are_no_definition_do_not_hold_up_the_rest(services, office):
    frame = make_frame(FrameKind.DEFINITION, b"not json")
    office.leaves.append(type(office.leaves[0])("form", frame.digest, frame))

    services.rounds.run()

    assert cursor(services) == 3


def test_the_campaign_orders_the_forms_and_says_when_they_are_due(services, office):
    campaign = (
        b'{"id":"c","title":"C","organiser":{"unit":"u","name":"U"},"languages":["en"],'
        b'"default_language":"en","items":[{"form":"report","title":"R","owed_by":["k"],'
        b'"due":"2019-05-30T23:59:59+08:00"},{"form":"visit","title":"V","owed_by":[]}]}'
    )
    frame = make_frame(FrameKind.CAMPAIGN, campaign)
    office.leaves.append(type(office.leaves[0])("campaign", frame.digest, frame))
    services.rounds.run()

    assert [form["form_id"] for form in services.forms()] == ["report", "visit"]
    assert services.forms()[0]["due"] == "2019-05-30T23:59:59+08:00"


@pytest.mark.parametrize("kind", [FrameKind.DEFINITION, FrameKind.CAMPAIGN, FrameKind.UNITS])
def test_the_kind_of_a_frame_which_nobody_signs_decides_nothing(services, office, visit_form, kind):
    frame = make_frame(kind, b'{"settings": {"form_id": "strange", "version": "1"}}')
    office.leaves.append(type(office.leaves[0])("policy", frame.digest, frame))
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)

    services.rounds.run()

    assert cursor(services) == 4
    assert services.forms()[0]["version"] == "2"
    assert [form["form_id"] for form in services.forms()] == ["visit", "report"]
    assert services.db.rows("SELECT kind FROM published") == []


def test_an_item_and_a_frame_of_kinds_not_known_yet_hold_up_nothing(services, office, visit_form):
    frame = make_frame(FrameKind.UNITS, b"[]")
    office.leaves.append(type(office.leaves[0])("policy", frame.digest, frame))
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    known, unknown = b"TBF1\x05", b"TBF1\x09"

    def answer(asked):
        status, headers, content = office.honest(asked)
        assert known in content
        return status, headers, content.replace(known, unknown)

    office.next_reply(answer)
    services.rounds.run()

    assert cursor(services) == 4
    assert services.forms()[0]["version"] == "2"


def test_a_page_that_does_not_come_is_asked_for_in_a_smaller_size(services, office):
    office.next_reply(lambda _: None)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    services.rounds.run()
    services.rounds.run()

    assert [limit_of(each) for each in office.asked[-3:]] == ["200", "50", "100"]


def limit_of(asked):
    return parse_qs(urlsplit(asked.target).query)["limit"][0]


def test_what_was_pushed_is_not_told_once_more(services, office):
    entries = [save(services, str(number)) for number in range(3)]

    done = services.rounds.run()

    assert (done["pushed"], done["pulled"]) == (3, 0)
    assert cursor(services) == len(office.leaves)
    assert {services.entry(entry)["state"] for entry in entries} == {"delivered"}


def test_what_became_of_a_push_without_an_answer_is_told(services, office):
    entry = save(services)
    for _ in range(2):
        office.next_reply(lambda asked: office.honest(asked) and None)
    with pytest.raises(UnreachableError):
        services.rounds.run()
    office.next_reply(lambda _: None)

    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert services.entry(entry)["state"] == "delivered"


def go_back(office, count):
    """Let the office be restored from a backup that lacks the newest of its log."""
    del office.leaves[-count:]


def troubles(services):
    return {each.code: each for each in Troubles(services.db).open()}


def test_a_server_that_went_back_is_given_again_what_it_lost(services, other, office):
    own, theirs = save(services), save(other)
    other.rounds.run()
    services.rounds.run()
    office.files.clear()
    go_back(office, 2)

    done = services.rounds.run()

    assert done["problem"] is None
    assert len(office.revisions) == 2
    assert {services.entry(entry)["state"] for entry in (own, theirs)} == {"delivered"}
    assert "2 revisions" in troubles(services)["server_went_back"].message


def test_a_server_that_went_back_and_went_on_is_noticed_too(services, other, office):
    entry = save(services)
    services.rounds.run()
    go_back(office, 1)
    save(other)
    other.rounds.run()

    services.rounds.run()

    assert len(office.revisions) == 2
    assert services.entry(entry)["state"] == "delivered"
    assert "server_went_back" in troubles(services)


def test_a_server_that_went_back_before_its_changes_were_read_is_noticed(services, other, office):
    entry = save(services)
    office.replies = [office.honest, lambda _: None]
    with pytest.raises(UnreachableError):
        services.rounds.run()
    assert services.entry(entry)["state"] == "delivered"
    go_back(office, 1)
    save(other)
    other.rounds.run()

    services.rounds.run()

    assert len(office.revisions) == 2


def test_many_places_that_are_apart_are_asked_about_too(services, office):
    entry = save(services)
    services.rounds.run()
    digest = services.entry(entry)["revision"]
    with services.db.transaction():
        for number in range(1, 40):
            services.db.write(
                "INSERT INTO revision SELECT NULL, digest || ?, content, signature, entry, form, "
                "definition, device, incarnation, sequence + ?, operation, author, made_at, depth, "
                "name, is_own, state, server_state, log_index + 2 * ?, code, message, violations, "
                "attempts, exported_at, pruned_at, said_before FROM revision WHERE digest = ?",
                (str(number), number, number, digest),
            )
        services.db.write("UPDATE setting SET value = '2' WHERE name = 'cursor'")

    services.rounds.run()

    assert "server_went_back" in troubles(services)


def test_what_was_pruned_is_named_where_the_server_lost_it(services, office):
    entry = save(services)
    services.rounds.run()
    with services.db.transaction():
        services.db.write("UPDATE revision SET pruned_at = made_at, content = x''")
    go_back(office, 1)

    services.rounds.run()

    assert entry in troubles(services)["server_went_back"].message
    assert office.revisions == []


def test_files_are_handed_in_again_where_the_server_went_back(services, office):
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.filling.attach(draft, "paper", io.BytesIO(b"%PDF"), "方案.pdf")
    services.finalize(draft)
    services.rounds.run()
    office.files.clear()
    go_back(office, 1)

    services.rounds.run()

    assert list(office.files.values()) == [b"%PDF"]
    assert services.entry(draft)["state"] == "delivered"


def test_an_own_entry_that_is_not_here_any_more_comes_back(services, office):
    entry = save(services)
    services.rounds.run()
    digest = services.entry(entry)["revision"]
    with services.db.transaction():
        services.rounds._pusher._revisions.withdraw(digest)
        services.db.write("UPDATE setting SET value = '0' WHERE name = 'cursor'")

    services.rounds.run()

    assert services.entry(entry)["state"] == "delivered"
    assert troubles(services)


def test_a_page_on_its_way_while_the_doctor_asks_again_does_not_undo_that(services, mate, office):
    entry = mate.add(title="一")
    services.rounds.run()
    digest = services.entry(entry)["revision"]
    with services.db.transaction():
        services.db.write("UPDATE revision SET content = x'00' WHERE digest = ?", (digest,))
    mate.add(title="二")
    honest = office.honest

    def while_the_doctor_looks(asked):
        services.doctor.check()
        return honest(asked)

    office.replies += [while_the_doctor_looks]
    services.rounds.run()
    services.rounds.run()

    assert services.entry(entry)["answers"]["title"] == "一"


def test_what_names_this_device_and_is_not_signed_by_it_is_told_and_not_its_own(services, office):
    services.finalize(save_open(services))
    services.rounds.run()
    frame = next(leaf.frame for leaf in office.leaves if leaf.kind == "revision")
    forged = replace(parse_revision(frame.payload), sequence=9, answers={"title": "伪造"})
    frame = make_frame(FrameKind.REVISION, format_revision(forged), bytes(64))
    result = ItemResult(frame.digest, ItemState.LOGGED, index=len(office.leaves))
    office.leaves.append(type(office.leaves[0])("revision", frame.digest, frame, result))
    life = services.device.incarnation

    services.rounds.run()

    row = services.db.row("SELECT is_own FROM revision WHERE digest = ?", (frame.digest,))
    assert row["is_own"] == 0
    assert [each.code for each in Troubles(services.db).open()] == ["not_ours"]
    assert services.device.incarnation == life
    assert services.doctor.check().problems == []


def save_open(services):
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", "一", "zh-CN")
    return draft
