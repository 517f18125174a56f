"""Enrolment: a one-time code makes this device a member's, and pins the server's two keys.

* The code itself never travels. Both sides prove that they know it, over their keys: whoever stands
  between can neither use the invitation nor slip in keys of its own.
* The device's key is on the disk before the request is sent, so that an answer lost on the way
  costs nothing: the same code, given again, finds the same device.
"""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from client.contact import note_contact
from client.durable import storage_errors, write_durably
from client.errors import EnrolmentError, InputError
from client.exchange import Question, expect, request_headers, split_frames
from client.profile import Profile, read_profile, write_profile
from client.services import Services
from client.transport import HttpTransport, Transport
from sync.answer import read_answer
from sync.digest import digest_of
from sync.errors import MessageError, SignatureError
from sync.frames import Frame
from sync.invitation import asking_parts, code_id, is_proof, proof_of, secret_of
from sync.keys import ANSWER_TYPE, verify
from sync.messages import EnrolAnswer, EnrolRequest, format_message
from sync.request import NONCE_BYTES, Request

_JOIN = "/join"
_TARGET = "/v1/enrol"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person was given: the server's address, the code, and perhaps an authority's file."""

    url: str
    code: str
    ca: Path | None = None
    device_name: str = ""


def enrol(
    services: Services, invitation: Invitation, transport: Transport | None = None
) -> Profile:
    """Enrol this device, over HTTP or another way; return whom it works for now.

    Raises:
        EnrolmentError: it is enrolled already, or the server did not prove itself.
        CodeError: the code is mistyped.
        RefusedError: the server does not take the code.
        UnreachableError: no answer came.
    """
    _require_blank(services)
    server = server_address(invitation.url)
    secret = secret_of(invitation.code)
    ca = _keep_ca(services, invitation.ca)
    transport = transport or HttpTransport(server, ca)
    try:
        answer = _ask(services, transport, secret, invitation.device_name)
    finally:
        transport.close()
    profile = _profile(server, answer, has_ca=ca is not None)
    now = services.clock.now()
    with services.db.transaction():
        write_profile(services.db, profile, now)
        note_contact(services.db, now, answer.time)
    return profile


def server_address(url: str) -> str:
    """Return the server's address, of what a person copied: the link of an invitation will do.

    Raises:
        InputError: this is no address of a web server.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(
            f"{url!r} is no address of a server.",
            code="url",
            hint="An address begins with https:// (or http:// within one computer).",
        )
    path = parts.path.rstrip("/").removesuffix(_JOIN)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _require_blank(services: Services) -> None:
    profile = read_profile(services.db)
    if profile is not None:
        raise EnrolmentError(
            f"This home is enrolled already, with {profile.server}.",
            code="already_enrolled",
            hint="Another device or member needs another home: --home DIR.",
        )


def _keep_ca(services: Services, ca: Path | None) -> Path | None:
    """Copy the authority's certificate into the home, so that it is there at every start."""
    if ca is None:
        return None
    with storage_errors(ca):
        content = ca.read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise InputError(f"{ca} holds no certificate.", code="ca", hint="Give it in PEM form.")
    write_durably(services.home.server_ca, content)
    return services.home.server_ca


def _ask(services: Services, transport: Transport, secret: bytes, device_name: str) -> EnrolAnswer:
    key, nonce = services.device.key, token_hex(NONCE_BYTES)
    asked = (code_id(secret), key.public, device_name[:200], nonce)
    body = format_message(EnrolRequest(*asked, proof_of(secret, *asking_parts(*asked))))
    question = Question("POST", _TARGET, body, {"Content-Type": "application/json"})
    request = Request(question.method, question.target, nonce, digest_of(body))
    reply = transport.send(
        question.method, question.target, headers=request_headers(request, question), body=body
    )
    frame, _ = split_frames(reply)
    try:
        answer = expect(read_answer(frame, request), EnrolAnswer)
        _require_proof(frame, answer, secret, key.id)
    except (MessageError, SignatureError) as error:
        raise _not_proven(error.message) from error
    return answer


def _require_proof(frame: Frame, answer: EnrolAnswer, secret: bytes, device: str) -> None:
    verify(answer.answer_key, ANSWER_TYPE, frame.payload, frame.signature)
    parts = (answer.nonce.encode(), answer.answer_key, answer.log_key)
    if not is_proof(answer.proof, secret, *parts) or answer.device != device:
        raise _not_proven("it does not know the code.")


def _not_proven(reason: str) -> EnrolmentError:
    return EnrolmentError(
        f"What answered did not prove to be the server that gave the code: {reason}",
        code="not_proven",
        hint="Check the address. Nothing was kept; the code is still good.",
    )


def _profile(server: str, answer: EnrolAnswer, *, has_ca: bool) -> Profile:
    return Profile(
        server=server,
        log=answer.log,
        device=answer.device,
        member=answer.member,
        member_name=answer.member_name,
        unit=answer.unit,
        unit_name=answer.unit_name,
        role=answer.role,
        answer_key=answer.answer_key,
        log_key=answer.log_key,
        ca=has_ca,
    )
