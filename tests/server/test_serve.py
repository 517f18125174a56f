import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from server.cli.serve import is_plain_to_others
from server.commands import init_folder, run_command
from server.config import DataFolder
from server.errors import AddressError, DataFolderError, LockedError
from server.lock import hold
from server.serve import ServeOptions, running, serve

ROOT = Path(__file__).parents[2]
CAMPAIGN = ROOT / "forms" / "ordos-2019"
ANYWHERE = ServeOptions(port=0, with_audit=False)


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    init_folder(folder, CAMPAIGN)
    return folder


def get(address, path="/"):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_address_is_announced_once_everything_answers(folder):
    stop, answers = Event(), []

    def announce(address):
        answers.append((get(address)[0], get(address, "/healthz")[0]))
        stop.set()

    serve(folder, ANYWHERE, stop, announce)

    assert answers[0][0] in {200, 302}
    assert answers[0][1] == 200


def test_the_interface_describes_itself(folder):
    with running(folder, ANYWHERE) as address:
        status, content = get(address, "/openapi.json")

    assert status == 200
    assert json.loads(content)["openapi"] == "3.1.0"


def test_commands_are_taken_while_the_server_runs(folder):
    params = {"unit": "jungar", "role": "reporter", "name": "", "days": 14}

    with running(folder, ANYWHERE) as address:
        given = run_command(folder, "invite", params)

        assert given["link"].startswith(address)
        assert run_command(folder, "members", {}) == []


def test_commands_are_not_taken_on_the_public_address(folder):
    with running(folder, ANYWHERE) as address:
        status, _ = get(address, "/control/members")

    assert status == 404


def test_a_second_server_is_refused_with_the_address_of_the_first(folder):
    with running(folder, ANYWHERE) as address:
        with pytest.raises(LockedError, match="already runs") as caught, running(folder, ANYWHERE):
            pass

        assert address in caught.value.message
        assert get(address, "/healthz")[0] == 200


def test_a_server_waits_for_a_command_that_is_at_work(folder):
    is_held, may_end = Event(), Event()

    def work():
        with hold(folder.lock):
            is_held.set()
            may_end.wait(20)

    worker = Thread(target=work)
    worker.start()
    is_held.wait(20)
    may_end.set()

    with running(folder, ANYWHERE) as address:
        assert get(address, "/healthz")[0] == 200
    worker.join()


def test_a_taken_port_is_refused_and_leaves_the_folder_free(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ServeOptions(port=taken.getsockname()[1], with_audit=False)

        with pytest.raises(AddressError, match="taken"), running(folder, options):
            pass

    with hold(folder.lock):
        pass


def test_a_folder_without_data_is_refused(tmp_path):
    with (
        pytest.raises(DataFolderError, match="no data folder"),
        running(DataFolder(tmp_path / "nothing"), ANYWHERE),
    ):
        pass


def test_after_the_end_the_folder_is_free_and_holds_no_key_of_the_listener(folder):
    with running(folder, ANYWHERE):
        assert folder.control.exists()

    assert not folder.control.exists()
    with hold(folder.lock):
        pass


def test_links_name_the_public_address_behind_a_proxy(folder):
    options = ServeOptions(port=0, url="https://tianbao.example.org", with_audit=False)
    params = {"unit": "jungar", "role": "reporter", "name": "", "days": 14}

    with running(folder, options) as address:
        link = run_command(folder, "invite", params)["link"]

    assert address == "https://tianbao.example.org/"
    assert link.startswith("https://tianbao.example.org/join#")


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "localhost"])  # noqa: S104 - the case itself
def test_the_address_can_be_opened_whatever_the_server_listens_on(folder, host):
    with running(folder, ServeOptions(host=host, port=0, with_audit=False)) as address:
        assert get(address, "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("host", "url", "is_plain"),
    [
        ("127.0.0.1", None, False),
        ("::1", None, False),
        ("0.0.0.0", None, True),  # noqa: S104 - the case itself
        ("0.0.0.0", "https://tianbao.example.org", False),  # noqa: S104 - the case itself
        ("0.0.0.0", "http://tianbao.example.org", True),  # noqa: S104 - the case itself
    ],
)
def test_plain_http_to_other_computers_is_warned_of(host, url, is_plain):
    assert is_plain_to_others(host, url) is is_plain


@pytest.fixture
def start(folder):
    processes = []

    options = ["--port", "0", "--no-audit", "--exit-with-parent"]

    def start_process():
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "server", "--data", str(folder.path), "serve", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=ROOT,
            )
        )
        return processes[-1], processes[-1].stdout.readline().strip()

    yield start_process
    for process in processes:
        process.kill()
        with process:
            pass


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(folder, start, number):
    process, address = start()
    assert get(address, "/healthz")[0] == 200

    process.send_signal(number)

    assert process.wait(30) == 0
    assert not folder.control.exists()


def test_the_end_of_the_parent_ends_the_server_in_order(folder, start):
    process, _ = start()

    process.stdin.close()

    assert process.wait(30) == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_after_kill_9_the_next_server_starts_at_once(folder, start):
    process, _ = start()
    process.kill()
    process.wait()

    _, address = start()

    assert get(address, "/healthz")[0] == 200
