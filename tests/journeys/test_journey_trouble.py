import json
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest


class LossyWay:
    """A way to the server that can lose the answer to a push after the server has given it."""

    def __init__(self, port):
        self.port = port
        self.before_losing = None
        self.lost = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(20)
        self._listening.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client):
        with (
            client,
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as server,
        ):
            is_push = Event()
            Thread(target=send_on, args=[client, server, is_push], daemon=True).start()
            while content := server.recv(65536):
                if is_push.is_set() and self.before_losing is not None:
                    lose, self.before_losing = self.before_losing, None
                    lose()  # the answer has begun, so the commit is done
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(content)


def send_on(client, server, is_push):
    with suppress(OSError):
        while content := client.recv(65536):
            if b"POST /v1/push" in content:
                is_push.set()
            server.sendall(content)
        server.shutdown(socket.SHUT_WR)


class Portal(BaseHTTPRequestHandler):
    """A captive portal: answers everything with 200 and its page."""

    def answer(self):
        page = "<html><title>请登录 Wi-Fi</title></html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_PUT = answer  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def way(organiser):
    way = LossyWay(organiser.port)
    yield way
    way.close()


@pytest.fixture
def behind_the_way(organiser, reporter, way):
    organiser.start()
    reporter.enrol(way.address, organiser.invite()["code"])
    reporter.sync()
    return reporter


def test_a_server_killed_between_commit_and_answer_doubles_nothing(
    organiser, behind_the_way, way, examples
):
    entries = behind_the_way.add("attachment-2", examples[:5])
    way.before_losing = organiser.program.kill

    behind_the_way.sync(check=False)
    assert way.lost == 1
    assert set(behind_the_way.entries().values()) == {"saved"}

    organiser.start()
    behind_the_way.sync()

    assert behind_the_way.entries() == dict.fromkeys(entries, "delivered")
    rows = organiser.audit('SELECT _entry FROM "attachment-2"')
    assert sorted(row[0] for row in rows) == sorted(entries)


def test_a_client_killed_at_any_time_loses_nothing_it_called_saved(
    enrolled, programs, examples, until
):
    adding = programs("client", "--home", enrolled.home, "add", "attachment-2", "-")
    adding.process.stdin.write("".join(json.dumps(one) + "\n" for one in examples * 30))
    adding.process.stdin.close()
    until(lambda: len(adding.lines) > 30, "the first ids")

    adding.kill()

    said = [line for line in adding.lines if len(line) == 36]
    kept = enrolled.entries()
    assert 30 < len(said) < 600
    assert [entry for entry in said if kept.get(entry) != "saved"] == []


def test_a_captive_portal_delivers_nothing_and_spoils_nothing(organiser, enrolled, examples):
    entries = enrolled.add("attachment-2", examples[:1])
    organiser.stop()

    with ThreadingHTTPServer(("127.0.0.1", organiser.port), Portal) as portal:
        serving = Thread(target=portal.serve_forever)
        serving.start()
        told = enrolled.sync(check=False)
        portal.shutdown()
        serving.join()
    assert told.returncode == 1
    assert enrolled.entries() == dict.fromkeys(entries, "saved")

    organiser.start()
    enrolled.sync()

    assert enrolled.entries() == dict.fromkeys(entries, "delivered")


def test_a_used_code_enrols_nobody_else(organiser, reporter, tmp_path):
    address = organiser.start()
    code = organiser.invite()["code"]
    reporter.enrol(address, code)

    other = type(reporter)(tmp_path / "other")
    refused = other.call("enrol", address, code, check=False)

    assert refused.returncode == 1
    assert "Error:" in refused.stderr
    assert "used" in refused.stderr


def test_a_running_client_delivers_by_itself_when_the_server_comes_back(
    organiser, enrolled, programs, examples, until
):
    organiser.stop()
    filling = programs("client", "--home", enrolled.home, "fill", "--port", "0", "--no-browser")
    filling.line(r"http://\S+#token=")

    entries = enrolled.add("attachment-2", examples[:2])
    assert enrolled.status()["saved"] == 2
    organiser.start()

    until(
        lambda: enrolled.entries() == dict.fromkeys(entries, "delivered"),
        "the delivery without anybody's doing",
        seconds=90,
    )


def test_a_second_fill_on_one_home_is_refused_with_the_reason(enrolled, programs):
    filling = programs("client", "--home", enrolled.home, "fill", "--port", "0", "--no-browser")
    filling.line(r"http://\S+#token=")

    refused = enrolled.call("fill", "--port", "0", "--no-browser", check=False)

    assert refused.returncode == 1
    assert "Error:" in refused.stderr
