"""What each error means in HTTP. Below /v1/ every problem is a signed answer."""

import logging
from http import HTTPStatus

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from server.errors import (
    CodeRefusedError,
    ConflictError,
    ForbiddenError,
    RequestError,
    ServerError,
    StorageError,
    StorageFullError,
    TooLargeError,
    UnauthorizedError,
    UnknownError,
)
from server.web.exchange import problem
from sync.errors import SyncError

_LOGGER = logging.getLogger(__name__)

# The first that fits counts: children stand before their parents.
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (UnauthorizedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (CodeRefusedError, HTTPStatus.FORBIDDEN),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (RequestError, HTTPStatus.BAD_REQUEST),
    (UnknownError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (StorageFullError, HTTPStatus.INSUFFICIENT_STORAGE),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SyncError, HTTPStatus.BAD_REQUEST),
)


def handle(app: Flask) -> None:
    """Have an application answer every error."""
    app.register_error_handler(ServerError, _known_problem)
    app.register_error_handler(SyncError, _known_problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unknown_problem)


def _known_problem(error: ServerError | SyncError) -> ResponseReturnValue:
    status = next((found for kind, found in _STATUS if isinstance(error, kind)), None)
    if status is None:
        return _unknown_problem(error)
    if not _is_protocol():
        return error.message, status, {"Content-Type": "text/plain; charset=utf-8"}
    return problem(status, error.code, error.message, error.hint)


def _http_problem(error: HTTPException) -> ResponseReturnValue:
    if not _is_protocol():
        return error
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = problem(status, status.name.lower(), error.description or status.phrase, "")
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unknown_problem(error: Exception) -> ResponseReturnValue:
    _LOGGER.error("A request to %s failed.", request.path, exc_info=error)
    return _http_problem(InternalServerError("The server failed; it has noted the reason."))


def _is_protocol() -> bool:
    return request.path.startswith("/v1/")
