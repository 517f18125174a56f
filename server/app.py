"""The Flask application of the sync server.

It is handed everything that is opened, and further blueprints (the auditors' pages, the description
of the API) with it; it opens nothing itself.
"""

from collections.abc import Iterable

from flask import Blueprint, Flask

from server.services import Services
from server.web import attachments, changes, enrol, pages, problems, push
from server.web.exchange import keep_services

MAX_FORM_MEMORY = 64 * 1024


def create_app(services: Services, blueprints: Iterable[Blueprint] = ()) -> Flask:
    """Return the application on opened services, with further blueprints."""
    app = Flask("server", static_folder=None, template_folder="web/templates")
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_MEMORY
    keep_services(app, services)
    problems.handle(app)
    for blueprint in (enrol.bp, push.bp, changes.bp, attachments.bp, pages.bp, *blueprints):
        app.register_blueprint(blueprint)
    return app
