"""Pushing revisions.

POST /v1/push   a parcel of revisions, or frames of them; plain, gzip or xz; gives a PushAnswer

What a body is, and how it is packed, is told from its bytes, which are signed, and not from its
header, which anybody on the way may change.

A damaged end of frames takes nothing else with it: what stands before it is taken, and what was cut
off is not among the results. A parcel is taken whole or not at all.
"""

from collections.abc import Iterator

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server.errors import TooLargeError
from server.room import require_room
from server.web.exchange import answer, current_services, receive
from sync.errors import FrameError, MessageError
from sync.frames import Frame, parse_frames
from sync.messages import PushAnswer
from sync.packing import unpack
from sync.parcel import PARCEL_MAGIC, parse_parcel
from sync.runs import shorten

MAX_BODY = 8 * 1024 * 1024
MAX_REVISIONS = 100

bp = Blueprint("push", __name__)


@bp.post("/v1/push")
def post_push() -> ResponseReturnValue:
    """Take revisions into the log; each has its own result, and repeating gives the same."""
    exchange, services = receive(MAX_BODY), current_services()
    require_room(services.folder, for_blobs=False)
    content = _expand(exchange.body)
    outcome = services.ingest.push(read_frames(content))
    # Only a parcel's sender knows its items by their place.
    is_parcel = content.startswith(PARCEL_MAGIC)
    runs, results = shorten(outcome.results) if is_parcel else ((), outcome.results)
    return answer(
        PushAnswer(
            nonce=exchange.request.nonce,
            request=exchange.request.digest,
            time=services.clock(),
            log_size=outcome.log_size,
            results=results,
            missing=outcome.missing,
            runs=runs,
        )
    )


def read_frames(content: bytes) -> list[Frame]:
    """Return the revisions of a push; of frames, those up to where they are damaged.

    Raises:
        TooLargeError: there are more than a push may have.
        FrameError: this is a parcel that is not whole.
    """
    is_parcel = content.startswith(PARCEL_MAGIC)
    frames = parse_parcel(content) if is_parcel else list(_intact_frames(content))
    if len(frames) > MAX_REVISIONS:
        raise TooLargeError(
            f"A push has at most {MAX_REVISIONS} revisions.", hint="Send less at once."
        )
    return frames


def _expand(content: bytes) -> bytes:
    try:
        return unpack(content, MAX_BODY)
    except MessageError as error:
        raise TooLargeError(error.message, hint=error.hint) from error


def _intact_frames(content: bytes) -> Iterator[Frame]:
    try:
        yield from parse_frames(content)
    except FrameError:
        return
