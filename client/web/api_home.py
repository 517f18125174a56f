"""What the first page shows, and the button that syncs now.

GET  /api/home?language=   forms, drafts, entries and the state of this device
POST /api/sync             begin a round of push and pull now
POST /api/troubles/<trouble>/dismiss   put a trouble away that a person has seen; tells the state
"""

from http import HTTPStatus

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from client.services import Services

bp = Blueprint("home", __name__, url_prefix="/api")


@bp.get("/home")
def home() -> ResponseReturnValue:
    """Tell everything that the first page shows, at one moment."""
    services: Services = current_app.extensions["services"]
    return jsonify(
        forms=services.forms(),
        entries=services.entries(request.args.get("language", "zh-CN")),
        status=services.status(),
    )


@bp.post("/sync")
def sync() -> ResponseReturnValue:
    """Wake the worker; what comes of it shows in the states."""
    services: Services = current_app.extensions["services"]
    services.sync_now()
    return jsonify({}), HTTPStatus.ACCEPTED


@bp.post("/troubles/<int:trouble>/dismiss")
def dismiss(trouble: int) -> ResponseReturnValue:
    """Put a trouble away."""
    services: Services = current_app.extensions["services"]
    services.dismiss(trouble)
    return jsonify(status=services.status())
