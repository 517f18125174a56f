"""Devices for benchmarks that sign by themselves: no client stands between them and the server."""

import base64
import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from stage import CAMPAIGN, examples

from forms.catalogue import load_form
from forms.compiled import CompiledForm
from forms.environment import Environment
from forms.session import Session
from sync.digest import digest_of
from sync.frames import Frame, FrameKind, make_frame
from sync.invitation import asking_parts, code_id, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolRequest
from sync.revision import MadeAt, Revision, attachments_in, format_revision

FORM = "attachment-2"
_BOOT = "b" * 32
_PROPERTIES = {"unit_name": "准格尔旗", "member_name": "李工"}


@dataclass
class Device:
    """An enrolled device; `filled_in` says what it fills in."""

    key: SigningKey
    name: str
    log: str = ""
    member: str = ""
    sequence: int = 0
    previous: str | None = None

    def enrol_request(self, code: str, nonce: str) -> EnrolRequest:
        """Return the request with which it is enrolled."""
        secret = secret_of(code)
        asked = (code_id(secret), self.key.public, self.name, nonce)
        return EnrolRequest(*asked, proof_of(secret, *asking_parts(*asked)))

    def frame(
        self, definition: str, answers: Mapping[str, Any], reasons: Mapping[str, str]
    ) -> Frame:
        """Return a new entry as it goes over the wire."""
        self.sequence += 1
        revision = Revision(
            log=self.log,
            form=FORM,
            definition=definition,
            entry=str(uuid.uuid4()),
            parents=(),
            operation="put",
            answers=answers,
            reasons=reasons,
            attachments=attachments_in(answers),
            device=self.key.id,
            incarnation="0123456789abcdef",
            sequence=self.sequence,
            previous=self.previous,
            author=self.member,
            made_at=MadeAt(datetime.now(UTC), "+08:00", 1_000_000 + self.sequence, _BOOT, 12, 30),
            salt=base64.b64encode(secrets.token_bytes(16)).decode(),
        )
        content = format_revision(revision)
        self.previous = digest_of(content)
        return make_frame(FrameKind.REVISION, content, self.key.sign(REVISION_TYPE, content))


def new_device(name: str) -> Device:
    """Return a device that is not enrolled yet."""
    return Device(SigningKey(secrets.token_bytes(32)), name)


@cache
def filled_in() -> tuple[str, list[tuple[dict[str, Any], dict[str, str]]]]:
    """Return attachment 2's digest, and 50 different copies with five rows: answers, reasons."""
    content = (CAMPAIGN / f"{FORM}.json").read_bytes()
    digest = digest_of(content)
    compiled = load_form(content, digest)
    return digest, [_final(compiled, json.loads(text)) for text in examples(50)]


def frames_of(device: Device, count: int) -> Iterator[Frame]:
    """Yield so many new entries of a device."""
    definition, filled = filled_in()
    for number in range(count):
        yield device.frame(definition, *filled[number % len(filled)])


def _final(
    compiled: CompiledForm, answers: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    reasons = answers.pop("_reasons", {})
    answers["unit_name"] = _PROPERTIES["unit_name"]
    session = Session.resume(compiled, _environment(), answers, reasons)
    return dict(session.final_answers()), dict(session.final_reasons())


def _environment() -> Environment:
    return Environment(
        now=lambda: datetime.now(UTC),
        properties=_PROPERTIES,
        uuid=lambda: str(uuid.uuid4()),
        row_id=lambda: secrets.token_hex(8),
        own_entries=lambda _: (),
    )
