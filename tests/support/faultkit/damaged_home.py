"""A home with something of everything, and what is still true of it once the disk has changed a file."""

import hashlib
import io
import shutil
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from faultkit.randomness import seeded_randomness
from faultkit.way import Network, Way
from field_device import write_campaign

import client.device
import client.finalize
from client.clock import Clock
from client.config import Home
from client.enrol import Invitation, enrol
from client.errors import ClientError
from client.services import open_services as open_home
from forms.errors import FormError
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server
from sync.digest import digest_of
from sync.errors import SyncError
from sync.frames import Frame, scan_frames

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CLOCK = Clock(lambda: NOW, lambda: 0.0)
KNOWN = (ClientError, SyncError, FormError)


@contextmanager
def _one_boot():
    """Let every revision be of one start of the program, so that it is replayed byte by byte."""
    real, client.finalize.BOOT = client.finalize.BOOT, "0123456789abcdef"
    try:
        yield
    finally:
        client.finalize.BOOT = real


class Original:
    """A home and its server before anything was damaged, and what was promised there."""

    def __init__(self, folder):
        self.folder = folder
        self.saved, self.answers, self.drafts, self.files = {}, {}, {}, set()
        with ExitStack() as stack:
            stack.enter_context(seeded_randomness("original"))
            stack.enter_context(_one_boot())
            write_campaign(folder / "campaign")
            init_data(DataFolder(folder / "data"), folder / "campaign", clock=lambda: NOW)
            self._server = stack.enter_context(
                open_server(DataFolder(folder / "data"), lambda: NOW)
            )
            network = Network(create_app(self._server), None, is_healed=True)
            self._fill(stack, network)
        self._mark = client.device._mark(Home(folder / "home"))

    def _fill(self, stack, network):
        own, other = (
            stack.enter_context(
                open_home(self.folder / name, CLOCK, connect=lambda _: Way(network))
            )
            for name in ("home", "other")
        )
        for home in (own, other):
            code = self._server.invite("north", "reporter").code
            enrol(home, Invitation("http://office.example", code), Way(network))
            home.rounds.run()
        for number in range(3):
            self._save(other, f"of the other {number}")
            self._save(own, f"delivered {number}", is_own=True)
        other.rounds.run()
        own.rounds.run()
        for number in range(4):
            self._save(own, f"waiting {number}", is_own=True)
        draft = own.filling.open_blank("visit")
        own.filling.answer(draft, "title", "typed", "")
        own.filling.save_changed()
        self.drafts[draft] = "typed"
        own.exporter.export(self.folder / "carried.bundle", is_all=False)

    def _save(self, home, title, *, is_own=False):
        draft = home.filling.open_blank("visit")
        home.filling.answer(draft, "title", title, "")
        if not title.endswith("1"):
            photo = hashlib.sha256(title.encode()).digest() * 40
            home.filling.attach(draft, "photo", io.BytesIO(photo), "a.png", "image/png")
            if is_own:
                self.files.add(hashlib.sha256(photo).hexdigest())
        done = home.finalize(draft)
        self.answers[draft] = home.entry(draft)["answers"]
        if is_own:
            self.saved[done["revision"]] = draft

    def copy(self, place):
        """Make a copy of home and server, of which the home believes to be no copy."""
        for name in ("home", "data"):
            shutil.copytree(self.folder / name, place / name)

    @contextmanager
    def opened(self, place):
        """Open the server and a way to open the home of a copy."""
        real, client.device._mark = client.device._mark, lambda _: self._mark
        try:
            with open_server(DataFolder(place / "data")) as server:
                network = Network(create_app(server), None, is_healed=True)
                yield server, lambda: open_home(place / "home", connect=lambda _: Way(network))
        finally:
            client.device._mark = real


class Examined:
    """What a damaged home says of itself; `false` is what it says and is not so."""

    def __init__(self, original, place):
        self._original, self._place = original, place
        self.false, self.told = [], set()
        with original.opened(place) as (server, open_it):
            try:
                self._examine(open_it)
            except KNOWN as error:
                self.told.add("everything")  # the home is not opened, and says why
                self.error = error
            self._server_has = held_by(server)

    @property
    def silent(self):
        """What was promised, is nowhere with its bytes, and was named by nobody."""
        if "everything" in self.told:
            return []
        there = _held_in(self._place / "home") | self._server_has
        files = {
            path.name for path in (self._place / "home" / "blobs").iterdir() if _is_whole(path)
        }
        missing = [d for d in self._original.saved if d not in there and not self._names(d)]
        missing += [f for f in self._original.files if f not in files | self._server_has]
        return [each for each in missing if not self._names(each)]

    def _names(self, digest):
        entry = self._original.saved.get(digest, digest)
        return bool({digest, entry, "database"} & self.told)

    def _examine(self, open_it):
        with open_it() as services:
            self._look(services)
            report = services.doctor.check()
            for each in report.problems:
                self.told |= {each.subject, each.entry, each.kind}
            self._look(services)
            self._try(None, services.rounds.run)
            self._try(None, services.rounds.run)
            self._look(services)
            for trouble in services.status()["troubles"]:
                self.told |= {trouble["subject"], *trouble["message"].split()}
        with open_it() as services:
            self._look(services)

    def _look(self, services):
        listed = self._try(None, services.entries) or []
        self._try(None, services.status)
        for each in listed:
            if each["state"] == "set_aside" or each["code"]:
                self.told.add(each["entry"])
        for entry, answers in self._original.answers.items():
            shown = self._try(entry, lambda entry=entry: services.entry(entry))
            if shown is not None and shown["answers"] != answers:
                self.false.append((entry, shown["answers"]))
            self._try(entry, lambda entry=entry: services.history.of(entry, "", diff=True))

    def _try(self, entry, do):
        try:
            return do()
        except KNOWN as error:
            self.told.add(entry or error.code)
            return None


def held_by(server):
    """Return what a server holds with its bytes: revisions, other objects, files."""
    with server.readers.read() as connection:
        rows = connection.execute("SELECT digest, bytes FROM object").fetchall()
        files = connection.execute("SELECT sha256 FROM attachment").fetchall()
    held = {row["digest"] for row in rows if digest_of(bytes(row["bytes"])) == row["digest"]}
    return held | {row["sha256"] for row in files}


def _held_in(home):
    found = set()
    for path in (home / "journal").glob("*.tbj"):
        found |= {
            frame.digest for frame in scan_frames(path.read_bytes()) if isinstance(frame, Frame)
        }
    return found


def _is_whole(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() == path.name
