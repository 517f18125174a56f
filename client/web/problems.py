"""What went wrong, as the page is told it: a status, a code, and words in the person's language.

The body of a problem is {"code", "message", "hint"}; `code` is the contract. The texts of this
edge stand in the page's own catalogues; a service's error brings its text along.
"""

import json
import logging
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from client.errors import (
    ClientError,
    EnrolmentError,
    EntryStateError,
    InputError,
    LowSpaceError,
    NotFoundError,
    StorageError,
    StorageFullError,
)
from forms.errors import AnswerError, FormError

LANGUAGE_HEADER = "Tianbao-Language"
LANGUAGES = ("zh-CN", "en")

_log = logging.getLogger(__name__)

_CATALOGUES = Path(__file__).parent / "static" / "i18n"

_GUARD_STATUS = {
    "session": HTTPStatus.UNAUTHORIZED,
    "content_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}

_CLIENT_STATUS = (
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (EntryStateError, HTTPStatus.CONFLICT),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (EnrolmentError, HTTPStatus.CONFLICT),
    (StorageFullError, HTTPStatus.INSUFFICIENT_STORAGE),
    (LowSpaceError, HTTPStatus.INSUFFICIENT_STORAGE),
    (StorageError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


class GuardError(Exception):
    """Say that a request may not come in; `code` names the rule."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BodyError(Exception):
    """Say that a body is not of the shape its route takes."""


def install(app: Flask) -> None:
    """Answer every error of the app as a problem."""
    app.register_error_handler(GuardError, _guard_problem)
    app.register_error_handler(BodyError, _body_problem)
    app.register_error_handler(FormError, _form_problem)
    app.register_error_handler(ClientError, _client_problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unknown_problem)


def language() -> str:
    """Return the language that the page asks for, else the browser's, else the first we have."""
    asked = request.headers.get(LANGUAGE_HEADER, "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def problem(status: int, code: str, message: str, hint: str = "") -> ResponseReturnValue:
    """Return a problem as an answer."""
    return jsonify(code=code, message=message, hint=hint), status


def _guard_problem(error: GuardError) -> ResponseReturnValue:
    status = _GUARD_STATUS.get(error.code, HTTPStatus.FORBIDDEN)
    if request.accept_mimetypes.best == "text/html":
        return _page_problem(error.code, status)
    return problem(status, error.code, _text(f"problem.{error.code}"))


def _page_problem(code: str, status: int) -> ResponseReturnValue:
    lines = "\n\n".join(_texts(each)[f"problem.{code}"] for each in LANGUAGES)
    return Response(lines + "\n", status, mimetype="text/plain")


def _body_problem(error: BodyError) -> ResponseReturnValue:
    return problem(HTTPStatus.BAD_REQUEST, "body", _text("problem.body"), str(error))


def _form_problem(error: FormError) -> ResponseReturnValue:
    is_gone = isinstance(error, AnswerError)
    status = HTTPStatus.CONFLICT if is_gone else HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, error.code, error.message, error.hint)


def _client_problem(error: ClientError) -> ResponseReturnValue:
    status = next((status for kind, status in _CLIENT_STATUS if isinstance(error, kind)), None)
    # Errors of services are in English; where the page has words of its own, those are said.
    message = _texts(language()).get(f"problem.{error.code}", error.message)
    hint = error.hint if message == error.message else ""
    return problem(status or HTTPStatus.INTERNAL_SERVER_ERROR, error.code, message, hint)


def _http_problem(error: HTTPException) -> ResponseReturnValue:
    code = error.name.lower().replace(" ", "_")
    return problem(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, code, error.name)


def _unknown_problem(error: Exception) -> ResponseReturnValue:
    _log.error("A request failed: %s %s", request.method, request.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _text("problem.internal"))


def _text(key: str) -> str:
    return _texts(language()).get(key, key)


@cache
def _texts(language: str) -> dict[str, str]:
    content = (_CATALOGUES / f"{language}.json").read_text(encoding="utf-8")
    texts: dict[str, str] = json.loads(content)
    return texts
