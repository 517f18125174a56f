"""One exchange of the protocol: who sends a request, and the signed answer to it.

* Who sends it, and that the signature fits, is established before anything of the body is parsed:
  neither JSON nor gzip ever sees what no enrolled device sent.
* Every answer is signed over nonce and request, problems too, so that a device can tell them from
  what a captive portal says.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, current_app, g, request

from server.errors import ForbiddenError, RequestError, TooLargeError, UnauthorizedError
from server.members import Device
from server.services import Services
from sync import PROTOCOL_VERSION
from sync.answer import Answer, sign_answer
from sync.digest import digest_of, format_digest
from sync.errors import MessageError, SignatureError, VersionError
from sync.frames import Frame, format_frames
from sync.messages import ProblemAnswer
from sync.request import (
    CONTENT_TYPE,
    NONCE_HEADER,
    VERSION_HEADER,
    Credentials,
    Request,
    is_nonce,
    parse_authorization,
    verify_request,
)

_EXTENSION = "tianbao"
_NO_NONCE = "0" * 32
_NO_BODY = digest_of(b"")
_CHUNK = 256 * 1024
_MAX_DIGITS = 9
_MAX_DIGESTED = 9 * 1024 * 1024  # a push that is a little too large still gets a signed answer
_RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE: 5, HTTPStatus.INSUFFICIENT_STORAGE: 60}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that an enrolled device has signed; the device may be revoked."""

    request: Request
    device: Device
    body: bytes = b""

    def require_live(self) -> None:
        """Refuse what a revoked device may not do.

        Raises:
            ForbiddenError: the device is revoked.
        """
        if self.device.is_revoked:
            raise ForbiddenError(
                "This device is revoked.",
                code="revoked",
                hint="What waits here can still be handed in; the organiser looks at it.",
            )


def keep_services(app: Flask, services: Services) -> None:
    """Keep the opened services with an application."""
    app.extensions[_EXTENSION] = services


def current_services() -> Services:
    """Return the services of the application that handles this request."""
    services: Services = current_app.extensions[_EXTENSION]
    return services


def receive(limit: int = 0) -> Exchange:
    """Return this request, read to its end and shown to be an enrolled device's.

    Raises:
        UnauthorizedError: no enrolled device is shown to have sent it.
        TooLargeError: the body has more than `limit` bytes.
    """
    credentials, device = _sender()
    # Who it is only shows once the body is digested: as much of that as a stranger gets, no more.
    if (request.content_length or 0) > _MAX_DIGESTED:
        raise _too_large(limit)
    body = _read_body(limit)
    exchange = _authenticated(credentials, device, body or b"")
    if body is None:
        raise _too_large(limit)
    return exchange


def receive_unread(body_digest: str) -> Exchange:
    """Return this request, shown to be an enrolled device's, its body yet to be read.

    The body is to have this digest; whoever reads it checks that.

    Raises:
        UnauthorizedError: no enrolled device is shown to have sent it.
    """
    g.body_digest = body_digest
    credentials, device = _sender()
    return _authenticated(credentials, device, b"")


def receive_from_stranger(limit: int) -> tuple[Request, bytes]:
    """Return a request that nobody enrolled has signed, with its body.

    Raises:
        TooLargeError: the body has more than `limit` bytes.
    """
    body = _read_body(limit) if (request.content_length or 0) <= limit else None
    if body is None:
        raise _too_large(limit)
    return _signed_request(""), body


def answer(message: Answer, frames: Iterable[Frame] = ()) -> Response:
    """Return the response of a signed answer, with the frames of its contents."""
    signed = sign_answer(message, current_services().keys.answer)
    response = Response(format_frames([signed, *frames]), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def problem(status: HTTPStatus, code: str, message: str, hint: str) -> Response:
    """Return the response of a signed problem, whatever is wrong with the request."""
    nonce = request.headers.get(NONCE_HEADER, "")
    nonce = nonce if is_nonce(nonce) else _NO_NONCE
    try:
        version = _version()
    except MessageError:
        version = PROTOCOL_VERSION
    signed = Request(request.method, _target(), nonce, _body_digest(), version, _sender_name())
    retry_after = _RETRY_AFTER.get(status)
    now = current_services().clock()
    response = answer(
        ProblemAnswer(nonce, signed.digest, now, status, code, message, hint, retry_after)
    )
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Tianbao"
    return response


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body has more than {limit} bytes.", hint="Send less at once.")


def _sender() -> tuple[Credentials, Device]:
    try:
        credentials = parse_authorization(request.headers.get("Authorization", ""))
    except MessageError as error:
        raise UnauthorizedError(error.message, code=error.code) from error
    device = current_services().directory.device(credentials.device)
    if device is None:
        raise UnauthorizedError(
            "This device is not enrolled here.",
            code="unknown_device",
            hint="Enrol it with an invitation code. What is waiting stays.",
        )
    return credentials, device


def _sender_name() -> str:
    """Return the device that a request says it is from, shown or not; none where it says none."""
    try:
        return parse_authorization(request.headers.get("Authorization", "")).device
    except MessageError:
        return ""


def _authenticated(credentials: Credentials, device: Device, body: bytes) -> Exchange:
    signed = _signed_request(credentials.device)
    try:
        verify_request(signed, credentials, device.public_key)
    except SignatureError as error:
        raise UnauthorizedError(
            "The signature of the request does not fit.", code="bad_signature"
        ) from error
    return Exchange(signed, device, body)


def _signed_request(device: str) -> Request:
    nonce = request.headers.get(NONCE_HEADER, "")
    if not is_nonce(nonce):
        raise RequestError(f"The header {NONCE_HEADER} is missing, or no nonce.")
    return Request(request.method, _target(), nonce, _body_digest(), _version(), device)


def _read_body(limit: int) -> bytes | None:
    """Return the body, None if it is larger; its digest is known either way."""
    found, size, kept = hashlib.sha256(), 0, []
    while chunk := request.stream.read(_CHUNK):
        found.update(chunk)
        size += len(chunk)
        if size <= limit:
            kept.append(chunk)
    g.body_digest = format_digest(found.digest())
    return b"".join(kept) if size <= limit else None


def _body_digest() -> str:
    if "body_digest" not in g:
        # A stranger's body is digested for the answer to name the request, up to a bound.
        if (request.content_length or 0) > _MAX_DIGESTED:
            return _NO_BODY
        _read_body(0)
    digest: str = g.body_digest
    return digest


def _target() -> str:
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def _version() -> int:
    text = request.headers.get(VERSION_HEADER, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise MessageError(f"The header {VERSION_HEADER} is missing, or no number.")
    if abs(int(text) - PROTOCOL_VERSION) > 1:
        raise VersionError(int(text), PROTOCOL_VERSION)
    return int(text)
