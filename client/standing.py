"""How things stand on this device: what waits, since when and why, and what a person has to know.

* An age is told by the wall clock where that can be right, and by the time this program has run where
it cannot, or could not when it was made: no alarm is false because a clock jumped.
* A clock that looks wrong is told, and what is known of it by the server's signed time.
"""

from datetime import datetime
from typing import Any

from client.clock import EARLIEST, LATEST, Clock
from client.contact import last_contact, read_skew
from client.db import Database
from client.drafts import Drafts
from client.outbox import Outbox
from client.profile import Profile, is_plain, read_profile
from client.replica import Replica
from client.states import State
from client.troubles import Troubles
from sync.times import format_time, parse_time

Json = dict[str, Any]

ALARM_DAYS = (7, 3, 1)
MOST_SKEW_SECONDS = 120
_DAY_SECONDS = 86_400


class Standing:
    """The state of the device as a whole."""

    def __init__(self, db: Database, replica: Replica, clock: Clock) -> None:
        self._db = db
        self._replica = replica
        self._clock = clock
        self._drafts = Drafts(db)
        self._outbox = Outbox(db)
        self._troubles = Troubles(db)
        self._oldest: tuple[str, float] | None = None  # since when this process sees it wait

    def status(self, problem: Json | None) -> Json:
        """Return how things stand, with the problem of the last round and what comes of it."""
        counts = self._replica.counts()
        profile = read_profile(self._db)
        oldest = self._replica.oldest_undelivered()
        return {
            "drafts": self._drafts.count(),
            "saved": counts.get(State.SAVED, 0),
            "delivered": counts.get(State.DELIVERED, 0),
            "set_aside": counts.get(State.SET_ASIDE, 0),
            "quarantined": counts.get(State.QUARANTINED, 0),
            "conflicts": len(self._replica.conflicts()),
            "attachments_to_go": self._outbox.count_files(),
            "exported": self._outbox.count_exported(),
            "oldest_undelivered": oldest,
            "age_alarm": self._alarm(oldest),
            **self._why(problem, oldest),
            "server": None if profile is None else profile.server,
            "last_contact": last_contact(self._db),
            "has_deliverable": self._outbox.has_deliverable(),
            "member": None if profile is None else profile.member_name,
            "unit": None if profile is None else profile.unit_name,
            "role": None if profile is None else profile.role,
            "problem": problem,
            "warnings": self._warnings(profile),
            "troubles": [each.as_json() for each in self._troubles.open()],
        }

    def _alarm(self, oldest: str | None) -> int | None:
        """Return how many days the oldest undelivered entry has waited at least: 7, 3, 1 or none."""
        if oldest is None:
            self._oldest = None
            return None
        ticks = self._clock.monotonic()
        if self._oldest is None or self._oldest[0] != oldest:
            self._oldest = (oldest, ticks)
        seconds = ticks - self._oldest[1]
        now = self._clock.now()
        dated = self._replica.oldest_undelivered(since=format_time(EARLIEST))
        if _looks_right(now) and dated is not None:
            seconds = max(seconds, (now - parse_time(dated)).total_seconds())
        return next((days for days in ALARM_DAYS if seconds > days * _DAY_SECONDS), None)

    def _why(self, problem: Json | None, oldest: str | None) -> Json:
        """Return why something waits and since when that is so; nothing where nothing waits."""
        if oldest is None:
            return {"waiting_since": None, "why": None}
        if problem is None:
            return {
                "waiting_since": oldest,
                "why": {
                    "code": "next_round",
                    "message": "It goes with the next round.",
                    "hint": "tianbao sync does one now.",
                },
            }
        why = {name: problem[name] for name in ("code", "message", "hint")}
        return {"waiting_since": problem.get("since") or oldest, "why": why}

    def _warnings(self, profile: Profile | None) -> list[Json]:
        found = [] if profile is None else warnings_about(profile)
        now = self._clock.now()
        skew = read_skew(self._db, now)
        if not _looks_right(now):
            found.append(_clock_warning(f"The clock of this device shows {now:%Y-%m-%d %H:%M}."))
        elif skew is not None and abs(skew.milliseconds) > MOST_SKEW_SECONDS * 1000:
            side = "ahead of" if skew.milliseconds > 0 else "behind"
            minutes = abs(skew.milliseconds) // 60_000
            found.append(
                _clock_warning(
                    f"The clock of this device was {minutes} minutes {side} the server's when they "
                    "last met."
                )
            )
        return found


def warnings_about(profile: Profile) -> list[Json]:
    """Return what a person should know of the server for as long as it is so."""
    if not is_plain(profile.server):
        return []
    return [
        {
            "code": "plain_http",
            "message": f"{profile.server} is reached without encryption: whoever is on the way can "
            "read what is handed in, though not alter it.",
            "hint": "Ask the organiser for an address that begins with https.",
        }
    ]


def _looks_right(now: datetime) -> bool:
    return EARLIEST <= now < LATEST


def _clock_warning(message: str) -> Json:
    return {
        "code": "clock",
        "message": message,
        "hint": "Set its date, time and time zone. Nothing is lost or refused by it, but the dates "
        "in what you save now would be wrong.",
    }
