"""The routes of the HTTP interface, as OpenAPI operations: what `server.openapi` is made of."""

from typing import Any

from sync.frames import FrameKind
from sync.request import CONTENT_TYPE

FRAMES_TEXT = """\
How devices and the server of Tianbao talk.

Bodies are *frames*, one after the other, nothing between them:

    magic "TBF1" (4 bytes) · kind (1) · length of the payload (4, big-endian) ·
    SHA-256 of the payload (32) · payload [· Ed25519 signature (64), kinds with the bit 0x80]

Kinds: 0x81 revision, 0x82 answer, 0x03 definition, 0x04 campaign, 0x05 units, 0x06 bundle, 0x07 chunk, 0x08 bundle_end (the last three in files only); others are passed
over. Payloads of revisions and answers are canonical JSON (RFC 8785, integers only); those of the
others are the exact bytes that were published.

Every answer under /v1 but a file's content begins with one frame of kind 0x82. Its message names the
nonce and the digest of the request, and is signed by the server's answer key, which the device
pinned when it was enrolled. What is not signed so, whatever its status, changes nothing on a device.
"""


def _frames(*kinds: tuple[FrameKind, str | None]) -> dict[str, Any]:
    """Return the content of a body made of frames, each with the schema of its payload."""
    listed = [
        {"kind": kind.value, "name": kind.name.lower()}
        | ({"payload": {"$ref": f"#/components/schemas/{schema}"}} if schema else {})
        for kind, schema in kinds
    ]
    schema = {"type": "string", "format": "binary", "x-tianbao-frames": listed}
    return {CONTENT_TYPE: {"schema": schema}}


def _answer(text: str, schema: str, *content: FrameKind) -> dict[str, Any]:
    frames = _frames((FrameKind.ANSWER, schema), *((kind, _SCHEMAS.get(kind)) for kind in content))
    return {"description": text, "content": frames}


def _problems(**texts: str) -> dict[str, Any]:
    return {code[1:]: _answer(text, "ProblemAnswer") for code, text in texts.items()}


_SCHEMAS = {FrameKind.REVISION: "Revision"}
_HEADERS = ["nonce", "version"]
_DEVICE: list[dict[str, list[str]]] = [{"device": []}]
_SHA256 = {
    "name": "sha256",
    "in": "path",
    "required": True,
    "description": "SHA-256 of the file.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_UNAUTHORIZED = "The request is not that of an enrolled device; nothing of it was read."
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_PAGE = {"text/html": {"schema": {"type": "string"}}}

_ENROL = {
    "summary": "Enrol a device with a one-time code",
    "description": "The body is canonical JSON. The code does not travel: both sides prove that "
    "they know it. The same code and key again give the same answer.",
    "parameters": _HEADERS,
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EnrolRequest"}}},
    },
    "responses": {
        "200": _answer("Who the device's member is, and the keys to pin.", "EnrolAnswer"),
        **_problems(
            _400="No enrolment request.",
            _403="`code_unknown`, `code_used` or `code_expired`.",
        ),
    },
}

_PUSH = {
    "summary": "Hand in revisions",
    "description": "At most 100 revisions, 1 MiB each, 8 MiB together, as frames or as one parcel, "
    "plain, gzip or xz: the bytes tell, no header does. Each item has its own outcome; the same bytes again have the same one. If the end of "
    "the body is damaged, what stands before it is taken.",
    "parameters": _HEADERS,
    "security": _DEVICE,
    "requestBody": {"required": True, "content": _frames((FrameKind.REVISION, "Revision"))},
    "responses": {
        "200": _answer("What became of each revision.", "PushAnswer"),
        **_problems(
            _401=_UNAUTHORIZED,
            _413="`too_large`: send fewer at once.",
            _503="Try again after `retry_after` seconds.",
            _507="The server's disk is full; try again later.",
        ),
    },
}

_CHANGES = {
    "summary": "Read what is new for this device",
    "description": "Forms, campaign and units, and the revisions of the device's unit with what "
    "became of them, in the order of the log, from index `after` on.",
    "parameters": [
        *_HEADERS,
        {
            "name": "after",
            "in": "query",
            "description": "`next` of the last answer.",
            "schema": {"type": "integer", "minimum": 0, "default": 0},
        },
        {
            "name": "leaf",
            "in": "query",
            "description": "The hexadecimal digits of the last answer's `leaf`: shows that the log is "
            "still the one that was read.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
        {
            "name": "limit",
            "in": "query",
            "description": "How many items at most.",
            "schema": {"type": "integer", "minimum": 1, "default": 200},
        },
        {
            "name": "known",
            "in": "query",
            "description": "Where the device knows its own revisions to stand: these are left out. "
            "`first-last-mark`, joined by commas; the mark is the first 32 hexadecimal digits of the "
            "SHA-256 of their digests, joined by line feeds.",
            "schema": {"type": "string"},
        },
        {
            "name": "own",
            "in": "query",
            "description": "1 asks for the contents of the device's own revisions too.",
            "schema": {"type": "integer", "enum": [0, 1], "default": 0},
        },
    ],
    "security": _DEVICE,
    "responses": {
        "200": _answer(
            "The changes, then a frame for each item with `has_content`, in order.",
            "ChangesAnswer",
            FrameKind.DEFINITION,
            FrameKind.CAMPAIGN,
            FrameKind.UNITS,
            FrameKind.REVISION,
        ),
        **_problems(
            _401=_UNAUTHORIZED,
            _403="`revoked`: the device reads nothing any more.",
            _409="`log_changed`: the log is not the one that was read; an older backup was restored.",
        ),
    },
}

_STATUS = {
    "summary": "Ask whether the server has a file",
    "parameters": [*_HEADERS, _SHA256],
    "security": _DEVICE,
    "responses": {
        "200": _answer("How much of the file is there.", "AttachmentAnswer"),
        **_problems(
            _401=_UNAUTHORIZED, _404="`unknown_attachment`: no entry of this unit names it."
        ),
    },
}

_UPLOAD = {
    "summary": "Hand in the next bytes of a file",
    "description": "From 1 KiB to 1 MiB from `offset` on (the last may be smaller), of a file of at "
    "most 512 MiB that an entry of the device's unit names with this `size`. The answer's `offset` is "
    "how much of it is on the disk for good, where to go on after a break; a chunk that came before "
    "is not written again. The file is in the log once `complete` is true.",
    "parameters": [
        *_HEADERS,
        _SHA256,
        {
            "name": "offset",
            "in": "query",
            "required": True,
            "description": "Where the chunk begins.",
            "schema": {"type": "integer", "minimum": 0},
        },
        {
            "name": "size",
            "in": "query",
            "required": True,
            "description": "How many bytes the whole file has.",
            "schema": {"type": "integer", "minimum": 0},
        },
        {
            "name": "Content-Digest",
            "in": "header",
            "required": True,
            "description": "SHA-256 of the chunk (RFC 9530), which is the digest that is signed.",
            "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
        },
    ],
    "security": _DEVICE,
    "requestBody": {"required": True, "content": _FILE},
    "responses": {
        "200": _answer("How much of the file is there.", "AttachmentAnswer"),
        **_problems(
            _400="`bad_chunk`: changed on the way, send it again. `malformed`: no chunk of the file.",
            _401=_UNAUTHORIZED,
            _404="`unknown_attachment`: no entry of this unit names it.",
            _409="`offset`: bytes before it are missing, ask how many are there. `bad_digest`: all came "
            "and are not those of this name, none are kept. `other_size`: not the size of the entry.",
            _413="`too_large`.",
            _507="`storage_full`, `low_space`: the server's disk is full; try again later.",
        ),
    },
}

_DOWNLOAD = {
    "summary": "Read a file",
    "description": "For members of a unit whose entries name the file. The bytes are not signed: "
    "their name is their digest.",
    "parameters": [*_HEADERS, _SHA256],
    "security": _DEVICE,
    "responses": {
        "200": {"description": "The bytes.", "content": _FILE},
        **_problems(_401=_UNAUTHORIZED, _404="No such file for this device."),
    },
}


def _plain(summary: str, media: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": "OK", "content": media}}}


PATHS: dict[str, dict[str, Any]] = {
    "/v1/enrol": {"post": _ENROL},
    "/v1/push": {"post": _PUSH},
    "/v1/changes": {"get": _CHANGES},
    "/v1/attachments/{sha256}/status": {"get": _STATUS},
    "/v1/attachments/{sha256}": {"patch": _UPLOAD, "get": _DOWNLOAD},
    "/join": {"get": _plain("Page: how to enrol a device with a code", _PAGE)},
    "/healthz": {"get": _plain("Say that the server answers", {"*/*": {}})},
    "/openapi.json": {
        "get": _plain("This description", {"application/json": {"schema": {"type": "object"}}})
    },
}
