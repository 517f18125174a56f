import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from server.commands import run_command
from server.config import DataFolder

ROOT = Path(__file__).parents[2]
SECONDS = 90

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")


class Demo:
    """The demonstration as a person starts it."""

    def __init__(self, data, *options):
        self.lines = []
        command = ["-m", "server", "demo", "--data", str(data), *map(str, options)]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
            cwd=ROOT,
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with self.process.stdout as stream:
            self.lines.extend(line.rstrip() for line in iter(stream.readline, ""))

    def address(self, word):
        """Return the address on the line with a word, once it is printed."""

        def find():
            assert self.process.poll() is None, "\n".join(self.lines)
            return [line for line in list(self.lines) if word in line and "http" in line]

        return re.search(r"http\S+", until(find)[0])[0]

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        return code


def until(condition):
    deadline = monotonic() + SECONDS
    while not (value := condition()):
        assert monotonic() < deadline, "it did not come true"
        sleep(0.05)
    return value


def processes_on(data):
    """Return the command lines of the living processes that name a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended while we looked
            continue
        if str(data) in line:
            found.append(line)
    return found


def client(data, *args, **kwargs):
    done = subprocess.run(
        [sys.executable, "-m", "client", "--home", str(data / "client"), *args],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=SECONDS,
        **kwargs,
    )
    return done.stdout


def add_example(data):
    form = ROOT / "forms" / "ordos-2019" / "attachment-2.json"
    answers = client(data, "form", "example", str(form), "--rows", "2")
    return client(data, "add", "attachment-2", "-", input=answers).strip()


def state_of(data, entry):
    entries = json.loads(client(data, "entries", "--json"))
    return {one["entry"]: one["state"] for one in entries}[entry]


@pytest.fixture
def data(tmp_path):
    return tmp_path / "demo data"


@pytest.fixture
def start(data):
    demos = []

    def start_demo(*options):
        demos.append(Demo(data, *(options or ["--server-port", "0", "--client-port", "0"])))
        return demos[-1]

    yield start_demo
    for demo in demos:
        if demo.process.poll() is None:
            demo.end(signal.SIGKILL)
    until(lambda: not processes_on(data))


def test_the_first_start_prints_three_addresses_that_answer_and_what_to_try(start, data):
    demo = start()
    filling, audit, server = (demo.address(word) for word in ("Fill in", "Audit", "Server"))

    for address in (filling, audit, server):
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - http to our own demo
            assert answer.status == 200
    assert "#token=" in filling
    assert "/audit/sign-in#" in audit
    assert until(lambda: [line for line in demo.lines if "form example" in line])


def test_ctrl_c_stops_all_of_it_and_the_next_start_keeps_the_data(start, data):
    demo = start()
    server = demo.address("Server")
    entry = add_example(data)
    until(lambda: state_of(data, entry) == "delivered")

    code = demo.end(signal.SIGINT)

    assert code == 0
    assert processes_on(data) == []
    again = start("--client-port", "0")
    assert again.address("Server") == server
    assert state_of(data, entry) == "delivered"
    members = run_command(DataFolder(data), "members", {})
    assert [member["role"] for member in members] == ["reporter"]


def test_the_client_finds_its_server_at_another_port(start, data):
    demo = start()
    before = demo.address("Server")
    demo.end(signal.SIGINT)
    with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2].rstrip("/")))):
        again = start("--server-port", "0", "--client-port", "0")
        assert again.address("Server") != before
        entry = add_example(data)

        assert until(lambda: state_of(data, entry) == "delivered")


def test_kill_9_leaves_nothing_running(start, data):
    demo = start()
    demo.address("Server")
    assert len(processes_on(data)) >= 3

    demo.end(signal.SIGKILL)

    until(lambda: not processes_on(data))


def test_the_end_of_the_server_ends_the_demonstration(start, data):
    demo = start()
    demo.address("Server")
    served = [path for path in Path("/proc").glob("[0-9]*/cmdline") if is_serve(path, data)]

    os.kill(int(served[0].parent.name), signal.SIGKILL)

    assert demo.process.wait(SECONDS) == 1
    demo.reader.join(SECONDS)
    assert any("has ended" in line for line in demo.lines)
    until(lambda: not processes_on(data))


def is_serve(path, data):
    try:
        words = path.read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return str(data) in words and "serve" in words


@pytest.mark.parametrize("option", ["--server-port", "--client-port"])
def test_a_taken_port_is_named_before_anything_is_made(start, data, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = ({"--server-port", "--client-port"} - {option}).pop()

        demo = start(option, port, other, 0)

        assert demo.process.wait(SECONDS) == 1
    demo.reader.join(SECONDS)
    told = "\n".join(demo.lines)
    assert f"Port {port}" in told
    assert option in told
    assert not data.exists()
