"""Signed answers: nothing else ever changes a state."""

from dataclasses import replace

import pytest

from sync.answer import Answer, open_answer, read_answer, sign_answer
from sync.errors import MessageError, SignatureError, SyncError
from sync.frames import Frame, FrameKind, format_frame, make_frame, parse_frames
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolRequest, PushAnswer, format_message
from sync.request import Request


@pytest.fixture
def frame(push: PushAnswer, server_key: SigningKey) -> Frame:
    return sign_answer(push, server_key)


def test_every_answer_comes_through(
    answer: Answer, server_key: SigningKey, request_: Request
) -> None:
    content = format_frame(sign_answer(answer, server_key))

    (frame,) = parse_frames(content)
    assert open_answer(frame, server_key.public, request_) == answer


def test_a_signed_request_for_enrolment_is_no_answer(
    server_key: SigningKey, request_: Request
) -> None:
    request = EnrolRequest("cd" * 32, bytes(32), "device", request_.nonce, bytes(32))
    frame = sign_answer(request, server_key)  # type: ignore[arg-type] # the point of the test

    with pytest.raises(MessageError, match="no answer"):
        open_answer(frame, server_key.public, request_)


def is_opened(content: bytes, public: bytes, request: Request) -> bool:
    try:
        return any(open_answer(each, public, request) for each in parse_frames(content))
    except SyncError:
        return False


def test_one_changed_bit_anywhere_makes_an_answer_none(
    frame: Frame, server_key: SigningKey, request_: Request
) -> None:
    content = format_frame(frame)

    for position in range(len(content) * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        assert not is_opened(bytes(changed), server_key.public, request_)


def test_an_answer_signed_by_another_key_is_refused(
    frame: Frame, device_key: SigningKey, request_: Request
) -> None:
    with pytest.raises(SignatureError):
        open_answer(frame, device_key.public, request_)


def test_an_answer_with_its_digest_made_to_fit_is_still_refused(
    frame: Frame, push: PushAnswer, server_key: SigningKey, request_: Request
) -> None:
    forged = format_message(replace(push, log_size=push.log_size + 1))

    with pytest.raises(SignatureError):
        open_answer(
            make_frame(FrameKind.ANSWER, forged, frame.signature), server_key.public, request_
        )


def test_an_old_answer_is_none_to_a_new_request(
    frame: Frame, server_key: SigningKey, request_: Request
) -> None:
    again = replace(request_, nonce="f" * 32)

    with pytest.raises(SignatureError) as caught:
        open_answer(frame, server_key.public, again)

    assert caught.value.code == "other_request"


def test_an_answer_to_another_body_is_refused(
    frame: Frame, server_key: SigningKey, request_: Request
) -> None:
    with pytest.raises(SignatureError):
        open_answer(frame, server_key.public, replace(request_, target="/v1/changes"))


def test_bytes_that_the_server_signed_as_something_else_are_no_answer(
    push: PushAnswer, server_key: SigningKey, request_: Request
) -> None:
    payload = format_message(push)
    frame = make_frame(FrameKind.ANSWER, payload, server_key.sign(REVISION_TYPE, payload))

    with pytest.raises(SignatureError):
        open_answer(frame, server_key.public, request_)


def test_a_frame_of_another_kind_is_no_answer(
    frame: Frame, server_key: SigningKey, request_: Request
) -> None:
    other = replace(frame, kind=FrameKind.REVISION)

    with pytest.raises(MessageError):
        open_answer(other, server_key.public, request_)
    with pytest.raises(MessageError):
        read_answer(other, request_)


def test_reading_without_a_key_still_asks_for_the_right_request(
    frame: Frame, push: PushAnswer, request_: Request
) -> None:
    assert read_answer(frame, request_) == push
    with pytest.raises(SignatureError):
        read_answer(frame, replace(request_, nonce="f" * 32))
