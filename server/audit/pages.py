"""Our own pages around Datasette: HTML that runs only what it says itself."""

import secrets

from flask import Response, make_response, render_template

from server.audit.page_texts import TEXTS

RETRY_SECONDS = 2
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Datasette has scripts and styles within its pages; it escapes what it shows.
DATASETTE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def page(template: str, status: int, **facts: object) -> Response:
    """Return one of our pages."""
    nonce = secrets.token_urlsafe(16)
    response = make_response(render_template(template, texts=TEXTS, nonce=nonce, **facts), status)
    response.headers["Cache-Control"] = "no-store"
    protect(response, _POLICY.format(nonce=nonce))
    return response


def message(key: str, status: int, *, retry: int | None = None) -> Response:
    """Return a page that says one thing; with `retry` it asks again by itself."""
    response = page("audit_message.html", status, message=key, retry=retry)
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def protect(response: Response, policy: str) -> None:
    """Give a response the headers that keep it from being abused."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
