"""S4, a slow line: what a backlog costs over GPRS, in virtual time."""

import contextlib
import itertools
import socket
import socketserver
import threading
from collections import Counter

import pytest
from backlog import backlog, offers
from requests.adapters import HTTPAdapter
from slow_line import answer_head, body_of, request_head

from client.transport import HttpTransport
from server.listener import Listener, bind

LIMIT = 1.3
# In a short backlog, of one batch, a single stall weighs as much as all that got through: the slice
# holds what got through to the limit, the full length everything.
RUNS, ENTRIES = 3, 100
FULL_RUNS, FULL_ENTRIES = 20, 1000


def test_a_backlog_over_gprs_costs_little_more_than_its_own_bytes(tmp_path, budget, counts):
    packed = passed = 0
    for run in range(budget.of(RUNS, FULL_RUNS)):
        folder = tmp_path / str(run)
        folder.mkdir()
        with backlog(folder, budget.seed + run) as device:
            device.add(budget.of(ENTRIES, FULL_ENTRIES))
            packed += device.packed_size

            device.deliver()

            is_counted = [each.is_whole or budget.is_full for each in device.line.passed]
            exchanges = itertools.compress(device.line.passed, is_counted)
            passed += sum(each.sent + each.received for each in exchanges)
            offered, broken = offers(device.line.passed)
        assert len(offered) == budget.of(ENTRIES, FULL_ENTRIES)
        assert all(times == broken[digest] + 1 for digest, times in offered.items())
        counts.add("entries over GPRS", len(offered))
    assert passed <= LIMIT * packed


class Counting(socketserver.BaseRequestHandler):
    """Hands bytes on to the real listener and back, and counts them."""

    def handle(self):
        with socket.create_connection(("127.0.0.1", self.server.target)) as onward:
            there = threading.Thread(target=self._carry, args=(self.request, onward, "there"))
            there.start()
            self._carry(onward, self.request, "back")
            there.join()

    def _carry(self, source, sink, way):
        while chunk := source.recv(65536):
            self.server.counted[way] += len(chunk)
            sink.sendall(chunk)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay():
    """A relay that counts; set its `target` to a port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counting) as server:
        server.counted = Counter()
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Measured(HTTPAdapter):
    """Sends over the real network, and keeps what a slow line would count."""

    def __init__(self):
        super().__init__()
        self.counted = Counter()

    def send(self, request, *args, **kwargs):
        response = super().send(request, *args, **kwargs)
        self.counted["there"] += len(request_head(request)) + len(body_of(request))
        status = f"{response.status_code} {response.reason}"
        headers = [item for item in response.headers.items() if item[0] != "Date"]
        size = int(response.headers["Content-Length"])
        self.counted["back"] += len(answer_head(status, headers)) + size
        return response


def test_what_the_slow_line_counts_is_what_goes_over_a_socket(tmp_path, relay):
    with backlog(tmp_path, seed=1) as device:
        device.add(3)
        listener = Listener(device.line.app, bind("127.0.0.1", 0), threads=2)
        listener.start()
        relay.target = listener.port
        transport, measured = (
            HttpTransport(f"http://127.0.0.1:{relay.server_address[1]}"),
            Measured(),
        )
        transport._session.mount("http://", measured)
        device.services.rounds._transport = transport

        assert device.services.rounds.run()["pushed"] == 3

        transport.close()
        listener.stop(drain=1)
        assert relay.counted == measured.counted
