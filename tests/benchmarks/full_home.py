"""A device that holds many delivered entries, with its server, both in this process.

Everything it holds went the way that things go: half was signed, kept and journalled by the product's
own parts, many in a transaction, and pushed; the other half came from another device of the unit.
"""

import itertools
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from people import FORM, Device, filled_in, frames_of, new_device
from stage import CAMPAIGN

from client.device import next_link
from client.enrol import Invitation, enrol
from client.journal import frame_of
from client.profile import require_profile
from client.revisions import Revisions
from client.saving import Wording
from client.services import Services, open_services
from client.transport import Reply
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import Services as Server
from server.services import open_services as open_server

UNIT = "jungar"
_ADDRESS = "http://office.example"
_AT_ONCE = 1_000
_PUSHED_AT_ONCE = 100
_IN_LAST_SEGMENT = 500


@dataclass
class Spent:
    """Wall and processor seconds, of all threads of this process."""

    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add what the body takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu

    def without(self, other: "Spent") -> "Spent":
        """Return what is left when something is taken off."""
        return Spent(self.wall - other.wall, self.cpu - other.cpu)


class Way:
    """A client's transport to the server's application; `server` is what that took."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.server = Spent()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str],
        body: Any = b"",
        authorization: str | None = None,
    ) -> Reply:
        """Send a request and return the reply."""
        content = body if isinstance(body, bytes) else body.read()
        named = {**headers, **({"Authorization": authorization} if authorization else {})}
        with self.server.measured():
            answer = self._app.test_client().open(
                target, method=method, headers=named, data=content
            )
            told = (answer.headers.get(name, "") for name in ("Content-Type", "Location"))
            reply = Reply(answer.status_code, *told, answer.data)
            answer.close()
        return reply

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass
class FullHome:
    """A device and its server; `mate` is another device of the unit."""

    folder: Path
    server: Server
    way: Way
    mate: Device
    services: Services = None  # type: ignore[assignment]  # there between open and close
    _opened: ExitStack = field(default_factory=ExitStack)

    def open(self) -> None:
        """Open the device's home."""
        home = open_services(self.folder / "home", connect=lambda _: self.way)
        self.services = self._opened.enter_context(home)

    def close(self) -> None:
        """Close the device's home."""
        self._opened.close()

    @property
    def held(self) -> int:
        """How many entries the device holds."""
        return sum(self.services.replica.counts().values())

    def save(self, count: int) -> None:
        """Sign and keep so many entries of this device, as saving does, but with one flush for all."""
        saver = self.services.filling._finalizer._saver
        revisions, frames = Revisions(self.services.db), []
        profile = require_profile(self.services.db)
        definition, filled = filled_in()
        with self.services.db.transaction():
            for number in range(count):
                link = next_link(self.services.db, self.services.device)
                answers, reasons = filled[number % len(filled)]
                signed = saver._sign(self._wording(definition, answers, reasons), profile, link, ())
                revisions.add_own(signed)
                frame = frame_of(signed.content, signed.digest, signed.signature)
                frames.append((link.sequence, frame))
            saver._journal.extend(self.services.device.incarnation, frames)

    def hand_in(self, count: int) -> None:
        """Let the other device hand in so many entries."""
        frames = frames_of(self.mate, count)
        while batch := list(itertools.islice(frames, _PUSHED_AT_ONCE)):
            self.server.ingest.push(batch)

    def fill(self, count: int) -> None:
        """Hold so many delivered entries, and the last segment of the journal filled alike."""
        while self.held < count:
            part = min(_AT_ONCE, count - self.held)
            self.hand_in(part // 2)
            self.save(part - part // 2)
            self.deliver()
        while self._in_last_segment() != _IN_LAST_SEGMENT:
            journalled = self._in_last_segment()
            missing = _IN_LAST_SEGMENT - journalled
            self.save(missing if missing > 0 else 50)
            self.deliver()

    def deliver(self) -> None:
        """Hand over what waits, and fetch what is new."""
        done = self.services.rounds.run()
        if done["left"] or done["problem"]:
            raise SystemExit(f"not delivered: {done}")

    def _in_last_segment(self) -> int:
        journal, life = self.services.filling._finalizer._saver._journal, self.services.device
        part = journal.parts(life.incarnation)[-1]
        return next_link(self.services.db, life).sequence - part.segment.first

    def _wording(self, definition: str, answers: Any, reasons: Any) -> Wording:
        return Wording(
            entry=str(uuid.uuid4()),
            form=FORM,
            definition=definition,
            parents=(),
            made_at=self.services.filling._finalizer._made_at(),
            name="准格尔旗 2019-05-13",
            answers=answers,
            reasons=reasons,
        )


@contextmanager
def full_home(folder: Path, count: int) -> Iterator[FullHome]:
    """Open a device that holds so many entries; what lies in the folder already is gone on with."""
    data = DataFolder(folder / "data")
    is_new = not (folder / "home").exists()
    if is_new:
        init_data(data, CAMPAIGN)
    with open_server(data) as server:
        home = FullHome(folder, server, Way(create_app(server)), _mate(server))
        home.open()
        try:
            if is_new:
                code = server.invite(UNIT, "reporter", name="李工").code
                enrol(home.services, Invitation(_ADDRESS, code), home.way)
            home.deliver()
            home.fill(count)
            yield home
        finally:
            home.close()


def _mate(server: Server) -> Device:
    device = new_device("another device")
    code = server.invite(UNIT, "reporter", name="王工").code
    known, _ = server.enrol(device.enrol_request(code, secrets.token_hex(16)))
    device.log, device.member = server.log, known.member
    return device
