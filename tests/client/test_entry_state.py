"""How entries stand: the worst of what is theirs, heads that cannot be merged, what the disk changed."""

import io
from datetime import timedelta

import pytest

from client.selecting import Wish
from client.starting_over import start_over
from client.web.overview import overview
from sync.messages import ProblemAnswer

L = "zh-CN"


@pytest.fixture
def save(services):
    def save(paper=None, **answers):
        draft = services.filling.open_blank("visit", L)
        for name, value in {"title": "一", **answers}.items():
            services.filling.answer(draft, name, value, L)
        if paper is not None:
            content = io.BytesIO(paper)
            services.filling.attach(draft, "paper", content, "方案.pdf", "application/pdf", L)
        return services.finalize(draft)

    return save


def change(services, entry, **answers):
    services.editing.open(entry, L)
    for name, value in answers.items():
        services.filling.answer(entry, name, value, L)
    return services.finalize(entry)


def listed(services, entry):
    return next(each for each in services.entries() if each["entry"] == entry)


def take_no_files(office):
    def problem(asked):
        if "/attachments/" not in asked.target:
            return None
        return ProblemAnswer(**office.stamp(asked), status=503, code="busy", message="busy")

    office.problem = problem


def damage(services, digest, content=b"\xff{"):
    with services.db.transaction():
        services.db.write("UPDATE revision SET content = ? WHERE digest = ?", (content, digest))


@pytest.fixture
def contested(services, mate):
    """An entry with two heads, and the digest of this device's own."""
    entry = mate.add(title="一", people=1)
    services.rounds.run()
    own = change(services, entry, people=2)["revision"]
    mate.services.patcher.edit(entry, {"people": 3}, services.home.path)
    return entry, own


def test_an_entry_is_not_delivered_while_an_earlier_revision_of_it_waits_for_its_file(
    services, office, save
):
    take_no_files(office)
    entry = save(paper=b"x" * 300)["entry"]
    services.rounds.run()
    change(services, entry, paper=None)
    services.rounds.run()

    found, status = listed(services, entry), services.status()

    assert (found["state"], found["files_waiting"], found["text_delivered"]) == ("saved", 1, True)
    assert (status["saved"], status["delivered"], status["attachments_to_go"]) == (1, 0, 1)
    assert found["since"] == status["oldest_undelivered"]
    assert services.listing.counts()["waiting"] == 1
    assert services.finalize(entry)["state"] == "delivered"  # of that revision, not of the entry
    office.problem = lambda _: None
    services.rounds.run()
    assert listed(services, entry)["state"] == "delivered"


def test_a_damaged_row_whose_file_waits_stops_neither_sync_nor_the_lists(services, office, save):
    take_no_files(office)
    outcome = save(paper=b"x" * 300)
    services.rounds.run()
    damage(services, outcome["revision"])

    services.rounds.run()

    page = overview(services, Wish(), L, "")
    assert [each["name"] for each in page["entries"][0]["files"]] == [""]


def test_what_the_disk_made_of_a_reason_is_not_shown(services, save):
    entry = save()["entry"]
    voided = services.void(entry, "because of A")["revision"]
    row = services.db.row("SELECT content FROM revision WHERE digest = ?", (voided,))
    damage(services, voided, row["content"].replace(b"of A", b"of B"))

    assert listed(services, entry)["reason"] is None


def test_heads_of_which_one_was_pruned_are_a_conflict_and_the_other_is_shown(
    services, mate, contested, hands
):
    entry, _ = contested
    services.rounds.run()
    hands.now += timedelta(days=400)
    services.pruner.prune(30, apply=True)
    mate.services.rounds.run()
    services.rounds.run()

    found = listed(services, entry)
    assert found["heads"] == 2
    if services.db.row("SELECT 1 FROM revision WHERE pruned_at IS NOT NULL") is None:
        return  # it was fetched again: nothing is missing
    assert services.status()["conflicts"] == 1
    assert found["contested"] == [""]
    shown = services.entry(entry)
    assert (shown["answers"]["people"], shown["contested"]) == (3, [""])


def test_heads_of_which_one_is_damaged_are_a_conflict_and_the_other_is_shown(
    services, mate, contested
):
    entry, own = contested
    mate.services.rounds.run()
    services.rounds.run()
    damage(services, own)
    with services.db.transaction():
        services.db.write("UPDATE conflict SET paths = 'null'")

    assert services.status()["conflicts"] == 1
    assert services.listing.counts()["conflict"] == 1
    assert listed(services, entry)["contested"] == [""]
    assert services.entry(entry)["answers"]["people"] == 3
    told = services.merging.conflicts(entry, L)
    assert [each["path"] for each in told["contested"]] == [""]
    assert len(told["heads"]) == 2


def test_what_was_quarantined_elsewhere_is_not_shown_after_the_server_went_back(services, mate):
    entry = mate.add(title="一", people=1)
    services.rounds.run()
    mate.edit(entry, verdict="quarantined", people=3)
    services.rounds.run()
    assert services.entry(entry)["answers"]["people"] == 1

    start_over(services.db, services.clock, "Another log.")

    assert (services.entry(entry)["answers"]["people"], services.entry(entry)["heads"]) == (1, 1)
    waiting = services.db.row(
        "SELECT count(*) FROM revision WHERE state = 'saved' AND server_state IS NULL"
    )
    assert waiting[0] == 2  # both are handed in again


def test_an_entry_of_another_device_is_listed_by_the_name_that_its_form_gives_it(services, mate):
    entry = mate.add(title="一")

    services.rounds.run()

    assert listed(services, entry)["name"] == listed(mate.services, entry)["name"] != "走访"
    assert services.listing.page(Wish(find="一"))["total"] == 1
