"""Entries that were finalized, to be read, and the files that belong to them.

GET /api/entries/<entry>?language=   one entry: its state, and its answers as they are to be drawn
GET /api/blobs/<sha256>              an attached file, as a download that no browser opens by itself
"""

from flask import Blueprint, current_app, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from client.reading import read_entry
from client.services import Services

bp = Blueprint("entries", __name__, url_prefix="/api")


@bp.get("/entries/<entry>")
def entry(entry: str) -> ResponseReturnValue:
    """Tell one entry."""
    services: Services = current_app.extensions["services"]
    return jsonify(read_entry(services, entry, request.args.get("language", "zh-CN")))


@bp.get("/blobs/<sha256>")
def blob(sha256: str) -> ResponseReturnValue:
    """Send an attached file; it is never sent as a type that could run."""
    services: Services = current_app.extensions["services"]
    return send_file(services.blob(sha256), mimetype="application/octet-stream", etag=False)
