"""Many devices that push single entries at once, each waiting for its answer before the next.

    python tests/benchmarks/devices.py [DEVICES] [ENTRIES EACH]

All requests are made and signed beforehand. One light process sends them over a connection a device
and notes when each answer has come; all answers are verified afterwards.
"""

import secrets
import selectors
import socket
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from people import Device, filled_in, new_device
from stage import Stage, cpu_seconds, stage

from sync.answer import open_answer, read_answer
from sync.digest import digest_of
from sync.frames import Frame, format_frames, parse_frames
from sync.messages import EnrolAnswer, ItemState, PushAnswer, format_message
from sync.request import NONCE_HEADER, VERSION_HEADER, Request, authorize

LIMIT_PER_SECOND = 500
LIMIT_P99_MS = 250
WARM_UP = 5
_UNITS = ("jungar", "dongsheng", "kangbashi", "dalad")


@dataclass
class Push:
    """A request ready to be sent, and what came of it."""

    request: Request
    content: bytes
    sent_at: float = 0.0
    seconds: float = 0.0
    answer: bytes = b""


@dataclass
class Line:
    """One device's connection, with what it is to send."""

    device: Device
    answer_key: bytes
    pushes: list[Push]
    socket: socket.socket
    number: int = 0
    received: bytearray = field(default_factory=bytearray)

    def send(self) -> None:
        """Send the next push."""
        push = self.pushes[self.number]
        self.received.clear()
        push.sent_at = time.perf_counter()
        self.socket.sendall(push.content)

    def receive(self) -> bool:
        """Take what came; say whether the answer is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise SystemExit("The server closed a connection.")
        self.received += part
        head, found, body = bytes(self.received).partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return False
        push = self.pushes[self.number]
        push.seconds = time.perf_counter() - push.sent_at
        push.answer = body
        self.number += 1
        return True

    def verify(self) -> None:
        """Check that every answer is the server's, and says that the entry is in the log."""
        for push in self.pushes:
            (frame,) = parse_frames(push.answer)
            answer = open_answer(frame, self.answer_key, push.request)
            if not isinstance(answer, PushAnswer):
                raise SystemExit(f"refused: {answer}")
            if [result.state for result in answer.results] != [ItemState.LOGGED]:
                raise SystemExit(f"not logged: {answer.results}")


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        lines = [_line(place, number, each + WARM_UP) for number in range(count)]
        _run(lines, WARM_UP)
        cpu, own = cpu_seconds(place.server.pid), time.process_time()
        seconds = _run(lines, WARM_UP + each)
        cpu, own = cpu_seconds(place.server.pid) - cpu, time.process_time() - own
        for line in lines:
            line.verify()
            line.socket.close()
    total = count * each
    took = sorted(push.seconds for line in lines for push in line.pushes[WARM_UP:])
    p50, p99 = (1000 * took[int(len(took) * share)] for share in (0.5, 0.99))
    print(
        f"devices: {count} devices, {total} entries in {seconds:.1f} s: {total / seconds:.0f} acknowledged/s, {total / seconds / LIMIT_PER_SECOND:.2f} of the limit of {LIMIT_PER_SECOND}/s"
    )
    print(
        f"devices: half answered within {p50:.0f} ms, 99 % within {p99:.0f} ms, {p99 / LIMIT_P99_MS:.2f} of the limit of {LIMIT_P99_MS} ms"
    )
    print(
        f"devices: server CPU {1000 * cpu / total:.2f} ms an entry, load generator {1000 * own / total:.2f} ms"
    )


def _run(lines: list[Line], until: int) -> float:
    """Have every device push up to a number; return the seconds it took."""
    began = time.perf_counter()
    with selectors.DefaultSelector() as waiting:
        for line in lines:
            waiting.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        busy = len(lines)
        while busy:
            for key, _ in waiting.select():
                line = key.data
                if line.receive():
                    if line.number < until:
                        line.send()
                    else:
                        waiting.unregister(line.socket)
                        busy -= 1
    return time.perf_counter() - began


def _line(place: Stage, number: int, count: int) -> Line:
    device = new_device(f"device {number}")
    answer_key = _enrol(place, device, _UNITS[number % len(_UNITS)])
    host = urllib.parse.urlsplit(place.url)
    connection = socket.create_connection((host.hostname, host.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Line(device, answer_key, list(_pushes(device, count, host.netloc)), connection)


def _enrol(place: Stage, device: Device, unit: str) -> bytes:
    code = place.invite(unit)
    nonce = secrets.token_hex(16)
    body = format_message(device.enrol_request(code, nonce))
    request = Request("POST", "/v1/enrol", nonce, digest_of(body))
    headers = {NONCE_HEADER: nonce, VERSION_HEADER: str(request.version)}
    sent = urllib.request.Request(place.url + "v1/enrol", body, headers)  # noqa: S310  # our server
    with urllib.request.urlopen(sent) as reply:  # noqa: S310  # our server
        (frame,) = parse_frames(reply.read())
    answer = read_answer(frame, request)
    if not isinstance(answer, EnrolAnswer):
        raise SystemExit(f"not enrolled: {answer}")
    device.log, device.member = answer.log, answer.member
    return answer.answer_key


def _pushes(device: Device, count: int, host: str) -> Iterator[Push]:
    definition, filled = filled_in()
    for number in range(count):
        yield _push(device, device.frame(definition, *filled[number % len(filled)]), host)


def _push(device: Device, frame: Frame, host: str) -> Push:
    body = format_frames([frame])
    nonce = secrets.token_hex(16)
    request = Request("POST", "/v1/push", nonce, digest_of(body), device=device.key.id)
    head = (
        f"POST /v1/push HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: {authorize(request, device.key)}\r\n"
        f"{NONCE_HEADER}: {nonce}\r\n{VERSION_HEADER}: {request.version}\r\n\r\n"
    )
    return Push(request, head.encode() + body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise SystemExit("The answer does not say how long it is.")


if __name__ == "__main__":
    main()
