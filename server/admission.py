"""How large a body may become, told from a request's head alone, before a byte of it is kept.

* Who names no enrolled device may send what enrolment and the auditors' pages need.
* An enrolled device may send a push; a whole file, once its signature is shown to fit and an entry
  of its unit names the file. A file's digest is its name, so that the head alone says what was
  signed.
"""

import re
from collections.abc import Callable

from server.errors import ServerError
from server.listener import MAX_ATTACHMENT_BODY, MAX_BODY, MAX_STRANGERS_BODY, Head
from server.services import Services
from sync.digest import format_digest
from sync.errors import SyncError
from sync.request import (
    NONCE_HEADER,
    VERSION_HEADER,
    Credentials,
    Request,
    parse_authorization,
    verify_request,
)

_ATTACHMENT = re.compile(r"/v1/attachments/([0-9a-f]{64})", re.ASCII)


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
    name = _ATTACHMENT.fullmatch(head.target)
    if name is None or head.method != "PUT":
        return MAX_BODY
    verify_request(_request(head, name[1], credentials), credentials, device.public_key)
    return MAX_ATTACHMENT_BODY if services.names_attachment(device.unit, name[1]) else MAX_BODY


def _request(head: Head, sha256: str, credentials: Credentials) -> Request:
    version = head.header(VERSION_HEADER)
    return Request(
        head.method,
        head.target,
        head.header(NONCE_HEADER),
        format_digest(bytes.fromhex(sha256)),
        int(version) if version in {"1", "2"} else 0,
        credentials.device,
    )
