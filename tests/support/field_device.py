"""A small campaign, and a device in the field that signs real revisions and requests."""

import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.digest import digest_of
from sync.frames import Frame, FrameKind, make_frame
from sync.invitation import asking_parts, code_id, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolRequest
from sync.revision import MadeAt, Revision, attachments_in, format_revision

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

CAMPAIGN = {
    "id": "visits",
    "title": {"zh-CN": "走访", "en": "Visits"},
    "organiser": {"unit": "city", "name": {"zh-CN": "市总工会", "en": "City federation"}},
    "languages": ["zh-CN", "en"],
    "default_language": "zh-CN",
    "items": [
        {"form": "visit", "title": {"zh-CN": "走访", "en": "Visit"}, "owed_by": ["旗区"]},
    ],
}
UNITS = [
    {"code": "city", "name": "市总工会", "kind": "市总工会", "parent": None},
    {"code": "north", "name": "北旗", "kind": "旗区", "parent": "city"},
    {"code": "south", "name": "南旗", "kind": "旗区", "parent": "city"},
]


def definition(form_id: str = "visit", version: str = "1") -> bytes:
    """Return a definition with a required title, a count and a photo."""
    return json.dumps(
        {
            "settings": {
                "form_id": form_id,
                "version": version,
                "form_title": {"zh-CN": "走访", "en": "Visit"},
                "default_language": "zh-CN",
            },
            "survey": [
                {
                    "type": "text",
                    "name": "title",
                    "label": {"zh-CN": "题目", "en": "Title"},
                    "required": True,
                },
                {"type": "integer", "name": "count", "label": {"zh-CN": "数", "en": "Count"}},
                {"type": "image", "name": "photo", "label": {"zh-CN": "照片", "en": "Photo"}},
            ],
        },
        ensure_ascii=False,
    ).encode()


@dataclass
class FieldDevice:
    """A device in the field: it signs revisions and requests with its own key."""

    key: SigningKey
    log: str
    member: str = "nobody"
    answer_key: bytes = b""
    sequence: int = 0
    nonces: int = 0
    definition: str = field(default_factory=lambda: digest_of(definition()))

    def enrol_request(self, code: str, nonce: str = "ab" * 16) -> EnrolRequest:
        secret = secret_of(code)
        asked = (code_id(secret), self.key.public, "张三的电脑", nonce)
        return EnrolRequest(*asked, proof_of(secret, *asking_parts(*asked)))

    def revision(self, answers: dict[str, Any] | None = None, **changes: Any) -> Revision:
        self.sequence += 1
        given = {"title": f"第{self.sequence}次"} if answers is None else answers
        facts: dict[str, Any] = {
            "log": self.log,
            "form": "visit",
            "definition": self.definition,
            "entry": str(uuid.uuid4()),
            "parents": (),
            "operation": "put",
            "answers": given,
            "reasons": {},
            "attachments": attachments_in(given),
            "device": self.key.id,
            "incarnation": "0123456789abcdef",
            "sequence": self.sequence,
            "previous": None,
            "author": self.member,
            "made_at": MadeAt(START, "+08:00", 1234, "boot"),
            "salt": base64.b64encode(self.sequence.to_bytes(16)).decode(),
        }
        return Revision(**{**facts, **changes})

    def frame(self, revision: Revision | None = None) -> Frame:
        content = format_revision(self.revision() if revision is None else revision)
        return self.frame_of(content)

    def frame_of(self, content: bytes) -> Frame:
        return make_frame(FrameKind.REVISION, content, self.key.sign(REVISION_TYPE, content))

    def next_nonce(self) -> str:
        self.nonces += 1
        return f"{self.nonces:032x}"


def write_campaign(folder: Path) -> None:
    """Write the campaign's files into a folder."""
    folder.mkdir(parents=True)
    (folder / "campaign.json").write_text(json.dumps(CAMPAIGN), "utf-8")
    (folder / "units.json").write_text(json.dumps(UNITS), "utf-8")
    (folder / "visit.json").write_bytes(definition())
