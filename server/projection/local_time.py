"""Times as people read them: local, without a zone, beside the UTC of the record.

The text has no offset, so that SQLite's date functions and Datasette's date facets work on it;
which zone is meant stands in a column of its own, or is the campaign's.
"""

from contextlib import suppress
from datetime import datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.errors import MessageError
from sync.times import parse_zone

ORGANISATION_ZONE = "+08:00"


@lru_cache(maxsize=1024)
def local_text(utc: str, zone: tzinfo) -> str:
    """Return UTC text as the log's tables have it as local time: `2019-05-20 17:31:02`."""
    moment = datetime.fromisoformat(utc)
    with suppress(OverflowError):  # a device whose clock stands at an end of the calendar
        moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def zone_of(offset: object) -> tzinfo:
    """Return the zone of an offset such as +08:00, the organisation's where it is none."""
    try:
        return parse_zone(str(offset))
    except MessageError:
        return parse_zone(ORGANISATION_ZONE)


def named_zone(name: str) -> tzinfo:
    """Return the zone of an IANA name, the organisation's where the system does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return parse_zone(ORGANISATION_ZONE)
