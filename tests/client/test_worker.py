"""The worker: drafts written behind the person, rounds without anybody pressing anything."""

import threading
import time
from datetime import timedelta

import pytest

from client.filling import Filling
from client.network import NetworkWatch
from client.services import open_services
from client.worker import Worker

STOP_SECONDS = 20


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


@pytest.fixture
def alone(services, office):
    """Start a worker with nothing to do; its first round has passed, and only what is given triggers."""
    started = []

    def run(**triggers):
        before = len(office.asked)
        worker = Worker(services, draw=lambda: 0.0, **{"idle": 600, "watch": 600, **triggers})
        worker.start()
        started.append(worker)
        until(
            lambda: len(office.asked) > before and services.rounds._running.acquire(blocking=False)
        )
        services.rounds._running.release()

    yield run
    for worker in started:
        worker.stop()


def save_quietly(services):
    """Save an entry without telling the worker."""
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.filling.finalize(draft)
    return draft


def test_the_passing_of_time_alone_delivers(services, alone):
    alone(idle=0.02)
    entry = save_quietly(services)

    until(lambda: services.entry(entry)["state"] == "delivered")


def test_a_network_that_comes_up_alone_delivers(services, alone):
    addresses = ["10.0.0.7"]
    network = NetworkWatch(services.clock, lambda: tuple(addresses))
    alone(network=network, watch=0.02)
    entry = save_quietly(services)

    addresses[0] = "192.168.1.4"

    until(lambda: services.entry(entry)["state"] == "delivered")


def test_a_computer_that_wakes_alone_delivers(services, alone, hands):
    alone(network=NetworkWatch(services.clock, lambda: ()), watch=0.02)
    entry = save_quietly(services)

    hands.now += timedelta(hours=9)

    until(lambda: services.entry(entry)["state"] == "delivered")


def test_a_new_save_alone_delivers(services, alone):
    alone()

    entry = save(services)

    until(lambda: services.entry(entry)["state"] == "delivered")


def test_the_button_alone_delivers(services, alone):
    alone()
    entry = save_quietly(services)

    services.sync_now()

    until(lambda: services.entry(entry)["state"] == "delivered")


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


def refuse_to_write(monkeypatch, draft):
    """Let one draft meet an error that is not the disk's, until told otherwise."""
    real = Filling._write
    is_refusing = threading.Event()
    is_refusing.set()

    def write(self, open_draft):
        if is_refusing.is_set() and open_draft.instance.entry == draft:
            raise ValueError("one form")
        return real(self, open_draft)

    monkeypatch.setattr(Filling, "_write", write)
    return is_refusing


def test_a_draft_that_cannot_be_written_does_not_keep_the_others_from_the_disk(
    services, worker, monkeypatch
):
    monkeypatch.setattr("client.worker._WRITE_RETRY_SECONDS", 0.01)
    broken, whole = (services.filling.open_blank("visit") for _ in range(2))
    is_refusing = refuse_to_write(monkeypatch, broken)
    services.filling.answer(broken, "title", "一", "zh-CN")
    services.filling.answer(whole, "title", "二", "zh-CN")

    until(lambda: services.entry(whole)["answers"].get("title") == "二")
    is_refusing.clear()

    until(lambda: services.entry(broken)["answers"].get("title") == "一")


def test_steps_that_follow_each_other_are_written_once_and_at_the_stop_at_the_latest(
    services, monkeypatch
):
    monkeypatch.setattr("client.worker._WRITE_AFTER_SECONDS", 600)
    real = Filling.save_changed
    written = []
    monkeypatch.setattr(Filling, "save_changed", lambda self: written.append(real(self)))
    draft = services.filling.open_blank("visit")
    worker = Worker(services, idle=600)
    worker.start()
    for title in ("一", "二", "三"):
        services.filling.answer(draft, "title", title, "zh-CN")

    worker.stop()

    assert services.entry(draft)["answers"]["title"] == "三"
    assert written == [1]


def test_a_round_that_hangs_keeps_nobody_from_ending_the_program(enrolled_home, office):
    hanging, released, drafts = threading.Event(), threading.Event(), []

    def hang(_):
        hanging.set()
        released.wait(60)

    def live():
        with open_services(enrolled_home) as services:
            worker = Worker(services, idle=600)
            worker.start()
            hanging.wait(60)
            drafts.append(services.filling.open_blank("visit"))
            services.filling.answer(drafts[0], "title", "一", "zh-CN")
            worker.stop()

    office.next_reply(hang)
    life = threading.Thread(target=live, daemon=True)
    life.start()
    life.join(STOP_SECONDS)
    has_ended = not life.is_alive()
    with open_services(enrolled_home) as services:
        answers = services.entry(drafts[0])["answers"]
    released.set()

    assert has_ended
    assert answers["title"] == "一"
