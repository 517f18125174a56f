"""A log with the sample campaign, into which revisions are put as the server's own code does."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from flask import Flask

from server import log, revisions
from server.app import create_app
from server.audit.child import DatasetteChild
from server.audit.mounting import mounted
from server.checks import Arrival
from server.config import DataFolder
from server.db import open_reader
from server.founding import init_data
from server.listener import Listener, bind
from server.members import Device
from server.projection.projector import Projector
from server.services import Services, open_services
from server.verdict import LOGGED, Verdict, quarantined
from sync.digest import digest_of
from sync.invitation import asking_parts, code_id, proof_of, secret_of
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import EnrolRequest, RuleViolation
from sync.revision import MadeAt, Revision, attachments_in, format_revision

CAMPAIGN = Path(__file__).parents[3] / "forms" / "ordos-2019"
BEGINNING = datetime(2019, 5, 20, 1, 30, tzinfo=UTC)
AFTER_DUE = datetime(2019, 6, 3, 1, 30, tzinfo=UTC)


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
        asked = (code_id(secret), key.public, name, nonce)
        request = EnrolRequest(*asked, proof_of(secret, *asking_parts(*asked)))
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
            if revisions.add_objects(connection, [arrival]):
                statement = revisions.statement_of(arrival, self.clock.now)
                placed = revisions.Placed(arrival, log.append(connection, statement), verdict)
                revisions.add_revisions(connection, [placed], self.clock.now)

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


@contextmanager
def opened_book(path: Path, campaign: Path = CAMPAIGN) -> Iterator[Book]:
    """Open a book on a new data folder with the sample campaign, or another."""
    folder, clock = DataFolder(path), Clock()
    init_data(folder, campaign, clock=clock)
    with (
        open_services(folder, clock) as services,
        closing(Projector(folder.log_db, folder.audit_db)) as projector,
    ):
        yield Book(services, clock, projector)


@pytest.fixture
def make_book(tmp_path: Path) -> Iterator[Callable[[str], Book]]:
    """Return a function that makes a book in a folder of its own."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(opened_book(tmp_path / name))


@pytest.fixture
def book(make_book: Callable[[str], Book]) -> Book:
    """Return a book with the sample campaign and nothing else."""
    return make_book("data")


def contest_answers(*projects: str, unit_name: str = "东胜区", **more: Any) -> dict[str, Any]:
    """Return answers of attachment 2 with some rows."""
    rows = [
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
    ]
    head = {"unit_name": unit_name, "filled_on": "2019-05-20"}
    return {**head, "contests": rows, "contest_count": len(projects), **more}


@pytest.fixture(scope="session")
def contests() -> Callable[..., dict[str, Any]]:
    """Return a function that gives answers of attachment 2 with some rows."""
    return contest_answers


@dataclass
class Site:
    """A book whose audit database is shown under /audit/ by a real server."""

    book: Book
    app: Flask
    child: DatasetteChild
    address: str

    def code(self, role: str = "auditor", unit: str = "ordos") -> str:
        """Return a new one-time code."""
        return self.book.services.invite(unit, role).code

    def auditor(self, unit: str = "ordos") -> requests.Session:
        """Return a browser that is signed in."""
        browser = requests.Session()
        answer = browser.post(
            f"{self.address}/audit/sign-in",
            data={"code": self.code(unit=unit)},
            allow_redirects=False,
        )
        answer.raise_for_status()
        return browser

    def get(self, path: str, browser: requests.Session | None = None) -> requests.Response:
        """Return what a browser gets, a stranger's if none is given; nothing is followed."""
        with requests.Session() as stranger:
            return (browser or stranger).get(
                f"{self.address}/audit{path}", allow_redirects=False, timeout=30
            )


@contextmanager
def opened_site(book: Book) -> Iterator[Site]:
    """Serve a book on a free port."""
    book.project()
    app = create_app(book.services)
    with bind("127.0.0.1", 0) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with mounted(app, book.services, address) as child:
            listener = Listener(app, bound, threads=8)
            listener.start()
            try:
                yield Site(book, app, child, address)
            finally:
                listener.stop(1.0)


@pytest.fixture
def site(book: Book) -> Iterator[Site]:
    """Return a site of a test's own."""
    with opened_site(book) as site:
        yield site


@pytest.fixture
def site_of(tmp_path: Path) -> Iterator[Callable[[Path], Site]]:
    """Return a function that gives a site of the campaign in a folder."""
    with ExitStack() as stack:

        def open_site(campaign: Path) -> Site:
            book = stack.enter_context(opened_book(tmp_path / "data", campaign))
            return stack.enter_context(opened_site(book))

        yield open_site


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with some entries that a module's tests look at."""
    with opened_book(tmp_path_factory.mktemp("shown") / "data") as book:
        book.hand_in("attachment-2", contest_answers("东胜区供水工程", "包西铁路改造"))
        book.hand_in(
            "attachment-2", contest_answers("康巴什道路", unit_name="康巴什区"), unit="kangbashi"
        )
        book.clock.now = AFTER_DUE
        book.hand_in("attachment-2", contest_answers("=1+1"), unit="jungar")
        broken = book.revision("attachment-2", contest_answers("=1+2"), unit="dalad")
        violation = RuleViolation("contests[1]/days", "calculation", "与计算结果不符")
        book.store(broken, quarantined("rules", [violation]))
        with opened_site(book) as site:
            assert site.child.wait_until_ready(60)
            yield site


@pytest.fixture(scope="module")
def signed_in(shown: Site) -> Iterator[requests.Session]:
    """Return an auditor's browser at the shown site."""
    with shown.auditor() as browser:
        yield browser
