"""Pushing revisions.

POST /v1/push   frames of revisions, plain or gzip; answers with a PushAnswer

Whether a body is packed is told from its bytes, which are signed, and not from its header, which
anybody on the way may change.

A damaged end takes nothing else with it: what stands before it is taken, and what was cut off is
not among the results.
"""

import zlib
from collections.abc import Iterator

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server.errors import TooLargeError
from server.room import require_room
from server.web.exchange import answer, current_services, receive
from sync.errors import FrameError
from sync.frames import Frame, parse_frames
from sync.messages import PushAnswer

MAX_BODY = 8 * 1024 * 1024
MAX_REVISIONS = 100
_CHUNK = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's window bits for a gzip header and trailer

bp = Blueprint("push", __name__)


@bp.post("/v1/push")
def post_push() -> ResponseReturnValue:
    """Take revisions into the log; each has its own result, and repeating gives the same."""
    exchange, services = receive(MAX_BODY), current_services()
    require_room(services.folder, for_blobs=False)
    outcome = services.ingest.push(read_frames(_expand(exchange.body)))
    return answer(
        PushAnswer(
            nonce=exchange.request.nonce,
            request=exchange.request.digest,
            time=services.clock(),
            log_size=outcome.log_size,
            results=outcome.results,
            missing=outcome.missing,
        )
    )


def read_frames(content: bytes) -> list[Frame]:
    """Return the frames of a push, up to where it is damaged.

    Raises:
        TooLargeError: there are more than a push may have.
    """
    frames = list(_intact_frames(content))
    if len(frames) > MAX_REVISIONS:
        raise TooLargeError(
            f"A push has at most {MAX_REVISIONS} revisions.", hint="Send less at once."
        )
    return frames


def inflate(content: bytes, limit: int) -> bytes:
    """Return what gzip bytes hold, up to where they are damaged.

    Raises:
        TooLargeError: they hold more than `limit` bytes; no more than that was ever made.
    """
    inflater, parts, room = zlib.decompressobj(_GZIP), [], limit
    try:
        while not inflater.eof:
            part = inflater.decompress(content, min(_CHUNK, room + 1))
            content = inflater.unconsumed_tail
            if not part and not content:
                break  # cut short
            room -= len(part)
            if room < 0:
                raise TooLargeError(f"The body holds more than {limit} bytes once expanded.")
            parts.append(part)
    except zlib.error:
        pass  # what came out before the damage is whole: each frame has its own digest
    return b"".join(parts)


def _expand(content: bytes) -> bytes:
    return inflate(content, MAX_BODY) if content.startswith(_GZIP_MAGIC) else content


def _intact_frames(content: bytes) -> Iterator[Frame]:
    try:
        yield from parse_frames(content)
    except FrameError:
        return
