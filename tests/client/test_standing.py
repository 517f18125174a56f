"""How things stand: what waits, for how long, why, and clocks that cannot be believed."""

import contextlib
import io
from datetime import UTC, datetime, timedelta

import pytest

from client.contact import note_contact
from client.errors import UnreachableError
from client.troubles import Troubles


@pytest.fixture
def save(services):
    def run(paper=None):
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", "一", "zh-CN")
        if paper is not None:
            services.filling.attach(draft, "paper", io.BytesIO(paper), "方案.pdf")
        services.finalize(draft)
        return draft

    return run


def lose_the_network(services, office):
    office.reply = lambda _: None
    with contextlib.suppress(UnreachableError):
        services.rounds.run()


@pytest.mark.parametrize(
    ("days", "alarm"), [(0, None), (0.9, None), (1.1, 1), (2.9, 1), (3.1, 3), (6.9, 3), (30, 7)]
)
def test_what_waits_for_days_raises_an_alarm(services, save, hands, days, alarm):
    save()

    hands.now += timedelta(days=days)

    assert services.status()["age_alarm"] == alarm


def test_the_alarm_ends_with_the_delivery(services, save, hands):
    save()
    hands.now += timedelta(days=5)
    assert services.status()["age_alarm"] == 3

    services.rounds.run()

    assert services.status()["age_alarm"] is None
    assert (services.status()["why"], services.status()["waiting_since"]) == (None, None)


@pytest.mark.parametrize("year", [1970, 2025, 2060, 2100])
def test_a_clock_that_jumps_raises_no_false_alarm_and_is_told(services, save, hands, year):
    save()

    hands.now = datetime(year, 1, 1, tzinfo=UTC)

    status = services.status()
    assert status["age_alarm"] is None
    assert [each["code"] for each in status["warnings"]] == ["clock"]


def test_under_a_wrong_clock_the_alarm_goes_by_the_time_that_ran(services, save, hands):
    hands.now = datetime(1970, 1, 1, tzinfo=UTC)
    save()
    assert services.status()["age_alarm"] is None

    hands.seconds += 3 * 86_400 + 60

    assert services.status()["age_alarm"] == 3


def test_an_entry_that_seems_to_be_of_1970_raises_no_alarm_and_hides_none(services, save, hands):
    right = hands.now
    hands.now = datetime(1970, 1, 2, tzinfo=UTC)
    save()
    hands.now = right
    assert services.status()["age_alarm"] is None

    save()
    hands.now += timedelta(days=3.5)

    assert services.status()["age_alarm"] == 3


def test_an_error_that_nobody_expected_is_told_as_the_reason(services, office, save, monkeypatch):
    save()

    def fail(exchange):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(services.rounds._puller, "pull", fail)
    with pytest.raises(ZeroDivisionError):
        services.rounds.run()

    problem = services.status()["problem"]

    assert (problem["code"], "ZeroDivisionError" in problem["message"]) == ("unexpected", True)


def test_an_entry_that_seems_to_come_from_the_future_raises_no_alarm(services, save, hands):
    hands.now += timedelta(days=20)
    save()

    hands.now -= timedelta(days=20)

    assert services.status()["age_alarm"] is None


@pytest.mark.parametrize(("minutes", "is_told"), [(1, False), (-1, False), (5, True), (-5, True)])
def test_a_clock_that_differs_from_the_servers_is_told(services, hands, minutes, is_told):
    with services.db.transaction():
        note_contact(services.db, hands.now, hands.now - timedelta(minutes=minutes))

    told = [each["message"] for each in services.status()["warnings"] if each["code"] == "clock"]

    assert bool(told) == is_told
    assert not told or ("ahead of" if minutes > 0 else "behind") in told[0]


def test_what_waits_says_why_and_since_when(services, office, save, hands):
    save()
    assert services.status()["why"]["code"] == "next_round"
    hands.now += timedelta(hours=1)
    since = "2026-11-22T10:00:00.000Z"
    lose_the_network(services, office)
    hands.now += timedelta(hours=1)
    lose_the_network(services, office)

    status = services.status()

    assert (status["why"]["code"], status["waiting_since"]) == ("unreachable", since)


def test_files_to_go_and_their_text_are_told_apart(services, office, save):
    save(paper=b"%PDF")
    assert services.status()["attachments_to_go"] == 1

    services.rounds.run()

    assert services.status()["attachments_to_go"] == 0


def test_a_trouble_stands_in_the_status_until_it_is_dismissed(services, hands):
    Troubles(services.db).note(
        "damaged", "frame 7", "A frame is damaged.", "Run doctor.", hands.now
    )
    (trouble,) = services.status()["troubles"]
    assert (trouble["code"], trouble["hint"]) == ("damaged", "Run doctor.")

    services.dismiss(trouble["id"])

    assert services.status()["troubles"] == []


def test_the_command_tells_troubles_and_puts_them_away(enrolled_home, tianbao, hands):
    assert "Delivered: 0" in tianbao("status").stdout
    missing = tianbao("status", "--dismiss", "7")
    assert missing.returncode == 1
    assert "no open trouble" in missing.stderr
