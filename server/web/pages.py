"""The few pages for people who open the server's address in a browser.

GET /           what this is, and where auditors go
GET /join       how to enrol with an invitation; the code stays behind the # in the browser
GET /healthz    "ok" while the database can be read
"""

import json
from importlib import resources
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from server.web.exchange import current_services

LANGUAGES = ("zh-CN", "en")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

bp = Blueprint("pages", __name__, static_folder="static", static_url_path="/static")


def load_texts(language: str) -> dict[str, str]:
    """Return the texts of the pages in a language."""
    content = resources.files("server.web").joinpath("texts", f"{language}.json").read_bytes()
    texts: dict[str, str] = json.loads(content)
    return texts


_TEXTS = {language: load_texts(language) for language in LANGUAGES}


@bp.get("/")
def get_home() -> ResponseReturnValue:
    """Tell what this is."""
    return _page("home.html")


@bp.get("/join")
def get_join() -> ResponseReturnValue:
    """Tell how to enrol with an invitation."""
    return _page("join.html", address=current_services().address)


@bp.get("/healthz")
def get_health() -> ResponseReturnValue:
    """Say that the database can be read."""
    current_services().log_size()
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


def _page(template: str, **facts: Any) -> Response:
    title = current_services().campaign_title()
    titles = {language: title.get(language, next(iter(title.values()))) for language in LANGUAGES}
    has_audit = "audit" in current_app.blueprints
    response = Response(
        render_template(template, texts=_TEXTS, titles=titles, has_audit=has_audit, **facts)
    )
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
