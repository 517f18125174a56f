"""What commands ask of a home, by name: the same function wherever the home is open.

    forms    the forms to fill
    add      {"form", "folder", "documents": [{"line", "answers"}]} → one result a document
    entries  every entry
    show     {"entry"} → one entry with its answers
    own_entries {"name", "forms", "repeat", "label"} → the items of a list drawn from own entries
    sync     one round of push and pull
    status   how many entries are in which state

Each takes plain JSON and yields plain JSON, so that it can be handed to another process.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from client.errors import NotFoundError
from client.profile import require_profile
from client.services import Services
from forms.definition import OwnEntries

Params = Mapping[str, Any]
Command = Callable[[Services, Params], Iterator[Any]]


def run_command(services: Services, command: str, params: Params) -> Iterator[Any]:
    """Yield what a command gives.

    Raises:
        NotFoundError: there is no such command.
    """
    if command not in COMMANDS:
        raise NotFoundError(f"There is no command {command!r}.", code="unknown_command")
    return COMMANDS[command](services, params)


def _forms(services: Services, _: Params) -> Iterator[Any]:
    require_profile(services.db)
    yield services.forms()


def _add(services: Services, params: Params) -> Iterator[Any]:
    require_profile(services.db)
    services.definitions.latest(params["form"])
    try:
        for document in params["documents"]:
            outcome = services.adder.add(
                params["form"], document["answers"], Path(params["folder"])
            )
            yield {"line": document["line"], **outcome}
    finally:
        services.wake()


def _entries(services: Services, params: Params) -> Iterator[Any]:
    yield services.entries(params["language"])


def _show(services: Services, params: Params) -> Iterator[Any]:
    yield services.entry(params["entry"], params["language"])


def _own_entries(services: Services, params: Params) -> Iterator[Any]:
    spec = OwnEntries(
        params["name"], tuple(params["forms"]), params["repeat"], tuple(params["label"])
    )
    yield services.replica.items(spec)


def _sync(services: Services, _: Params) -> Iterator[Any]:
    yield services.rounds.run()


def _status(services: Services, _: Params) -> Iterator[Any]:
    yield services.status()


COMMANDS: dict[str, Command] = {
    "forms": _forms,
    "add": _add,
    "entries": _entries,
    "show": _show,
    "own_entries": _own_entries,
    "sync": _sync,
    "status": _status,
}
