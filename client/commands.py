"""What commands ask of a home, by name: the same function wherever the home is open.

    forms    the forms to fill
    add      {"form", "folder", "documents": [{"line", "answers"}]} → one result a document
    entries  every entry, in lists of some
    show     {"entry"} → one entry with its answers
    edit     {"entry", "patch", "folder"} → what became of it, as with `add`
    merge    {"entry", "list", "take": [[path, "ours"|"theirs"|DIGEST|JSON or text]]} → what is contested, or as `edit`
    history  {"entry", "diff", "between": [digest, digest] or [], "language"} → revisions, or what differs
    void     {"entry", "reason"} → the revision that takes the entry back
    upgrade  {"entry", "apply", "language"} → what changes when a draft moves to the newest version
    own_entries {"name", "forms", "repeat", "label"} → the items of a list drawn from own entries
    sync     {"progress"} → one round of push and pull; with progress, how far each file is before it
    export   {"path", "all"} → what was copied
    import   {"path"} → what the answer to a bundle says, counted
    status   how many entries are in which state
    doctor   everything that is held, checked and mended → what was found
    prune    {"days", "apply"} → the delivered entries that went, or would go
    dismiss  {"trouble"}: put away what was seen → the status

Each takes plain JSON and yields plain JSON, so that it can be handed to another process.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from client.errors import NotFoundError
from client.merging import choice_of
from client.profile import require_profile
from client.services import Services
from client.watching import watched_round
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
    yield from services.listing.pages(params["language"])


def _show(services: Services, params: Params) -> Iterator[Any]:
    yield services.entry(params["entry"], params["language"])


def _edit(services: Services, params: Params) -> Iterator[Any]:
    require_profile(services.db)
    try:
        yield services.patcher.edit(params["entry"], params["patch"], Path(params["folder"]))
    finally:
        services.wake()


def _merge(services: Services, params: Params) -> Iterator[Any]:
    if params["list"]:
        yield services.merging.conflicts(params["entry"], params["language"])
        return
    require_profile(services.db)
    take = {path: choice_of(text) for path, text in params["take"]}
    yield services.merge(params["entry"], take)


def _history(services: Services, params: Params) -> Iterator[Any]:
    entry, language = params["entry"], params["language"]
    if params["between"]:
        old, new = params["between"]
        yield services.history.between(entry, old, new, language)
    else:
        yield services.history.of(entry, language, diff=params["diff"])


def _void(services: Services, params: Params) -> Iterator[Any]:
    require_profile(services.db)
    yield services.void(params["entry"], params["reason"])


def _upgrade(services: Services, params: Params) -> Iterator[Any]:
    move = services.upgrading.upgrade if params["apply"] else services.upgrading.preview
    yield move(params["entry"], params["language"])


def _own_entries(services: Services, params: Params) -> Iterator[Any]:
    spec = OwnEntries(
        params["name"], tuple(params["forms"]), params["repeat"], tuple(params["label"])
    )
    yield services.replica.items(spec)


def _sync(services: Services, params: Params) -> Iterator[Any]:
    if params.get("progress"):
        yield from watched_round(services)
    else:
        yield services.rounds.run()


def _export(services: Services, params: Params) -> Iterator[Any]:
    yield services.exporter.export(Path(params["path"]), is_all=params["all"])


def _import(services: Services, params: Params) -> Iterator[Any]:
    yield services.importer.take_file(Path(params["path"]))


def _status(services: Services, _: Params) -> Iterator[Any]:
    yield services.status()


def _doctor(services: Services, _: Params) -> Iterator[Any]:
    yield services.doctor.check().as_json()


def _prune(services: Services, params: Params) -> Iterator[Any]:
    yield services.pruner.prune(params["days"], apply=params["apply"]).as_json()


def _dismiss(services: Services, params: Params) -> Iterator[Any]:
    services.dismiss(params["trouble"])
    yield services.status()


COMMANDS: dict[str, Command] = {
    "forms": _forms,
    "add": _add,
    "entries": _entries,
    "show": _show,
    "edit": _edit,
    "merge": _merge,
    "history": _history,
    "void": _void,
    "upgrade": _upgrade,
    "own_entries": _own_entries,
    "export": _export,
    "import": _import,
    "sync": _sync,
    "status": _status,
    "doctor": _doctor,
    "prune": _prune,
    "dismiss": _dismiss,
}
