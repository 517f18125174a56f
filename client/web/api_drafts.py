"""Drafts: opening one, answering one question at a time, finalizing.

POST   /api/drafts                                a blank draft of a form
GET    /api/drafts/<draft>?language=              everything there is to draw
DELETE /api/drafts/<draft>                        discard it
GET    /api/drafts/<draft>/events?after=&language=  what other tabs did since
POST   /api/drafts/<draft>/answer                 one answer
POST   /api/drafts/<draft>/reason                 the reason for passing a soft constraint
POST   /api/drafts/<draft>/rows                   a new row
POST   /api/drafts/<draft>/rows/remove            a row goes
POST   /api/drafts/<draft>/rows/move              a row goes elsewhere
POST   /api/drafts/<draft>/attachment?path=&name=&type=&language=  a file, as raw bytes
POST   /api/drafts/<draft>/finalize               close it: it is saved, or its violations come back
GET    /api/drafts/<draft>/upgrade?language=      what would change in the newest version of the form
POST   /api/drafts/<draft>/upgrade                move it there; it is drawn anew

Every step answers with the change to draw: {"sequence", "states", "added", "removed", …}.

An edit of a contested entry is closed once each contested path was answered in it; until then there is
a violation with the code `contested` at each path that was not (a question, a row, `rows#order`, or the
empty text for the entry as such). A body of {"decided": true} closes it as it stands; no body, and
{}, are {"decided": false}.
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from client.blobs import LARGEST_FILE
from client.filling import Filling
from client.room import require_room_for_file
from client.web.bodies import (
    AddRowSchema,
    AnswerSchema,
    FinalizeSchema,
    MoveRowSchema,
    NewDraftSchema,
    ReasonSchema,
    RemoveRowSchema,
    UpgradeSchema,
    read_body,
)
from client.web.current import language, services

bp = Blueprint("drafts", __name__, url_prefix="/api/drafts")


@bp.post("")
def open_blank() -> ResponseReturnValue:
    """Open a blank draft."""
    body = read_body(NewDraftSchema(), request)
    draft = _filling().open_blank(body["form"], body["language"])
    return jsonify(draft=draft), HTTPStatus.CREATED


@bp.get("/<draft>")
def view(draft: str) -> ResponseReturnValue:
    """Tell everything there is to draw."""
    return jsonify(_filling().view(draft, language()))


@bp.delete("/<draft>")
def discard(draft: str) -> ResponseReturnValue:
    """Discard a draft."""
    _filling().discard(draft)
    return jsonify({})


@bp.get("/<draft>/events")
def events(draft: str) -> ResponseReturnValue:
    """Tell what happened to a draft since a sequence that the page has seen."""
    after = request.args.get("after", 0, int)
    return jsonify(_filling().events_since(draft, after, language()))


@bp.post("/<draft>/answer")
def answer(draft: str) -> ResponseReturnValue:
    """Answer one question."""
    body = read_body(AnswerSchema(), request)
    path, language, base = _step(body)
    return jsonify(_filling().answer(draft, path, body["value"], language, base))


@bp.post("/<draft>/reason")
def reason(draft: str) -> ResponseReturnValue:
    """Give the reason for passing a soft constraint."""
    body = read_body(ReasonSchema(), request)
    path, language, base = _step(body)
    change = _filling().give_reason(draft, path, body["reason"], language, base_sequence=base)
    return jsonify(change)


@bp.post("/<draft>/rows")
def add_row(draft: str) -> ResponseReturnValue:
    """Add a row."""
    body = read_body(AddRowSchema(), request)
    path, language, base = _step(body)
    after = body["after"]
    return jsonify(_filling().add_row(draft, path, language, after=after, base_sequence=base))


@bp.post("/<draft>/rows/remove")
def remove_row(draft: str) -> ResponseReturnValue:
    """Remove a row."""
    path, language, base = _step(read_body(RemoveRowSchema(), request))
    return jsonify(_filling().remove_row(draft, path, language, base_sequence=base))


@bp.post("/<draft>/rows/move")
def move_row(draft: str) -> ResponseReturnValue:
    """Move a row."""
    body = read_body(MoveRowSchema(), request)
    path, language, base = _step(body)
    after = body["after"]
    return jsonify(_filling().move_row(draft, path, language, after=after, base_sequence=base))


@bp.post("/<draft>/attachment")
def attach(draft: str) -> ResponseReturnValue:
    """Copy a file into the home, and answer a question with it."""
    request.max_content_length = LARGEST_FILE
    path, name, media_type = (request.args[key] for key in ("path", "name", "type"))
    filling = _filling()
    require_room_for_file(services().home.path, request.content_length or 0)
    return jsonify(filling.attach(draft, path, request.stream, name, media_type, language()))


@bp.post("/<draft>/finalize")
def finalize(draft: str) -> ResponseReturnValue:
    """Close a draft."""
    body = read_body(FinalizeSchema(), request) if request.content_length else {"decided": False}
    return jsonify(services().finalize(draft, decided=body["decided"]))


@bp.get("/<draft>/upgrade")
def preview_upgrade(draft: str) -> ResponseReturnValue:
    """Tell what would change if a draft moved to the newest version of its form."""
    return jsonify(services().upgrading.preview(draft, language()))


@bp.post("/<draft>/upgrade")
def upgrade(draft: str) -> ResponseReturnValue:
    """Move a draft to the newest version of its form."""
    body = read_body(UpgradeSchema(), request)
    return jsonify(services().upgrading.upgrade(draft, body["language"]))


def _step(body: dict[str, Any]) -> tuple[str, str, int]:
    return body["path"], body["language"], body["base"]


def _filling() -> Filling:
    return services().filling
