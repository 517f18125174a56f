"""Small facts that the device keeps by name: its cursor, its incarnation, when it last met the server."""

from client.db import Database


def read_setting(db: Database, name: str) -> str | None:
    """Return what is kept under a name."""
    row = db.row("SELECT value FROM setting WHERE name = ?", (name,))
    return None if row is None else str(row["value"])


def write_setting(db: Database, name: str, value: str) -> None:
    """Keep a value under a name, within a transaction."""
    db.write(
        "INSERT INTO setting (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
