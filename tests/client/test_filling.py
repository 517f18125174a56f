"""Filling: steps from memory, drafts on the disk, two tabs on one draft."""

import io
import threading

import pytest

from client.drafts import Drafts
from client.errors import NotFoundError, StorageError, StorageFullError
from client.services import open_services
from forms.errors import AnswerError


@pytest.fixture
def draft(services):
    return services.filling.open_blank("visit", "zh-CN")


def values(view):
    return {
        state["path"]: state["value"] for state in view["states"] if state["kind"] == "question"
    }


def test_a_blank_form_has_its_defaults_and_is_kept_at_once(services, draft):
    view = services.filling.view(draft, "zh-CN")

    assert values(view)["unit_name"] == "北旗总工会"
    assert values(view)["on"] == "2026-11-22"
    assert view["saved_sequence"] == view["sequence"]
    assert [entry["state"] for entry in services.entries()] == ["draft"]


def test_an_answer_brings_back_what_it_changed(services, draft):
    change = services.filling.answer(draft, "kind", "b", "zh-CN")

    assert {state["path"]: state["relevant"] for state in change["states"]}["more"] is True
    assert change["sequence"] == 2


def test_an_answer_is_in_memory_first_and_on_the_disk_after_a_write(services, draft):
    change = services.filling.answer(draft, "title", "一", "zh-CN")
    assert change["saved_sequence"] < change["sequence"]

    assert services.filling.save_changed() == 1

    assert services.entry(draft)["answers"]["title"] == "一"
    view = services.filling.view(draft, "zh-CN")
    assert view["saved_sequence"] == view["sequence"]


def test_what_is_written_is_not_written_again(services, draft):
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.filling.save_changed()

    assert services.filling.save_changed() == 0


def test_a_step_tells_that_there_is_something_to_write(services, draft):
    told = []
    services.filling.on_step = lambda: told.append(1)

    services.filling.answer(draft, "title", "一", "zh-CN")

    assert told == [1]


def test_a_draft_is_there_after_a_restart_wrong_answers_too(enrolled_home):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "people", "viele", "zh-CN")

    with open_services(enrolled_home) as services:
        view = services.filling.view(draft, "zh-CN")

        assert values(view)["people"] == "viele"
        assert view["sequence"] == 2


def test_half_a_character_in_a_draft_is_kept(enrolled_home):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", "\ud83d", "zh-CN")

    with open_services(enrolled_home) as services:
        assert values(services.filling.view(draft, "zh-CN"))["title"] == "\ud83d"


def test_the_second_tab_is_told_what_the_first_did(services, draft):
    seen = services.filling.view(draft, "zh-CN")["sequence"]
    services.filling.answer(draft, "title", "一", "zh-CN")
    row = services.filling.add_row(draft, "rows", "zh-CN")["added"][0]

    told = services.filling.events_since(draft, seen, "zh-CN")

    assert [step["added"] for step in told["steps"]] == [[], [row]]
    assert told["sequence"] == seen + 2


def test_a_tab_that_is_behind_is_told_with_its_own_step(services, draft):
    seen = services.filling.view(draft, "zh-CN")["sequence"]
    services.filling.answer(draft, "title", "一", "zh-CN", seen)

    change = services.filling.answer(draft, "people", 3, "zh-CN", seen)

    assert [step["states"][0]["path"] for step in change["missed"]] == ["title"]


def test_a_tab_in_another_language_gets_everything_anew(services, draft):
    seen = services.filling.view(draft, "en")["sequence"]
    services.filling.answer(draft, "title", "一", "zh-CN")

    told = services.filling.events_since(draft, seen, "en")

    assert told["view"]["language"] == "en"


def test_rows_come_move_and_go(services, draft):
    filling = services.filling
    first, second = (filling.add_row(draft, "rows", "zh-CN")["added"][0] for _ in range(2))

    moved = filling.move_row(draft, second, "zh-CN", after=None)
    gone = filling.remove_row(draft, first, "zh-CN")

    assert moved["states"]
    assert gone["removed"] == [first]


def test_an_answer_to_no_question_changes_nothing(services, draft):
    with pytest.raises(AnswerError):
        services.filling.answer(draft, "nothing", "x", "zh-CN")

    assert services.filling.view(draft, "zh-CN")["sequence"] == 1


def test_an_attached_file_answers_with_its_name_alone(services, draft):
    services.filling.attach(draft, "paper", io.BytesIO(b"x"), "C:\\Users\\li\\方案.pdf")

    answer = values(services.filling.view(draft, "zh-CN"))["paper"]

    assert (answer["name"], answer["type"], answer["size"]) == ("方案.pdf", "application/pdf", 1)


def test_a_discarded_draft_is_gone_also_after_a_late_write(services, draft):
    services.filling.answer(draft, "title", "一", "zh-CN")

    services.filling.discard(draft)
    services.filling.save_changed()

    assert services.entries() == []
    with pytest.raises(NotFoundError):
        services.filling.view(draft, "zh-CN")


def test_a_draft_keeps_the_version_it_was_begun_in(services, office, draft, visit_form):
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    services.rounds.run()

    assert services.filling.view(draft, "zh-CN")["version"] == "1"
    fresh = services.filling.open_blank("visit")
    assert services.filling.view(fresh, "zh-CN")["version"] == "2"


def test_a_full_disk_keeps_the_answers_in_memory_until_there_is_room(services, draft):
    services.filling.answer(draft, "title", "长" * 60_000, "zh-CN")
    pages = services.db.row("PRAGMA page_count")[0]
    services.db.row(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFullError):
        services.filling.save_changed()

    services.filling.answer(draft, "people", 3, "zh-CN")
    services.db.row("PRAGMA max_page_count = 100000")
    services.filling.save_changed()

    assert services.entry(draft)["answers"]["people"] == 3


def test_lists_of_own_entries_are_drawn_offline_and_fresh_at_each_view(services):
    report = services.filling.open_blank("report")
    visit = services.filling.open_blank("visit")
    services.filling.answer(visit, "title", "一", "zh-CN")
    row = services.filling.add_row(visit, "rows", "zh-CN")["added"][0]
    services.filling.answer(visit, f"{row}/what", "沙子", "zh-CN")
    services.finalize(visit)

    choices = services.filling.view(report, "zh-CN")["states"][0]["choices"]

    assert [choice["label"] for choice in choices] == ["沙子"]


def test_a_draft_that_is_read_from_a_slow_disk_keeps_no_other_one_waiting(
    services, draft, monkeypatch
):
    slow = services.filling.open_blank("visit")
    services.filling._open.pop(slow)
    reading, released = threading.Event(), threading.Event()
    real = Drafts.get

    def get(self, entry):
        reading.set()
        released.wait(60)
        return real(self, entry)

    monkeypatch.setattr(Drafts, "get", get)
    reader = threading.Thread(target=services.filling.view, args=(slow, "zh-CN"), daemon=True)
    typist = threading.Thread(
        target=services.filling.answer, args=(draft, "title", "一", "zh-CN"), daemon=True
    )
    reader.start()
    reading.wait(10)
    typist.start()
    typist.join(10)
    has_answered = not typist.is_alive()
    released.set()
    reader.join(10)
    typist.join(10)

    assert has_answered


def test_a_draft_that_is_discarded_while_another_page_reads_it_does_not_come_back(
    services, monkeypatch
):
    draft = services.filling.open_blank("visit")
    kept = services.filling._open.pop(draft)
    real = Drafts.get

    def get(self, entry):
        monkeypatch.setattr(Drafts, "get", real)
        found = real(self, entry)
        services.filling._open[draft] = kept  # another page opened it,
        services.filling.discard(draft)  # and threw it away, meanwhile
        return found

    monkeypatch.setattr(Drafts, "get", get)

    with pytest.raises(NotFoundError):
        services.filling.answer(draft, "title", "一", "zh-CN")

    services.filling.save_changed()
    assert services.entries() == []


def test_counts_of_a_save_that_comes_while_they_are_taken_are_not_stale(
    services, draft, monkeypatch
):
    services.filling.answer(draft, "title", "一", "zh-CN")
    real = services.db.rows

    def rows(sql, values=()):
        found = real(sql, values)
        monkeypatch.setattr(services.db, "rows", real)
        services.finalize(draft)
        return found

    monkeypatch.setattr(services.db, "rows", rows)
    services.replica.counts()

    assert services.replica.counts() == {"saved": 1}


def test_a_draft_of_another_version_that_could_not_be_written_is_tried_again(
    services, office, visit_form, monkeypatch
):
    draft = services.filling.open_blank("visit", "zh-CN")
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    services.rounds.run()
    services.filling.save_changed()
    steps = []
    services.filling.on_step = lambda: steps.append(1)

    def refuse(_):
        raise StorageError("the disk is away")

    with monkeypatch.context() as patch:
        patch.setattr(services.filling._drafts, "save", refuse)
        with pytest.raises(StorageError):
            services.upgrading.upgrade(draft, "zh-CN")

    assert steps == [1]
    assert services.filling.save_changed() == 1


def test_what_finalizing_does_not_find_is_not_taken_for_a_second_tap(services, monkeypatch):
    entry = services.adder.add("visit", {"title": "一"}, services.home.path)["entry"]
    services.editing.open(entry)

    def missing(*_, **__):
        raise NotFoundError("The form is not here.", code="unknown_definition")

    monkeypatch.setattr(services.editing, "end_unchanged", missing)

    with pytest.raises(NotFoundError, match="form"):
        services.finalize(entry)
