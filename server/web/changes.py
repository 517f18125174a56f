"""The changes that concern a device.

GET /v1/changes?after=<index>&limit=<n>   a ChangesAnswer, then the frames of its contents
"""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from server.changes import DEFAULT_LIMIT
from server.errors import RequestError
from server.web.exchange import answer, current_services, receive
from sync.canonical import MAX_INTEGER
from sync.messages import ChangesAnswer

bp = Blueprint("changes", __name__)


@bp.get("/v1/changes")
def get_changes() -> ResponseReturnValue:
    """Tell the changes from an index on; a revoked device is told nothing."""
    exchange, services = receive(), current_services()
    exchange.require_live()
    after, limit = _number("after", 0), _number("limit", DEFAULT_LIMIT)
    page = services.changes(exchange.device, after, limit)
    head = ChangesAnswer(
        nonce=exchange.request.nonce,
        request=exchange.request.digest,
        time=services.clock(),
        after=after,
        next=page.next,
        log_size=page.log_size,
        items=page.items,
    )
    return answer(head, page.frames)


def _number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_INTEGER))):
        raise RequestError(f"{name} is no whole number.")
    return int(text)
