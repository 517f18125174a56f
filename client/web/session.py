"""Letting a person in with the token of the launch.

POST /session   {"token"} → {"key"}, and the cookie that belongs to it
"""

import time

from flask import Blueprint, Response, current_app, jsonify, request

from client.web.bodies import TokenSchema, read_body
from client.web.launch import SESSION_SECONDS, Launch, is_token, new_session
from client.web.problems import GuardError

bp = Blueprint("session", __name__)


@bp.post("/session")
def begin() -> Response:
    """Trade the launch's token for a session."""
    launch: Launch = current_app.extensions["launch"]
    if not is_token(launch, read_body(TokenSchema(), request)["token"]):
        raise GuardError("session")
    session = new_session(launch.secret, time.time())
    answer = jsonify(key=session.key)
    _set_cookie(answer, launch.cookie_name, session.cookie)
    return answer


def _set_cookie(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=SESSION_SECONDS, httponly=True, samesite="Strict")
