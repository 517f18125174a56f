"""Revisions: the immutable versions of an entry, each named by the digest of its exact bytes.

The sender writes canonical bytes; the receiver digests the bytes it received, and then requires
them to be canonical. A revision of the next version can be read as far as we know it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import is_hex_digest
from sync.errors import MessageError, VersionError
from sync.fields import Digest, HexDigest, Time, ignore_unknown, short_text, whole_number
from sync.revision_parts import (
    MAX_ATTACHMENTS,
    MAX_PARENTS,
    MAX_REASON,
    OPERATIONS,
    REVISION_VERSION,
    SALT,
    UUID4,
    is_well_formed,
)
from sync.times import parse_time, parse_zone

__all__ = [
    "MAX_ATTACHMENTS",
    "MAX_BYTES",
    "MAX_PARENTS",
    "REVISION_VERSION",
    "SALT_LENGTH",
    "Attachment",
    "AttachmentSchema",
    "MadeAt",
    "MadeAtSchema",
    "Revision",
    "RevisionSchema",
    "attachments_in",
    "format_revision",
    "parse_revision",
]

SALT_LENGTH = 16
MAX_BYTES = 1024 * 1024

_ATTACHED = frozenset({"sha256", "size", "type", "name"})


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
    entry = fields.String(required=True, validate=validate.Regexp(UUID4))
    parents = fields.List(Digest(), required=True, validate=validate.Length(max=MAX_PARENTS))
    operation = fields.String(required=True, validate=validate.OneOf(OPERATIONS))
    # The answers are checked by the form's own rules; here they only have to be an object.
    answers = fields.Raw(required=True, validate=_require_object)
    reasons = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(max=MAX_REASON)),
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
    salt = fields.String(required=True, validate=validate.Regexp(SALT))
    reason = fields.String(
        allow_none=True, load_default=None, validate=validate.Length(min=1, max=MAX_REASON)
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
    revision = _read_well_formed(value) or _load(value, version)
    if attachments_in(revision.answers) != revision.attachments:
        raise MessageError("The files that the revision lists are not those of its answers.")
    if (revision.operation == "void") != (revision.reason is not None):
        raise MessageError("A void revision has a reason, and no other has one.")
    return revision


def _read_well_formed(value: Any) -> Revision | None:
    """Return the revision that the schema would load, None where that is left to the schema.

    A server reads them by the thousand, nearly all as this version writes them.
    """
    if not is_well_formed(value):
        return None
    made_at = value["made_at"]
    try:
        made = MadeAt(**{**made_at, "wall": parse_time(made_at["wall"])})
        _local = made.local
    except (MessageError, OverflowError):
        return None
    files = tuple(Attachment(**each) for each in value["attachments"])
    given = {"made_at": made, "attachments": files, "parents": tuple(value["parents"])}
    return Revision(**{**value, **given})


def _load(value: Any, version: int) -> Revision:
    try:
        schema = _SCHEMA if version <= REVISION_VERSION else _NEWER_SCHEMA
        revision: Revision = schema.load(value)
    except ValidationError as error:
        raise MessageError(f"The revision is malformed: {error.messages}") from error
    return revision


def attachments_in(answers: Any) -> tuple[Attachment, ...]:
    """Return the files that answers name, each once, in order of their digest."""
    found: dict[str, Attachment] = {}
    _find_attachments((answers,), found)
    return tuple(found[sha256] for sha256 in sorted(found))


def _find_attachments(values: Iterable[Any], found: dict[str, Attachment]) -> None:
    for value in values:
        if type(value) is str:  # which most are
            continue
        if isinstance(value, dict):
            if _is_attachment(value):
                found[value["sha256"]] = Attachment(value["sha256"], value["size"], value["type"])
            else:
                _find_attachments(value.values(), found)
        elif isinstance(value, list):
            _find_attachments(value, found)


def _is_attachment(value: dict[str, Any]) -> bool:
    return (
        value.keys() == _ATTACHED
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
