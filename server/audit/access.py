"""Signing in to the auditors' pages, and out.

GET  /audit/sign-in    asks for the one-time code; one behind the # is taken by itself
POST /audit/sign-in    uses it up, gives the cookie
GET  /audit/sign-out   asks whether it is meant
POST /audit/sign-out   ends the session

What another site makes a browser send is refused before it is looked at.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from server.audit.door import AuditDoor, forget_cookie, set_cookie
from server.audit.page_texts import TEXTS
from server.audit.pages import message, page
from server.errors import ServerError, StorageError
from sync.errors import CodeError

_HOME = "/audit/"


def create_blueprint(door: AuditDoor, address: str) -> Blueprint:
    """Return the pages for signing in and out of a server.

    Where its public address is https, the cookie is kept to https.
    """
    is_secure = address.startswith("https:")
    bp = Blueprint("audit_access", __name__, url_prefix="/audit", template_folder="templates")

    @bp.get("/sign-in")
    def get_sign_in() -> ResponseReturnValue:
        """Ask for the one-time code."""
        return page("audit_sign_in.html", HTTPStatus.OK)

    @bp.post("/sign-in")
    def post_sign_in() -> ResponseReturnValue:
        """Use up the code."""
        if _is_foreign(address):
            return message("try_again", HTTPStatus.FORBIDDEN)
        try:
            cookie = door.sign_in(request.form.get("code", ""))
        except (ServerError, CodeError) as error:
            return _refusal(error)
        response = _home()
        set_cookie(response, cookie, is_secure=is_secure)
        return response

    @bp.get("/sign-out")
    def get_sign_out() -> ResponseReturnValue:
        """Ask whether it is meant."""
        return page("audit_sign_out.html", HTTPStatus.OK)

    @bp.post("/sign-out")
    def post_sign_out() -> ResponseReturnValue:
        """End the session."""
        if _is_foreign(address):
            return message("try_again", HTTPStatus.FORBIDDEN)
        door.sign_out(request)
        response = message("not_signed_in", HTTPStatus.OK)
        forget_cookie(response)
        return response

    return bp


def _home() -> Response:
    response = Response(status=HTTPStatus.SEE_OTHER)
    response.headers["Location"] = _HOME
    response.headers["Cache-Control"] = "no-store"
    return response


def _refusal(error: ServerError | CodeError) -> Response:
    if isinstance(error, StorageError):
        return page("audit_sign_in.html", HTTPStatus.SERVICE_UNAVAILABLE, problem="try_again")
    problem = error.code if error.code in TEXTS["en"] else "code_unknown"
    return page("audit_sign_in.html", HTTPStatus.FORBIDDEN, problem=problem)


def _is_foreign(address: str) -> bool:
    """Say whether another site made the browser send this; `address` is our public one."""
    site = request.headers.get("Sec-Fetch-Site")
    if site == "same-origin":
        return False  # a proxy may have changed the host, but this the browser says itself
    origin = request.headers.get("Origin")
    if site not in {None, "none"}:
        return True
    return origin is not None and not _is_own(origin, address)


def _is_own(origin: str, address: str) -> bool:
    hosts = {request.host.lower(), urlsplit(address).netloc.lower()}
    return origin.partition("://")[2].lower() in hosts
