"""Years of many devices with every fault, in virtual time: the real client and the real server.

Each device has a home with its real database and journal; the server has its real log. Time, chance
and the network are handed in. Everything that a device called saved is remembered here, outside, and
is what the end is compared with.
"""

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import field_device
from faultkit.way import Network, Way

from client.clock import Clock
from client.enrol import Invitation, enrol
from client.errors import ClientError, InputError
from client.merging import choice_of
from client.services import open_services as open_home
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server
from sync.errors import SyncError

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
ENTRIES_A_DAY = 2
ROUNDS_A_DAY = 2
MOST_ROUNDS_TO_REST = 60
UNITS = ("north", "south")
PUBLISHED_AGAIN = 0.2  # of a day: the organiser has the forms, and notices


TASKS = ("restart", "edit", "void", "decide", "keep_copy", "put_back", "lose_home")


@dataclass
class Shares:
    """How often, a device and day, something befalls a device or the server."""

    restart: float = 0.10
    cut_short: float = 0.05
    clock: float = 0.03
    edit: float = 0.30
    void: float = 0.02
    decide: float = 0.30
    keep_copy: float = 0.02
    put_back: float = 0.005
    lose_home: float = 0.002
    server_restart: float = 0.05
    server_kept: float = 0.05
    server_restored: float = 0.01
    new_version: float = 0.01
    outage: float = 0.02


HARSH = Shares(
    keep_copy=0.06,
    put_back=0.02,
    lose_home=0.006,
    server_kept=0.03,
    server_restored=0.06,
    new_version=0.12,
)
"""Rare things ten times as often."""


@dataclass
class Life:
    """What the devices said, and what befell them."""

    saved: dict = field(default_factory=dict)  # digest → the device that called it saved
    lost: set = field(default_factory=set)  # digests of which every copy was destroyed from outside
    befell: Counter = field(default_factory=Counter)


class SimulatedDevice:
    """One device: a home, a clock that may be wrong, and the person before it."""

    def __init__(self, world, name, unit):
        self.world, self.name, self.unit = world, name, unit
        self.home = world.folder / "homes" / name
        self.skew = timedelta()
        self._stack = None
        self.open()
        self._enrol()

    def _enrol(self):
        world = self.world
        code = world.server.invite(self.unit, "reporter").code
        with world.network_healed():
            enrol(self.services, Invitation("http://office.example", code), Way(world.network))
            self.services.rounds.run()
        world.make_backup()  # a backup that knows this device: another has to be enrolled by a person

    @property
    def seconds(self):
        """A clock that only goes forward."""
        return (self.world.now - BEGINNING).total_seconds()

    def open(self):
        self._stack = ExitStack()
        world = self.world
        clock = Clock(
            lambda: (world.now + self.skew).astimezone(CHINA),
            lambda: self.seconds,
        )
        self.services = self._stack.enter_context(
            open_home(self.home, clock, connect=lambda _: Way(world.network))
        )

    def close(self):
        self._stack.close()

    def restart(self):
        self.close()
        self.open()

    def fill_in(self):
        """Save an entry: what the product calls saved is remembered from then on."""
        chance = self.world.chance
        answers = {"title": f"{self.name} {chance.randrange(10**9)}", "count": chance.randrange(99)}
        self._saved(self.services.adder.add("visit", answers, self.home))

    def edit(self):
        """Change an entry of the unit, whoever made it, in one of its answers or in both."""
        chance, entry = self.world.chance, self._some_entry()
        if entry is None:
            return
        draft = self.services.editing.open(entry)
        for path, value in (
            ("title", f"edited {chance.randrange(9)}"),
            ("count", chance.randrange(9)),
        ):
            if chance.random() < 0.6:
                self.services.filling.answer(draft, path, value, "")
        if chance.random() < 0.1:
            self.restart()
        self._saved(self.services.finalize(draft, decided=True))

    def void(self):
        """Take an entry back."""
        entry = self._some_entry()
        if entry is not None:
            self._saved(self.services.void(entry, "填错了"))

    def decide(self):
        """Decide everything that is contested in an entry."""
        contested = self.services.replica.conflicts()
        if contested:
            entry = self.world.chance.choice(sorted(contested))
            side = self.world.chance.choice(("ours", "theirs"))
            take = {path: choice_of(side) for path in contested[entry]}
            try:
                self._saved(self.services.merge(entry, take))
            except InputError:  # more than two stand against one another: a head is named
                view = self.services.replica.view(entry)
                take = {each.path: {"head": view.heads[0]} for each in view.contested}
                self._saved(self.services.merge(entry, take))

    def keep_copy(self):
        """Put a copy of the home aside, as a person's backup does."""
        self.close()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.home, self.copy)
        self.open()

    @property
    def copy(self):
        return self.home.with_name(self.name + "-copy")

    def put_back(self):
        """Replace the home by the copy that was put aside."""
        if self.copy.exists():
            self.close()
            shutil.rmtree(self.home)
            shutil.copytree(self.copy, self.home)
            self.open()
            self.world.note_what_is_lost()

    def lose_home(self):
        """Lose the computer; the person is given a code for a new one."""
        self.close()
        shutil.rmtree(self.home)
        self.open()
        self.world.note_what_is_lost()
        self._enrol()

    def _some_entry(self):
        entries = [
            each["entry"]
            for each in self.services.entries()
            if each["operation"] == "put" and each["state"] != "draft"
        ]
        return self.world.chance.choice(entries[:20]) if entries else None

    def _saved(self, done):
        assert done.get("unchanged") or done["state"] == "saved", done
        if not done.get("unchanged"):
            self.world.life.saved[done["revision"]] = self.name

    def sync(self):
        """Do a round; what goes wrong on the way is the network's, and is tried again some day."""
        try:
            return self.services.rounds.run()
        except (ClientError, SyncError):
            return None

    def held(self):
        """Return the revisions that this device holds, with their states."""
        rows = self.services.db.rows("SELECT digest, state FROM revision WHERE pruned_at IS NULL")
        return {row["digest"]: row["state"] for row in rows}


class World:
    """A server, its devices, and the time they share."""

    def __init__(self, folder, chance, *, devices, shares=None):
        self.folder, self.chance = folder, chance
        self.shares = shares or Shares()
        self.now = BEGINNING
        self.life = Life()
        self._server_stack = None
        field_device.write_campaign(folder / "campaign")
        init_data(DataFolder(folder / "data"), folder / "campaign", clock=lambda: self.now)
        self.network = Network(None, chance)
        self.version = 1
        self.open_server()
        self.devices = []
        for number in range(devices):
            unit = UNITS[number % len(UNITS)]
            self.devices.append(SimulatedDevice(self, f"device-{number}", unit))

    def open_server(self):
        self._server_stack = ExitStack()
        self.server = self._server_stack.enter_context(
            open_server(DataFolder(self.folder / "data"), lambda: self.now)
        )
        self.network.app = create_app(self.server)

    def close(self):
        for device in self.devices:
            device.close()
        self._server_stack.close()

    def network_healed(self):
        return _Healed(self.network)

    def live(self, days):
        """Let so many days pass for all devices."""
        for _ in range(days):
            self._befall_server()
            for device in self.chance.sample(self.devices, len(self.devices)):
                self._day_of(device)
            self.now += timedelta(days=1)

    def come_to_rest(self):
        """Heal the network and let everybody sync until nothing is left to do."""
        self.network.is_healed = self.network.is_up = True
        self.publish()
        for _ in range(MOST_ROUNDS_TO_REST):
            self.now += timedelta(minutes=20)
            outcomes = [device.sync() for device in self.devices]
            if all(done and not done["left"] and not done["pulled"] for done in outcomes):
                return
        raise AssertionError("The devices never come to rest.")

    def _day_of(self, device):
        happens = self._happens
        tasks = [device.fill_in] * ENTRIES_A_DAY + [device.sync] * ROUNDS_A_DAY
        tasks += [getattr(device, name) for name in TASKS if happens(name)]
        if happens("clock"):
            device.skew = timedelta(days=self.chance.choice((0, 0, 0, -20_000, -1, 1, 20_000)))
        self.chance.shuffle(tasks)
        for task in tasks:
            self.now += timedelta(minutes=self.chance.randrange(1, 120) / len(self.devices))
            task()

    def _befall_server(self):
        self.network.is_up = not self._happens("outage")
        if self._happens("server_restart"):
            self._server_stack.close()
            self.open_server()
        if self._happens("server_restored"):
            self._restore_server()
        if self._happens("server_kept"):
            self.make_backup()
        if self._happens("new_version"):
            self.version += 1
            self.publish()
        elif self.chance.random() < PUBLISHED_AGAIN:
            self.publish()

    def publish(self):
        """Publish every version; those that a server from a backup has lost, some days later."""
        for version in range(2, self.version + 1):
            self.server.publish(field_device.definition(version=str(version)))

    def make_backup(self):
        """Put a copy of the server's data aside."""
        self._server_stack.close()
        shutil.rmtree(self.backup, ignore_errors=True)
        shutil.copytree(self.folder / "data", self.backup)
        self.open_server()

    def _restore_server(self):
        """Put the server back as it was at the last backup."""
        self._server_stack.close()
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.backup, self.folder / "data")
        self.open_server()
        for version in range(
            2, self.version + 1
        ):  # the organiser has the forms, and publishes again
            self.server.publish(field_device.definition(version=str(version)))
        self.note_what_is_lost()

    @property
    def backup(self):
        return self.folder / "backup"

    def note_what_is_lost(self):
        """Remember what was saved and stands nowhere any more: somebody destroyed every copy."""
        there = set(self.logged())
        for device in self.devices:
            there.update(device.held())
        self.life.lost = self.life.saved.keys() - there

    def logged(self):
        """Return what is in the log, with its states."""
        with self.server.readers.read() as connection:
            rows = connection.execute("SELECT digest, state FROM revision").fetchall()
        assert len(rows) == len({row["digest"] for row in rows})
        return {row["digest"]: row["state"] for row in rows}

    def _happens(self, name):
        if self.chance.random() >= getattr(self.shares, name):
            return False
        self.life.befell[name] += 1
        return True


class _Healed:
    def __init__(self, network):
        self._network = network

    def __enter__(self):
        self._network.is_healed = True

    def __exit__(self, *_):
        self._network.is_healed = False
