"""Attached files, each named by the 64 hexadecimal digits of its SHA-256.

PATCH /v1/attachments/<sha256>?offset=N&size=M   the bytes from N on, of a file of M bytes; answers
                                                 with an AttachmentAnswer
GET   /v1/attachments/<sha256>/status            an AttachmentAnswer
GET   /v1/attachments/<sha256>                   the file

`Content-Digest` holds the chunk's SHA-256, and the device signs that: whose chunk it is shows before
a byte of it is kept. All three are for devices of units whose revisions name the file: others can
neither fill the disk nor find out what is on it.
"""

import hashlib

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from server.attachments import StoredAttachment, unknown_attachment
from server.errors import RequestError, TooLargeError, UnknownError
from server.uploads import MAX_CHUNK, Chunk
from server.web.exchange import Exchange, answer, current_services, receive, receive_unread
from sync.digest import format_digest, is_hex_digest
from sync.messages import AttachmentAnswer
from sync.request import CONTENT_DIGEST_HEADER, parse_content_digest

bp = Blueprint("attachments", __name__, url_prefix="/v1/attachments")

_MOST_DIGITS = 10


@bp.patch("/<sha256>")
def patch_attachment(sha256: str) -> ResponseReturnValue:
    """Take a chunk of a file; repeating it changes nothing, and tells how far the file has come."""
    _check_name(sha256)
    digest = parse_content_digest(request.headers.get(CONTENT_DIGEST_HEADER, ""))
    exchange = receive_unread(digest)
    _check_named(exchange, sha256)
    offset, size = _number("offset"), _number("size")
    chunk = Chunk(sha256, offset, size, _read(digest))
    reached = current_services().store_chunk(exchange.device.unit, chunk)
    return _status(exchange, sha256, reached)


@bp.get("/<sha256>/status")
def get_status(sha256: str) -> ResponseReturnValue:
    """Say how much of a file is here."""
    _check_name(sha256)
    exchange, services = receive(), current_services()
    _check_named(exchange, sha256)
    stored = services.find_attachment(sha256)
    reached = stored or services.attachment_offset(exchange.device.unit, sha256)
    return _status(exchange, sha256, reached)


@bp.get("/<sha256>")
def get_attachment(sha256: str) -> ResponseReturnValue:
    """Send a file; a revoked device gets none."""
    _check_name(sha256)
    exchange, services = receive(), current_services()
    exchange.require_live()
    _check_named(exchange, sha256)
    if services.find_attachment(sha256) is None:
        raise unknown_attachment()
    response: Response = send_file(
        services.blobs.path(sha256), mimetype="application/octet-stream", conditional=False
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _read(digest: str) -> bytes:
    """Return the chunk, which has to be the one that was signed.

    Raises:
        TooLargeError: it is too large to be one.
        RequestError: it was changed on the way (`bad_chunk`).
    """
    content: bytes = request.stream.read(MAX_CHUNK + 1)
    if len(content) > MAX_CHUNK:
        raise TooLargeError(f"A chunk has at most {MAX_CHUNK} bytes.", hint="Send less at once.")
    if format_digest(hashlib.sha256(content).digest()) != digest:
        raise RequestError(
            "The chunk was changed on the way; nothing of it was kept.",
            code="bad_chunk",
            hint="Send it again.",
        )
    return content


def _number(name: str) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise RequestError(f"The query names no {name}.")
    return int(text)


def _status(
    exchange: Exchange, sha256: str, reached: StoredAttachment | int
) -> ResponseReturnValue:
    if isinstance(reached, StoredAttachment):
        offset, index = reached.size, reached.index
    else:
        offset, index = reached, None
    return answer(
        AttachmentAnswer(
            nonce=exchange.request.nonce,
            request=exchange.request.digest,
            time=current_services().clock(),
            sha256=sha256,
            offset=offset,
            complete=index is not None,
            index=index,
        )
    )


def _check_name(sha256: str) -> None:
    if not is_hex_digest(sha256):
        raise UnknownError("A file is named by 64 hexadecimal digits.", code="unknown_attachment")


def _check_named(exchange: Exchange, sha256: str) -> None:
    """Let a device, revoked or not, deal only with files that a revision of its unit names."""
    if not current_services().names_attachment(exchange.device.unit, sha256):
        exchange.require_live()
        raise unknown_attachment()
