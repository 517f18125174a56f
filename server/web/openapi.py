"""The description of the HTTP interface.

GET /openapi.json   OpenAPI 3.1
"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from server.openapi import openapi_document

bp = Blueprint("openapi", __name__)


@bp.get("/openapi.json")
def get_openapi() -> ResponseReturnValue:
    """Return the description."""
    return jsonify(openapi_document())
