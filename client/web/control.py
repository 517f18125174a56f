"""Commands that another process of the same person hands over, because this one holds the home.

GET  /control/proof       the HMAC of the nonce in `Tianbao-Nonce`: shows that the home is held here
POST /control/<command>   a JSON object of parameters → one JSON object a line, the last {"end"} or {"error"}

The key comes from a file of the home that only its owner can read; no browser is let in here.
"""

import hmac

from flask import Blueprint, Response, current_app, request

from client.control import NONCE_HEADER, answer_lines, proof_of
from client.services import Services
from client.web.launch import Launch
from client.web.problems import BodyError, GuardError

LARGEST_HAND_OVER = 256 * 1024 * 1024

bp = Blueprint("control", __name__)


@bp.get("/control/proof")
def prove() -> Response:
    """Show that this process knows the key, before anything is handed over to it."""
    launch: Launch = current_app.extensions["launch"]
    if not launch.control_key:
        raise GuardError("control")
    proof = proof_of(launch.control_key, request.headers.get(NONCE_HEADER, ""))
    return Response(proof, mimetype="text/plain")


@bp.post("/control/<command>")
def run(command: str) -> Response:
    """Run a command, and answer with what it gives, as it comes."""
    services: Services = current_app.extensions["services"]
    _check_key(current_app.extensions["launch"])
    lines = answer_lines(services, command, _params())
    return Response(lines, mimetype="application/x-ndjson")


def _check_key(launch: Launch) -> None:
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    expected = f"Bearer {launch.control_key}".encode()
    if not launch.control_key or not hmac.compare_digest(given, expected):
        raise GuardError("control")


def _params() -> dict[str, object]:
    request.max_content_length = LARGEST_HAND_OVER
    params = request.get_json(silent=True)
    if not isinstance(params, dict):
        raise BodyError("The parameters of a command are a JSON object.")
    return params
