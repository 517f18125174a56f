"""Attached files, each named by the 64 hexadecimal digits of its SHA-256.

PUT /v1/attachments/<sha256>          the whole file; answers with an AttachmentAnswer
GET /v1/attachments/<sha256>/status   an AttachmentAnswer
GET /v1/attachments/<sha256>          the file

All three are for devices of units whose revisions name the file: others can neither fill the disk
nor find out what is on it.
"""

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from server.attachments import StoredAttachment
from server.blobs import MAX_SIZE
from server.errors import TooLargeError, UnknownError
from server.web.exchange import Exchange, answer, current_services, receive, receive_unread
from sync.digest import format_digest, is_hex_digest
from sync.messages import AttachmentAnswer

bp = Blueprint("attachments", __name__, url_prefix="/v1/attachments")


@bp.put("/<sha256>")
def put_attachment(sha256: str) -> ResponseReturnValue:
    """Store a file; repeating it gives the same answer."""
    _check_name(sha256)
    exchange = receive_unread(format_digest(bytes.fromhex(sha256)))
    if (request.content_length or 0) > MAX_SIZE:
        raise TooLargeError(f"A file has at most {MAX_SIZE} bytes.")
    _check_named(exchange, sha256)
    services = current_services()
    stored = services.find_attachment(sha256) or services.store_attachment(sha256, request.stream)
    return _status(exchange, sha256, stored)


@bp.get("/<sha256>/status")
def get_status(sha256: str) -> ResponseReturnValue:
    """Say how much of a file is here."""
    _check_name(sha256)
    exchange = receive()
    _check_named(exchange, sha256)
    return _status(exchange, sha256, current_services().find_attachment(sha256))


@bp.get("/<sha256>")
def get_attachment(sha256: str) -> ResponseReturnValue:
    """Send a file; a revoked device gets none."""
    _check_name(sha256)
    exchange, services = receive(), current_services()
    exchange.require_live()
    _check_named(exchange, sha256)
    if services.find_attachment(sha256) is None:
        raise _unknown()
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


def _check_name(sha256: str) -> None:
    if not is_hex_digest(sha256):
        raise UnknownError("A file is named by 64 hexadecimal digits.", code="unknown_attachment")


def _check_named(exchange: Exchange, sha256: str) -> None:
    """Let a device, revoked or not, deal only with files that a revision of its unit names."""
    if not current_services().names_attachment(exchange.device.unit, sha256):
        exchange.require_live()
        raise _unknown()


def _unknown() -> UnknownError:
    return UnknownError(
        "No entry of this unit names such a file.",
        code="unknown_attachment",
        hint="Push the entry that names it first.",
    )
