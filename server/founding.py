"""Makes a data folder ready from a campaign's folder: keys, log, units, campaign, forms.

All of the log's beginning is one transaction: a folder whose making was broken off is made ready by
calling this again, and one that is ready is never touched.
"""

import secrets
from datetime import datetime
from pathlib import Path

from server import campaigns
from server.blobs import storage_error as file_error
from server.clock import Clock, utc_now
from server.config import DataFolder
from server.db import Connection, DatabaseError, open_writer, storage_error, transaction
from server.errors import ConflictError, UnknownError
from server.keys import make_keys
from server.migrations import migrate
from server.publishing import publish
from server.settings import has_log_name, set_log_name

_LOG_BYTES = 8
_CAMPAIGN = "campaign.json"
_UNITS = "units.json"


def init_data(folder: DataFolder, campaign: Path, *, clock: Clock = utc_now) -> None:
    """Make a data folder ready with the campaign, units and forms of a folder.

    Raises:
        ConflictError: the folder is ready already.
        UnknownError: a file of the campaign is missing.
        DefinitionError: a file of the campaign is refused.
        StorageError: the disk is full, or fails; the same may be tried again.
    """
    contents = {path: path.read_bytes() for path in _files(campaign)}
    try:
        folder.make()
        _make(folder, contents, clock)
    except DatabaseError as error:
        raise storage_error(error) from error
    except OSError as error:
        raise file_error(error) from error


def _make(folder: DataFolder, contents: dict[Path, bytes], clock: Clock) -> None:
    connection = open_writer(folder.log_db)
    try:
        migrate(connection)
        if has_log_name(connection):
            raise ConflictError(
                f"{folder.path} holds a campaign already.",
                code="exists",
                hint="Use `publish` and `units import`, or another data folder.",
            )
        make_keys(folder, secrets.token_bytes)
        with transaction(connection):
            _found(connection, contents, clock())
    finally:
        connection.close()


def _found(connection: Connection, contents: dict[Path, bytes], now: datetime) -> None:
    by_name = {path.name: content for path, content in contents.items()}
    campaigns.publish_units(connection, by_name.pop(_UNITS), now)
    campaigns.publish_campaign(connection, by_name.pop(_CAMPAIGN), now)
    for name in sorted(by_name):
        publish(connection, by_name[name], now)
    campaign = campaigns.current_campaign(connection)
    set_log_name(connection, f"{campaign.id}/{secrets.token_hex(_LOG_BYTES)}")


def _files(campaign: Path) -> list[Path]:
    for name in (_CAMPAIGN, _UNITS):
        if not (campaign / name).is_file():
            raise UnknownError(
                f"There is no {name} in {campaign}.",
                hint="A campaign's folder holds campaign.json, units.json and one file a form.",
            )
    return sorted(campaign.glob("*.json"))
