"""The log: numbered leaves, each the exact bytes of a statement; nothing is ever taken back.

Only `append` and `append_all` give out an index. They run on the writer's connection alone, so that
the order of the index is the order of the commits, and a transaction that fails leaves no gap.

An object is what its digest says, or damaged: damaged bytes are never given out, and the right ones,
whoever brings them, take their place. `repairs` counts how often that was done.
"""

from collections.abc import Sequence

from server.db import Connection
from sync.digest import digest_of, is_named
from sync.statement import Statement, format_statement
from sync.times import format_time

_INSERT = "INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?)"
_PUT_BACK = (
    "INSERT INTO object VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
    "bytes = excluded.bytes, signature = excluded.signature"
)
_COUNT_REPAIR = (
    "INSERT INTO meta VALUES ('repairs', '1') ON CONFLICT DO UPDATE SET value = value + 1"
)


def append(connection: Connection, statement: Statement) -> int:
    """Append a leaf and return its index."""
    return append_all(connection, [statement])


def append_all(connection: Connection, statements: Sequence[Statement]) -> int:
    """Append leaves one after the other; return the index of the first."""
    first = size(connection)
    connection.executemany(
        _INSERT, [_row(index, each) for index, each in enumerate(statements, first)]
    )
    return first


def size(connection: Connection) -> int:
    """Return how many leaves there are, which is the next index."""
    row = connection.execute("SELECT max(idx) FROM leaf").fetchone()
    return 0 if row[0] is None else int(row[0]) + 1


def leaf_digest(connection: Connection, index: int) -> str | None:
    """Return the digest of the leaf at an index; None where the log is shorter."""
    row = connection.execute("SELECT bytes FROM leaf WHERE idx = ?", (index,)).fetchone()
    return None if row is None else digest_of(bytes(row["bytes"]))


def add_object(connection: Connection, digest: str, kind: str, content: bytes) -> None:
    """Store exact bytes under their digest, also where damaged ones stand there."""
    cursor = connection.execute(
        "INSERT INTO object VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING", (digest, kind, content)
    )
    if cursor.rowcount == 0 and read_object(connection, digest) is None:
        put_back_object(connection, digest, kind, content, None)


def put_back_object(
    connection: Connection, digest: str, kind: str, content: bytes, signature: bytes | None
) -> None:
    """Put the right bytes in the place of damaged ones, or of none, within a transaction."""
    # The guard against changes is put aside within the transaction alone.
    guard = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'object_stays'"
    ).fetchone()
    if guard is not None:
        connection.execute("DROP TRIGGER object_stays")
    connection.execute(_PUT_BACK, (digest, kind, content, signature))
    if guard is not None:
        connection.execute(guard["sql"])
    count_repair(connection)


def count_repair(connection: Connection) -> None:
    """Note that bytes stand again which did not: what was drawn without them is out of date."""
    connection.execute(_COUNT_REPAIR)


def repairs(connection: Connection) -> int:
    """Return how often damaged bytes were replaced by the right ones."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'repairs'").fetchone()
    return 0 if row is None else int(row[0])


def read_object(connection: Connection, digest: str) -> bytes | None:
    """Return the exact bytes under a digest; None where they are missing or damaged."""
    row = connection.execute("SELECT bytes FROM object WHERE digest = ?", (digest,)).fetchone()
    return row["bytes"] if row is not None and is_named(row["bytes"], digest) else None


def _row(index: int, statement: Statement) -> tuple[int, str, str, str, str | None, bytes]:
    at, leaf = format_time(statement.at), format_statement(statement)
    return index, statement.kind.value, statement.object, at, statement.detail, leaf
