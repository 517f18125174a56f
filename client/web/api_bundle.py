"""The way out where there is no network: a bundle as a download, and the answer to it.

GET  /api/export?all=   what is undelivered as one file, or with all=1 everything held
POST /api/import        the server's answer to a bundle, as raw bytes, at most 128 MiB

A download changes nothing here, and nothing is called exported by it: nobody reads back what the
browser wrote. `tianbao export` does.
"""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from client.errors import NotFoundError
from client.importing import LARGEST_ANSWER
from client.web.current import services

_CHUNK = 256 * 1024

bp = Blueprint("bundle", __name__, url_prefix="/api")


@bp.get("/export")
def export() -> ResponseReturnValue:
    """Send a bundle, as it is made."""
    exporter = services().exporter
    bundle = exporter.prepare(is_all=request.args.get("all", "") == "1")
    if bundle.is_empty:
        raise NotFoundError("Nothing waits to be handed over.", code="nothing_to_export")
    response = Response(exporter.content(bundle), mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{bundle.name}"'
    response.headers["Tianbao-Left-Out"] = str(len(bundle.left_out))
    return response


@bp.post("/import")
def take() -> ResponseReturnValue:
    """Take over an answer, and tell what it says, counted."""
    request.max_content_length = LARGEST_ANSWER
    return jsonify(services().importer.take(iter(lambda: request.stream.read(_CHUNK), b"")))
