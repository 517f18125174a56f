"""A device in a folder of its own, and an office that speaks the protocol over real HTTP.

The office is small and can be told to misbehave: `next_reply` replaces what it says to the next
request, so that portals, cuts and forgeries are what really comes over the wire.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from client.clock import Clock
from client.enrol import Invitation, enrol
from client.services import Services, open_services
from sync.answer import Answer, sign_answer
from sync.digest import digest_of, is_hex_digest
from sync.frames import Frame, FrameKind, format_frame, format_frames, make_frame
from sync.invitation import code_id, make_code, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey, key_id, verify
from sync.known import Known, mark_of, parse_known
from sync.messages import (
    AttachmentAnswer,
    ChangeItem,
    ChangesAnswer,
    EnrolAnswer,
    EnrolRequest,
    ItemResult,
    ItemState,
    ProblemAnswer,
    PushAnswer,
    parse_message_as,
)
from sync.packing import unpack
from sync.parcel import parse_parcel
from sync.request import Request, parse_authorization, parse_content_digest, verify_request
from sync.runs import shorten

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 17, 0, tzinfo=timezone(timedelta(hours=8)))

FORMS = Path(__file__).parent / "forms"
VISIT: dict[str, Any] = json.loads((FORMS / "visit.json").read_text(encoding="utf-8"))
REPORT: dict[str, Any] = json.loads((FORMS / "report.json").read_text(encoding="utf-8"))

Reply = tuple[int, dict[str, str], bytes]
Handler = Callable[["Asked"], Reply | None]


def as_bytes(definition: dict[str, Any]) -> bytes:
    return json.dumps(definition, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def request(self) -> Request:
        nonce, credentials = self.headers["tianbao-nonce"], self.headers.get("authorization")
        device = parse_authorization(credentials).device if credentials else ""
        return Request(self.method, self.target, nonce, digest_of(self.body), device=device)


def revisions_in(asked: Asked) -> list[Frame]:
    return parse_parcel(unpack(asked.body, 8 * 1024 * 1024))


@dataclass
class Leaf:
    kind: str
    digest: str
    frame: Frame | None = None
    result: ItemResult | None = None

    @property
    def name(self) -> str:
        return digest_of(f"{self.kind} {self.digest}".encode())

    @property
    def device(self) -> str | None:
        """Whose revision it is; None where the office has lost its bytes."""
        return None if self.frame is None else str(json.loads(self.frame.payload)["device"])


@dataclass
class Office:
    """The other side: takes revisions and files, tells changes, signs all it says."""

    url: str = ""
    key: SigningKey = field(default_factory=lambda: SigningKey(os.urandom(32)))
    secrets: dict[str, bytes] = field(default_factory=dict)
    devices: dict[str, bytes] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    replies: list[Handler] = field(default_factory=list)
    verdict: Callable[[str], ItemResult | None] = lambda _: None
    problem: Callable[[Asked], ProblemAnswer | None] = lambda _: None

    def invite(self) -> str:
        code = make_code(os.urandom(13))
        self.secrets[code_id(secret_of(code))] = secret_of(code)
        return code

    def publish(self, definition: dict[str, Any]) -> str:
        content = as_bytes(definition)
        frame = make_frame(FrameKind.DEFINITION, content)
        self.leaves.append(Leaf("form", frame.digest, frame))
        return frame.digest

    def next_reply(self, handler: Handler) -> None:
        """Say this to the next request instead; a handler that returns None hangs up."""
        self.replies.append(handler)

    @property
    def revisions(self) -> list[str]:
        return [leaf.digest for leaf in self.leaves if leaf.kind == "revision"]

    def reply(self, asked: Asked) -> Reply | None:
        self.asked.append(asked)
        if self.replies:
            return self.replies.pop(0)(asked)
        return self.honest(asked)

    def honest(self, asked: Asked) -> Reply:
        if asked.target == "/v1/enrol":
            return self.signed(self._enrol(asked))
        credentials = parse_authorization(asked.headers["authorization"])
        verify_request(asked.request, credentials, self.devices[credentials.device])
        if problem := self.problem(asked):
            return self.signed(problem)
        if asked.target == "/v1/push":
            return self.signed(self._push(asked))
        if asked.target.startswith("/v1/changes"):
            return self._changes(asked, credentials.device)
        return self.signed(self._attachment(asked))

    def signed(self, answer: Answer, rest: bytes = b"", key: SigningKey | None = None) -> Reply:
        frame = sign_answer(answer, key or self.key)
        kind = {"Content-Type": "application/vnd.tianbao.frames"}
        return 200, kind, format_frame(frame) + rest

    def stamp(self, asked: Asked) -> dict[str, Any]:
        request = asked.request
        return {"nonce": request.nonce, "request": request.digest, "time": datetime.now(UTC)}

    def _enrol(self, asked: Asked) -> Answer:
        sent = parse_message_as(EnrolRequest, asked.body)
        secret = self.secrets.get(sent.code_id)
        if secret is None:
            return ProblemAnswer(
                **self.stamp(asked),
                status=403,
                code="code_unknown",
                message="There is no such code.",
            )
        device = key_id(sent.public_key)
        self.devices[device] = sent.public_key
        return EnrolAnswer(
            **self.stamp(asked),
            device=device,
            member="m1",
            member_name="张三",
            unit="north",
            unit_name="北旗总工会",
            role="reporter",
            log="office.example/visits",
            answer_key=self.key.public,
            log_key=self.key.public,
            proof=proof_of(secret, sent.nonce.encode(), self.key.public, self.key.public),
        )

    def _push(self, asked: Asked) -> PushAnswer:
        runs, results = shorten([self._take(frame) for frame in revisions_in(asked)])
        return PushAnswer(
            **self.stamp(asked), log_size=len(self.leaves), results=results, runs=runs
        )

    def _take(self, frame: Frame) -> ItemResult:
        for index, leaf in enumerate(self.leaves):
            if leaf.digest == frame.digest and leaf.result is not None:
                return replace(leaf.result, index=index)
        public = self.devices[json.loads(frame.payload)["device"]]
        verify(public, REVISION_TYPE, frame.payload, frame.signature)
        result = self.verdict(frame.digest) or ItemResult(frame.digest, ItemState.LOGGED)
        if result.state is not ItemState.REFUSED:
            result = replace(result, index=len(self.leaves))
            self.leaves.append(Leaf("revision", frame.digest, frame, result))
        return result

    def _changes(self, asked: Asked, device: str) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        after, limit = int(query["after"][0]), int(query["limit"][0])
        known = parse_known(query.get("known", [""])[0])
        if not self._is_followed(after, query.get("leaf", [""])[0], known):
            return self.signed(
                ProblemAnswer(
                    **self.stamp(asked), status=409, code="log_changed", message="Another log."
                )
            )
        page = list(enumerate(self.leaves))[after : after + limit]
        until = after + len(page)
        items, frames = [], []
        for index, leaf in page:
            is_own = leaf.kind == "revision" and leaf.device in (device, None)
            if any(each.first <= index <= each.last for each in known):
                continue
            has_content = leaf.frame is not None and (not is_own or "own" in query)
            items.append(ChangeItem(index, leaf.kind, leaf.digest, has_content, leaf.result))
            if has_content:
                frames.append(leaf.frame)
        answer = ChangesAnswer(
            **self.stamp(asked),
            after=after,
            next=until,
            log_size=len(self.leaves),
            items=tuple(items),
            leaf=self.leaves[until - 1].name if until else None,
        )
        return self.signed(answer, format_frames(frames))

    def _is_followed(self, after: int, leaf: str, known: tuple[Known, ...]) -> bool:
        if after > len(self.leaves):
            return False
        if leaf and after and self.leaves[after - 1].name != f"sha256:{leaf}":
            return False
        return all(
            each.mark == mark_of(one.digest for one in self.leaves[each.first : each.last + 1])
            for each in known
        )

    def _attachment(self, asked: Asked) -> AttachmentAnswer:
        sha256 = urlsplit(asked.target).path.split("/")[3]
        assert is_hex_digest(sha256)
        if asked.method == "PATCH":
            self._take_chunk(asked, sha256)
        held = self.files.get(sha256)
        return AttachmentAnswer(
            **self.stamp(asked),
            sha256=sha256,
            offset=len(self.parts.get(sha256, b"") if held is None else held),
            complete=held is not None,
            index=None if held is None else 0,
        )

    def _take_chunk(self, asked: Asked, sha256: str) -> None:
        query = parse_qs(urlsplit(asked.target).query)
        part = self.parts.setdefault(sha256, b"")
        assert parse_content_digest(asked.headers["content-digest"]) == digest_of(asked.body)
        if int(query["offset"][0]) == len(part):
            self.parts[sha256] = part + asked.body
        if len(self.parts[sha256]) == int(query["size"][0]):
            self.files[sha256] = self.parts.pop(sha256)
            assert digest_of(self.files[sha256]) == f"sha256:{sha256}"


class _Wire(BaseHTTPRequestHandler):
    office: Office
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.office.reply(Asked(self.command, self.path, headers, self.rfile.read(size)))
        if reply is None:
            self.close_connection = True
            return
        status, answer_headers, content = reply
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **answer_headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        if answer_headers.get("Content-Length"):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(office: Office, handler: type[_Wire] = _Wire) -> Iterator[Office]:
    bound = type("Bound", (handler,), {"office": office})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    office.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield office
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    office.publish(VISIT)
    office.publish(REPORT)
    yield from serve(office)


@pytest.fixture
def wire(office: Office) -> type[BaseHTTPRequestHandler]:
    """The office's handler of HTTP requests, for a test that listens in another way."""
    return type("Bound", (_Wire,), {"office": office})


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.seconds = 1000.0

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.seconds)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def blank(home: Path, hands: Hands) -> Iterator[Services]:
    """Services of a home that is not enrolled."""
    with open_services(home, hands.clock()) as services:
        yield services


@pytest.fixture
def services(blank: Services, office: Office) -> Services:
    """Services of an enrolled home that has the forms."""
    enrol(blank, Invitation(office.url, office.invite(), device_name="test"))
    blank.rounds.run()
    return blank


class Mate:
    """Another device of the same unit, which hands in whatever it does at once."""

    def __init__(self, services: Services, office: Office, folder: Path) -> None:
        self.services = services
        self._office = office
        self._folder = folder

    def add(self, verdict: str = "logged", **answers: Any) -> str:
        """Hand in a visit; a file is named by its answer's name alone."""
        if "paper" in answers:
            (self._folder / answers["paper"]["name"]).write_bytes(b"paper")
            answers["paper"] = answers["paper"]["name"]
        outcome = self.services.adder.add("visit", answers, self._folder)
        self._hand_in(verdict)
        return str(outcome["entry"])

    def edit(self, entry: str, verdict: str = "logged", **patch: Any) -> str:
        """Hand in an edit of an entry as it stands; rows that have no such id yet come anew."""
        self.services.rounds.run()
        outcome = self.services.patcher.edit(entry, patch, self._folder)
        self._hand_in(verdict)
        return str(outcome["revision"])

    def void(self, entry: str, reason: str) -> str:
        """Take an entry back."""
        self.services.rounds.run()
        outcome = self.services.void(entry, reason)
        self._hand_in("logged")
        return str(outcome["revision"])

    def decide(self, digest: str, state: str) -> None:
        """Let the organiser decide what stood in quarantine."""
        result = ItemResult(digest, ItemState(state), index=len(self._office.leaves))
        self._office.leaves.append(Leaf("outcome", digest, None, result))

    def _hand_in(self, verdict: str) -> None:
        before = self._office.verdict
        self._office.verdict = lambda digest: ItemResult(digest, ItemState(verdict), code="rules")
        self.services.rounds.run()
        self._office.verdict = before


@pytest.fixture
def mate(tmp_path: Path, office: Office, hands: Hands) -> Iterator[Mate]:
    (tmp_path / "papers").mkdir()
    with open_services(tmp_path / "mate", hands.clock()) as services:
        enrol(services, Invitation(office.url, office.invite()))
        services.rounds.run()
        yield Mate(services, office, tmp_path / "papers")


@pytest.fixture
def enrolled_home(home: Path, office: Office) -> Path:
    """A home that is enrolled and that nobody has open."""
    with open_services(home) as services:
        enrol(services, Invitation(office.url, office.invite()))
        services.rounds.run()
    return home


@pytest.fixture
def tianbao(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own."""

    def run(*args: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TIANBAO_HOME": str(home), **kwargs.pop("env", {})}
        return subprocess.run(
            [sys.executable, "-m", "client", *args],
            capture_output=True,
            text=True,
            encoding=kwargs.pop("encoding", "utf-8"),
            cwd=kwargs.pop("cwd", ROOT),
            env={"PYTHONPATH": str(ROOT), **env},
            timeout=120,
            check=False,
            **kwargs,
        )

    return run


@pytest.fixture
def visit_form() -> dict[str, Any]:
    """The definition of the form `visit`, for a test to change."""
    return json.loads(json.dumps(VISIT))
