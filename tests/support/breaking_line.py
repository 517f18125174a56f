"""A line to a server that breaks: a TCP proxy that counts the bytes of both directions together.

A connection ends in the middle of whatever it carries once it has carried its share. What the
program on one side had written and the line had not carried is lost, as it is on a real one.
"""

import select
import socket
import threading
from collections.abc import Callable

_PIECE = 16 * 1024
_TURN_SECONDS = 0.05
FOR_EVER = 1 << 62


class BreakingLine:
    """A proxy on the loopback; `share` says for each connection how many bytes it carries."""

    def __init__(self, port: int, share: Callable[[], int] = lambda: FOR_EVER) -> None:
        self.share = share
        self.target = port
        self.carried = 0
        self.breaks = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def break_once_after(self, size: int) -> None:
        """Let the next connection break after so many bytes, and no other."""
        left = iter((size,))
        self.share = lambda: next(left, FOR_EVER)

    def close(self) -> None:
        """Break everything, for good."""
        self._is_closed = True
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._is_closed:
            readable, _, _ = select.select([self._listening], [], [], _TURN_SECONDS)
            if not readable:
                continue
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(near, self.share()), daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket, left: int) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with far:
                self._carry_between(near, far, left)

    def _carry_between(self, near: socket.socket, far: socket.socket, left: int) -> None:
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = {near: far, far: near}
        while left > 0 and not self._is_closed:
            readable, _, _ = select.select([near, far], [], [], _TURN_SECONDS)
            for one in readable[:1]:
                try:
                    piece = one.recv(min(_PIECE, left))
                    other[one].sendall(piece)
                except OSError:
                    return
                if not piece:
                    return
                left -= len(piece)
                self._count(len(piece), is_break=left <= 0)

    def _count(self, size: int, *, is_break: bool) -> None:
        with self._lock:
            self.carried += size
            self.breaks += is_break
