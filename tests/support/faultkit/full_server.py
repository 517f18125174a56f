"""A server at work on a disk that is full at some moment: what it did not manage, and what it says."""

import hashlib
import shutil
from collections import Counter
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from faultkit.server_oracle import ServerPromises
from field_device import FieldDevice, definition, write_campaign

from server.backup import back_up
from server.config import DataFolder
from server.db import DatabaseError
from server.errors import ServerError
from server.founding import init_data
from server.projection.projector import Projector
from server.services import open_services
from server.uploads import Chunk
from sync.keys import SigningKey

FILE = 20_000
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class FullServer:
    """Takes what devices send, remembers what it answered, and goes on after each refusal."""

    STEPS = ("invite", "push", "send_file", "publish", "project", "backup")

    def __init__(self, place, outside, chance):
        self.folder, self._backup_place = DataFolder(place / "data"), place / "backup"
        self._campaign, self._chance = outside / "campaign", chance
        if not self._campaign.exists():
            write_campaign(self._campaign)
        self._stack, self._services = ExitStack(), None
        self._is_founded, self._device, self._version = False, None, 1
        self.promises, self.met, self.unclear, self.last = ServerPromises(), Counter(), [], None

    def close(self):
        self._stack.close()
        self._stack, self._services = ExitStack(), None

    def open(self):
        """Found the campaign, if that is not done yet, and open the folder; say whether it went."""
        return self.do("found") and self.do("open") and self.do("enrol")

    def live(self, rounds):
        """Do so many rounds of everything; say whether nothing was refused."""
        if not self.open():
            return False
        went = [self.do(name) for _ in range(rounds) for name in self.STEPS]
        return all(went)

    def do(self, name):
        """Do one thing; say whether it went."""
        try:
            getattr(self, f"_{name}")()
        except ServerError as error:
            self.last = error
            self.met[name] += 1
            if not error.hint:
                self.unclear.append((name, error.code, error.message))
            return False
        except (DatabaseError, OSError) as error:
            self.met[name] += 1
            self.unclear.append((name, repr(error)))
            return False
        return True

    def broken(self, place):
        """Return what of the promises a copy of the folder does not keep."""
        if not self._is_founded:
            return sorted(self.promises.logged)
        copy = place / "copy"
        shutil.copytree(self.folder.path, copy)
        try:
            return self.promises.broken_by(copy)
        finally:
            shutil.rmtree(copy)

    def _found(self):
        if not self._is_founded:
            init_data(self.folder, self._campaign)
            self._is_founded = True

    def _open(self):
        if self._services is None:
            self._services = self._stack.enter_context(open_services(self.folder))

    def _enrol(self):
        if self._device is None:
            device = FieldDevice(SigningKey(bytes(range(32))), self._services.log)
            code = self._services.invite("north", "reporter").code
            device.member = self._services.enrol(device.enrol_request(code))[0].member
            self._device = device

    def _invite(self):
        self._services.invite("north", "reporter")

    def _push(self):
        sizes = [self._chance.randrange(1, 3000) for _ in range(4)]
        frames = [
            self._device.frame(self._device.revision({"title": self._chance.randbytes(size).hex()}))
            for size in sizes
        ]
        self._take(frames)

    def _send_file(self):
        content = self._chance.randbytes(FILE)
        sha256 = hashlib.sha256(content).hexdigest()
        photo = {"sha256": sha256, "size": FILE, "type": "image/png", "name": "a.png"}
        self._take([self._device.frame(self._device.revision({"title": "照", "photo": photo}))])
        unit = self._services.directory.device(self._device.key.id).unit
        reached = 0
        while isinstance(reached, int):
            chunk = Chunk(sha256, reached, FILE, content[reached : reached + FILE // 3])
            reached = self._services.store_chunk(unit, chunk)
            if isinstance(reached, int):
                self.promises.offsets[sha256] = reached
        self.promises.files[sha256] = reached.index

    def _take(self, frames):
        self.promises.sent |= {frame.digest for frame in frames}
        results = self._services.ingest.push(frames).results
        for result in results:
            if result.index is not None:
                self.promises.logged[result.digest] = result.index

    def _publish(self):
        self._services.publish(definition(version=str(self._version + 1)))
        self._version += 1

    def _project(self):
        audit = self.folder.audit_db
        with closing(Projector(self.folder.log_db, audit)) as projector:
            projector.catch_up()

    def _backup(self):
        back_up(self.folder, self._backup_place, NOW)
