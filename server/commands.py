"""The organiser's commands as functions: the same whether they run beside a server or within it.

Each takes a workplace and parameters that are JSON, and gives JSON; `COMMANDS` names them all. When
a command returns, the auditors' database shows what it did.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from server.config import DataFolder
from server.control import call
from server.doctor import Report, examine
from server.errors import DataFolderError, LockedError, UnknownError
from server.founding import init_data
from server.importing import import_bundle
from server.lock import hold
from server.projection.projector import Projector
from server.restore import Restored, restore
from server.services import GivenInvitation, Services, open_services

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Workplace:
    """What the commands work with: the opened stores, and the projection of their log."""

    services: Services
    projector: Projector


def run_command(folder: DataFolder, command: str, params: Params) -> Any:
    """Return what a command gives, from the process that holds the folder: this or a server.

    Raises:
        ServerError: the command ended with a known error, here or there.
    """
    check_folder(folder)
    work = (command, params)
    return call(folder.lock, folder.control, work, lambda: _run_alone(folder, command, params))


def run(workplace: Workplace, command: str, params: Params) -> Any:
    """Return what a command gives at a workplace.

    Raises:
        UnknownError: there is no such command.
        ServerError: the command ended with a known error.
    """
    function = COMMANDS.get(command)
    if function is None:
        raise UnknownError(f"The running server knows no command {command!r}.", hint="Update it.")
    result = function(workplace, params)
    if function in _WRITING:
        workplace.projector.catch_up()
    return result


def init_folder(folder: DataFolder, campaign: Path) -> None:
    """Make a data folder with a campaign, and the auditors' database with its empty tables.

    Raises:
        ConflictError: the folder holds a campaign already.
        ServerError: the campaign's folder lacks something.
        FormError: a file of it is refused.
    """
    folder.make()
    with hold(folder.lock):
        init_data(folder, campaign)
        with open_workplace(folder):
            pass


def restore_folder(archive: Path, folder: DataFolder, *, takes_damaged: bool = False) -> Restored:
    """Make a data folder from a backup, and the auditors' database with what the backup has.

    Raises:
        ConflictError: the place of the new folder is not empty.
        DataFolderError: there is no backup, or it is damaged.
    """
    restored = restore(archive, folder, takes_damaged=takes_damaged)
    with hold(folder.lock), open_workplace(folder):
        return restored


def doctor_folder(folder: DataFolder, backup: Path | None, now: datetime) -> Report:
    """Check a data folder: alone, mending what can be mended, or beside the server that has it.

    Raises:
        DataFolderError: there is no folder, or no backup where one was named.
    """
    check_folder(folder)
    try:
        with hold(folder.lock):
            return examine(folder, backup, now, may_mend=True)
    except LockedError:
        # The look takes long and needs no more than reading, so that the server is not asked for it.
        run_command(folder, "project", {})
        return examine(folder, backup, now, may_mend=False)


def check_folder(folder: DataFolder) -> None:
    """Check that a data folder was made.

    Raises:
        DataFolderError: it was not.
    """
    if not folder.log_db.exists():
        raise DataFolderError(
            f"{folder.path} is no data folder.",
            code="no_data_folder",
            hint="Make one with `tianbao-server --data DIR init --campaign DIR`.",
        )


@contextmanager
def open_workplace(folder: DataFolder) -> Iterator[Workplace]:
    """Open the stores of a folder whose lock is held, and bring the projection up to date.

    Raises:
        DataFolderError: the folder is not ready, or of a newer program.
    """
    with (
        open_services(folder) as services,
        closing(Projector(folder.log_db, folder.audit_db)) as projector,
    ):
        projector.catch_up()
        yield Workplace(services, projector)


def _run_alone(folder: DataFolder, command: str, params: Params) -> Any:
    with open_workplace(folder) as workplace:
        return run(workplace, command, params)


def _invite(workplace: Workplace, params: Params) -> Any:
    given = workplace.services.invite(
        params["unit"],
        params["role"],
        name=params["name"],
        lifetime=timedelta(days=params["days"]),
    )
    return _given(given)


def _reissue(workplace: Workplace, params: Params) -> Any:
    return _given(workplace.services.reissue(params["member"]))


def _given(invitation: GivenInvitation) -> Any:
    return asdict(invitation)


def _revoke(workplace: Workplace, params: Params) -> Any:
    return list(workplace.services.revoke(params["name"]))


def _members(workplace: Workplace, _: Params) -> Any:
    return [
        asdict(member)
        | {
            "devices": [
                {key: value for key, value in asdict(device).items() if key != "public_key"}
                for device in member.devices
            ]
        }
        for member in workplace.services.members()
    ]


def _publish(workplace: Workplace, params: Params) -> Any:
    return asdict(workplace.services.publish(base64.b64decode(params["content"])))


def _units(workplace: Workplace, params: Params) -> Any:
    return workplace.services.import_units(base64.b64decode(params["content"]))


def _import(workplace: Workplace, params: Params) -> Any:
    answer = None if params["answer"] is None else Path(params["answer"])
    return import_bundle(workplace.services, Path(params["path"]), answer)


def _arrived(workplace: Workplace, params: Params) -> Any:
    return [asdict(arrival) for arrival in workplace.services.arrived(params["limit"])]


def _quarantine(workplace: Workplace, _: Params) -> Any:
    return [asdict(revision) for revision in workplace.services.quarantine()]


def _project(workplace: Workplace, _: Params) -> Any:
    return workplace.projector.catch_up()


def _rebuild(workplace: Workplace, _: Params) -> Any:
    return workplace.projector.rebuild()


COMMANDS: Mapping[str, Callable[[Workplace, Params], Any]] = {
    "invite": _invite,
    "reissue": _reissue,
    "revoke": _revoke,
    "members": _members,
    "publish": _publish,
    "units": _units,
    "import": _import,
    "arrived": _arrived,
    "quarantine": _quarantine,
    "project": _project,
    "rebuild": _rebuild,
}
_WRITING = frozenset({_invite, _reissue, _revoke, _publish, _units, _import})
