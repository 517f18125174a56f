"""Signed answers: the only word of the server that changes anything on a device.

An answer is one frame: the canonical bytes of a message, signed by the server's answer key, over
the nonce and the digest of the request. Whatever else comes back, a captive portal's page with
status 200 for one, is no answer at all.
"""

from sync.errors import MessageError, SignatureError
from sync.frames import Frame, FrameKind, make_frame
from sync.keys import ANSWER_TYPE, SigningKey, verify
from sync.messages import (
    AttachmentAnswer,
    ChangesAnswer,
    EnrolAnswer,
    ProblemAnswer,
    PushAnswer,
    format_message,
    parse_message,
)
from sync.request import Request

Answer = PushAnswer | ChangesAnswer | AttachmentAnswer | ProblemAnswer | EnrolAnswer


def sign_answer(answer: Answer, key: SigningKey) -> Frame:
    """Return the frame of a signed answer."""
    payload = format_message(answer)
    return make_frame(FrameKind.ANSWER, payload, key.sign(ANSWER_TYPE, payload))


def open_answer(frame: Frame, answer_key: bytes, request: Request) -> Answer:
    """Return the answer in a frame, once it is shown to be the server's and to this request.

    Raises:
        SignatureError: it is not signed by this key, or answers another request.
        MessageError: it is no answer of this protocol.
    """
    _require_answer(frame)
    verify(answer_key, ANSWER_TYPE, frame.payload, frame.signature)
    return read_answer(frame, request)


def read_answer(frame: Frame, request: Request) -> Answer:
    """Return the answer in a frame without checking its signature; for enrolment alone.

    A device that has no key pinned yet trusts the proof within the answer instead.

    Raises:
        SignatureError: it answers another request.
        MessageError: it is no answer of this protocol.
    """
    _require_answer(frame)
    answer = parse_message(frame.payload)
    if not isinstance(answer, Answer):
        raise MessageError(f"A {type(answer).__name__} is no answer.")
    if (answer.nonce, answer.request) != (request.nonce, request.digest):
        raise SignatureError("The answer is to another request.", code="other_request")
    return answer


def _require_answer(frame: Frame) -> None:
    if frame.kind is not FrameKind.ANSWER or not frame.is_intact:
        raise MessageError("This is no intact answer.")
