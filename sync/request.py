"""Requests: how a device says who it is, and how an answer says which request it answers.

A device signs method, path, its own name, nonce and the digest of the body; the server checks that
before it reads the body. The same bytes give the digest that the signed answer has to name: what
was answered to one device is no answer to another.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from sync import PROTOCOL_VERSION
from sync.digest import digest_of, format_digest, raw_digest
from sync.errors import MessageError, SignatureError
from sync.keys import REQUEST_TYPE, SIGNATURE_LENGTH, SigningKey, verify

NONCE_HEADER = "Tianbao-Nonce"
VERSION_HEADER = "Tianbao-Version"
CONTENT_DIGEST_HEADER = "Content-Digest"
CONTENT_TYPE = "application/vnd.tianbao.frames"
AUTHORIZATION_SCHEME = "Tianbao"
NONCE_BYTES = 16

_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CONTENT_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
_CREDENTIALS = re.compile(r"Tianbao ([0-9a-f]{32}):([A-Za-z0-9+/=]{88})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of a request. `target` is its path with the query; `body` is as on the wire.

    `device` is who sends it, and empty for enrolment, where nobody is known yet.
    """

    method: str
    target: str
    nonce: str
    body_digest: str
    version: int = PROTOCOL_VERSION
    device: str = ""

    @property
    def statement(self) -> bytes:
        """Return the bytes that are signed."""
        body, version = self.body_digest, str(self.version)
        lines = (self.method, self.target, self.device, self.nonce, body, version)
        return "\n".join(lines).encode()

    @property
    def digest(self) -> str:
        """Return the digest that the answer to this request has to name."""
        return digest_of(self.statement)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which device says that it sends a request, and its signature."""

    device: str
    signature: bytes


def is_nonce(text: str) -> bool:
    """Say whether a text is a nonce: 32 hexadecimal digits."""
    return _NONCE.fullmatch(text) is not None


def authorize(request: Request, key: SigningKey) -> str:
    """Return the `Authorization` header with which a device sends a request."""
    signature = base64.b64encode(key.sign(REQUEST_TYPE, request.statement)).decode()
    return f"{AUTHORIZATION_SCHEME} {key.id}:{signature}"


def parse_authorization(header: str) -> Credentials:
    """Return what an `Authorization` header says.

    Raises:
        MessageError: the header is not of this protocol.
    """
    match = _CREDENTIALS.fullmatch(header)
    if match is None:
        raise MessageError("The request does not say which device sends it.", code="unauthorized")
    try:
        signature = base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise MessageError(
            "The signature of the request is not base64.", code="unauthorized"
        ) from error
    if len(signature) != SIGNATURE_LENGTH:
        raise MessageError("The signature of the request is too short.", code="unauthorized")
    return Credentials(match[1], signature)


def format_content_digest(digest: str) -> str:
    """Return the `Content-Digest` header (RFC 9530) of a body with this digest."""
    return f"sha-256=:{base64.b64encode(raw_digest(digest)).decode()}:"


def parse_content_digest(header: str) -> str:
    """Return the digest that a `Content-Digest` header names.

    Raises:
        MessageError: it names none, or not by SHA-256 alone.
    """
    match = _CONTENT_DIGEST.fullmatch(header)
    if match is None:
        raise MessageError(f"The header {CONTENT_DIGEST_HEADER} is missing, or no SHA-256.")
    return format_digest(base64.b64decode(match[1]))


def verify_request(request: Request, credentials: Credentials, public: bytes) -> None:
    """Check that a device sent exactly this request.

    Raises:
        SignatureError: it did not.
    """
    if credentials.device != request.device:
        raise SignatureError("The request is another device's.")
    verify(public, REQUEST_TYPE, request.statement, credentials.signature)
