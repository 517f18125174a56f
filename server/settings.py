"""The few facts about a data folder that are kept in `meta`: its log's name, its address."""

from server.db import Connection
from server.errors import DataFolderError

_DEFAULT_ADDRESS = "http://127.0.0.1:8000"


def log_name(connection: Connection) -> str:
    """Return the name of the log, which every revision carries.

    Raises:
        DataFolderError: the folder was never made ready.
    """
    name = _get(connection, "log")
    if name is None:
        raise DataFolderError(
            "The data folder is not ready: its making was broken off.",
            hint="Run `tianbao-server init --campaign DIR` again.",
        )
    return name


def set_log_name(connection: Connection, name: str) -> None:
    """Give the log its name, which it keeps."""
    connection.execute("INSERT INTO meta VALUES ('log', ?)", (name,))


def has_log_name(connection: Connection) -> bool:
    """Say whether the folder was made ready."""
    return _get(connection, "log") is not None


def organising_unit(connection: Connection) -> str:
    """Return the code of the unit that runs the campaign; empty before there is one."""
    return _get(connection, "organising_unit") or ""


def set_organising_unit(connection: Connection, code: str) -> None:
    """Keep the code of the unit that runs the campaign."""
    _set(connection, "organising_unit", code)


def address(connection: Connection) -> str:
    """Return the address under which people reach the server, without a slash at its end."""
    return _get(connection, "address") or _DEFAULT_ADDRESS


def set_address(connection: Connection, url: str) -> None:
    """Keep the address under which people reach the server."""
    _set(connection, "address", url.rstrip("/"))


def _get(connection: Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def _set(connection: Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (key, value),
    )
