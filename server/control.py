"""How a command reaches a data folder, whoever holds it.

Only one process has the databases of a folder open. A command takes the folder's lock and does its
work itself; where `tianbao-server serve` holds the lock, the command hands its work over to it, on
a listener of its own on the loopback address, with a key from the folder that only the folder's
owner can read. Both ways run the same function and give the same result or the same error.
"""

import http.client
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from forms.errors import FormError
from server.errors import LockedError, RemoteError, ServerError
from server.lock import hold
from sync.errors import SyncError

HOST = "127.0.0.1"
KNOWN_ERRORS = (ServerError, SyncError, FormError)
_ANSWER_SECONDS = 600.0
# A stick with a season's photos takes as long as it takes; a process that ends is noticed at once.
_LONG_SECONDS = {"import": 24 * 3600.0}
_RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """Where a running server takes commands, with which key, and its public address."""

    port: int
    key: str
    address: str


def describe(error: ServerError | SyncError | FormError) -> dict[str, str]:
    """Return what is told of a known error, here or to the process that asked."""
    path = getattr(error, "path", "")
    message = f"{path}: {error.message}" if path else error.message
    return {"code": error.code, "message": message, "hint": error.hint}


def write_control(path: Path, control: ControlAddress) -> None:
    """Leave word of how to reach this process, readable by the folder's owner alone."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(control), file)
    new.replace(path)


def read_control(path: Path) -> ControlAddress | None:
    """Return how to reach the process that holds a folder; None where none has left word."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return ControlAddress(int(value["port"]), str(value["key"]), str(value["address"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def call(
    lock: Path,
    control: Path,
    work: tuple[str, Mapping[str, Any]],
    run: Callable[[], Any],
    *,
    patience: float = 10.0,
) -> Any:
    """Return what a command gives: run here if the lock is free, else by the process that holds it.

    `work` is the command's name and its parameters, for the other process; `run` does it here.

    Raises:
        LockedError: the folder stays held by a process that takes no commands.
        RemoteError: the other process answered with an error.
    """
    deadline = monotonic() + patience
    while True:
        try:
            with hold(lock):
                return run()
        except LockedError:
            address = read_control(control)
            if address is not None:
                try:
                    return ask(address, *work)
                except ConnectionError:
                    pass  # an old word of a process that was killed, or one that is ending
            if monotonic() > deadline:
                raise
        sleep(_RETRY_SECONDS)


def ask(address: ControlAddress, command: str, params: Mapping[str, Any]) -> Any:
    """Return what the process at an address gives for a command.

    Raises:
        ConnectionError: nobody there knows the key; nothing was done.
        RemoteError: the command ended with a known error, or its end is not known.
    """
    seconds = _LONG_SECONDS.get(command, _ANSWER_SECONDS)
    connection = http.client.HTTPConnection(HOST, address.port, timeout=seconds)
    headers = {"Authorization": f"Bearer {address.key}", "Content-Type": "application/json"}
    connection.connect()
    try:
        connection.request("POST", f"/control/{command}", json.dumps(params), headers)
        content = connection.getresponse().read()
    except (http.client.HTTPException, OSError) as error:
        # Never asked again by itself: the command may have been carried out.
        raise RemoteError(
            "The running server ended, or was too slow, before it answered.",
            code="no_answer",
            hint="Look whether the command was carried out before you repeat it.",
        ) from error
    finally:
        connection.close()
    return _read_answer(content)


def _read_answer(content: bytes) -> Any:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise ConnectionError("What answers is no server of this program.") from error
    if isinstance(value, dict) and "result" in value:
        return value["result"]
    problem = value.get("error") if isinstance(value, dict) else None
    if not isinstance(problem, dict):
        raise ConnectionError("What answers does not know this folder's key.")
    raise RemoteError(
        str(problem.get("message", "")),
        code=str(problem.get("code", "")),
        hint=str(problem.get("hint", "")),
    )
