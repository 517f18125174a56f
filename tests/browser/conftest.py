"""The local client as a process of its own, with the sample campaign and no server."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from backlog import FAST
from slow_line import ADDRESS, SlowLine, Watch

from client.enrol import Invitation, enrol
from client.profile import Profile, write_profile
from client.services import Services, open_services
from forms.example import Wish, examples
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "forms" / "ordos-2019"
NOBODY = "http://127.0.0.1:9"  # the discard port: nobody answers there
FORM = "attachment-2"


class LocalClient:
    """`tianbao fill` on one home; it may be stopped, killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.address = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "client", "--home", str(self.home)),
                *("fill", "--no-browser", "--exit-with-parent", "--port", str(self.port)),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        self.port = int(self.address.partition("/#")[0].rpartition(":")[2])

    def stop(self) -> None:
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        self._end(subprocess.Popen.kill)

    def _end(self, how: Callable[["subprocess.Popen[str]"], None]) -> None:
        if self._process is None:
            return
        how(self._process)
        self._process.communicate(timeout=20)
        self._process = None


def enrol_without_server(home: Path, definitions: list[bytes], campaign: bytes | None) -> None:
    """Make a home as enrolment and a first pull would leave it."""
    profile = Profile(
        server=NOBODY,
        log="log",
        device="device",
        member="member-1",
        member_name="其木格",
        unit="dongsheng",
        unit_name="东胜区总工会",
        role="reporter",
        answer_key=bytes(32),
        log_key=bytes(32),
    )
    with open_services(home) as services, services.db.transaction():
        profile = replace(profile, device=services.device.key.id)
        write_profile(services.db, profile, datetime.now(UTC))
        for index, content in enumerate(definitions):
            services.definitions.add(content, index)
        if campaign is not None:
            services.definitions.publish("campaign", campaign, len(definitions))


@pytest.fixture
def sample_home(tmp_path: Path) -> Path:
    """An enrolled home with the sample campaign, and no server to be reached."""
    names = ("attachment-1", "attachment-2", "implementation-plan", "progress-report")
    definitions = [(SAMPLE / f"{name}.json").read_bytes() for name in names]
    home = tmp_path / "home"
    enrol_without_server(home, definitions, (SAMPLE / "campaign.json").read_bytes())
    return home


@pytest.fixture
def local_client(sample_home: Path) -> Iterator[LocalClient]:
    """The client, serving the sample campaign."""
    running = LocalClient(sample_home)
    running.start()
    yield running
    running.stop()


def example(services: Services, count: int = 1, rows: int = 2) -> list[dict[str, Any]]:
    """Return valid answers to attachment 2."""
    definitions = services.definitions
    compiled = definitions.compiled(definitions.latest(FORM))
    wish = Wish(seed=3, count=count, rows=rows)
    return list(examples(compiled, wish, services.clock.now(), lambda _: []))


def add_entries(services: Services, count: int = 1, rows: int = 2) -> list[str]:
    """Save filled copies of attachment 2; return their entries."""
    return [
        services.adder.add(FORM, each, None)["entry"] for each in example(services, count, rows)
    ]


@dataclass
class TwoDevices:
    """Two enrolled devices of one unit with a server between them; an entry that both have."""

    data: Path
    home: Path
    own: Services
    other: Services
    entry: str

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.own.entry(self.entry)["answers"]["contests"]
        return rows

    def edit(self, services: Services, patch: dict[str, Any]) -> None:
        services.patcher.edit(self.entry, patch, services.home.path)

    def sync(self) -> None:
        for services in (self.other, self.own, self.other):
            services.rounds.run()


@contextmanager
def join(folder: Path) -> Iterator[TwoDevices]:
    """Found a server and enrol two devices; afterwards the first one reaches it no more."""
    watch, data, home = Watch(), DataFolder(folder / "data"), folder / "own"
    init_data(data, SAMPLE)
    with open_server(data, watch.now) as server:
        line = SlowLine(create_app(server), watch, Random(1), FAST)

        def device(home: Path) -> Services:
            return open_services(home, watch.client(), connect=lambda _: line.transport())

        with device(home) as own, device(folder / "other") as other:
            for services, name in ((own, "其木格"), (other, "阿拉坦")):
                code = server.invite("jungar", "reporter", name=name).code
                enrol(services, Invitation(ADDRESS, code), line.transport())
                services.rounds.run()
            (entry,) = add_entries(own)
            world = TwoDevices(data.path, home, own, other, entry)
            world.sync()
            yield world
            with own.db.transaction():
                own.db.write("UPDATE profile SET server = ?", (NOBODY,))


@pytest.fixture
def two_devices(tmp_path: Path) -> Callable[[], AbstractContextManager[TwoDevices]]:
    """Join two devices at a server, for as long as the context lasts."""
    return lambda: join(tmp_path)


@pytest.fixture
def add() -> Callable[..., list[str]]:
    """Save filled copies of attachment 2."""
    return add_entries


@pytest.fixture
def serve() -> Iterator[Callable[[Path], LocalClient]]:
    """Serve the pages of a home that was made before."""
    started: list[LocalClient] = []

    def start(home: Path) -> LocalClient:
        started.append(LocalClient(home))
        started[-1].start()
        return started[-1]

    yield start
    for running in started:
        running.stop()
