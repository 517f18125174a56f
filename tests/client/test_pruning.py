"""Pruning takes delivered entries off a device, and nothing that anybody still needs."""

import io
import json
from datetime import timedelta

import pytest

from client.errors import InputError, NotFoundError
from client.services import open_services
from sync.messages import ItemResult, ItemState

LANGUAGE = "zh-CN"


def save(services, title, photo=None):
    draft = services.filling.open_blank("visit", LANGUAGE)
    services.filling.answer(draft, "title", title, LANGUAGE)
    if photo is not None:
        services.filling.attach(draft, "paper", io.BytesIO(photo), "方案.pdf", "application/pdf")
    return services.finalize(draft)["entry"]


def pruned(services, days=30, *, apply=True):
    return {each["entry"] for each in services.pruner.prune(days, apply=apply).entries}


def segments(home):
    return sorted((home / "journal").glob("*.tbj"))


@pytest.fixture
def aged(services, hands):
    """Two delivered entries that are a year old, and one that is new."""
    old = [save(services, "一", b"%PDF-1"), save(services, "二")]
    services.rounds.run()
    hands.now += timedelta(days=365)
    new = save(services, "三")
    services.rounds.run()
    return old, new


def test_without_yes_nothing_goes(services, aged):
    old, _ = aged
    before = services.db.row("SELECT sum(length(content)) FROM revision")[0]

    found = services.pruner.prune(30, apply=False)

    assert {each["entry"] for each in found.entries} == set(old)
    assert (found.files, found.applied) == (1, False)
    assert found.bytes > 6
    assert services.db.row("SELECT sum(length(content)) FROM revision")[0] == before


def test_old_delivered_entries_leave_the_device_and_stay_in_the_lists(services, aged, tmp_path):
    old, new = aged
    services.blobs._kept_here.clear()  # as at the next start

    assert pruned(services) == set(old)

    states = {entry["entry"]: entry["state"] for entry in services.entries()}
    assert states == dict.fromkeys([*old, new], "delivered")
    assert services.status()["delivered"] == 3
    with pytest.raises(NotFoundError, match="server has them"):
        services.entry(old[0])
    assert services.entry(new)["answers"]["title"] == "三"
    assert list(services.home.blobs.iterdir()) == []
    assert services.doctor.check().problems == []
    assert pruned(services) == set()


def test_a_pruned_device_goes_on_working(enrolled_home, hands, office):
    with open_services(enrolled_home, hands.clock()) as services:
        old = save(services, "一", b"%PDF-1")
        services.rounds.run()
        hands.now += timedelta(days=365)
        assert pruned(services) == {old}
        assert segments(enrolled_home) == []
    with open_services(enrolled_home, hands.clock()) as services:
        assert services.db.rows("SELECT code FROM trouble") == []
        new = save(services, "二")
        assert services.rounds.run()["left"] is False
        chain = services.db.rows("SELECT sequence FROM revision ORDER BY sequence")
        report = services.doctor.check()
        states = [entry["state"] for entry in services.entries()]

    assert [row["sequence"] for row in chain] == [1, 2]
    assert (report.revisions, report.pruned, report.problems, report.mended) == (2, 1, [], [])
    assert states == ["delivered", "delivered"]
    assert len(office.revisions) == 2
    assert new != old


def test_a_segment_goes_when_nothing_of_it_is_left(services, aged, home, monkeypatch, hands):
    monkeypatch.setattr("client.journal.SEALED_AT", 1)
    later = save(services, "四")
    services.rounds.run()
    first, second = segments(home)

    pruned(services)
    assert segments(home) == [first, second]  # the new entry stands in the first one, too

    hands.now += timedelta(days=365)
    assert later in pruned(services)
    assert segments(home) == []


def test_what_waits_for_anything_stays(services, hands, office):
    refused = ItemResult("", ItemState.QUARANTINED, code="rules")
    saved = save(services, "一")
    office.verdict = lambda digest: ItemResult(digest, ItemState.QUARANTINED, code=refused.code)
    services.rounds.run()
    office.verdict = lambda _: None
    waiting = save(services, "二")
    hands.now += timedelta(days=365)

    assert pruned(services, 0) == set()
    assert {services.entry(entry)["state"] for entry in (saved, waiting)} == {
        "quarantined",
        "saved",
    }


def test_an_entry_whose_file_has_not_arrived_stays(services, aged):
    old, _ = aged
    with services.db.transaction():
        services.db.write("UPDATE attachment SET acknowledged_at = NULL")

    assert pruned(services) == {old[1]}


def test_an_entry_that_is_being_edited_stays(services, aged):
    old, _ = aged
    services.editing.open(old[1])

    assert pruned(services) == {old[0]}


def test_a_file_that_another_entry_or_a_draft_uses_stays(services, aged):
    services.blobs._kept_here.clear()
    draft = services.filling.open_blank("visit", LANGUAGE)
    services.filling.attach(draft, "paper", io.BytesIO(b"%PDF-1"), "方案.pdf", "application/pdf")
    services.filling.save_changed()

    pruned(services)
    assert len(list(services.home.blobs.iterdir())) == 1

    services.blobs._kept_here.clear()  # the draft alone speaks for it
    pruned(services)
    assert len(list(services.home.blobs.iterdir())) == 1
    services.filling.answer(draft, "title", "四", LANGUAGE)
    assert services.finalize(draft)["state"] == "saved"


@pytest.mark.parametrize("days", [-1, 10**9])
def test_an_age_that_makes_no_sense_is_refused(services, days):
    with pytest.raises(InputError):
        services.pruner.prune(days, apply=True)


def test_the_command_lists_and_prunes(tianbao, enrolled_home, hands):
    with open_services(enrolled_home, hands.clock()) as services:
        old = save(services, "一")
        services.rounds.run()

    listed = tianbao("prune", "--older-than", "0")
    assert old in listed.stdout
    assert "--yes" in listed.stderr
    done = json.loads(tianbao("prune", "--older-than", "0", "--yes", "--json").stdout)
    assert done["applied"]
    assert [each["entry"] for each in done["entries"]] == [old]
    assert tianbao("prune", "--older-than", "-1").returncode == 1
    shown = tianbao("show", old)
    assert shown.returncode == 1
    assert "server has them" in shown.stderr


def test_what_was_pruned_comes_back_where_its_entry_gets_a_second_head(
    services, mate, hands, tmp_path
):
    entry = mate.add(title="一", people=1)
    services.rounds.run()
    services.patcher.edit(entry, {"people": 2}, tmp_path)
    mate.services.patcher.edit(entry, {"people": 3}, tmp_path)
    services.rounds.run()
    hands.now += timedelta(days=365)
    assert pruned(services) == {entry}

    mate.services.rounds.run()
    services.rounds.run()

    assert services.status()["conflicts"] == 1
    assert services.entry(entry)["contested"] == ["people"]
    assert services.merging.merge(entry, {"people": {"choice": "ours"}})["state"] == "saved"
    assert services.entry(entry)["answers"]["people"] == 2
    assert services.doctor.check().problems == []
