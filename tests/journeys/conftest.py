"""Whole stories over real processes: the server and clients, as people start them."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

ROOT = Path(__file__).parents[2]
CAMPAIGN = ROOT / "forms" / "ordos-2019"
UNIT = "jungar"
ORGANISING_UNIT = "ordos"
SECONDS = 60


def environment():
    inherited = {key: text for key, text in os.environ.items() if not key.startswith("TIANBAO_")}
    kept = {"TIANBAO_STATE": os.environ["TIANBAO_STATE"]}
    return {**inherited, **kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_PROXY": "*"}


def wait_for(condition, what, seconds=SECONDS):
    """Return the first true value of a condition, asked again and again until a deadline."""
    deadline = monotonic() + seconds
    while not (value := condition()):
        assert monotonic() < deadline, f"{what} did not come true"
        sleep(0.05)
    return value


class Program:
    """A process of ours that runs on, with all that it has printed."""

    def __init__(self, *args):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
            cwd=ROOT,
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.endswith("\n"):  # what a kill has cut in the middle was never said
                self.lines.append(line[:-1])

    def line(self, pattern):
        """Return the match of a line, once it is printed."""

        def find():
            found = [match for line in self.lines if (match := re.search(pattern, line))]
            assert found or self.process.poll() is None, "\n".join(self.lines)
            return found

        return wait_for(find, f"a line like {pattern}")[0]

    def end(self, number=signal.SIGTERM):
        """Send a signal, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()
        return code

    def kill(self):
        """End it as kill -9 does."""
        return self.end(signal.SIGKILL)


class Organiser:
    """A data folder, the organiser's terminal, and the server when it runs."""

    def __init__(self, data):
        self.data = data
        self.port = free_port()
        self.program = None

    def call(self, *args, **kwargs):
        return run("server", "--data", self.data, *args, **kwargs)

    def start(self, *, with_audit=False):
        options = ["--port", self.port] + ([] if with_audit else ["--no-audit"])
        self.program = Program("server", "--data", self.data, "serve", *options)
        return self.program.line(r"^http://\S+$")[0]

    def stop(self):
        if self.program is not None:
            self.program.end()

    def invite(self, unit=UNIT, role="reporter"):
        return json.loads(self.call("invite", unit, role, "--json").stdout)

    def quarantine(self):
        return json.loads(self.call("quarantine", "--json").stdout)

    def audit(self, sql, *values):
        """Return the rows of a question to the auditors' database."""
        connection = sqlite3.connect(f"file:{self.data / 'audit.db'}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


class Reporter:
    """A home folder and the reporter's terminal."""

    def __init__(self, home):
        self.home = home

    def call(self, *args, **kwargs):
        return run("client", "--home", self.home, *args, **kwargs)

    def enrol(self, address, code):
        return self.call("enrol", address, code)

    def add(self, form, answers):
        """Hand in entries, and return their ids."""
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in answers)
        return self.call("add", form, "-", input=lines).stdout.split()

    def entries(self):
        listed = json.loads(self.call("entries", "--json").stdout)
        return {entry["entry"]: entry["state"] for entry in listed}

    def status(self):
        return json.loads(self.call("status", "--json").stdout)

    def sync(self, check=True):
        return self.call("sync", check=check)


def run(*args, check=True, **kwargs):
    """Run a command of ours to its end."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, args)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        timeout=SECONDS,
        **kwargs,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture(scope="session")
def examples():
    """Valid answers to attachment 2, as `tianbao form example` makes them."""
    form = CAMPAIGN / "attachment-2.json"
    done = run("client", "form", "example", form, "--rows", "2", "--count", "20", "--seed", "7")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def campaign():
    return CAMPAIGN


@pytest.fixture
def organiser(tmp_path):
    organiser = Organiser(tmp_path / "data")
    organiser.call("init", "--campaign", CAMPAIGN)
    yield organiser
    organiser.stop()


@pytest.fixture
def reporter(tmp_path):
    return Reporter(tmp_path / "home")


@pytest.fixture
def enrolled(organiser, reporter):
    """Return a reporter who is enrolled, at a server that runs, and has pulled the forms."""
    address = organiser.start()
    reporter.enrol(address, organiser.invite()["code"])
    reporter.sync()
    return reporter


@pytest.fixture
def colleague(organiser, enrolled, tmp_path):
    """Return another reporter of the same unit, on a device of their own."""
    colleague = Reporter(tmp_path / "colleague")
    colleague.enrol(f"http://127.0.0.1:{organiser.port}/", organiser.invite()["code"])
    colleague.sync()
    return colleague


@pytest.fixture
def until():
    return wait_for


@pytest.fixture
def programs():
    """Start programs that end with the test."""
    started = []

    def start(*args):
        started.append(Program(*args))
        return started[-1]

    yield start
    for program in started:
        program.end(signal.SIGKILL)
