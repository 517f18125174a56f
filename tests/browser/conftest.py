"""The local client as a process of its own, with the sample campaign and no server."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from client.profile import Profile, write_profile
from client.services import open_services

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "forms" / "ordos-2019"
NOBODY = "http://127.0.0.1:9"  # the discard port: nobody answers there


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
