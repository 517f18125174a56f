"""What the first page is told: everything once, then the state alone until something changes."""

from typing import Any

import pytest

from client.selecting import Wish
from client.services import Services
from client.web.overview import overview


@pytest.fixture
def entry(services: Services) -> str:
    return str(services.adder.add("visit", {"title": "甲村"}, services.home.path)["entry"])


def look(services: Services, seen: str = "") -> dict[str, Any]:
    return overview(services, Wish(), "zh-CN", seen)


def test_what_was_seen_is_not_told_again_until_something_changes(
    services: Services, entry: str
) -> None:
    seen = look(services)["seen"]

    assert set(look(services, seen)) == {"seen", "status"}
    services.void(entry, "重复")
    told = look(services, seen)
    assert [each["operation"] for each in told["entries"]] == ["void"]


def test_what_was_seen_of_an_earlier_process_counts_for_nothing(
    services: Services, entry: str
) -> None:
    generation = look(services)["seen"].partition("-")[2]

    told = look(services, f"another-{generation}")

    assert [each["entry"] for each in told["entries"]] == [entry]
