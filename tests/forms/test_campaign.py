"""Campaigns and lists of units, and what is refused in them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from forms.campaign import is_late, item_of, parse_campaign, parse_units
from forms.errors import DefinitionError

CAMPAIGN = {
    "id": "harvest-1",
    "title": {"zh-CN": "收成"},
    "organiser": {"unit": "city", "name": "City"},
    "languages": ["zh-CN"],
    "default_language": "zh-CN",
    "opens": "2019-05-13",
    "items": [
        {
            "form": "visit",
            "title": "Visit",
            "owed_by": ["village"],
            "due": "2019-05-30T23:59:59+08:00",
        }
    ],
}
UNITS = [
    {"code": "city", "name": "City", "kind": "city", "parent": None},
    {"code": "village-1", "name": "一村", "kind": "village", "parent": "city"},
]


def campaign(**changes):
    return parse_campaign(json.dumps({**CAMPAIGN, **changes}).encode())


def item(**changes):
    return campaign(items=[{**CAMPAIGN["items"][0], **changes}]).items[0]


def units(*rows):
    return parse_units(json.dumps(list(rows)).encode())


def test_a_campaign_is_read_with_its_dates_and_items():
    read = campaign()

    assert read.opens == date(2019, 5, 13)
    assert read.closes is None
    assert read.organiser.unit == "city"
    assert item_of(read, "visit") is read.items[0]
    assert item_of(read, "other") is None


def test_an_item_asks_for_one_entry_unless_it_says_otherwise():
    assert (item().min_entries, item().max_entries, item().repeats) == (1, None, False)


def test_what_comes_after_the_due_time_is_late_in_any_zone():
    due = item().due

    assert due == datetime(2019, 5, 30, 15, 59, 59, tzinfo=UTC)
    assert not is_late(item(), due)
    assert is_late(item(), due + timedelta(seconds=1))


def test_what_is_never_due_is_never_late():
    assert not is_late(item(due=None), datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"colour": "red"}, "colour"),
        ({"default_language": "en"}, "default_language"),
        ({"closes": "2019-01-01"}, "closes"),
        ({"items": []}, "items"),
        ({"items": [{"form": "visit"}]}, "items[0].title"),
        ({"items": CAMPAIGN["items"] * 2}, "items[1].form"),
        ({"organiser": {"unit": "City", "name": "City"}}, "organiser.unit"),
    ],
)
def test_a_campaign_that_does_not_hold_together_is_refused_at_its_path(changes, path):
    with pytest.raises(DefinitionError) as caught:
        campaign(**changes)

    assert caught.value.path == path


@pytest.mark.parametrize("due", ["2019-05-30", "2019-05-30T12:00:00", "soon"])
def test_due_is_a_time_with_its_zone(due):
    with pytest.raises(DefinitionError) as caught:
        item(due=due)

    assert caught.value.path == "items[0].due"


def test_fewer_entries_at_most_than_at_least_are_refused():
    with pytest.raises(DefinitionError, match="max_entries"):
        item(min_entries=2, max_entries=1)


def test_units_keep_their_order_and_know_their_parent():
    city, village = units(*UNITS)

    assert (city.parent, village.parent) == (None, "city")
    assert village.name == "一村"


def test_a_code_that_stands_twice_is_refused():
    with pytest.raises(DefinitionError) as caught:
        units(UNITS[0], UNITS[0])

    assert (caught.value.code, caught.value.path) == ("duplicate_name", "[1].code")


def test_a_parent_that_is_not_there_is_refused():
    with pytest.raises(DefinitionError) as caught:
        units(UNITS[1])

    assert (caught.value.code, caught.value.path) == ("unknown_reference", "[0].parent")


def test_a_unit_above_itself_is_refused():
    with pytest.raises(DefinitionError) as caught:
        units({**UNITS[0], "parent": "village-1"}, UNITS[1])

    assert caught.value.code == "cycle"


def test_an_unknown_key_of_a_unit_is_refused_at_its_place():
    with pytest.raises(DefinitionError) as caught:
        units(UNITS[0], {**UNITS[1], "nmae": "x"})

    assert caught.value.path == "[1].nmae"
    assert "'name'" in caught.value.hint


@pytest.mark.parametrize("content", [b"[]", b"{}", b"1"])
def test_one_file_is_not_taken_for_the_other(content):
    with pytest.raises(DefinitionError):
        parse_campaign(content)
    if content != b"[]":
        with pytest.raises(DefinitionError):
            parse_units(content)
