"""A small campaign, an opened server, devices that make real revisions, and real HTTP."""

import base64
import gzip
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from server.admission import body_limits
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.listener import Listener, bind
from server.services import Services, open_services
from sync.answer import Answer, open_answer, read_answer
from sync.digest import digest_of
from sync.frames import Frame, FrameKind, format_frames, make_frame, parse_frames
from sync.invitation import asking_parts, code_id, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolAnswer, EnrolRequest, format_message
from sync.request import NONCE_HEADER, VERSION_HEADER, Request, authorize
from sync.revision import MadeAt, Revision, attachments_in, format_revision

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

CAMPAIGN = {
    "id": "visits",
    "title": {"zh-CN": "走访", "en": "Visits"},
    "organiser": {"unit": "city", "name": {"zh-CN": "市总工会", "en": "City federation"}},
    "languages": ["zh-CN", "en"],
    "default_language": "zh-CN",
    "items": [
        {"form": "visit", "title": {"zh-CN": "走访", "en": "Visit"}, "owed_by": ["旗区"]},
    ],
}
UNITS = [
    {"code": "city", "name": "市总工会", "kind": "市总工会", "parent": None},
    {"code": "north", "name": "北旗", "kind": "旗区", "parent": "city"},
    {"code": "south", "name": "南旗", "kind": "旗区", "parent": "city"},
]


def definition(form_id: str = "visit", version: str = "1") -> bytes:
    """Return a definition with a required title, a count and a photo."""
    return json.dumps(
        {
            "settings": {
                "form_id": form_id,
                "version": version,
                "form_title": {"zh-CN": "走访", "en": "Visit"},
                "default_language": "zh-CN",
            },
            "survey": [
                {
                    "type": "text",
                    "name": "title",
                    "label": {"zh-CN": "题目", "en": "Title"},
                    "required": True,
                },
                {"type": "integer", "name": "count", "label": {"zh-CN": "数", "en": "Count"}},
                {"type": "image", "name": "photo", "label": {"zh-CN": "照片", "en": "Photo"}},
            ],
        },
        ensure_ascii=False,
    ).encode()


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@dataclass
class FieldDevice:
    """A device in the field: it signs revisions and requests with its own key."""

    key: SigningKey
    log: str
    member: str = "nobody"
    answer_key: bytes = b""
    sequence: int = 0
    nonces: int = 0
    definition: str = field(default_factory=lambda: digest_of(definition()))

    def enrol_request(self, code: str, nonce: str = "ab" * 16) -> EnrolRequest:
        secret = secret_of(code)
        asked = (code_id(secret), self.key.public, "张三的电脑", nonce)
        return EnrolRequest(*asked, proof_of(secret, *asking_parts(*asked)))

    def revision(self, answers: dict[str, Any] | None = None, **changes: Any) -> Revision:
        self.sequence += 1
        given = {"title": f"第{self.sequence}次"} if answers is None else answers
        facts: dict[str, Any] = {
            "log": self.log,
            "form": "visit",
            "definition": self.definition,
            "entry": str(uuid.uuid4()),
            "parents": (),
            "operation": "put",
            "answers": given,
            "reasons": {},
            "attachments": attachments_in(given),
            "device": self.key.id,
            "incarnation": "0123456789abcdef",
            "sequence": self.sequence,
            "previous": None,
            "author": self.member,
            "made_at": MadeAt(START, "+08:00", 1234, "boot"),
            "salt": base64.b64encode(self.sequence.to_bytes(16)).decode(),
        }
        return Revision(**{**facts, **changes})

    def frame(self, revision: Revision | None = None) -> Frame:
        content = format_revision(self.revision() if revision is None else revision)
        return self.frame_of(content)

    def frame_of(self, content: bytes) -> Frame:
        return make_frame(FrameKind.REVISION, content, self.key.sign(REVISION_TYPE, content))

    def next_nonce(self) -> str:
        self.nonces += 1
        return f"{self.nonces:032x}"


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
    folder.mkdir()
    (folder / "campaign.json").write_text(json.dumps(CAMPAIGN), "utf-8")
    (folder / "units.json").write_text(json.dumps(UNITS), "utf-8")
    (folder / "visit.json").write_bytes(definition())
    return folder


@pytest.fixture
def folder(tmp_path: Path, campaign_dir: Path, clock: Clock) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    init_data(made, campaign_dir, clock=clock)
    return made


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
