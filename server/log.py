"""The log: numbered leaves, each the exact bytes of a statement; nothing is ever taken back.

Only `append` and `append_all` give out an index. They run on the writer's connection alone, so that the order of
the index is the order of the commits, and a transaction that fails leaves no gap.
"""

from collections.abc import Sequence

from server.db import Connection
from sync.digest import digest_of
from sync.statement import Statement, format_statement
from sync.times import format_time

_INSERT = "INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?)"


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


def add_object(connection: Connection, digest: str, kind: str, content: bytes) -> bool:
    """Store exact bytes under their digest; say whether they are new."""
    return add_signed_object(connection, digest, kind, content, None)


def add_signed_object(
    connection: Connection, digest: str, kind: str, content: bytes, signature: bytes | None
) -> bool:
    """Store exact bytes and their signature under their digest; say whether they are new."""
    cursor = connection.execute(
        "INSERT INTO object VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (digest, kind, content, signature),
    )
    return cursor.rowcount == 1


def read_object(connection: Connection, digest: str) -> bytes | None:
    """Return the exact bytes under a digest."""
    row = connection.execute("SELECT bytes FROM object WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else bytes(row["bytes"])


def _row(index: int, statement: Statement) -> tuple[int, str, str, str, str | None, bytes]:
    at, leaf = format_time(statement.at), format_statement(statement)
    return index, statement.kind.value, statement.object, at, statement.detail, leaf
