"""Times and zones have one text each."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import MessageError
from sync.times import format_time, format_zone, parse_time, parse_zone

MINUTES = st.integers(-18 * 60, 18 * 60)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_read_again_to_the_millisecond(moment: datetime) -> None:
    text = format_time(moment)

    assert parse_time(text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert format_time(parse_time(text)) == text


@given(MINUTES)
def test_a_zone_is_read_again(minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime(2026, 11, 22, tzinfo=zone)

    assert parse_zone(format_zone(moment)) == zone


def test_a_local_time_is_written_in_utc() -> None:
    moment = datetime(2019, 5, 20, 8, tzinfo=timezone(timedelta(hours=8)))

    assert format_time(moment) == "2019-05-20T00:00:00.000Z"
    assert format_zone(moment) == "+08:00"


def test_the_clock_of_1970_has_a_text() -> None:
    assert format_time(datetime.fromtimestamp(0, UTC)) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T09:31:02Z",
        "2026-11-22T09:31:02.12Z",
        "2026-11-22T09:31:02.123456Z",
        "2026-11-22T09:31:02.123",
        "2026-11-22T09:31:02.123+00:00",
        "2026-11-22T17:31:02.123+08:00",
        "2026-11-22 09:31:02.123Z",
        "20261122T093102.123Z",
        "2026-02-30T09:31:02.123Z",
        "2026-11-22T24:00:00.000Z",
        "２０２６-11-22T09:31:02.123Z",
        "2026-11-22T09:31:02.123Z\n",
    ],
)
def test_other_texts_are_no_time(text: str) -> None:
    with pytest.raises(MessageError):
        parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "8",
        "+8:00",
        "+0800",
        "+08",
        "08:00",
        "+08:60",
        "+19:00",
        "+99:99",
        "+08:00 ",
        "Z",
        "+08x00",
        "+-8:00",
        "+ 8:00",
        "+٠٨:00",
    ],
)
def test_other_texts_are_no_zone(text: str) -> None:
    with pytest.raises(MessageError):
        parse_zone(text)
