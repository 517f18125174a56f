"""What is said in a bundle, and in the server's answer to one.

* A bundle is opened by a header and closed by an end, which says the header again: one of the two
may be damaged. Neither is signed: what is between them speaks for itself.
* An answer is to no request: it names the device and its `nonce`, which the device draws anew when
it finds that the server's log is not the one that it followed. What was signed before says nothing
of that log any more.
* An answer comes in parts, each signed by itself, with the answer key.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from sync import PROTOCOL_VERSION
from sync.errors import MessageError
from sync.fields import Digest, Flag, HexDigest, Time, short_text, whole_number
from sync.frames import Frame, FrameKind, make_frame
from sync.keys import ANSWER_TYPE, SigningKey, verify
from sync.message_kinds import MessageKinds
from sync.messages import ItemResult, ItemResultSchema


@dataclass(frozen=True, slots=True)
class BundleHeader:
    """Says who made a bundle, for which log, and how much is in it.

    `size` counts the bytes of revisions and files. `contents` is the SHA-256 over the raw digests of
    all revisions and then of all files, in their order.
    """

    log: str
    device: str
    incarnation: str
    nonce: str
    made_at: datetime
    revisions: int
    files: int
    size: int
    contents: str
    version: int = PROTOCOL_VERSION
    type: str = field(default="bundle")


@dataclass(frozen=True, slots=True)
class BundleEnd:
    """Says that a bundle ends here; `digest` is over every byte before."""

    header: BundleHeader
    digest: str
    version: int = PROTOCOL_VERSION
    type: str = field(default="bundle_end")


@dataclass(frozen=True, slots=True)
class CompleteFile:
    """A file that the server holds all of; `index` is its place in the log."""

    sha256: str
    index: int


@dataclass(frozen=True, slots=True)
class BundleAnswer:
    """Says what became of the items of the bundle whose header has the digest `bundle`.

    `part` counts from 0; the last part of an answer says that it is.
    """

    bundle: str
    device: str
    nonce: str
    log: str
    time: datetime
    log_size: int
    part: int
    is_last: bool
    results: tuple[ItemResult, ...]
    files: tuple[CompleteFile, ...]
    version: int = PROTOCOL_VERSION
    type: str = field(default="bundle_answer")


class BundleHeaderSchema(Schema):
    """JSON form of `BundleHeader`."""

    version = whole_number(required=True)
    type = fields.String(required=True, validate=validate.Equal("bundle"))
    log = short_text(required=True)
    device = short_text(required=True)
    incarnation = short_text(required=True)
    nonce = short_text(required=True)
    made_at = Time(required=True)
    revisions = whole_number(required=True)
    files = whole_number(required=True)
    size = whole_number(required=True)
    contents = Digest(required=True)


class _InnerHeaderSchema(BundleHeaderSchema):
    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> BundleHeader:
        return BundleHeader(**data)


class BundleEndSchema(Schema):
    """JSON form of `BundleEnd`."""

    version = whole_number(required=True)
    type = fields.String(required=True)
    header = fields.Nested(_InnerHeaderSchema, required=True)
    digest = Digest(required=True)


class CompleteFileSchema(Schema):
    """JSON form of `CompleteFile`."""

    sha256 = HexDigest(required=True)
    index = whole_number(required=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> CompleteFile:
        return CompleteFile(**data)


class BundleAnswerSchema(Schema):
    """JSON form of `BundleAnswer`."""

    version = whole_number(required=True)
    type = fields.String(required=True)
    bundle = Digest(required=True)
    device = short_text(required=True)
    nonce = short_text(required=True)
    log = short_text(required=True)
    time = Time(required=True)
    log_size = whole_number(required=True)
    part = whole_number(required=True)
    is_last = Flag(required=True)
    results = fields.List(fields.Nested(ItemResultSchema), required=True)
    files = fields.List(fields.Nested(CompleteFileSchema), required=True)


_KINDS = MessageKinds(
    {
        "bundle": (BundleHeader, BundleHeaderSchema()),
        "bundle_end": (BundleEnd, BundleEndSchema()),
        "bundle_answer": (BundleAnswer, BundleAnswerSchema()),
    }
)

BundleMessage = BundleHeader | BundleEnd | BundleAnswer


def format_bundle_message(message: BundleMessage) -> bytes:
    """Return the canonical bytes of a message."""
    return _KINDS.format(message)


def parse_bundle_message(content: bytes) -> BundleMessage:
    """Return the message that canonical bytes say.

    Raises:
        VersionError: it is more than one version away from ours.
        MessageError: it is no message of a bundle.
    """
    message: BundleMessage = _KINDS.parse(content)
    return message


def sign_bundle_answer(answer: BundleAnswer, key: SigningKey) -> Frame:
    """Return the frame of a part of an answer."""
    payload = format_bundle_message(answer)
    return make_frame(FrameKind.ANSWER, payload, key.sign(ANSWER_TYPE, payload))


def open_bundle_answer(frame: Frame, answer_key: bytes) -> BundleAnswer:
    """Return the part of an answer in a frame, once it is shown to be the server's.

    Raises:
        SignatureError: it is not signed by this key.
        MessageError: it is no answer to a bundle.
    """
    if frame.kind is not FrameKind.ANSWER or not frame.is_intact:
        raise MessageError("This is no intact answer.")
    verify(answer_key, ANSWER_TYPE, frame.payload, frame.signature)
    answer = parse_bundle_message(frame.payload)
    if not isinstance(answer, BundleAnswer):
        raise MessageError(f"A {type(answer).__name__} is no answer to a bundle.")
    return answer
