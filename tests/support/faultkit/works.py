"""What the processes do that are killed, and the memory of what they promised.

A life tells, a line each: `found NAME` for everything that it finds, `working`, then `begun NAME`
before it does something and `promised NAME` once the product has said that it is safe.
"""

import hashlib
import threading
from contextlib import ExitStack
from itertools import count

import field_device
from faultkit.way import Network, Way

from client.enrol import Invitation, enrol
from client.services import open_services as open_home
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server
from sync.digest import digest_of
from sync.keys import SigningKey

KEY = bytes(range(32))


class Memory:
    """Everything that was promised in any life, and what of it was not found again."""

    def __init__(self):
        self.promised, self.begun, self.found = set(), set(), set()
        self.promises = 0
        self.broken = []
        self.is_working = False
        self._rest = b""
        self.was_whole = False

    def take(self, chunk):
        """Take over what a life said."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            word, _, name = line.decode().partition(" ")
            if word == "working":
                self.is_working = True
                self._compare()
            elif word == "failed":
                self.broken.append(name)
            else:
                told = getattr(self, word)
                self.promises += word == "promised" and name not in told
                told.add(name)

    def end_life(self):
        """Forget what a life said in part, and what it found."""
        self._rest, self.is_working, self.found = b"", False, set()

    def _compare(self):
        self.broken += [f"{name} is gone" for name in self.promised - self.found]
        if self.begun:
            names = {name.partition(" ")[2] for name in self.begun}
            strangers = {name for name in self.found if name.partition(" ")[2] not in names}
            self.broken += [f"{name} was never begun" for name in strangers]


class ServerWork:
    """A server that takes pushes from several threads at once."""

    THREADS = 3

    def __init__(self, folder):
        self.place = folder
        self.folder = DataFolder(folder / "data")

    def prepare(self):
        """Make the data folder, with one device enrolled."""
        field_device.write_campaign(self.place / "campaign")
        init_data(self.folder, self.place / "campaign")
        with open_server(self.folder) as services:
            device = field_device.FieldDevice(SigningKey(KEY), services.log)
            code = services.invite("north", "reporter").code
            member = services.enrol(device.enrol_request(code))[0].member
        (self.place / "member").write_text(member)

    def live(self, tell, chance, steps=None):
        """Tell what is there, then work on for so many steps, or for ever."""
        with open_server(self.folder) as services:
            for name in self._found(services):
                tell(f"found {name}")
            tell("working")
            if steps is not None:
                self._push(services, tell, chance.random(), steps)
                return
            threads = [
                threading.Thread(target=self._push, args=(services, tell, chance.random()))
                for _ in range(self.THREADS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _found(self, services):
        with services.readers.read() as connection:
            for row in connection.execute(
                "SELECT digest, idx, bytes FROM revision JOIN object USING (digest)"
            ):
                if digest_of(bytes(row["bytes"])) == row["digest"]:
                    yield f"{row['idx']} {row['digest']}"

    def _push(self, services, tell, seed, steps=None):
        member = (self.place / "member").read_text()
        device = field_device.FieldDevice(SigningKey(KEY), services.log, member)
        for step in count() if steps is None else range(steps):
            revisions = [device.revision({"title": f"{seed} {step} {each}"}) for each in range(3)]
            frames = [device.frame(revision) for revision in revisions]
            for frame in frames:
                tell(f"begun - {frame.digest}")
            for result in services.ingest.push(frames).results:
                tell(f"promised {result.index} {result.digest}")


class ClientWork:
    """A device that saves entries and hands them over to a server in the same process."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.server = ServerWork(folder)

    def prepare(self):
        """Make the data folder and the home, enrolled."""
        self.server.prepare()
        with ExitStack() as stack:
            services, network = self._open(stack)
            code = self.server_services.invite("north", "reporter").code
            enrol(services, Invitation("http://office.example", code), Way(network))
            services.rounds.run()

    def live(self, tell, chance, steps=None):
        """Tell what is there, then work on for so many steps, or for ever."""
        with ExitStack() as stack:
            services, _ = self._open(stack)
            for name in self._found(services):
                tell(f"found {name}")
            tell("working")
            for _ in count() if steps is None else range(steps):
                for _ in range(chance.randrange(1, 4)):
                    self._save(services, tell, chance)
                services.rounds.run()
                for name in self._delivered(services):
                    tell(f"promised {name}")

    def _open(self, stack):
        self.server_services = stack.enter_context(open_server(self.server.folder))
        network = Network(create_app(self.server_services), None, is_healed=True)
        return stack.enter_context(open_home(self.home, connect=lambda _: Way(network))), network

    def _save(self, services, tell, chance):
        answers = {"title": hashlib.sha256(chance.randbytes(8)).hexdigest(), "count": 1}
        draft = services.filling.open_blank("visit")
        for path, value in answers.items():
            services.filling.answer(draft, path, value, "")
        services.filling.save_changed()
        done = services.finalize(draft)
        tell(f"promised saved {done['revision']}")

    def _found(self, services):
        for row in services.db.rows("SELECT digest, content FROM revision WHERE is_own = 1"):
            if digest_of(row["content"]) == row["digest"]:
                yield f"saved {row['digest']}"
        yield from self._delivered(services)

    def _delivered(self, services):
        """What this device calls delivered and the server really has; of that, only what is true."""
        with self.server_services.readers.read() as connection:
            logged = {row[0] for row in connection.execute("SELECT digest FROM revision")}
        for row in services.db.rows("SELECT digest FROM revision WHERE state = 'delivered'"):
            assert row["digest"] in logged, "called delivered, and the server has it not"
            yield f"delivered {row['digest']}"
