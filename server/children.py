"""Child processes that never outlive this one.

A child's standard input is a pipe whose other end only this process holds. The child reads it
(`watch_parent`) and ends at its end: when it is stopped, and also when this process is killed with
-9, for then the system closes the pipe. This needs no signal, and so works on every system.
 * A child runs in a session of its own: Ctrl-C in the terminal reaches the parent alone, which
   stops its children in the order it wants.
 * Everything a child prints is read, so that it never waits for a full pipe; what it says of itself
   at its start is kept.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread
from time import monotonic
from typing import IO

from server.errors import ChildError

_LINES_KEPT = 200
_TERMINATE_SECONDS = 3.0


class Child:
    """A process that is started, waited for by a line it prints, and stopped."""

    def __init__(
        self,
        args: Sequence[str],
        env: Mapping[str, str] | None = None,
        name: str = "child",
        *,
        stderr: int | None = None,
    ) -> None:
        self.name = name
        self._stderr = stderr
        self._args = list(args)
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._has_ended = False
        self._news = Condition()  # guards _lines and _has_ended

    @property
    def pid(self) -> int | None:
        """Return the process id, None before the start."""
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        """Say whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; `env` is added to the environment of this one.

        `stderr` is as in `subprocess`: with STDOUT, what it says in talk is kept with its lines.

        Raises:
            ChildError: the program cannot be started.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, and no shell
                self._args,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, **(self._env or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise ChildError(f"The {self.name} cannot be started: {error}") from error
        Thread(target=self._read_lines, args=[self._process.stdout], daemon=True).start()

    def wait_for_line(self, pattern: str, timeout: float) -> re.Match[str]:
        """Return the match of the first line printed so far, or from now on, that fits a pattern.

        Raises:
            ChildError: the process ended, or the time passed, without such a line.
        """
        deadline = monotonic() + timeout
        with self._news:
            while True:
                for line in self._lines:
                    if match := re.search(pattern, line):
                        return match
                self._wait_for_news(deadline)

    def stop(self, timeout: float = 15.0) -> int | None:
        """End the process, by force if it does not go, and return its exit code."""
        process = self._process
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
        if not _has_ended(process, timeout):
            process.terminate()
        if not _has_ended(process, _TERMINATE_SECONDS):
            process.kill()
        code = process.wait()
        self._wait_for_end()
        return code

    def _read_lines(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    if len(self._lines) < _LINES_KEPT:
                        self._lines.append(line.rstrip("\r\n"))
                        self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()

    def _wait_for_news(self, deadline: float) -> None:
        if self._has_ended:
            said = f" It said: {self._lines[-1]}" if self._lines else ""
            raise ChildError(f"The {self.name} ended before it was ready.{said}")
        if not self._news.wait(deadline - monotonic()):
            raise ChildError(f"The {self.name} is not ready after a long time.")

    def _wait_for_end(self) -> None:
        # A grandchild may keep the output open for a moment; nobody waits for it for ever.
        with self._news:
            self._news.wait_for(lambda: self._has_ended, _TERMINATE_SECONDS)


def _has_ended(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def watch_parent(on_gone: Callable[[], None]) -> None:
    """Call a function, in a thread, once standard input ends: the parent is gone or wants it."""
    Thread(target=_wait_for_parent, args=[on_gone], daemon=True).start()


def _wait_for_parent(on_gone: Callable[[], None]) -> None:
    # os.read and not sys.stdin.read: a thread that waits inside a buffered reader would make the
    # interpreter abort when it ends.
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 1024):
        pass
    on_gone()
