"""A slow line in virtual time: the client's real HTTP, the real server's application, no socket.

What would go over the wire is made and counted byte by byte, both ways, headers included. Nothing
waits: a clock is moved on instead. A share of the exchanges stalls at a moment drawn evenly over the
time that they take: what passed before is counted and lost, the server acts if the request was whole by
then, and the client gives up after its time without progress.
"""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit

import requests
from flask import Flask
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from client.clock import Clock
from client.transport import NO_PROGRESS_SECONDS, HttpTransport

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
USUAL_ANSWER = 700  # bytes: the time in which an exchange may stall reaches into its answer
ADDRESS = "http://tianbao.example.org"


@dataclass(frozen=True)
class Profile:
    """What a line does: bytes a second, seconds there and back, the share of exchanges that stall."""

    bytes_per_second: float = 500
    round_trip: float = 2
    stalls: float = 0.15


@dataclass(frozen=True)
class Passed:
    """One exchange as it went: the request's body, the bytes that passed, whether it came to its end."""

    target: str
    body: bytes
    sent: int
    received: int
    is_whole: bool


@dataclass
class Watch:
    """The clock of both sides; it moves when the line takes its time."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def client(self) -> Clock:
        return Clock(self.now, lambda: self.seconds)


@dataclass
class SlowLine(BaseAdapter):
    """A line to an application; `passed` tells what went over it."""

    app: Flask
    watch: Watch
    chance: Random
    profile: Profile = field(default_factory=Profile)
    passed: list[Passed] = field(default_factory=list)

    def transport(self) -> HttpTransport:
        """Return the client's real transport, over this line."""
        transport = HttpTransport(ADDRESS)
        transport._session.mount("http://", self)
        return transport

    @property
    def bytes(self) -> int:
        """How many bytes passed, both ways."""
        return sum(each.sent + each.received for each in self.passed)

    def send(self, request: requests.PreparedRequest, *_: object, **__: object):
        body, rate = body_of(request), self.profile.bytes_per_second
        asked = len(request_head(request)) + len(body)
        back = asked / rate + self.profile.round_trip  # when the answer begins to come in
        stall = None
        if self.chance.random() < self.profile.stalls:
            stall = self.chance.random() * (back + USUAL_ANSWER / rate)
            if stall < asked / rate:
                self._stall(request, stall, int(stall * rate), 0)
        status, headers, content = self._serve(request, body)
        answered = len(answer_head(status, headers)) + len(content)
        if stall is not None:
            came = int(max(0.0, stall - back) * rate)
            self._stall(request, stall, asked, min(came, answered))
        self.watch.seconds += back + answered / rate
        self.passed.append(Passed(request.path_url, body, asked, answered, is_whole=True))
        return _response(request, status, headers, content)

    def close(self) -> None:
        """Nothing is open."""

    def _stall(self, request, moment: float, sent: int, received: int) -> None:
        self.watch.seconds += moment + NO_PROGRESS_SECONDS
        body = body_of(request)
        self.passed.append(Passed(request.path_url, body, sent, received, is_whole=False))
        raise requests.exceptions.ReadTimeout("nothing moves any more", request=request)

    def _serve(self, request, body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        environ = EnvironBuilder(
            path=request.path_url,
            base_url=ADDRESS,
            method=request.method,
            headers=dict(request.headers),
            data=body,
        ).get_environ()
        parts, status, headers = run_wsgi_app(self.app, environ)
        return status, list(headers), b"".join(parts)


def body_of(request: requests.PreparedRequest) -> bytes:
    """Return the body of a request."""
    return request.body.getvalue() if isinstance(request.body, io.BytesIO) else request.body or b""


def request_head(request: requests.PreparedRequest) -> bytes:
    """Return the head of a request as it goes over the wire."""
    lines = [f"{request.method} {request.path_url} HTTP/1.1"]
    lines += [f"Host: {urlsplit(request.url).netloc}"]
    lines += [f"{name}: {_text(value)}" for name, value in request.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer_head(status: str, headers: list[tuple[str, str]]) -> bytes:
    """Return the head as Waitress writes it."""
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += ["Date: Sun, 22 Nov 2026 09:00:00 GMT"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _response(request, status: str, headers: list[tuple[str, str]], content: bytes):
    response = requests.Response()
    response.status_code = int(status.split(maxsplit=1)[0])
    response.headers.update(headers)
    response.raw = HTTPResponse(io.BytesIO(content), preload_content=False)
    response.request, response.url = request, request.url
    return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
