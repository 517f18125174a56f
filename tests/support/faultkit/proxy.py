"""A proxy before the real server that does to requests and answers what networks do to them.

It takes each request off the line whole, asks `plan` what befalls it, and keeps connections open as
a good proxy would. What is done to the bytes happens on real sockets.
"""

import select
import socket
import struct
import threading
from dataclasses import dataclass, field

_PIECE = 64 * 1024
_PATIENCE = 20.0
_PAST = 40
_RESET = struct.pack("ii", 1, 0)


class Gone(Exception):  # noqa: N818 - nothing went wrong: somebody has closed
    """One side has closed its connection."""


@dataclass
class Fault:
    """What befalls a request; by itself it arrives, and so does its answer.

    request, answer   what goes over the line instead of the bytes that were sent, by a function
    times             how often the server gets it: not at all, or again
    before            another request, which the server gets first, though nobody sent it now
    ends              the connection is closed behind what goes back; `reset`, without a good-bye
    is_silent         nothing more is ever said on the connection, and it stays open
    """

    request: object = bytes
    answer: object = bytes
    times: int = 1
    before: bytes | None = None
    ends: bool = False
    reset: bool = False
    is_silent: bool = False


NOTHING = Fault()


@dataclass
class Past:
    """What has gone over the line, as it was sent."""

    requests: list = field(default_factory=list)
    answers: list = field(default_factory=list)

    def keep(self, request, answer):
        for kept, one in ((self.requests, request), (self.answers, answer)):
            kept.append(one)
            del kept[:-_PAST]


class FaultProxy:
    """A proxy on the loopback; `plan(request)` says what befalls each request."""

    def __init__(self, port):
        self.target = port
        self.plan = lambda request: NOTHING
        self.past = Past()
        self._is_closed = False
        self._open = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self):
        """Close every connection, and wait until nothing is left of it."""
        self._is_closed = True
        # A listening socket that is shut down wakes whoever waits for it.
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in list(self._open):
            _shut(one)
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self):
        while not self._is_closed:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(near,), daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _serve(self, near):
        line = _Line(near, self.target, self._open)
        with line:
            try:
                while not self._is_closed:
                    self._one_request(line)
            except (OSError, Gone):
                return

    def _one_request(self, line):
        request = _read_message(line.near, is_request=True)
        fault = self.plan(request)
        if fault.before is not None:
            line.ask(fault.before)
        answer = b""
        for _ in range(fault.times):
            answer = line.ask(fault.request(request))
        self.past.keep(request, answer)
        if fault.is_silent:
            line.wait_for_the_other()
        line.near.sendall(fault.answer(answer))
        if fault.ends:
            line.end(reset=fault.reset)


class _Line:
    """The connection of a client, and those to the server behind it."""

    def __init__(self, near, port, register):
        self.near, self._port, self._register = near, port, register
        self._far = None

    def __enter__(self):
        self._note(self.near)
        return self

    def __exit__(self, *_):
        for one in filter(None, (self.near, self._far)):
            self._register.discard(one)
            one.close()

    def ask(self, request):
        """Give the server some bytes; return what it answers, nothing where they are cut short."""
        if self._far is None or not _is_quiet(self._far):
            self._connect()
        self._far.sendall(request)
        if not _is_whole(request):
            _shut(self._far, socket.SHUT_WR)
        try:
            return read_answer(self._far)
        except (Gone, OSError):
            self._drop()
            return b""

    def end(self, *, reset):
        if reset:
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        raise Gone

    def wait_for_the_other(self):
        """Say nothing until the client has given up."""
        while self.near.recv(_PIECE):
            pass
        raise Gone

    def _connect(self):
        self._drop()
        self._far = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        self._note(self._far)

    def _drop(self):
        if self._far is not None:
            self._register.discard(self._far)
            self._far.close()
            self._far = None

    def _note(self, one):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._register.add(one)


def read_answer(one):
    """Return what a server answers on a connection, cut short where it closes."""
    return _read_message(one, is_request=False)


def _read_message(one, *, is_request):
    content = b""
    while not _is_whole(content):
        piece = one.recv(_PIECE)
        if not piece:
            if content and not is_request:
                return content
            raise Gone
        content += piece
    return content


def _is_whole(message):
    """Say whether a message has come to its end, by its own head."""
    head, end, body = message.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = line.partition(b":")[2].strip()
            return not length.isdigit() or len(body) >= int(length)
    return True


def _is_quiet(one):
    """Say whether a connection is still open, and nothing unexpected has come on it."""
    return not select.select([one], [], [], 0)[0]


def _shut(one, how=socket.SHUT_RDWR):
    try:
        one.shutdown(how)
    except OSError:
        return
