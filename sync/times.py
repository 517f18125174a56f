"""Times as the protocol writes them: UTC to the millisecond, and a zone as `+08:00`."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from sync.errors import MessageError

_HOURS = 18  # ISO 8601 knows no larger offset in use
_ZONE = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-5][0-9])", re.ASCII)


def format_time(moment: datetime) -> str:
    """Return an aware time as UTC text: `2026-11-22T09:31:02.123Z`."""
    utc = moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_time(text: str) -> datetime:
    """Return the aware time of `format_time`'s text.

    Raises:
        MessageError: the text is not such a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageError(f"{text!r} is no time.") from error
    # ISO 8601 writes one moment in many ways; only ours is taken.
    if moment.tzinfo is not UTC or format_time(moment) != text:
        raise MessageError(f"{text!r} is no time to the millisecond.")
    return moment


def format_zone(moment: datetime) -> str:
    """Return the offset of an aware time from UTC: `+08:00`."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@lru_cache(maxsize=256)
def parse_zone(text: str) -> timezone:
    """Return the zone of `format_zone`'s text.

    Raises:
        MessageError: the text is not such an offset, or beyond ±18 hours.
    """
    match = _ZONE.fullmatch(text)
    if match is None or int(match["hours"]) > _HOURS:
        raise MessageError(f"{text!r} is no offset from UTC.")
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-offset if match["sign"] == "-" else offset)
