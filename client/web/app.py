"""The Flask app of the local pages, made of services that were opened outside it."""

from flask import Flask

from client.services import Services
from client.web import (
    api_bundle,
    api_drafts,
    api_entries,
    api_home,
    control,
    guard,
    pages,
    problems,
    session,
)
from client.web.launch import Launch


def create_app(services: Services, launch: Launch) -> Flask:
    """Return the app that serves the pages of one launch."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the order of a form is meant
    app.extensions["services"] = services
    app.extensions["launch"] = launch
    guard.install(app, launch)
    problems.install(app)
    for module in (pages, session, api_home, api_drafts, api_entries, api_bundle, control):
        app.register_blueprint(module.bp)
    return app
