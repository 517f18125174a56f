"""Handing a command over: what the other side may be, and when nothing is asked twice."""

import json
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from client.config import prepare_home
from client.control import (
    ControlAddress,
    answer_lines,
    call,
    is_served,
    proof_of,
    read_control,
    write_control,
)
from client.errors import HomeBusyError, RemoteError
from client.services import open_services


@pytest.fixture
def held(home):
    """A home that is held, as far as its lock says."""
    with open_services(home):
        yield prepare_home(home)


@pytest.fixture
def other(held):
    """A process that holds the home and answers what a test puts in."""
    lines = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer(server.proof(self.headers["Tianbao-Nonce"]).encode())

        def do_POST(self):
            lines.append((self.headers["Authorization"], self.body()))
            self.answer(server.content)

        def body(self):
            return self.rfile.read(int(self.headers["Content-Length"]))

        def answer(self, content):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content = b""
    server.proof = partial(proof_of, "key")
    server.seen = lines
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    write_control(held, ControlAddress(server.server_port, "key"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_results_come_one_by_one(home, other):
    other.content = b'{"value": 1}\n{"value": {"a": 2}}\n{"end": true}\n'

    assert list(call(home, "entries", {})) == [1, {"a": 2}]
    assert [key for key, _ in other.seen] == ["Bearer key"]


def test_an_error_comes_as_one(home, other):
    other.content = b'{"error": {"code": "x", "message": "No.", "hint": "Do."}}\n'

    with pytest.raises(RemoteError) as caught:
        list(call(home, "entries", {}))

    assert (caught.value.code, caught.value.message, caught.value.hint) == ("x", "No.", "Do.")


@pytest.mark.parametrize("content", [b"", b'{"value": 1}\n', b'{"value": 1}\n{"val'])
def test_an_answer_that_breaks_off_is_no_answer_and_is_not_asked_again(home, other, content):
    other.content = content

    with pytest.raises(RemoteError):
        list(call(home, "add", {}))

    assert len(other.seen) == 1


def test_something_else_on_the_port_is_told(home, other):
    other.content = b"<html>hello</html>\n"

    with pytest.raises(RemoteError, match="did not take"):
        list(call(home, "entries", {}))


@pytest.mark.parametrize(
    "proof",
    [lambda _: "", lambda nonce: nonce, partial(proof_of, "old key")],
    ids=["empty", "echo", "another key"],
)
def test_a_stranger_on_the_port_of_a_stale_word_gets_nothing_and_says_nothing(home, other, proof):
    other.proof = proof
    other.content = b'{"value": {"entry": "never made"}}\n{"end": true}\n'

    with pytest.raises(HomeBusyError):
        list(call(home, "add", {"documents": ["secret"]}, patience=0.2))

    assert other.seen == []


def test_a_stranger_on_the_port_does_not_serve_the_home(held, other):
    other.proof = lambda _: "<html>hello</html>"
    assert not is_served(held)


def test_a_port_where_nobody_speaks_is_not_waited_for_long(home, held, monkeypatch):
    monkeypatch.setattr("client.control._PROOF_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        write_control(held, ControlAddress(mute.getsockname()[1], "key"))

        with pytest.raises(HomeBusyError):
            list(call(home, "entries", {}, patience=0.1))


def test_a_home_that_nobody_answers_for_is_busy(home, held):
    with pytest.raises(HomeBusyError):
        list(call(home, "entries", {}, patience=0.2))


def test_a_word_left_by_a_killed_process_is_no_hindrance(home):
    write_control(prepare_home(home), ControlAddress(1, "key"))

    assert list(call(home, "entries", {"language": "en"})) == [[]]


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", '{"port": "x", "key": 1}'])
def test_a_word_that_says_nothing_is_none(home, content):
    place = prepare_home(home)
    place.control.write_text(content)

    assert read_control(place) is None


def test_the_word_is_for_the_owner_alone(held, other):
    assert held.control.stat().st_mode & 0o077 == 0


def test_known_errors_are_lines_too(blank):
    lines = [json.loads(line) for line in answer_lines(blank, "forms", {})]

    assert lines[0]["error"]["code"] == "not_enrolled"
    assert (
        json.loads(next(answer_lines(blank, "nothing", {})))["error"]["code"] == "unknown_command"
    )
