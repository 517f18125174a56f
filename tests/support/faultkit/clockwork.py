"""Two devices and a server that live through the same days, by clocks that are right or wrong.

What is typed, when is synced, and what chance decides is the same for the same seed; the clocks alone
differ. So whatever differs in what comes of it is an effect of the clocks.
"""

import json
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from faultkit.randomness import seeded_randomness
from faultkit.way import Network, Way
from field_device import definition, write_campaign

from client.clock import Clock
from client.enrol import Invitation, enrol
from client.services import open_services as open_home
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.projection.projector import Projector
from server.services import open_services as open_server

RIGHT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
MOMENTS = (
    datetime(1601, 1, 1, tzinfo=UTC),
    datetime(1901, 12, 13, 20, 45, 51, tzinfo=UTC),
    datetime(1958, 11, 22, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2016, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    RIGHT,
    datetime(2038, 1, 19, 3, 14, 7, 999_999, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2094, 11, 22, tzinfo=UTC),
    datetime(2100, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    datetime(2262, 4, 11, 23, 47, 17, tzinfo=UTC),
)
ZONES = (
    UTC,
    CHINA,
    timezone(timedelta(hours=14)),
    timezone(timedelta(hours=-12)),
    timezone(timedelta(hours=5, minutes=45)),
    ZoneInfo("Asia/Shanghai"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("Africa/Monrovia"),
)
STEPS = (
    "begin",
    "begin",
    "type",
    "finalize",
    "finalize",
    "edit",
    "decide",
    "sync",
    "sync",
    "restart",
)
MOST_ROUNDS = 12


def timely_definition():
    """Return a definition whose answers depend on the time: defaults, rules and calculations."""
    form = json.loads(definition(version="2"))
    form["survey"] += [
        {"type": "date", "name": "day", "label": {"zh-CN": "日"}, "default": "today()"},
        {
            "type": "date",
            "name": "until",
            "label": {"zh-CN": "止"},
            "default": "today()",
            "constraint": ". <= today()",
        },
        {"type": "calculate", "name": "stamp", "calculation": "format-date(now(), '%Y-%m-%d')"},
    ]
    return json.dumps(form, ensure_ascii=False).encode()


class RightTime:
    """Everybody's clock is right, and goes on with each step."""

    def __init__(self):
        self.now, self.ticks = RIGHT, 0.0

    def step(self):
        self.now += timedelta(seconds=61)
        self.ticks += 61.0

    def clock(self, _):
        return Clock(lambda: self.now.astimezone(CHINA), lambda: self.ticks)


class WildTime(RightTime):
    """Each clock stands still, or jumps to any moment of these centuries in any zone."""

    def __init__(self, chance):
        super().__init__()
        self._chance, self._shown = chance, {}

    def step(self):
        super().step()
        for name in self._shown:
            if self._chance.random() < 0.4:  # else it is frozen
                self._shown[name] = self._draw()

    def clock(self, name):
        self._shown.setdefault(name, self._draw())
        return Clock(lambda: self._shown[name], lambda: self.ticks)

    def _draw(self):
        chance = self._chance
        drift = timedelta(seconds=chance.uniform(-2, 2) if chance.random() < 0.5 else 0)
        return (chance.choice(MOMENTS) + drift).astimezone(chance.choice(ZONES))


class Days:
    """The days of two devices of one unit and their server."""

    def __init__(self, folder, chance, time):
        self._folder, self._chance, self._time = folder, chance, time
        self._stack = ExitStack()
        self.steps = 0
        self._titles = 0

    def __enter__(self):
        write_campaign(self._folder / "campaign")
        data, clock = DataFolder(self._folder / "data"), self._time.clock("server").now
        init_data(data, self._folder / "campaign", clock=clock)
        self.server = self._stack.enter_context(open_server(data, clock))
        self.server.publish(timely_definition())
        self._network = Network(create_app(self.server), None, is_healed=True)
        self.homes = [_Device(self, number) for number in range(2)]
        return self

    def __exit__(self, *_):
        for home in self.homes:
            home.close()
        self._stack.close()

    def live(self, steps):
        """Do so many steps, with all clocks moved on before each."""
        for _ in range(steps):
            self._time.step()
            self.steps += 1
            self._chance.choice(self.homes).do(self._chance.choice(STEPS), self._chance)

    def come_to_rest(self):
        for _ in range(MOST_ROUNDS):
            self._time.step()
            outcomes = [home.services.rounds.run() for home in self.homes]
            if not any(done["left"] or done["pulled"] or done["problem"] for done in outcomes):
                return
        raise AssertionError("The devices never come to rest.")

    def open_home(self, number):
        return open_home(
            self._folder / f"home-{number}",
            self._time.clock(f"home-{number}"),
            connect=lambda _: Way(self._network),
        )

    def way(self):
        return Way(self._network)

    def next_title(self):
        self._titles += 1
        return f"第{self._titles}条"

    def outcome(self):
        """Return everything that may not depend on a clock."""
        with self.server.readers.read() as connection:
            rows = connection.execute(
                "SELECT entry, operation, state, violations FROM revision ORDER BY idx"
            ).fetchall()
        with closing(
            Projector(self.server.folder.log_db, self.server.folder.audit_db)
        ) as projector:
            projected = projector.catch_up()
        return {
            "log": [tuple(row) for row in rows],
            "projected": projected,
            "homes": [home.outcome() for home in self.homes],
        }


class _Device:
    def __init__(self, days, number):
        self._days, self._number, self._draft = days, number, None
        self._open()
        code = days.server.invite("north", "reporter").code
        enrol(self.services, Invitation("http://office.example", code), days.way())
        self.services.rounds.run()

    def _open(self):
        self._stack = ExitStack()
        self.services = self._stack.enter_context(self._days.open_home(self._number))

    def close(self):
        self._stack.close()

    def do(self, step, chance):
        getattr(self, f"_{step}")(chance)

    def _begin(self, _):
        if self._draft is None:
            self._draft = self.services.filling.open_blank("visit")
            self.services.filling.answer(self._draft, "title", self._days.next_title(), "")

    def _type(self, chance):
        if self._draft is not None:
            self.services.filling.answer(self._draft, "count", chance.randrange(99), "")
            self.services.filling.save_changed()

    def _finalize(self, _):
        if self._draft is not None:
            # What was opened by a clock that ran ahead is dated in the future now: a person mends it.
            self.services.filling.answer(self._draft, "until", "1600-01-01", "")
            done = self.services.finalize(self._draft)
            assert done["state"] == "saved", done
            self._draft = None

    def _edit(self, chance):
        entries = self._entries()
        if entries:
            draft = self.services.editing.open(chance.choice(entries))
            name = chance.choice(("title", "count"))
            value = self._days.next_title() if name == "title" else chance.randrange(99)
            self.services.filling.answer(draft, name, value, "")
            self.services.filling.answer(draft, "until", "1600-01-01", "")
            done = self.services.finalize(draft, decided=True)
            assert "violations" not in done, done

    def _decide(self, _):
        for entry in sorted(self.services.replica.conflicts())[:1]:
            view = self.services.replica.view(entry)
            # By what it says, as the digests that order the heads hold the time too.
            take = {each.path: {"head": _greatest(each).digest} for each in view.contested}
            self.services.merge(entry, take)

    def _sync(self, _):
        self.services.rounds.run()

    def _restart(self, _):
        self.close()
        self._open()

    def _entries(self):
        return sorted(each["entry"] for each in self.services.entries() if each["state"] != "draft")

    def outcome(self):
        """Return what this device says of every entry, without times and digests."""
        found = {}
        for entry in self._entries():
            view, listed = self.services.replica.view(entry), self.services.entry(entry)
            contested = {
                each.path: sorted(str(one.value) for one in each.contenders)
                for each in view.contested
            }
            kept = (
                {} if contested else {name: view.answers.get(name) for name in ("title", "count")}
            )
            found[entry] = (len(view.heads), contested, kept, listed["state"], listed["violations"])
        status = self.services.status()
        counted = {name: status[name] for name in ("drafts", "saved", "delivered", "conflicts")}
        return found, counted


def _greatest(contested):
    return max(contested.contenders, key=lambda each: str(each.value))


def lived(folder, seed, steps, time, chance):
    """Return what comes of so many steps by such clocks."""
    with seeded_randomness(seed), Days(folder, chance, time) as days:
        days.live(steps)
        days.come_to_rest()
        return days.outcome()
