"""Attached files, each named by the 64 hexadecimal digits of its SHA-256.

PUT /v1/attachments/<sha256>          the whole file; answers with an AttachmentAnswer
GET /v1/attachments/<sha256>/status   an AttachmentAnswer
GET /v1/attachments/<sha256>          the file, for units whose revisions name it
"""

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from server.attachments import (
    StoredAttachment,
    find_attachment,
    is_named,
    is_named_by_unit,
)
from server.blobs import MAX_SIZE
from server.errors import TooLargeError, UnknownError
from server.web.exchange import Exchange, answer, current_services, receive, receive_unread
from sync.digest import format_digest, is_hex_digest
from sync.messages import AttachmentAnswer

_MAX_TYPE = 100

bp = Blueprint("attachments", __name__, url_prefix="/v1/attachments")


@bp.put("/<sha256>")
def put_attachment(sha256: str) -> ResponseReturnValue:
    """Store a file; repeating it gives the same answer."""
    _check_name(sha256)
    exchange = receive_unread(format_digest(bytes.fromhex(sha256)))
    if (request.content_length or 0) > MAX_SIZE:
        raise TooLargeError(f"A file has at most {MAX_SIZE} bytes.")
    _check_may_store(exchange, sha256)
    media_type = (request.mimetype or "application/octet-stream")[:_MAX_TYPE]
    stored = _find(sha256) or current_services().store_attachment(
        sha256, media_type, request.stream
    )
    return _status(exchange, sha256, stored)


@bp.get("/<sha256>/status")
def get_status(sha256: str) -> ResponseReturnValue:
    """Say how much of a file is here."""
    _check_name(sha256)
    return _status(receive(), sha256, _find(sha256))


@bp.get("/<sha256>")
def get_attachment(sha256: str) -> ResponseReturnValue:
    """Send a file to a device of a unit whose revisions name it."""
    _check_name(sha256)
    exchange, services = receive(), current_services()
    exchange.require_live()
    with services.readers.read() as connection:
        is_theirs = is_named_by_unit(connection, sha256, exchange.device.unit)
    if not is_theirs or _find(sha256) is None:
        raise UnknownError("There is no such file.", code="unknown_attachment")
    response: Response = send_file(
        services.blobs.path(sha256), mimetype="application/octet-stream", conditional=False
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _status(
    exchange: Exchange, sha256: str, stored: StoredAttachment | None
) -> ResponseReturnValue:
    return answer(
        AttachmentAnswer(
            nonce=exchange.request.nonce,
            request=exchange.request.digest,
            time=current_services().clock(),
            sha256=sha256,
            offset=0 if stored is None else stored.size,
            complete=stored is not None,
            index=None if stored is None else stored.index,
        )
    )


def _find(sha256: str) -> StoredAttachment | None:
    with current_services().readers.read() as connection:
        return find_attachment(connection, sha256)


def _check_name(sha256: str) -> None:
    if not is_hex_digest(sha256):
        raise UnknownError("A file is named by 64 hexadecimal digits.", code="unknown_attachment")


def _check_may_store(exchange: Exchange, sha256: str) -> None:
    """Let a revoked device hand in only the files of what is in quarantine already."""
    with current_services().readers.read() as connection:
        if not is_named(connection, sha256):
            exchange.require_live()
