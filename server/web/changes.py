"""The changes that concern a device.

GET /v1/changes?after=<index>&leaf=<hex>&limit=<n>&known=<ranges>&own=1
    a ChangesAnswer, then the frames of its contents

`leaf` is the SHA-256 of the leaf just before `after`, as an earlier answer named it (its hexadecimal
digits alone): where the log has another one there, the answer is the problem `log_changed`.
So it is where a device's own revisions do not stand where it knows them to (`known`, see
`sync.known`); these are left out. `own=1` asks for the contents of the device's own, too.
"""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from server.changes import DEFAULT_LIMIT, Cursor
from server.errors import RequestError
from server.web.exchange import answer, current_services, receive
from sync.canonical import MAX_INTEGER
from sync.digest import format_digest, is_hex_digest
from sync.known import parse_known
from sync.messages import ChangesAnswer

bp = Blueprint("changes", __name__)


@bp.get("/v1/changes")
def get_changes() -> ResponseReturnValue:
    """Tell the changes from an index on; a revoked device is told nothing."""
    exchange, services = receive(), current_services()
    exchange.require_live()
    known = parse_known(request.args.get("known", ""))
    cursor = Cursor(_number("after", 0), _leaf(), known, _number("own", 0) == 1)
    limit = _number("limit", DEFAULT_LIMIT)
    page = services.changes(exchange.device, cursor, limit)
    head = ChangesAnswer(
        nonce=exchange.request.nonce,
        request=exchange.request.digest,
        time=services.clock(),
        after=cursor.after,
        next=page.next,
        log_size=page.log_size,
        items=page.items,
        leaf=page.leaf,
    )
    return answer(head, page.frames)


def _leaf() -> str | None:
    text = request.args.get("leaf")
    if text is None:
        return None
    if not is_hex_digest(text):
        raise RequestError("leaf is not 64 hexadecimal digits.")
    return format_digest(bytes.fromhex(text))


def _number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_INTEGER))):
        raise RequestError(f"{name} is no whole number.")
    return int(text)
