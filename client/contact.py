"""When this device last met its server, and how far its clock was off then.

A contact is a signed answer; anything else that answered is none. The difference of the clocks is
evidence that goes with each revision; nothing is ordered or refused by it.
"""

from dataclasses import dataclass
from datetime import datetime

from client.db import Database
from client.settings import read_setting, write_setting
from sync.times import format_time, parse_time

_MET = "last_contact"
_SKEW = "skew_ms"


@dataclass(frozen=True, slots=True)
class Skew:
    """How far this device's clock was ahead of the server's, and how long ago that was seen."""

    milliseconds: int
    age_seconds: int


def note_contact(db: Database, now: datetime, server_time: datetime) -> None:
    """Keep that the server answered now, within a transaction."""
    write_setting(db, _MET, format_time(now))
    write_setting(db, _SKEW, str(round((now - server_time).total_seconds() * 1000)))


def last_contact(db: Database) -> str | None:
    """Return when the server last answered, by this device's clock."""
    return read_setting(db, _MET)


def read_skew(db: Database, now: datetime) -> Skew | None:
    """Return what is known of the clock's error; None before the first contact."""
    met, skew = read_setting(db, _MET), read_setting(db, _SKEW)
    if met is None or skew is None:
        return None
    # A clock that was set back since then makes the age meaningless; it is never negative.
    age = max(0, int((now - parse_time(met)).total_seconds()))
    return Skew(int(skew), age)
