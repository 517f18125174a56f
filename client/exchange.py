"""One question to the server and its signed answer.

* Each request carries a fresh nonce and is signed by the device.
* Only an answer that is signed by the pinned key, to this very request, is an answer. A portal's
page with status 200, a proxy's error, another server: none of them says anything.
* A signed refusal comes as `RefusedError`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import TypeVar
from urllib.parse import urlsplit

from client.errors import NotTheServerError, RefusedError, UnreachableError
from client.transport import Reply, Transport
from sync.answer import Answer, open_answer
from sync.digest import digest_of
from sync.errors import FrameError, MessageError, SignatureError, VersionError
from sync.frames import Frame, parse_frames
from sync.keys import SigningKey
from sync.messages import ProblemAnswer
from sync.request import (
    CONTENT_TYPE,
    NONCE_BYTES,
    NONCE_HEADER,
    VERSION_HEADER,
    Request,
    authorize,
)

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None


class Exchange:
    """Asks one server in the name of one device."""

    def __init__(self, transport: Transport, key: SigningKey, answer_key: bytes) -> None:
        self._transport = transport
        self._key = key
        self._answer_key = answer_key
        self.on_answer: Callable[[datetime], None] = lambda _: None

    def ask(self, question: Question, kind: type[A]) -> tuple[A, list[Frame]]:
        """Return the server's answer, and the frames that follow it.

        Raises:
            UnreachableError: no answer of the server came.
            RefusedError: the server signed that it did not do what was asked.
            VersionError: the server speaks a version that is too far away.
        """
        request = make_request(question, self._key.id)
        reply = self._transport.send(
            question.method,
            question.target,
            headers=request_headers(request, question),
            body=question.body,
            authorization=authorize(request, self._key),
        )
        first, rest = split_frames(reply)
        try:
            answer = open_answer(first, self._answer_key, request)
        except VersionError:
            raise
        except (MessageError, SignatureError) as error:
            raise not_the_server(reply, error.message) from error
        self.on_answer(answer.time)
        return expect(answer, kind), rest


def make_request(question: Question, device: str) -> Request:
    """Return the request that a device signs, with a fresh nonce."""
    nonce, digest = token_hex(NONCE_BYTES), digest_of(question.body)
    return Request(question.method, question.target, nonce, digest, device=device)


def request_headers(request: Request, question: Question) -> dict[str, str]:
    """Return the headers of a request."""
    return {
        NONCE_HEADER: request.nonce,
        VERSION_HEADER: str(request.version),
        "Content-Type": CONTENT_TYPE,
        **(question.headers or {}),
    }


def split_frames(reply: Reply) -> tuple[Frame, list[Frame]]:
    """Return the first frame of a reply and the others.

    Raises:
        NotTheServerError: it does not begin with a frame.
        UnreachableError: it is cut short.
    """
    frames: list[Frame] = []
    try:
        frames.extend(parse_frames(reply.content))
    except FrameError as error:
        if not frames:
            raise not_the_server(reply, error.message) from error
        raise UnreachableError("The answer was cut short on the way.", code="cut") from error
    if not frames:
        raise not_the_server(reply, "The answer is empty.")
    return frames[0], frames[1:]


def expect(answer: Answer, kind: type[A]) -> A:
    """Return an answer of the kind that was asked for.

    Raises:
        RefusedError: the server refused.
        NotTheServerError: the answer is of another kind.
    """
    if isinstance(answer, ProblemAnswer):
        raise RefusedError(
            answer.message,
            status=answer.status,
            code=answer.code,
            hint=answer.hint,
            retry_after=answer.retry_after,
        )
    if not isinstance(answer, kind):
        raise NotTheServerError("The server answered something that was not asked.")
    return answer


def not_the_server(reply: Reply, detail: str) -> NotTheServerError:
    """Return the error for an answer that is not our server's, with what it probably is."""
    if reply.is_redirect:
        place = urlsplit(reply.location).hostname or "another page"
        return NotTheServerError(
            f"The network sends us to {place} instead of the server.",
            hint="This is probably a sign-in page of the network: open a browser and sign in.",
            status=reply.status,
        )
    if reply.is_page:
        return NotTheServerError(
            f"A web page answered (status {reply.status}) instead of the server.",
            hint="Probably a sign-in page of the network, or a wrong address.",
            status=reply.status,
        )
    return NotTheServerError(
        f"What answered (status {reply.status}) is not the server of this device: {detail}",
        hint="Nothing was changed by it; it is tried again.",
        status=reply.status,
    )
