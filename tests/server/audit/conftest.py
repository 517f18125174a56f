"""A log with the sample campaign, into which revisions are put as the server's own code does."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from server import revisions
from server.checks import Arrival
from server.config import DataFolder
from server.db import open_reader
from server.founding import init_data
from server.members import Device
from server.projection.projector import Projector
from server.services import Services, open_services
from server.verdict import LOGGED, Verdict
from sync.digest import digest_of
from sync.invitation import code_id, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolRequest
from sync.revision import MadeAt, Revision, attachments_in, format_revision

CAMPAIGN = Path(__file__).parents[3] / "forms" / "ordos-2019"
BEGINNING = datetime(2019, 5, 20, 1, 30, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: datetime = BEGINNING

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Book:
    """Opened services, and short ways to put revisions into their log."""

    services: Services
    clock: Clock
    projector: Projector
    keys: dict[str, SigningKey] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    sequence: Iterator[int] = field(default_factory=count)

    def enrol(self, unit: str, name: str = "张三") -> Device:
        """Enrol the device of a reporter of a unit, as a device does it."""
        code = self.services.invite(unit, "reporter", name=name).code
        secret, key, nonce = secret_of(code), SigningKey(secrets.token_bytes(32)), "0" * 32
        proof = proof_of(secret, code_id(secret).encode(), key.public, nonce.encode())
        request = EnrolRequest(code_id(secret), key.public, name, nonce, proof)
        device, _ = self.services.enrol(request)
        self.keys[device.id], self.devices[unit] = key, device
        return device

    def definition(self, form: str) -> str:
        """Return the digest of the newest definition of a form."""
        with self.services.readers.read() as connection:
            row = connection.execute(
                "select digest from definition where form_id = ? order by idx desc limit 1", (form,)
            ).fetchone()
        return row["digest"]

    def revision(self, form: str, answers: Mapping[str, Any], **changes: Any) -> Revision:
        """Return a revision of the unit `dongsheng`, or of `unit`, made now."""
        unit = changes.pop("unit", "dongsheng")
        zone = changes.pop("zone", "+08:00")
        device = self.devices.get(unit) or self.enrol(unit)
        values: dict[str, Any] = {
            "log": self.services.log,
            "form": form,
            "definition": changes.pop("definition", None) or self.definition(form),
            "entry": str(uuid4()),
            "parents": (),
            "operation": "put",
            "answers": answers,
            "reasons": {},
            "attachments": attachments_in(answers),
            "device": device.id,
            "incarnation": "1",
            "sequence": next(self.sequence),
            "previous": None,
            "author": device.member,
            "made_at": MadeAt(self.clock.now - timedelta(minutes=5), zone, 1, "boot"),
            "salt": secrets.token_hex(12),
        }
        return Revision(**values | changes)

    def store(self, revision: Revision, verdict: Verdict = LOGGED) -> str:
        """Put a revision into the log with a verdict; return its digest."""
        content = format_revision(revision)
        device = next((each for each in self.devices.values() if each.id == revision.device), None)
        key = self.keys.get(revision.device) or SigningKey(bytes(32))
        signature = key.sign(REVISION_TYPE, content)
        arrival = Arrival(digest_of(content), content, signature, revision, device, verdict)

        def write(connection: Any) -> None:
            revisions.add_object(connection, arrival)
            revisions.add_revision(connection, arrival, verdict, self.clock.now)

        self.services.writer.run(write)
        return arrival.digest

    def decide(self, digest: str, verdict: Verdict) -> None:
        """Decide a held revision."""
        self.services.writer.run(
            lambda connection: revisions.decide(connection, digest, verdict, self.clock.now)
        )

    def hand_in(self, form: str, answers: Mapping[str, Any], **changes: Any) -> str:
        """Put a logged revision into the log; return its entry."""
        revision = self.revision(form, answers, **changes)
        self.store(revision)
        return revision.entry

    def project(self) -> None:
        """Bring the audit database up to date."""
        self.projector.catch_up()

    def audit(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """Return rows of the audit database, once it is up to date."""
        self.project()
        return self.look(sql, *params)

    def look(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """Return rows of the audit database as it is."""
        connection = open_reader(self.services.folder.audit_db)
        try:
            return [dict(row) for row in connection.execute(sql, params)]
        finally:
            connection.close()


@pytest.fixture
def make_book(tmp_path: Path) -> Iterator[Callable[[str], Book]]:
    """Return a function that makes a book in a folder of its own."""
    books: list[Book] = []

    def make(name: str) -> Book:
        folder, clock = DataFolder(tmp_path / name), Clock()
        init_data(folder, CAMPAIGN, clock=clock)
        services = open_services(folder, clock)
        books.append(Book(services, clock, Projector(folder.log_db, folder.audit_db)))
        return books[-1]

    yield make
    for book in books:
        book.projector.close()
        book.services.close()


@pytest.fixture
def book(make_book: Callable[[str], Book]) -> Book:
    """Return a book with the sample campaign and nothing else."""
    return make_book("data")


@pytest.fixture
def contests() -> Callable[..., dict[str, Any]]:
    """Return a function that gives answers of attachment 2 with some rows."""

    def answers(*projects: str, unit_name: str = "东胜区") -> dict[str, Any]:
        return {
            "unit_name": unit_name,
            "filled_on": "2019-05-20",
            "contests": [
                {
                    "_row": f"{number:016x}",
                    "number": number,
                    "project": project,
                    "contest": f"{project}劳动竞赛",
                    "content": "比工程质量、比安全生产",
                    "starts": "2019-06-01",
                    "ends": "2020-06-30",
                    "days": 396,
                    "category": "major_works",
                    "field": "water",
                }
                for number, project in enumerate(projects, start=1)
            ],
            "contest_count": len(projects),
        }

    return answers
