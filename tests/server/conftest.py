"""A small campaign, an opened server, devices that make real revisions, and real HTTP."""

import gzip
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from field_device import START, FieldDevice, write_campaign

from server.admission import body_limits
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.listener import Listener, bind
from server.services import Services, open_services
from sync.answer import Answer, open_answer, read_answer
from sync.digest import digest_of
from sync.frames import Frame, format_frames, parse_frames
from sync.keys import SigningKey
from sync.messages import EnrolAnswer, format_message
from sync.request import NONCE_HEADER, VERSION_HEADER, Request, authorize


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Reply:
    """What came back: the HTTP status, the verified answer, the frames behind it."""

    status: int
    answer: Answer
    frames: tuple[Frame, ...]
    headers: Any


@dataclass
class HttpServer:
    """The server over real HTTP; every answer is verified with the pinned key."""

    url: str
    services: Services

    def call(
        self,
        device: FieldDevice,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        request = Request(
            method, target, device.next_nonce(), digest_of(body), device=device.key.id
        )
        sent = self.send(
            request, body, {"Authorization": authorize(request, device.key), **(headers or {})}
        )
        frames = tuple(parse_frames(sent.content))
        answer = open_answer(frames[0], self.services.keys.answer.public, request)
        return Reply(sent.status_code, answer, frames[1:], sent.headers)

    def send(
        self, request: Request, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> requests.Response:
        return requests.request(
            request.method,
            self.url + request.target,
            data=body,
            headers={
                NONCE_HEADER: request.nonce,
                VERSION_HEADER: str(request.version),
                **(headers or {}),
            },
            timeout=30,
        )

    def push(self, device: FieldDevice, *frames: Frame) -> Reply:
        return self.call(device, "POST", "/v1/push", format_frames(frames))

    def push_gzip(self, device: FieldDevice, content: bytes) -> Reply:
        return self.call(
            device, "POST", "/v1/push", gzip.compress(content), {"Content-Encoding": "gzip"}
        )

    def pull(self, device: FieldDevice, after: int = 0, limit: int = 200) -> Reply:
        return self.call(device, "GET", f"/v1/changes?after={after}&limit={limit}")

    def enrol(self, device: FieldDevice, code: str) -> tuple[int, Answer]:
        body = format_message(device.enrol_request(code, nonce := device.next_nonce()))
        request = Request("POST", "/v1/enrol", nonce, digest_of(body))
        sent = self.send(request, body)
        (frame,) = parse_frames(sent.content)
        answer = read_answer(frame, request)
        if isinstance(answer, EnrolAnswer):
            open_answer(frame, answer.answer_key, request)
        return sent.status_code, answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def campaign_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "campaign"
    write_campaign(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, campaign_dir: Path, clock: Clock) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    init_data(made, campaign_dir, clock=clock)
    return made


@pytest.fixture
def damage_object(folder: DataFolder) -> Callable[[str], None]:
    """Return what lets the bytes of an object rot."""

    def damage(digest: str) -> None:
        with closing(sqlite3.connect(folder.log_db, isolation_level=None)) as connection:
            query = "SELECT sql FROM sqlite_schema WHERE name = 'object_stays'"
            guard = connection.execute(query).fetchone()[0]
            connection.execute("DROP TRIGGER object_stays")
            connection.execute(
                "UPDATE object SET bytes = CAST(replace(bytes, char(34), char(39)) AS BLOB) "
                "WHERE digest = ?",
                (digest,),
            )
            connection.execute(guard)

    return damage


@pytest.fixture
def services(folder: DataFolder, clock: Clock) -> Iterator[Services]:
    with open_services(folder, clock) as opened:
        yield opened


@pytest.fixture
def stranger(services: Services) -> Callable[[str], FieldDevice]:
    """Return a maker of devices that are not enrolled."""

    def make(name: str) -> FieldDevice:
        return FieldDevice(SigningKey(hashlib.sha256(name.encode()).digest()), services.log)

    return make


@pytest.fixture
def enrolled(
    services: Services, stranger: Callable[[str], FieldDevice]
) -> Callable[..., FieldDevice]:
    """Return a maker of devices enrolled for a unit."""

    def make(name: str, unit: str = "north", role: str = "reporter") -> FieldDevice:
        device = stranger(name)
        code = services.invite(unit, role).code
        known, _ = services.enrol(device.enrol_request(code))
        device.member = known.member
        return device

    return make


@pytest.fixture
def device(enrolled: Callable[..., FieldDevice]) -> FieldDevice:
    return enrolled("device")


@pytest.fixture
def http(services: Services) -> Iterator[HttpServer]:
    with closing(bind("127.0.0.1", 0)) as bound:
        listener = Listener(
            create_app(services), bound, threads=8, body_limit=body_limits(services)
        )
        listener.start()
        yield HttpServer(f"http://127.0.0.1:{listener.port}", services)
        listener.stop()
