import http.client
import socket
from threading import Event, Thread

import pytest
from flask import Flask, request

from server.errors import AddressError
from server.listener import MAX_BODY, Listener, bind


class Slow:
    """An application whose answer waits until it is let go."""

    def __init__(self):
        self.has_begun = Event()
        self.may_end = Event()
        self.app = Flask(__name__)
        self.app.add_url_rule("/slow", view_func=self.answer)
        self.app.add_url_rule("/", view_func=lambda: "hello")
        for path in ("/v1/push", "/v1/attachments/<name>"):
            self.app.add_url_rule(
                path, endpoint=path, view_func=self.length, methods=["POST", "PUT"]
            )

    def answer(self):
        self.has_begun.set()
        self.may_end.wait(20)
        return "done"

    def length(self, name=""):
        return str(request.content_length)


@pytest.fixture
def slow():
    return Slow()


def limit(head):
    return 2 * MAX_BODY if head.header("X-May-Send") == "files" else MAX_BODY


@pytest.fixture
def listener(slow):
    with bind("127.0.0.1", 0) as bound:
        listener = Listener(slow.app, bound, threads=4, body_limit=limit)
        listener.start()
        yield listener
        slow.may_end.set()
        listener.stop()


@pytest.fixture
def connect(listener):
    opened = []

    def open_connection():
        opened.append(http.client.HTTPConnection("127.0.0.1", listener.port, timeout=20))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.close()


def get(connection, path):
    connection.request("GET", path)
    return connection.getresponse().read()


def test_what_runs_may_end_when_the_listener_stops(slow, listener, connect):
    answers = []
    asking = Thread(target=lambda: answers.append(get(connect(), "/slow")))
    asking.start()
    slow.has_begun.wait(20)

    stopping = Thread(target=listener.stop)
    stopping.start()
    slow.may_end.set()
    stopping.join()
    asking.join()

    assert answers == [b"done"]


def test_a_stopped_listener_takes_no_connection(listener, connect):
    listener.stop()

    with pytest.raises(ConnectionError):
        get(connect(), "/")


def test_idle_connections_do_not_hold_up_the_stop(listener, connect):
    get(connect(), "/")
    half = socket.create_connection(("127.0.0.1", listener.port))

    with half:
        listener.stop(drain=20)


def test_half_sent_requests_hold_up_nobody(listener, connect):
    halves = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(150)]
    for half in halves:
        half.sendall(b"POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

    assert get(connect(), "/") == b"hello"

    for half in halves:
        half.close()


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/v1/push", MAX_BODY, b"413"),
        ("/v1/attachments/a", 600 * 1024 * 1024, b"413"),
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_comes(listener, path, length, status):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=20) as wire:
        wire.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())

        assert status in wire.recv(100)


def test_a_body_may_be_as_large_as_its_head_allows(listener, connect):
    connection = connect()

    connection.request("PUT", "/v1/attachments/a", bytes(MAX_BODY + 1), {"X-May-Send": "files"})

    assert connection.getresponse().read() == str(MAX_BODY + 1).encode()


def test_a_taken_port_is_named_with_a_way_out():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(AddressError, match=f"Port {port} .* taken") as caught:
            bind("127.0.0.1", port)

    assert caught.value.code == "port_taken"
    assert "--port" in caught.value.hint


def test_an_address_of_another_computer_is_refused():
    with pytest.raises(AddressError, match="Cannot listen"):
        bind("192.0.2.1", 0)
