"""The running server: opens everything in order, serves until it is told to stop, closes it again.

* It says its address once devices can push, commands are taken, auditors see all that is in the
  log, and no earlier.
* Its end lets running requests finish; what was answered is on disk anyway.
* One server a data folder: a second one is refused before it touches anything.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from threading import Event

from server.admission import body_limits
from server.app import create_app
from server.audit.mounting import mounted
from server.commands import Workplace, check_folder, run
from server.config import DataFolder
from server.control import HOST, ControlAddress, read_control, write_control
from server.errors import LockedError
from server.listener import Listener, bind
from server.lock import hold
from server.projection.projector import Projector
from server.projection.worker import ProjectionWorker
from server.services import Services, open_services
from server.web import openapi
from server.web.control import create_control_app

_KEY_BYTES = 32
_LOCK_SECONDS = 3.0
_CONTROL_THREADS = 4
_AUDIT_SECONDS = 30.0
_POLL_SECONDS = 0.5
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to listen; `url` is the public address where it is another, behind a proxy."""

    host: str = "127.0.0.1"
    port: int = 8000
    url: str | None = None
    with_audit: bool = True


def serve(
    folder: DataFolder, options: ServeOptions, stop: Event, announce: Callable[[str], None]
) -> None:
    """Serve a data folder until `stop` is set; announce the address once everything works.

    Raises:
        LockedError: another server has the folder.
        AddressError: the address is taken.
        DataFolderError: the folder is none, or of a newer program.
    """
    with running(folder, options) as address:
        announce(address)
        # Waits in turns: on Windows, a wait without an end cannot be interrupted.
        while not stop.wait(_POLL_SECONDS):
            pass


@contextmanager
def running(folder: DataFolder, options: ServeOptions) -> Iterator[str]:
    """Run the server of a folder while the context lasts; give its public address.

    Raises:
        LockedError: another server has the folder.
        AddressError: the address is taken.
        DataFolderError: the folder is none, or of a newer program.
    """
    check_folder(folder)
    with ExitStack() as stack:
        stack.enter_context(_hold_alone(folder))
        bound = stack.enter_context(bind(options.host, options.port))
        address = _address(options, bound.getsockname()[1])
        services = stack.enter_context(open_services(folder))
        services.set_address(address)
        workplace = Workplace(services, _follow(stack, services, folder))
        app = create_app(services, [openapi.bp])
        if options.with_audit:
            auditors = stack.enter_context(mounted(app, services, address))
            auditors.wait_until_ready(_AUDIT_SECONDS)
        public = Listener(app, bound, body_limit=body_limits(services))
        public.start()
        stack.callback(public.stop)
        stack.enter_context(_taking_commands(folder, workplace, address))
        yield address


def _follow(stack: ExitStack, services: Services, folder: DataFolder) -> Projector:
    """Bring the auditors' database up to date, and keep it so until the stack is closed."""
    projector = stack.enter_context(closing(Projector(folder.log_db, folder.audit_db)))
    projector.catch_up()
    worker = ProjectionWorker(projector)
    worker.start()
    stack.callback(worker.stop)
    services.writer.on_commit(worker.wake)
    return projector


def own_name(host: str) -> str:
    """Return the host that links name without a public address: the loopback for everywhere."""
    return _LOOPBACK.get(host, host)


def _address(options: ServeOptions, port: int) -> str:
    """Return the public address; a server that listens everywhere is named by the loopback."""
    if options.url:
        return options.url.rstrip("/") + "/"
    host = own_name(options.host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextmanager
def _hold_alone(folder: DataFolder) -> Iterator[None]:
    """Hold the folder's lock; a command that is just at work is waited for, a server is not.

    Raises:
        LockedError: another server has the folder.
    """
    try:
        with hold(folder.lock, patience=_LOCK_SECONDS):
            yield
    except LockedError as error:
        other = read_control(folder.control)
        if other is None:
            raise
        raise LockedError(
            f"A server already runs on the data folder {folder.path}, at {other.address}",
            hint="Stop it first, or use another folder; two would not see each other's writes.",
        ) from error


@contextmanager
def _taking_commands(folder: DataFolder, workplace: Workplace, address: str) -> Iterator[None]:
    """Take the commands of the organiser's terminal while the context lasts."""
    key = secrets.token_hex(_KEY_BYTES)
    with bind(HOST, 0) as bound:
        app = create_control_app(lambda command, params: run(workplace, command, params), key)
        listener = Listener(app, bound, threads=_CONTROL_THREADS)
        listener.start()
        write_control(folder.control, ControlAddress(listener.port, key, address))
        try:
            yield
        finally:
            folder.control.unlink(missing_ok=True)
            listener.stop()
