"""A device, a server, and one of every message, all made of fixed bytes."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.digest import digest_of
from sync.keys import SigningKey
from sync.messages import (
    AttachmentAnswer,
    ChangeItem,
    ChangesAnswer,
    EnrolAnswer,
    EnrolRequest,
    ItemResult,
    ItemState,
    Message,
    ProblemAnswer,
    PushAnswer,
    RuleViolation,
)
from sync.request import Request
from sync.revision import Attachment, MadeAt, Revision, attachments_in

NONCE = "0123456789abcdef0123456789abcdef"
MOMENT = datetime(2026, 11, 22, 9, 31, 2, 123000, tzinfo=UTC)


@pytest.fixture
def device_key() -> SigningKey:
    return SigningKey(bytes(range(32)))


@pytest.fixture
def server_key() -> SigningKey:
    return SigningKey(bytes(range(1, 33)))


@pytest.fixture
def request_(device_key: SigningKey) -> Request:
    return Request("POST", "/v1/push", NONCE, digest_of(b"the body"), device=device_key.id)


@pytest.fixture
def photo() -> dict[str, Any]:
    return {"sha256": "ab" * 32, "name": "工地.jpg", "type": "image/jpeg", "size": 345678}


@pytest.fixture
def revision(device_key: SigningKey, photo: dict[str, Any]) -> Revision:
    answers = {
        "unit_name": "准格尔旗总工会",
        "contests": [{"_row": "9f3a", "length_km": "12.50", "photo": photo}],
    }
    return Revision(
        log="tianbao.example.org/ordos",
        form="attachment-2",
        definition=digest_of(b"definition"),
        entry="11111111-1111-4111-8111-111111111111",
        parents=(),
        operation="put",
        answers=answers,
        reasons={"/contests[1]/length_km": "量过两次"},
        attachments=attachments_in(answers),
        device=device_key.id,
        incarnation="5f0c",
        sequence=42,
        previous=digest_of(b"the revision before"),
        author="member-1",
        made_at=MadeAt(MOMENT, "+08:00", 123456, "boot-1", -1234, 86400),
        salt=base64.b64encode(bytes(16)).decode(),
    )


@pytest.fixture
def revise(revision: Revision) -> Callable[..., Revision]:
    """Return the sample revision with other parts."""

    def change(**parts: Any) -> Revision:
        changed = replace(revision, **parts)
        return replace(changed, attachments=attachments_in(changed.answers))

    return change


@pytest.fixture
def attachment(photo: dict[str, Any]) -> Attachment:
    return Attachment(photo["sha256"], photo["size"], photo["type"])


def push_answer(request: Request) -> PushAnswer:
    results = (
        ItemResult(digest_of(b"1"), ItemState.LOGGED, index=7),
        ItemResult(
            digest_of(b"2"),
            ItemState.QUARANTINED,
            index=8,
            code="rules",
            violations=(RuleViolation("/contests[1]/length_km", "constraint", "过长"),),
        ),
        ItemResult(digest_of(b"3"), ItemState.REFUSED, code="too_large", message="Too large."),
    )
    return PushAnswer(request.nonce, request.digest, MOMENT, 9, results, ("cd" * 32,))


def every_message(request: Request) -> list[Message]:
    answers = (request.nonce, request.digest, MOMENT)
    logged = ItemResult(digest_of(b"1"), ItemState.LOGGED, index=4)
    items = (
        ChangeItem(3, "form", digest_of(b"form"), has_content=True),
        ChangeItem(4, "revision", digest_of(b"1"), has_content=False, result=logged),
    )
    return [
        push_answer(request),
        ChangesAnswer(*answers, after=3, next=5, log_size=5, items=items),
        AttachmentAnswer(*answers, sha256="ab" * 32, offset=0, complete=False),
        ProblemAnswer(*answers, 413, "too_large", "太大", hint="Send less.", retry_after=30),
        EnrolRequest("cd" * 32, bytes(32), "王工的笔记本", request.nonce, bytes(range(32))),
        EnrolAnswer(
            *answers,
            device="ab" * 16,
            member="member-1",
            member_name="王工",
            unit="zge",
            unit_name="准格尔旗总工会",
            role="reporter",
            log="tianbao.example.org/ordos",
            answer_key=bytes(32),
            log_key=bytes(range(32)),
            proof=bytes(32),
        ),
    ]


MESSAGE_TYPES = (
    "push_answer",
    "changes_answer",
    "attachment_answer",
    "problem_answer",
    "enrol_request",
    "enrol_answer",
)


@pytest.fixture(params=MESSAGE_TYPES)
def message(request: pytest.FixtureRequest, request_: Request) -> Message:
    """One of every message."""
    return next(item for item in every_message(request_) if item.type == request.param)


@pytest.fixture(params=[name for name in MESSAGE_TYPES if name != "enrol_request"])
def answer(request: pytest.FixtureRequest, request_: Request) -> Message:
    """One of every answer."""
    return next(item for item in every_message(request_) if item.type == request.param)


@pytest.fixture
def push(request_: Request) -> PushAnswer:
    return push_answer(request_)
