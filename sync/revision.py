"""Revisions: the immutable versions of an entry, each named by the digest of its exact bytes.

The sender writes canonical bytes; the receiver digests the bytes it received, and then requires
them to be canonical. A revision of the next version can be read as far as we know it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import is_hex_digest
from sync.errors import MessageError, VersionError
from sync.fields import Digest, HexDigest, Time, ignore_unknown, short_text, whole_number
from sync.times import parse_zone

REVISION_VERSION = 1
SALT_LENGTH = 16
MAX_PARENTS = 16
MAX_ATTACHMENTS = 64
MAX_BYTES = 1024 * 1024

_UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z", re.ASCII
)
_SALT = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==\Z", re.ASCII)  # 16 bytes in base64, strictly


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a revision: its SHA-256 in hexadecimal, size in bytes, media type."""

    sha256: str
    size: int
    type: str


@dataclass(frozen=True, slots=True)
class MadeAt:
    """When the device says a revision was made. Evidence, never order.

    `monotonic_ms` counts from an unknown moment within one `boot`; `skew_ms` is how far the
    device's clock was ahead of the server's when they last met, `skew_age_s` seconds earlier.
    """

    wall: datetime
    zone: str
    monotonic_ms: int
    boot: str
    skew_ms: int | None = None
    skew_age_s: int | None = None

    @property
    def local(self) -> datetime:
        """Return the device's time in the zone where the form was filled in."""
        return self.wall.astimezone(parse_zone(self.zone))


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable version of an entry. `operation` is `put`, or `void` with a `reason`."""

    log: str
    form: str
    definition: str
    entry: str
    parents: tuple[str, ...]
    operation: str
    answers: Mapping[str, Any]
    reasons: Mapping[str, str]
    attachments: tuple[Attachment, ...]
    device: str
    incarnation: str
    sequence: int
    previous: str | None
    author: str
    made_at: MadeAt
    salt: str
    reason: str | None = None
    version: int = REVISION_VERSION
    type: str = field(default="revision")


class AttachmentSchema(Schema):
    """JSON form of `Attachment`."""

    sha256 = HexDigest(required=True)
    size = whole_number(required=True)
    type = short_text(required=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Attachment:
        return Attachment(**data)


class MadeAtSchema(Schema):
    """JSON form of `MadeAt`."""

    wall = Time(required=True)
    zone = fields.String(required=True)
    monotonic_ms = fields.Integer(required=True, strict=True)
    boot = short_text(required=True)
    skew_ms = fields.Integer(strict=True, allow_none=True, load_default=None)
    skew_age_s = fields.Integer(strict=True, allow_none=True, load_default=None)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> MadeAt:
        made_at = MadeAt(**data)
        try:
            _local = made_at.local
        except MessageError as error:
            raise ValidationError(error.message, "zone") from error
        except OverflowError as error:  # in its zone, the time would be before 1 or after 9999
            raise ValidationError("The time is beyond the calendar.", "wall") from error
        return made_at


def _require_object(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValidationError("Not an object.")


class RevisionSchema(Schema):
    """JSON form of `Revision`; unknown keys are refused, save from a newer version."""

    version = whole_number(required=True)
    type = fields.String(required=True, validate=validate.Equal("revision"))
    log = short_text(required=True)
    form = short_text(required=True)
    definition = Digest(required=True)
    entry = fields.String(required=True, validate=validate.Regexp(_UUID4))
    parents = fields.List(Digest(), required=True, validate=validate.Length(max=MAX_PARENTS))
    operation = fields.String(required=True, validate=validate.OneOf(["put", "void"]))
    # The answers are checked by the form's own rules; here they only have to be an object.
    answers = fields.Raw(required=True, validate=_require_object)
    reasons = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(max=2000)),
        required=True,
    )
    attachments = fields.List(
        fields.Nested(AttachmentSchema),
        required=True,
        validate=validate.Length(max=MAX_ATTACHMENTS),
    )
    device = short_text(required=True)
    incarnation = short_text(required=True)
    sequence = whole_number(required=True)
    previous = Digest(required=True, allow_none=True)
    author = short_text(required=True)
    made_at = fields.Nested(MadeAtSchema, required=True)
    salt = fields.String(required=True, validate=validate.Regexp(_SALT))
    reason = fields.String(
        allow_none=True, load_default=None, validate=validate.Length(min=1, max=2000)
    )

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Revision:
        data["parents"] = tuple(data["parents"])
        data["attachments"] = tuple(data["attachments"])
        return Revision(**data)


_SCHEMA = RevisionSchema()
_NEWER_SCHEMA = ignore_unknown(RevisionSchema())


def format_revision(revision: Revision) -> bytes:
    """Return the canonical bytes of a revision: what is signed, named and sent."""
    return canonical_bytes(_SCHEMA.dump(revision))


def parse_revision(content: bytes) -> Revision:
    """Return the revision that exact bytes say.

    Raises:
        CanonicalError: the bytes are not in canonical form.
        VersionError: the revision is newer than ours, by more than one version or in another shape.
        MessageError: the bytes are canonical, but no revision; or files and answers disagree.
    """
    if len(content) > MAX_BYTES:
        raise MessageError(f"A revision has at most {MAX_BYTES} bytes.", code="too_large")
    value = parse_canonical(content)
    version = _version_of(value)
    try:
        return _read(value, version)
    except MessageError as error:
        if version > REVISION_VERSION:  # what is wrong here may be right there
            raise VersionError(version, REVISION_VERSION) from error
        raise


def _read(value: Any, version: int) -> Revision:
    try:
        schema = _SCHEMA if version <= REVISION_VERSION else _NEWER_SCHEMA
        revision: Revision = schema.load(value)
    except ValidationError as error:
        raise MessageError(f"The revision is malformed: {error.messages}") from error
    if attachments_in(revision.answers) != revision.attachments:
        raise MessageError("The files that the revision lists are not those of its answers.")
    if (revision.operation == "void") != (revision.reason is not None):
        raise MessageError("A void revision has a reason, and no other has one.")
    return revision


def attachments_in(answers: Any) -> tuple[Attachment, ...]:
    """Return the files that answers name, each once, in order of their digest."""
    found = {item.sha256: item for item in _attachments(answers)}
    return tuple(found[sha256] for sha256 in sorted(found))


def _attachments(value: Any) -> Iterator[Attachment]:
    if isinstance(value, dict):
        if _is_attachment(value):
            yield Attachment(value["sha256"], value["size"], value["type"])
            return
        for member in value.values():
            if type(member) is not str:
                yield from _attachments(member)
    elif isinstance(value, list):
        for member in value:
            if type(member) is not str:
                yield from _attachments(member)


def _is_attachment(value: dict[str, Any]) -> bool:
    return (
        value.keys() == {"sha256", "size", "type", "name"}
        and isinstance(value["sha256"], str)
        and is_hex_digest(value["sha256"])
        and type(value["size"]) is int
        and isinstance(value["type"], str)
    )


def _version_of(value: Any) -> int:
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is not int:
        raise MessageError("The bytes are no revision: they name no version.")
    if version > REVISION_VERSION + 1:
        raise VersionError(version, REVISION_VERSION)
    return version
