"""Entries that were finalized: to be read, edited, merged and taken back; their history and files.

GET  /api/entries?language=&before=&limit=&show=&find=  a page of entries, the newest first, as /api/home begins it:
     → {"entries", "total", "more", "next"}; drafts come with the first page alone
GET  /api/entries/<entry>?language=            one entry: its state, and its answers as they are to be drawn
GET  /api/entries/<entry>/history?language=    its revisions, the newest first, with what each changed
GET  /api/entries/<entry>/differences?from=&to=&language=  what one revision says otherwise than another
GET  /api/entries/<entry>/conflicts?language=  what is contested: every contender beside the others
POST /api/entries/<entry>/edit                 open it to be changed; the draft has the entry's id
POST /api/entries/<entry>/merge                decide all that is contested: it is saved, or its violations come back
POST /api/entries/<entry>/void                 take it back, with a reason
GET  /api/blobs/<sha256>                       an attached file, as a download that no browser opens by itself
"""

from http import HTTPStatus

from flask import Blueprint, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from client.reading import read_entry
from client.web.bodies import EditSchema, TakeSchema, VoidSchema, read_body
from client.web.current import language, services
from client.web.wishes import asked_wish

bp = Blueprint("entries", __name__, url_prefix="/api")


@bp.get("/entries")
def page() -> ResponseReturnValue:
    """Tell a page of entries."""
    return jsonify(services().listing.page(asked_wish(request), language()))


@bp.get("/entries/<entry>")
def entry(entry: str) -> ResponseReturnValue:
    """Tell one entry."""
    return jsonify(read_entry(services(), entry, language()))


@bp.get("/entries/<entry>/history")
def history(entry: str) -> ResponseReturnValue:
    """Tell all revisions of an entry, and what each changed."""
    return jsonify(revisions=services().history.of(entry, language(), diff=True))


@bp.get("/entries/<entry>/differences")
def differences(entry: str) -> ResponseReturnValue:
    """Tell what one revision of an entry says otherwise than another."""
    old, new = request.args["from"], request.args["to"]
    return jsonify(services().history.between(entry, old, new, language()))


@bp.get("/entries/<entry>/conflicts")
def conflicts(entry: str) -> ResponseReturnValue:
    """Tell what is contested of an entry."""
    return jsonify(services().merging.conflicts(entry, language()))


@bp.post("/entries/<entry>/edit")
def edit(entry: str) -> ResponseReturnValue:
    """Open an entry to be changed; one that is open already is gone on with."""
    body = read_body(EditSchema(), request)
    draft = services().editing.open(entry, body["language"])
    return jsonify(draft=draft), HTTPStatus.CREATED


@bp.post("/entries/<entry>/merge")
def merge(entry: str) -> ResponseReturnValue:
    """Save what a person has decided."""
    return jsonify(services().merge(entry, read_body(TakeSchema(), request)["take"]))


@bp.post("/entries/<entry>/void")
def void(entry: str) -> ResponseReturnValue:
    """Take an entry back."""
    return jsonify(services().void(entry, read_body(VoidSchema(), request)["reason"]))


@bp.get("/blobs/<sha256>")
def blob(sha256: str) -> ResponseReturnValue:
    """Send an attached file; it is never sent as a type that could run."""
    return send_file(services().blob(sha256), mimetype="application/octet-stream", etag=False)
