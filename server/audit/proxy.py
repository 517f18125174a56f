"""The auditors' pages: Datasette behind our door.

GET /audit/           everything that Datasette shows, for auditors alone
GET /audit/<path>     the same; CSV is made safe for spreadsheets on its way
"""

from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from threading import BoundedSemaphore
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from server.audit.agreement import COOKIE, PROXY_HEADER
from server.audit.child import DatasetteChild
from server.audit.csv_guard import guard_csv
from server.audit.door import AuditDoor, Visitor, set_cookie
from server.audit.errors import AuditUnavailableError
from server.audit.pages import DATASETTE_POLICY, RETRY_SECONDS, message, protect
from server.audit.upstream import Answer, ask

# So many pages at once, and no more: the server's other threads stay free for devices.
_MOST_AT_ONCE = 8
_PATIENCE_SECONDS = 10.0
_HANDED_ON = ("Accept", "Accept-Language", "If-None-Match", "If-Modified-Since")
_QUOTED_PATH = "/~,:;=@!$&'()*+-._"
_QUOTED_QUERY = _QUOTED_PATH + "%?"
_CSV_TYPES = frozenset({"text/csv", "text/plain"})  # Datasette's own CSV is text/plain


def create_blueprint(child: DatasetteChild, door: AuditDoor, *, is_secure: bool) -> Blueprint:
    """Return the auditors' pages; `is_secure` keeps the renewed cookie to https."""
    bp = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")
    places = BoundedSemaphore(_MOST_AT_ONCE)

    @bp.route("/", methods=["GET"])
    @bp.route("/<path:path>", methods=["GET"])
    def get_page(path: str = "") -> ResponseReturnValue:
        """Show what Datasette shows, to auditors."""
        visitor = door.visitor(request)
        if visitor is None:
            return message("not_signed_in", HTTPStatus.FORBIDDEN)
        response = _datasette(child, visitor, places)
        if visitor.renewed is not None:
            set_cookie(response, visitor.renewed, is_secure=is_secure)
        return response

    return bp


def _datasette(child: DatasetteChild, visitor: Visitor, places: BoundedSemaphore) -> Response:
    if not places.acquire(timeout=_PATIENCE_SECONDS):
        return message("starting", HTTPStatus.SERVICE_UNAVAILABLE, retry=RETRY_SECONDS)
    with ExitStack() as held:
        held.callback(places.release)
        try:
            answer = ask(child.address, request.method, _target(), _headers(child, visitor))
        except AuditUnavailableError:
            return message("starting", HTTPStatus.SERVICE_UNAVAILABLE, retry=RETRY_SECONDS)
        held.callback(answer.close)
        response = _response(answer)
        # Both at the end and when the auditor goes away in the middle.
        response.call_on_close(held.pop_all().close)
    return response


def _response(answer: Answer) -> Response:
    is_csv = answer.status == HTTPStatus.OK and answer.media_type in _CSV_TYPES
    chunks: Iterator[bytes] = guard_csv(answer.chunks) if is_csv else answer.chunks
    response = Response(chunks, answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        if not (is_csv and name.lower() == "content-length"):
            response.headers.add(name, value)
    protect(response, DATASETTE_POLICY)
    return response


def _target() -> str:
    """Return the path and query as Datasette wants them: it decodes once, as we were given it."""
    raw = request.environ["PATH_INFO"].encode("latin-1")
    # A browser quotes the query, but others send what is no part of a URL.
    query = quote(request.environ.get("QUERY_STRING", "").encode("latin-1"), safe=_QUOTED_QUERY)
    return quote(raw, safe=_QUOTED_PATH) + (f"?{query}" if query else "")


def _headers(child: DatasetteChild, visitor: Visitor) -> dict[str, str]:
    handed_on = {name: request.headers[name] for name in _HANDED_ON if name in request.headers}
    return handed_on | {
        "Host": request.host,
        "Cookie": f"{COOKIE}={visitor.sealed}",
        PROXY_HEADER: child.proxy_secret,
        "Connection": "close",
    }
