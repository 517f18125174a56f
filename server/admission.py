"""How large a body may become, told from a request's head alone, before a byte of it is kept.

* Who names no enrolled device may send what enrolment and the auditors' pages need.
* Who names an enrolled device may send a push; part of a file, once the signature is shown to fit:
  the head names the chunk's digest, so that it alone says what was signed.
"""

from collections.abc import Callable

from server.errors import ServerError
from server.listener import MAX_BODY, MAX_CHUNK_BODY, MAX_STRANGERS_BODY, Head
from server.services import Services
from sync.errors import SyncError
from sync.request import (
    CONTENT_DIGEST_HEADER,
    NONCE_HEADER,
    VERSION_HEADER,
    Credentials,
    Request,
    parse_authorization,
    parse_content_digest,
    verify_request,
)

_ATTACHMENTS = "/v1/attachments/"


def body_limits(services: Services) -> Callable[[Head], int]:
    """Return what tells the most bytes that the body of a request may have."""

    def limit(head: Head) -> int:
        try:
            return _limit(services, head)
        except (SyncError, ServerError):
            return MAX_STRANGERS_BODY

    return limit


def _limit(services: Services, head: Head) -> int:
    credentials = parse_authorization(head.header("Authorization"))
    device = services.directory.device(credentials.device)
    if device is None:
        return MAX_STRANGERS_BODY
    if not head.target.startswith(_ATTACHMENTS):
        return MAX_BODY
    verify_request(_request(head, credentials), credentials, device.public_key)
    return MAX_CHUNK_BODY


def _request(head: Head, credentials: Credentials) -> Request:
    version = head.header(VERSION_HEADER)
    return Request(
        head.method,
        head.target,
        head.header(NONCE_HEADER),
        parse_content_digest(head.header(CONTENT_DIGEST_HEADER)),
        int(version) if version in {"1", "2"} else 0,
        credentials.device,
    )
