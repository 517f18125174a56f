"""The worker: drafts written behind the person, rounds without anybody pressing anything."""

import time

import pytest

from client.worker import Worker


@pytest.fixture
def worker(services):
    worker = Worker(services, draw=lambda: 0.0, idle=600)
    worker.start()
    yield worker
    worker.stop()


def until(holds, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def save(services):
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.finalize(draft)
    return draft


def test_an_answer_is_on_the_disk_soon(services, worker):
    draft = services.filling.open_blank("visit")

    services.filling.answer(draft, "title", "一", "zh-CN")

    until(lambda: services.entry(draft)["answers"].get("title") == "一")


def test_a_saved_entry_is_delivered_at_once(services, worker):
    entry = save(services)

    until(lambda: services.entry(entry)["state"] == "delivered")


def test_what_was_saved_before_the_start_is_delivered(services):
    entry = save(services)

    worker = Worker(services, idle=600)
    worker.start()

    until(lambda: services.entry(entry)["state"] == "delivered")
    worker.stop()


def test_a_server_that_comes_back_is_found_without_anybody_pressing_anything(
    services, office, worker
):
    until(lambda: services.status()["last_contact"] is not None)
    for _ in range(3):
        office.next_reply(lambda _: (200, {"Content-Type": "text/html"}, b"<html>"))

    entry = save(services)

    until(lambda: services.entry(entry)["state"] == "delivered")
    until(lambda: services.status()["problem"] is None)


def test_the_button_brings_what_is_new(services, office, worker, visit_form):
    until(lambda: len(office.asked) >= 3)
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)

    services.sync_now()

    until(lambda: services.forms()[0]["version"] == "2")


def test_a_full_disk_does_not_end_the_writing(services, worker, monkeypatch):
    monkeypatch.setattr("client.worker._WRITE_RETRY_SECONDS", 0.01)
    draft = services.filling.open_blank("visit")
    pages = services.db.row("PRAGMA page_count")[0]
    services.db.row(f"PRAGMA max_page_count = {pages}")
    services.filling.answer(draft, "title", "长" * 60_000, "zh-CN")

    services.db.row("PRAGMA max_page_count = 100000")

    until(lambda: len(services.entry(draft)["answers"].get("title", "")) == 60_000)
