"""The description of the HTTP interface, OpenAPI 3.1, made from the messages' own schemas.

Bodies of the interface are frames, which JSON Schema cannot describe: `x-tianbao-frames` lists the
frames of a body in order, each with its kind and, where the payload is JSON, the payload's schema.
"""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from server.openapi_paths import FRAMES_TEXT, PATHS
from sync import PROTOCOL_VERSION
from sync.fields import Digest, HexDigest, RawBytes, Time
from sync.messages import (
    AttachmentAnswerSchema,
    ChangesAnswerSchema,
    EnrolAnswerSchema,
    EnrolRequestSchema,
    ProblemAnswerSchema,
    PushAnswerSchema,
)
from sync.request import NONCE_HEADER, VERSION_HEADER
from sync.revision import RevisionSchema

_END = r"\Z"  # Python's; unknown to JSON Schema, whose patterns are JavaScript's
_MESSAGES: tuple[tuple[str, type[Schema], str], ...] = (
    ("EnrolRequest", EnrolRequestSchema, "enrol_request"),
    ("EnrolAnswer", EnrolAnswerSchema, "enrol_answer"),
    ("PushAnswer", PushAnswerSchema, "push_answer"),
    ("ChangesAnswer", ChangesAnswerSchema, "changes_answer"),
    ("AttachmentAnswer", AttachmentAnswerSchema, "attachment_answer"),
    ("ProblemAnswer", ProblemAnswerSchema, "problem_answer"),
    ("Revision", RevisionSchema, "revision"),
)


def openapi_document() -> dict[str, Any]:
    """Return the whole description."""
    plugin = MarshmallowPlugin(schema_name_resolver=_component_name)
    spec = APISpec(
        title="Tianbao",
        version=str(PROTOCOL_VERSION),
        openapi_version="3.1.0",
        info={"description": FRAMES_TEXT},
        plugins=[plugin],
    )
    converter = plugin.converter
    if converter is None:
        raise TypeError("apispec made no converter")
    # apispec leaves these unannotated.
    converter.map_to_openapi_type(Time, "string", "date-time")  # type: ignore[no-untyped-call]
    converter.map_to_openapi_type(RawBytes, "string", "byte")  # type: ignore[no-untyped-call]
    converter.add_attribute_function(_pattern)  # type: ignore[no-untyped-call]
    _add_components(spec)
    for path, operations in PATHS.items():
        spec.path(path=path, operations=operations)
    document: dict[str, Any] = spec.to_dict()
    for name, _, kind in _MESSAGES:
        document["components"]["schemas"][name]["properties"]["type"]["const"] = kind
    return document


def _add_components(spec: APISpec) -> None:
    for name, schema, _ in _MESSAGES:
        spec.components.schema(name, schema=schema)
    spec.components.parameter(
        "nonce",
        "header",
        {
            "name": NONCE_HEADER,
            "required": True,
            "description": "32 random hexadecimal digits; the signed answer names them.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
    )
    spec.components.parameter(
        "version",
        "header",
        {
            "name": VERSION_HEADER,
            "required": True,
            "description": "The version of the protocol; one version apart is understood.",
            "schema": {"type": "integer", "const": PROTOCOL_VERSION},
        },
    )
    spec.components.security_scheme(
        "device",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Tianbao <device id>:<base64 of the signature over the request>`. The "
            "device signs, as DSSE's pre-authentication encoding of the type "
            "`application/vnd.tianbao.request`, the lines method, path with query, device id, "
            "nonce, digest of the body as it is sent, version.",
        },
    )


def _component_name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _pattern(_: object, field: fields.Field[Any], **__: Any) -> dict[str, str]:
    if isinstance(field, Digest):
        return {"pattern": "^sha256:[0-9a-f]{64}$"}
    if isinstance(field, HexDigest):
        return {"pattern": "^[0-9a-f]{64}$"}
    for validator in field.validators:
        if isinstance(validator, validate.Regexp):
            return {"pattern": f"^{str(validator.regex.pattern).removesuffix(_END)}$"}
    return {}
