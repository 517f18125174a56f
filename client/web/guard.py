"""What every request to the local pages must pass, and what every answer carries.

The pages listen on the loopback only, but any page of the web open in the same browser can send
requests there. So, on every route, reading ones included:
 * the Host is one of ours with our port (a rebound name is not);
 * Origin, if sent, is the very address asked (so `null` is not);
 * Sec-Fetch-Site, if sent, is same-origin or none (none is a person who typed the address);
 * what is not a page or a file of the page needs both halves of a session;
 * nothing is changed by GET or HEAD: no route does so, and a change is JSON or raw bytes, which no
   form of another page can send unasked.

Commands handed over by another process (`/control/`) come from no browser: they carry a key
from the home, and none of the headers that browsers add.
"""

import time
from functools import partial

from flask import Flask, Request, Response, request

from client.web.launch import Launch, Session, is_session
from client.web.problems import GuardError

KEY_HEADER = "Tianbao-Key"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types tianbao",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-store",
}

_USUAL_PORT = 80  # browsers leave it out
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_OPEN_ENDPOINTS = frozenset({"pages.home", "pages.fill", "pages.entry", "static", "session.begin"})
_BODY_TYPES = frozenset({"application/json", "application/octet-stream"})


def install(app: Flask, launch: Launch) -> None:
    """Put the guard before every route of the app, and the headers on every answer."""
    app.before_request(partial(_check, launch))
    app.after_request(_seal)


def _check(launch: Launch) -> None:
    _check_host(request, launch.port)
    if request.path.startswith("/control/"):
        _check_no_browser(request)
        return
    _check_origin(request)
    _check_body(request)
    if request.endpoint is not None and request.endpoint not in _OPEN_ENDPOINTS:
        _check_session(request, launch)


def _check_host(sent: Request, port: int) -> None:
    allowed = {f"{name}:{port}" for name in _NAMES}
    if port == _USUAL_PORT:
        allowed.update(_NAMES)
    if sent.headers.get("Host", "").lower() not in allowed:
        raise GuardError("host")


def _check_origin(sent: Request) -> None:
    if sent.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise GuardError("fetch_site")
    own = f"http://{sent.headers['Host'].lower()}"
    if sent.headers.get("Origin", own) != own:
        raise GuardError("origin")


def _check_body(sent: Request) -> None:
    if sent.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if sent.mimetype not in _BODY_TYPES:
        raise GuardError("content_type")


def _check_session(sent: Request, launch: Launch) -> None:
    session = Session(
        sent.cookies.get(launch.cookie_name, ""),
        sent.headers.get(KEY_HEADER, ""),
    )
    if not is_session(launch.secret, session, time.time()):
        raise GuardError("session")


def _check_no_browser(sent: Request) -> None:
    if any(name.lower().startswith("sec-fetch-") or name == "Origin" for name, _ in sent.headers):
        raise GuardError("origin")


def _seal(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers[name] = value
    if request.endpoint == "static":
        answer.headers["Cache-Control"] = "no-cache"
    return answer
