"""Commands of the organiser's terminal, handed over by another process of the same computer.

POST /control/<command>   run a command; body: its parameters, answer: {"result"} or {"error"}

Served on a loopback listener of its own, never on the public address. Whoever asks shows the key
that lies in the data folder; nothing is read before that.
"""

import hmac
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from server.control import KNOWN_ERRORS, describe

Run = Callable[[str, Mapping[str, Any]], Any]

bp = Blueprint("control", __name__, url_prefix="/control")
_log = logging.getLogger(__name__)


def create_control_app(run: Run, key: str) -> Flask:
    """Return the application of the control listener; `run` does a command by its name."""
    app = Flask(__name__, static_folder=None)
    app.extensions["tianbao-control"] = (run, key)
    app.register_blueprint(bp)
    app.register_error_handler(Exception, _report_fault)
    return app


@bp.before_request
def check_key() -> None:
    """Turn away whoever does not know the folder's key."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {_control()[1]}".encode()):
        abort(Response("{}", HTTPStatus.FORBIDDEN, mimetype="application/json"))


@bp.post("/<command>")
def post_command(command: str) -> ResponseReturnValue:
    """Run a command and answer with its result, or with the known error it ended with."""
    try:
        return jsonify(result=_control()[0](command, request.get_json()))
    except KNOWN_ERRORS as error:
        return jsonify(error=describe(error)), HTTPStatus.UNPROCESSABLE_ENTITY


def _report_fault(error: Exception) -> ResponseReturnValue:
    if isinstance(getattr(error, "code", None), int):  # werkzeug's own: not found, forbidden, …
        return jsonify({}), getattr(error, "code", HTTPStatus.BAD_REQUEST)
    _log.error("A command failed", exc_info=error)
    problem = {"code": "fault", "message": f"The server failed: {error}", "hint": "See its log."}
    return jsonify(error=problem), HTTPStatus.INTERNAL_SERVER_ERROR


def _control() -> tuple[Run, str]:
    control: tuple[Run, str] = current_app.extensions["tianbao-control"]
    return control
