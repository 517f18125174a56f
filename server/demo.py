"""The demonstration: a server, its auditors' pages and one enrolled client, on this computer alone.

* Nothing is made up: the tables are empty until somebody hands something in.
* All of it runs in child processes that end with this one, whatever ends it.
* The data stays: the next start has the same members, drafts and entries.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

import forms
from server.children import Child
from server.commands import init_folder, run_command
from server.config import DataFolder
from server.errors import AddressError, ChildError, ConflictError
from server.listener import bind

HOST = "127.0.0.1"
SAMPLE = Path(forms.__file__).parent / "ordos-2019"
_USUAL_PORT = 8000
_CLIENT_UNIT = "jungar"
_CLIENT_NAME = "演示填报人"
_AUDIT_UNIT = "ordos"
_AUDIT_NAME = "演示审计员"
_START_SECONDS = 60.0
_COMMAND_SECONDS = 60.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The ports of the demonstration; 0 takes a free one.

    Without a server's port it is the one of the last time, at first 8000.
    """

    server_port: int | None = None
    client_port: int = 8001


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the demonstration is: for filling in, for auditing, and the server itself."""

    client: str
    audit: str
    server: str


def run_demo(
    folder: DataFolder, options: DemoOptions, announce: Callable[[Addresses], None]
) -> None:
    """Run the demonstration until it is interrupted.

    Raises:
        AddressError: a port is taken.
        ChildError: a part of it did not start, or ended.
    """
    enrolled_at = _enrolled_at(folder)
    port = _server_port(options.server_port, enrolled_at)
    _check_port(port, "--server-port")
    _check_port(options.client_port, "--client-port")
    _make_folder(folder)
    with ExitStack() as stack:
        server = _start(stack, "sync server", _server_args(folder, port))
        address = server.wait_for_line(r"^(http://\S+)$", _START_SECONDS)[1]
        if enrolled_at is None:
            _enrol(folder, address)
        client = _start(stack, "client", _client_args(folder, options, address))
        link = client.wait_for_line(r"(http://\S+#token=\S+)", _START_SECONDS)[1]
        announce(Addresses(link, _auditors_link(folder), address))
        _watch(server, client)


def _make_folder(folder: DataFolder) -> None:
    try:
        init_folder(folder, SAMPLE)
    except ConflictError as error:
        if error.code != "exists":  # it is there from the last time
            raise


def client_home(folder: DataFolder) -> Path:
    """Return the home folder of the demonstration's client."""
    return folder.path / "client"


def _enrolled_at(folder: DataFolder) -> str | None:
    """Return the server's address as the client knows it from an earlier start."""
    if not client_home(folder).exists():
        return None
    done = _run_client(folder, "status", "--json")
    address = json.loads(done.stdout).get("server") if done.returncode == 0 else None
    return None if address is None else str(address)


def _server_port(wanted: int | None, enrolled_at: str | None) -> int:
    """Return the port for the server: the wanted one, else that of the last time."""
    if wanted is not None:
        return wanted
    return _USUAL_PORT if enrolled_at is None else urlsplit(enrolled_at).port or _USUAL_PORT


def _check_port(port: int, option: str) -> None:
    try:
        bind(HOST, port).close()
    except AddressError as error:
        raise AddressError(
            error.message,
            code=error.code,
            hint=f"Stop that program, or choose another port with {option} "
            f"(make run {option[2:].replace('-', '_').upper()}=…).",
        ) from error


def _start(stack: ExitStack, name: str, args: list[str]) -> Child:
    child = Child([sys.executable, "-m", *args], name=name, stderr=subprocess.STDOUT)
    stack.callback(child.stop)
    child.start()
    return child


def _server_args(folder: DataFolder, port: int) -> list[str]:
    listen = ["--host", HOST, "--port", str(port), "--exit-with-parent"]
    return ["server", "--data", str(folder.path), "serve", *listen]


def _client_args(folder: DataFolder, options: DemoOptions, server: str) -> list[str]:
    """Return the client's command; the server may have another port than the last time."""
    listen = ["--port", str(options.client_port), "--no-browser", "--exit-with-parent"]
    return ["client", "--home", str(client_home(folder)), "fill", "--server", server, *listen]


def _enrol(folder: DataFolder, address: str) -> None:
    params = {"unit": _CLIENT_UNIT, "role": "reporter", "name": _CLIENT_NAME, "days": 1}
    code = run_command(folder, "invite", params)["code"]
    done = _run_client(folder, "enrol", address, code)
    if done.returncode != 0:
        raise ChildError(f"The client cannot be enrolled: {done.stderr.strip()}")


def _run_client(folder: DataFolder, *args: str) -> subprocess.CompletedProcess[str]:
    home = ["--home", str(client_home(folder))]
    return subprocess.run(  # noqa: S603 - our own program, and no shell
        [sys.executable, "-m", "client", *home, *args],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=_COMMAND_SECONDS,
    )


def _auditors_link(folder: DataFolder) -> str:
    """Return a fresh sign-in link, for the same auditor at every start."""
    known = [
        member["id"]
        for member in run_command(folder, "members", {})
        if member["role"] == "auditor" and member["name"] == _AUDIT_NAME
    ]
    if known:
        given = run_command(folder, "reissue", {"member": known[0]})
    else:
        params = {"unit": _AUDIT_UNIT, "role": "auditor", "name": _AUDIT_NAME, "days": 1}
        given = run_command(folder, "invite", params)
    link: str = given["link"]
    return link


def _watch(*children: Child) -> None:
    while all(child.is_running for child in children):
        sleep(_POLL_SECONDS)
    ended = next(child for child in children if not child.is_running)
    raise ChildError(f"The {ended.name} has ended; the demonstration ends with it.")
