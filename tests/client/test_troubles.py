"""Troubles: counted, kept until they are dismissed, opened again where something is new."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client.clock import Clock
from client.db import Database
from client.errors import NotFoundError
from client.reconcile import Compared, tell
from client.troubles import Troubles

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def troubles(tmp_path: Path) -> Iterator[Troubles]:
    db = Database(tmp_path / "client.db")
    yield Troubles(db)
    db.close()


def note(troubles: Troubles, message: str = "A frame is damaged.", minutes: int = 0) -> None:
    moment = NOW + timedelta(minutes=minutes)
    troubles.note("damaged", "frame 7", message, "Run doctor.", moment)


def test_a_trouble_found_again_is_one_trouble_and_is_counted(troubles: Troubles) -> None:
    note(troubles)
    note(troubles, minutes=5)
    (found,) = troubles.open()
    assert (found.code, found.subject, found.count) == ("damaged", "frame 7", 2)
    assert (found.since, found.last_seen) == (
        "2026-11-22T09:00:00.000Z",
        "2026-11-22T09:05:00.000Z",
    )


def test_other_subjects_are_other_troubles(troubles: Troubles) -> None:
    note(troubles)
    troubles.note("damaged", "frame 8", "A frame is damaged.", "Run doctor.", NOW)
    assert [each.subject for each in troubles.open()] == ["frame 7", "frame 8"]


def test_what_was_dismissed_stays_so_while_the_same_is_found(troubles: Troubles) -> None:
    note(troubles)
    troubles.dismiss(troubles.open()[0].id, NOW)
    note(troubles, minutes=1)
    assert troubles.open() == []


def test_a_dismissed_trouble_opens_again_with_another_message(troubles: Troubles) -> None:
    note(troubles)
    troubles.dismiss(troubles.open()[0].id, NOW)
    note(troubles, "Two frames are damaged.")
    assert [each.message for each in troubles.open()] == ["Two frames are damaged."]


def test_a_settled_trouble_is_new_when_it_comes_back(troubles: Troubles) -> None:
    note(troubles)
    troubles.dismiss(troubles.open()[0].id, NOW)
    troubles.settle("damaged", "frame 7")
    note(troubles, minutes=9)
    (found,) = troubles.open()
    assert (found.count, found.since) == (1, "2026-11-22T09:09:00.000Z")


def test_dismissing_what_is_not_there_is_said(troubles: Troubles) -> None:
    with pytest.raises(NotFoundError, match="no open trouble"):
        troubles.dismiss(1, NOW)
    note(troubles)
    troubles.dismiss(troubles.open()[0].id, NOW)
    with pytest.raises(NotFoundError):
        troubles.dismiss(1, NOW)


def test_what_happened_once_more_opens_though_it_was_dismissed(troubles: Troubles) -> None:
    event = ("home_copied", "", "This home is a copy.", "Use one.")
    troubles.happened(*event, NOW)
    troubles.dismiss(troubles.open()[0].id, NOW)

    troubles.happened(*event, NOW + timedelta(minutes=1))

    (found,) = troubles.open()
    assert (found.code, found.count) == ("home_copied", 2)


def test_other_damage_of_the_same_extent_is_told_to_whoever_dismissed_the_first(
    troubles: Troubles,
) -> None:
    clock = Clock(lambda: NOW, lambda: 0.0)
    tell(Compared(lost=["sha256:aaaa"]), troubles, clock)
    troubles.dismiss(troubles.open()[0].id, NOW)

    tell(Compared(lost=["sha256:aaaa"]), troubles, clock)
    assert troubles.open() == []
    tell(Compared(lost=["sha256:bbbb"]), troubles, clock)

    assert [each.code for each in troubles.open()] == ["revisions_damaged"]


def test_damage_that_was_mended_again_is_told_again(troubles: Troubles) -> None:
    clock = Clock(lambda: NOW, lambda: 0.0)
    for _ in range(2):
        tell(Compared(rows=["sha256:aaaa"]), troubles, clock)
        (found,) = troubles.open()
        troubles.dismiss(found.id, NOW)
    assert found.count == 2
