"""A listener: waitress on one address, with an end that lets running requests finish.

* Half-sent headers and bodies of others hold up nobody: waitress reads every connection in one
  thread and hands whole requests to its workers; idle connections are closed.
* A body that is too large is refused while it comes in. How large it may be is told from the head,
  so that whoever may not send a file cannot fill the disk with one either.
* `stop` takes no new connection, lets what runs end, and then closes everything.
"""

import copy
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error, RequestEntityTooLarge

from server.errors import AddressError

MAX_BODY = 32 * 1024 * 1024
MAX_CHUNK_BODY = 2 * 1024 * 1024  # a chunk that is a little too large still gets a signed answer
MAX_STRANGERS_BODY = 64 * 1024
DRAIN_SECONDS = 25.0
_LOOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body comes."""

    method: str
    target: str
    headers: dict[str, str]

    def header(self, name: str) -> str:
        """Return a header, empty where there is none."""
        return self.headers.get(name.upper().replace("-", "_"), "")


class _UnauthorizedError(Error):  # type: ignore[misc]  # waitress has no types
    code = 401
    reason = "Unauthorized"


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads a request, with a limit that depends on its head."""

    adj: Any
    error: Any

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        target = f"{self.path}?{self.query}" if self.query else self.path
        limit = self.adj.body_limit(Head(self.command, target, self.headers))
        self.adj = copy.copy(self.adj)
        self.adj.max_request_body_size = limit

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        is_stranger = self.adj.max_request_body_size == MAX_STRANGERS_BODY
        if is_stranger and isinstance(self.error, RequestEntityTooLarge):
            self.error = _UnauthorizedError("Nobody enrolled is shown to send this much.")
        return taken


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Parser


def _same_for_all(_: Head) -> int:
    return MAX_BODY


class Listener:
    """Serves an application on an address from `start` to `stop`.

    `body_limit` tells the most bytes a request may bring, from its head.
    """

    def __init__(
        self,
        app: Flask,
        bound: socket.socket,
        *,
        threads: int = 32,
        body_limit: Callable[[Head], int] = _same_for_all,
    ) -> None:
        self._map: dict[int, Any] = {}
        self._is_stopping = Event()
        self._server = create_server(
            app,
            map=self._map,
            sockets=[bound],
            threads=threads,
            connection_limit=1000,  # with the default of 100, a hundred idle ones shut out all
            asyncore_use_poll=True,
            channel_timeout=60,
            cleanup_interval=5,
            max_request_body_size=MAX_BODY,
            ident=None,
        )
        self._server.channel_class = _Channel
        self._server.adj.body_limit = body_limit
        self._thread = Thread(target=self._loop, name=f"listener-{threads}", daemon=True)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.effective_port)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self, drain: float = DRAIN_SECONDS) -> None:
        """Take no new connection, wait so many seconds for what runs, and close everything."""
        if self._is_stopping.is_set():
            return
        self._is_stopping.set()
        self._server.pull_trigger()
        if self._thread.ident is not None:
            self._thread.join()
        # The listening socket alone: the trigger still wakes the loop for answers on their way.
        wasyncore.dispatcher.close(self._server)
        deadline = monotonic() + drain
        while self._has_requests() and monotonic() < deadline:
            self._turn(0.05)
        self._server.task_dispatcher.shutdown(timeout=max(0.1, deadline - monotonic()))
        self._server.trigger.close()
        wasyncore.close_all(self._map, ignore_all=True)

    def _loop(self) -> None:
        while not self._is_stopping.is_set():
            self._turn(_LOOP_SECONDS)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)

    def _has_requests(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(one.requests or one.request or one.total_outbufs_len for one in channels)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes a free one.

    Raises:
        AddressError: the address is taken, or none of this computer.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"Port {port} of {host} is taken by another program.",
                hint="Stop that program, or choose another port with --port.",
                code="port_taken",
            ) from error
        raise AddressError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}.",
            hint="Choose an address of this computer and a port above 1023.",
        ) from error
