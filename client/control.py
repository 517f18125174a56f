"""How a command reaches a home, whoever holds it.

Only one process has a home open. A command opens it and does its work itself; where `tianbao fill`
holds it, the command hands its work over, on the loopback address, with a key from the home that
only its owner can read. Both ways run the same function of `client.commands` and give the same
results, one by one, or the same error.

The word that a killed process left may name a port that is now a stranger's. So whoever answers there
first proves, on the very connection that is used afterwards, that it knows the key: it answers a fresh
nonce with its HMAC. Before that it gets neither the key nor any answers; one that cannot prove it
counts as nobody.

Over the wire each result is a line of JSON, `{"value": …}`; the last line is `{"end": true}` or
`{"error": {"code", "message", "hint"}}`.
"""

import hmac
import http.client
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from client.commands import run_command
from client.config import Home, prepare_home
from client.durable import write_durably
from client.errors import ClientError, HomeBusyError, RemoteError
from client.services import Services, open_services
from forms.errors import FormError
from sync.errors import SyncError

HOST = "127.0.0.1"
PATIENCE = 20.0
NONCE_HEADER = "Tianbao-Nonce"
_PROOF_PATH = "/control/proof"
_PROOF_BYTES = 32
_PROOF_SECONDS = 5.0
_ANSWER_SECONDS = 3600.0
_RETRY_SECONDS = 0.05

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """Where a running client takes commands, and the key that it asks for."""

    port: int
    key: str


def write_control(home: Home, control: ControlAddress) -> None:
    """Leave word of how to reach this process, readable by the home's owner alone."""
    write_durably(home.control, json.dumps(asdict(control)).encode())


def read_control(home: Home) -> ControlAddress | None:
    """Return how to reach the process that holds a home; None where none has left word."""
    try:
        value = json.loads(home.control.read_bytes())
        return ControlAddress(int(value["port"]), str(value["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def call(path: Path, command: str, params: Params, *, patience: float = PATIENCE) -> Iterator[Any]:
    """Yield what a command gives, here if the home is free, else by the process that holds it.

    Raises:
        HomeBusyError: the home stays held by a process that takes no commands.
        RemoteError: the other process answered with an error.
    """
    home = prepare_home(path)
    deadline = monotonic() + patience
    while True:
        with ExitStack() as stack:
            try:
                services = stack.enter_context(open_services(path))
            except HomeBusyError:
                if monotonic() > deadline:
                    raise
            else:
                yield from run_command(services, command, params)
                return
            control = read_control(home)
            connection = None if control is None else _connect(control)
            if control is not None and connection is not None:
                stack.callback(connection.close)
                yield from _ask(connection, control, command, params)
                return
        sleep(_RETRY_SECONDS)


def is_served(home: Home) -> bool:
    """Say whether the process that left word takes commands now."""
    control = read_control(home)
    connection = None if control is None else _connect(control)
    if connection is None:
        return False
    connection.close()
    return True


def proof_of(key: str, nonce: str) -> str:
    """Return what only a process that knows the key can answer to a nonce, in hexadecimal."""
    return hmac.new(key.encode(), f"tianbao control\n{nonce}".encode(), sha256).hexdigest()


def answer_lines(services: Services, command: str, params: Params) -> Iterator[bytes]:
    """Yield the lines with which the process that holds the home answers a command."""
    try:
        for value in run_command(services, command, params):
            yield _line({"value": value})
    except (ClientError, FormError, SyncError) as error:
        yield _line({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
    else:
        yield _line({"end": True})


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _connect(control: ControlAddress) -> http.client.HTTPConnection | None:
    """Return a connection to the process that left word; None if nobody is there (any more)."""
    connection = http.client.HTTPConnection(HOST, control.port, timeout=_PROOF_SECONDS)
    connection.auto_open = 0  # what is proven of one connection says nothing of another
    try:
        connection.connect()
        if _is_proven(connection, control.key) and connection.sock is not None:
            connection.sock.settimeout(_ANSWER_SECONDS)
            return connection
    except (OSError, http.client.HTTPException):
        pass
    connection.close()
    return None


def _is_proven(connection: http.client.HTTPConnection, key: str) -> bool:
    nonce = secrets.token_hex(_PROOF_BYTES)
    connection.request("GET", _PROOF_PATH, headers={NONCE_HEADER: nonce})
    with connection.getresponse() as response:
        answer = response.read(2 * _PROOF_BYTES)
        is_whole = response.status == HTTPStatus.OK and not response.read(1)
    return is_whole and hmac.compare_digest(answer, proof_of(key, nonce).encode())


def _ask(
    connection: http.client.HTTPConnection, control: ControlAddress, command: str, params: Params
) -> Iterator[Any]:
    headers = {
        "Authorization": f"Bearer {control.key}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("POST", f"/control/{command}", json.dumps(params), headers)
        with connection.getresponse() as response:
            while line := response.readline():
                message = _parse(line)
                if "error" in message:
                    raise _remote_error(message["error"])
                if "end" in message:
                    return
                yield message["value"]
    except (OSError, http.client.HTTPException) as error:
        raise _broken_off() from error
    raise _broken_off()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not message.keys() & {"value", "end", "error"}:
        raise RemoteError(
            "The process that holds the home did not take the command.",
            hint="Is it of another version? Stop it, then try again.",
        )
    return message


def _remote_error(problem: Mapping[str, str]) -> RemoteError:
    return RemoteError(
        problem.get("message", ""), code=problem.get("code"), hint=problem.get("hint", "")
    )


def _broken_off() -> RemoteError:
    # Never asked again by itself: part of it may have been done.
    return RemoteError(
        "The process that holds the home ended before it had answered.",
        code="no_answer",
        hint="See what was done with: tianbao entries",
    )
