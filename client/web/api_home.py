"""What the first page shows, and the button that syncs now.

GET  /api/home?language=&show=&find=&limit=&seen=   forms, drafts, entries and the state of this device
     → {"seen", "status", "forms", "entries", "total", "more", "next", "counts", "filled"}; all drafts, and
     of what was finalized the newest `limit` (200, at most 5,000) that fit `show` and `find`; where `more`,
     GET /api/entries?before= with what `next` says tells others
POST /api/sync             begin a round of push and pull now
POST /api/troubles/<trouble>/dismiss   put a trouble away that a person has seen; tells the state
"""

from http import HTTPStatus

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from client.web.current import language, services
from client.web.overview import overview
from client.web.wishes import asked_wish

bp = Blueprint("home", __name__, url_prefix="/api")


@bp.get("/home")
def home() -> ResponseReturnValue:
    """Tell everything that the first page shows, at one moment."""
    seen = request.args.get("seen", "")
    return jsonify(overview(services(), asked_wish(request), language(), seen))


@bp.post("/sync")
def sync() -> ResponseReturnValue:
    """Wake the worker; what comes of it shows in the states."""
    services().sync_now()
    return jsonify({}), HTTPStatus.ACCEPTED


@bp.post("/troubles/<int:trouble>/dismiss")
def dismiss(trouble: int) -> ResponseReturnValue:
    """Put a trouble away."""
    services().dismiss(trouble)
    return jsonify(status=services().status())
