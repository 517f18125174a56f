"""Messages: what the server says in its signed answers, and how a device asks to be enrolled.

* Every answer names the nonce and the digest of the request it answers.
* Unknown keys are refused, save in a message that is one version newer.
* What becomes of an item is one of four words: see `ItemState`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from marshmallow import Schema, fields, post_load, validate

from sync import PROTOCOL_VERSION
from sync.errors import MessageError
from sync.fields import (
    Digest,
    Flag,
    HexDigest,
    RawBytes,
    Time,
    short_text,
    whole_number,
)
from sync.keys import KEY_LENGTH
from sync.message_kinds import MessageKinds

HASH_LENGTH = 32

Run = tuple[int, int, int]

ROLES = ("reporter", "approver", "organiser", "auditor")


class ItemState(StrEnum):
    """What became of an item that was pushed.

    LOGGED, HELD and QUARANTINED are in the log for good; REFUSED is not stored.
    """

    LOGGED = "logged"
    HELD = "held"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RuleViolation:
    """A rule of the form that a revision breaks, at an instance path."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item; `index` is its place in the log, None where it was refused.

    `temporary` says that the same bytes may be taken later.
    """

    digest: str
    state: ItemState
    index: int | None = None
    code: str | None = None
    message: str | None = None
    violations: tuple[RuleViolation, ...] = ()
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """Says what became of each revision of a push.

    `results` stand in the order they were sent; of a parcel, those that are plainly logged stand as
    `runs` instead: see `sync.runs`. `missing` names the attachments, in hexadecimal, that the server
    still waits for.
    """

    nonce: str
    request: str
    time: datetime
    log_size: int
    results: tuple[ItemResult, ...]
    missing: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    version: int = PROTOCOL_VERSION
    type: str = field(default="push_answer")


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """One change of the log that a device is told of.

    `kind` is a `StatementKind`; `digest` names the object, whose frame follows the answer where
    `has_content`; it is missing where the device made it itself, or the server's copy is damaged.
    `result` stands with revisions and with outcomes (where a held one was decided).
    """

    index: int
    kind: str
    digest: str
    has_content: bool
    result: ItemResult | None = None


@dataclass(frozen=True, slots=True)
class ChangesAnswer:
    """Tells the changes from `after` (inclusive) up to, not including, index `next`.

    `leaf` is the digest of the leaf just before `next`: with it a device finds out later that the
    log it followed is not there any more. It is None where `next` is 0.
    """

    nonce: str
    request: str
    time: datetime
    after: int
    next: int
    log_size: int
    items: tuple[ChangeItem, ...]
    leaf: str | None = None
    version: int = PROTOCOL_VERSION
    type: str = field(default="changes_answer")


@dataclass(frozen=True, slots=True)
class AttachmentAnswer:
    """Says how much of an attachment the server holds; `complete` once all of it is in the log."""

    nonce: str
    request: str
    time: datetime
    sha256: str
    offset: int
    complete: bool
    index: int | None = None
    version: int = PROTOCOL_VERSION
    type: str = field(default="attachment_answer")


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """Says that a request was not carried out at all, and why."""

    nonce: str
    request: str
    time: datetime
    status: int
    code: str
    message: str
    hint: str = ""
    retry_after: int | None = None
    version: int = PROTOCOL_VERSION
    type: str = field(default="problem_answer")


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """Asks for a device to be enrolled. `proof` covers `code_id`, key, name and nonce."""

    code_id: str
    public_key: bytes
    device_name: str
    nonce: str
    proof: bytes
    version: int = PROTOCOL_VERSION
    type: str = field(default="enrol_request")


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """Says who the device's member is, and which keys the device pins from now on.

    `proof` shows that the server knows the code's secret: it covers nonce and both keys.
    """

    nonce: str
    request: str
    time: datetime
    device: str
    member: str
    member_name: str
    unit: str
    unit_name: str
    role: str
    log: str
    answer_key: bytes
    log_key: bytes
    proof: bytes
    version: int = PROTOCOL_VERSION
    type: str = field(default="enrol_answer")


Message = PushAnswer | ChangesAnswer | AttachmentAnswer | ProblemAnswer | EnrolRequest | EnrolAnswer
M = TypeVar("M", bound=Message)


class RuleViolationSchema(Schema):
    """JSON form of `RuleViolation`."""

    path = fields.String(required=True)
    code = short_text(required=True)
    message = fields.String(required=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> RuleViolation:
        return RuleViolation(**data)


class ItemResultSchema(Schema):
    """JSON form of `ItemResult`."""

    digest = Digest(required=True)
    state = fields.Enum(ItemState, by_value=True, required=True)
    index = whole_number(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    violations = fields.List(fields.Nested(RuleViolationSchema), required=True)
    temporary = Flag(required=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> ItemResult:
        data["violations"] = tuple(data["violations"])
        return ItemResult(**data)


class _MessageSchema(Schema):
    version = whole_number(required=True)
    type = fields.String(required=True)
    nonce = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z"))


class _AnswerSchema(_MessageSchema):
    request = Digest(required=True)
    time = Time(required=True)


class PushAnswerSchema(_AnswerSchema):
    """JSON form of `PushAnswer`."""

    log_size = whole_number(required=True)
    results = fields.List(fields.Nested(ItemResultSchema), required=True)
    missing = fields.List(HexDigest(), required=True)
    runs = fields.List(
        fields.Tuple((whole_number(), whole_number(), whole_number())), required=True
    )


class ChangeItemSchema(Schema):
    """JSON form of `ChangeItem`."""

    index = whole_number(required=True)
    kind = short_text(required=True)
    digest = Digest(required=True)
    has_content = Flag(required=True)
    result = fields.Nested(ItemResultSchema, required=True, allow_none=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> ChangeItem:
        return ChangeItem(**data)


class ChangesAnswerSchema(_AnswerSchema):
    """JSON form of `ChangesAnswer`."""

    after = whole_number(required=True)
    next = whole_number(required=True)
    log_size = whole_number(required=True)
    items = fields.List(fields.Nested(ChangeItemSchema), required=True)
    leaf = Digest(required=True, allow_none=True)


class AttachmentAnswerSchema(_AnswerSchema):
    """JSON form of `AttachmentAnswer`."""

    sha256 = HexDigest(required=True)
    offset = whole_number(required=True)
    complete = Flag(required=True)
    index = whole_number(required=True, allow_none=True)


class ProblemAnswerSchema(_AnswerSchema):
    """JSON form of `ProblemAnswer`."""

    status = whole_number(required=True)
    code = short_text(required=True)
    message = fields.String(required=True)
    hint = fields.String(required=True)
    retry_after = whole_number(required=True, allow_none=True)


class EnrolRequestSchema(_MessageSchema):
    """JSON form of `EnrolRequest`."""

    code_id = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    public_key = RawBytes(KEY_LENGTH, required=True)
    device_name = fields.String(required=True, validate=validate.Length(max=200))
    proof = RawBytes(HASH_LENGTH, required=True)


class EnrolAnswerSchema(_AnswerSchema):
    """JSON form of `EnrolAnswer`."""

    device = short_text(required=True)
    member = short_text(required=True)
    member_name = fields.String(required=True)
    unit = short_text(required=True)
    unit_name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    log = short_text(required=True)
    answer_key = RawBytes(KEY_LENGTH, required=True)
    log_key = RawBytes(KEY_LENGTH, required=True)
    proof = RawBytes(HASH_LENGTH, required=True)


_KINDS = MessageKinds(
    {
        "push_answer": (PushAnswer, PushAnswerSchema()),
        "changes_answer": (ChangesAnswer, ChangesAnswerSchema()),
        "attachment_answer": (AttachmentAnswer, AttachmentAnswerSchema()),
        "problem_answer": (ProblemAnswer, ProblemAnswerSchema()),
        "enrol_request": (EnrolRequest, EnrolRequestSchema()),
        "enrol_answer": (EnrolAnswer, EnrolAnswerSchema()),
    }
)


def format_message(message: Message) -> bytes:
    """Return the canonical bytes of a message."""
    return _KINDS.format(message)


def parse_message(content: bytes) -> Message:
    """Return the message that canonical bytes say.

    Raises:
        VersionError: it is more than one version away from ours.
        MessageError: it is no message of this protocol.
    """
    message: Message = _KINDS.parse(content)
    return message


def parse_message_as(kind: type[M], content: bytes) -> M:
    """Return the message, which has to be of one kind.

    Raises:
        MessageError: it is none, or of another kind.
    """
    message = parse_message(content)
    if not isinstance(message, kind):
        raise MessageError(f"A {kind.__name__} was expected, not a {type(message).__name__}.")
    return message
