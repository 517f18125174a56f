"""`tianbao fill`: the pages, the worker and the hand-over of commands, for as long as it runs.

* Listens on 127.0.0.1 only. Without a port of the person's choice it takes the one of last time, so
  that a page left open finds it again; if that is taken, any other.
* `control.json` stands while it runs; one left behind by a killed process is removed first.
"""

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from types import FrameType
from typing import Any, NoReturn

from waitress.server import create_server
from waitress.wasyncore import close_all

from client.blobs import LARGEST_FILE
from client.config import prepare_home
from client.control import HOST, ControlAddress, is_served, read_control, write_control
from client.device import open_secret
from client.enrol import server_address
from client.errors import ClientError, HomeBusyError
from client.profile import move_server, require_profile
from client.services import Services, open_services
from client.settings import read_setting, write_setting
from client.web.app import create_app
from client.web.launch import Launch, new_launch
from client.worker import Worker

USUAL_PORT = 8620
THREADS = 4
_PORT = "port"
_LOCK_PATIENCE = 5.0
_LARGEST_BODY = LARGEST_FILE + 1024 * 1024


@dataclass(frozen=True, slots=True)
class Running:
    """A client that is serving its pages."""

    services: Services
    launch: Launch
    server: Any

    def run(self) -> None:
        """Serve until interrupted."""
        self.server.run()


@contextmanager
def serving(path: Path, port: int | None, *, server: str | None = None) -> Iterator[Running]:
    """Open a home and serve it; everything is written out and let go at the end.

    `server` is the server's new address, if it has moved. Ctrl-C and SIGTERM end the context in order, wherever it is.

    Raises:
        HomeBusyError: another process holds the home.
        EnrolmentError: the device is not enrolled.
        ClientError: the port is taken.
    """
    try:
        with _interruptible(), open_services(path, patience=_patience(path)) as services:
            services.home.control.unlink(missing_ok=True)
            require_profile(services.db)
            if server is not None:
                move_server(services.db, server_address(server))
            with _listening(services, port) as listener:
                yield from _served(services, listener)
    except HomeBusyError as error:
        raise _already_served(path, error) from error


def _served(services: Services, listener: socket.socket) -> Iterator[Running]:
    # A browser asks for all modules of a page at once; that some of them wait is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    control = ControlAddress(listener.getsockname()[1], token_urlsafe(32))
    secret = open_secret(services.home.page_key)
    launch = new_launch(control.port, secret, control_key=control.key)
    server = create_server(
        create_app(services, launch),
        sockets=[listener],
        threads=THREADS,
        ident=None,
        max_request_body_size=_LARGEST_BODY,
    )
    worker = Worker(services)
    try:
        write_control(services.home, control)
        worker.start()
        yield Running(services, launch, server)
    finally:
        services.home.control.unlink(missing_ok=True)
        worker.stop()
        server.task_dispatcher.shutdown()
        close_all(server._map)  # noqa: SLF001 - with one socket, waitress has no public way to close its channels


@contextmanager
def _listening(services: Services, port: int | None) -> Iterator[socket.socket]:
    with _bind(services, port) as listener:
        with services.db.transaction():
            write_setting(services.db, _PORT, str(listener.getsockname()[1]))
        yield listener


def _bind(services: Services, port: int | None) -> socket.socket:
    if port is not None:
        return _bind_to(port)
    with suppress(ClientError):
        return _bind_to(int(read_setting(services.db, _PORT) or USUAL_PORT))
    return _bind_to(0)


def _bind_to(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ClientError(
            f"Port {port} of this computer is taken or not allowed: {error.strerror}.",
            code="port",
            hint="Choose another one with --port, or leave it out.",
        ) from error


def _patience(path: Path) -> float:
    """Return how long to wait for the home: a command ends soon, another `fill` does not."""
    return 0.0 if is_served(prepare_home(path)) else _LOCK_PATIENCE


def _already_served(path: Path, error: HomeBusyError) -> HomeBusyError:
    home = prepare_home(path)
    control = read_control(home)
    if control is None or not is_served(home):
        return error
    return HomeBusyError(
        f"This home is already served, at http://{HOST}:{control.port}/.",
        hint="Use the page that is open, or stop the other one first.",
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the body as Ctrl-C does, without an error."""
    before = {each: signal.signal(each, _interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt
