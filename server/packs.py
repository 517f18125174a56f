"""Packs: the parts of log.db that only grow, in files of a range of the log's index each.

* A pack holds the leaves of its range, and all that came into the log with them: objects,
  revisions, their parents and files, and what was decided within the range of older ones. Once
  written it never changes, so that a further backup adds the ranges that are new.
* The rest of log.db is small, and is written whole each time: the state. It holds the definitions
  of all tables, so that it and the packs make log.db again, whatever tables a version has; a table
  that is not named here is in the state.
* Packs and state are SQLite files that any program can read.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from server.db import Connection, attach, make_sealed, open_sealed, quoted
from sync.digest import digest_of

SOURCE = "source"
_PACK = "pack"
_DECIDED = "decided"
# Every table that grows with the log, with the rows of it that belong to a range of the index.
_RANGES = {
    "leaf": "SELECT * FROM {s}.leaf WHERE idx >= {start} AND idx < {stop} ORDER BY idx",
    "object": "SELECT object.* FROM {s}.leaf JOIN {s}.object ON object.digest = leaf.object "
    "WHERE leaf.idx >= {start} AND leaf.idx < {stop} AND leaf.kind != 'outcome' ORDER BY leaf.idx",
    "revision": "SELECT * FROM {s}.revision WHERE idx >= {start} AND idx < {stop} ORDER BY idx",
    "parent": "SELECT parent.* FROM {s}.revision JOIN {s}.parent "
    "ON parent.revision = revision.digest WHERE idx >= {start} AND idx < {stop}",
    "attachment": "SELECT * FROM {s}.attachment WHERE idx >= {start} AND idx < {stop} ORDER BY idx",
    "attachment_use": "SELECT attachment_use.* FROM {s}.revision JOIN {s}.attachment_use "
    "ON attachment_use.revision = revision.digest WHERE idx >= {start} AND idx < {stop}",
}
_LATER = (
    "SELECT * FROM {s}.revision WHERE decided_idx >= {start} AND decided_idx < {stop} "
    "AND idx < {start} ORDER BY decided_idx"
)


@dataclass(frozen=True, slots=True)
class Range:
    """Indexes of the log from `start` up to, not including, `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An object as a pack has it: its kind, its exact bytes, its signature where it has one."""

    kind: str
    content: bytes
    signature: bytes | None


def write_pack(path: Path, log_db: Path, part: Range) -> None:
    """Write the pack of a range of a log that may be written to meanwhile."""
    connection = make_sealed(path)
    try:
        attach(connection, SOURCE, log_db)
        connection.execute("BEGIN")
        _fill(connection, "main", part)
        connection.execute("COMMIT")
    finally:
        connection.close()
    _flush(path)


def write_state(path: Path, pack: Path, log_db: Path, start: int) -> Range:
    """Write the state of a log, and the pack of all that it has from `start` on, as of one moment.

    Returns the range of the pack; the pack is not made where the range is empty.
    """
    make_sealed(pack).close()
    connection = make_sealed(path)
    try:
        attach(connection, SOURCE, log_db)
        connection.execute(f"ATTACH ? AS {_PACK}", (pack.resolve().as_uri(),))
        connection.execute(f"PRAGMA {_PACK}.journal_mode = OFF")
        connection.execute("BEGIN")
        part = Range(start, _size(connection, SOURCE))
        _fill_state(connection)
        _fill(connection, _PACK, part)
        connection.execute("COMMIT")
    finally:
        connection.close()
    _flush(path)
    _flush(pack)
    return part


def put_back(connection: Connection, pack: Path) -> None:
    """Insert what a pack holds into a log.db that was made from the state, pack after pack."""
    attach(connection, _PACK, pack, is_sealed=True)
    connection.execute("BEGIN IMMEDIATE")
    for table in _RANGES:
        columns = ", ".join(quoted(name) for name in _columns(connection, table))
        connection.execute(
            f"INSERT OR IGNORE INTO main.{table} ({columns}) "  # noqa: S608 - names of this module
            f"SELECT {columns} FROM {_PACK}.{table} ORDER BY rowid"
        )
    connection.execute(
        "UPDATE main.revision SET state = later.state, code = later.code, "
        "violations = later.violations, decided_idx = later.decided_idx "
        "FROM pack.decided AS later "
        "WHERE revision.digest = later.digest AND revision.decided_idx IS NULL"
    )
    connection.execute("COMMIT")
    connection.execute(f"DETACH {_PACK}")


def damaged_objects(pack: Path) -> list[str]:
    """Return the names of the objects of a pack whose bytes are not those of their name."""
    connection = open_sealed(pack)
    try:
        rows = connection.execute("SELECT digest, bytes FROM object")
        return [row["digest"] for row in rows if digest_of(bytes(row["bytes"])) != row["digest"]]
    finally:
        connection.close()


def last_leaf(pack: Path) -> tuple[int, str] | None:
    """Return the index and the digest of the last leaf of a pack; None of an empty one."""
    connection = open_sealed(pack)
    try:
        row = connection.execute("SELECT idx, bytes FROM leaf ORDER BY idx DESC LIMIT 1").fetchone()
    finally:
        connection.close()
    return None if row is None else (row["idx"], digest_of(bytes(row["bytes"])))


def find_object(pack: Path, digest: str) -> Kept | None:
    """Return an object that a pack holds undamaged."""
    connection = open_sealed(pack)
    try:
        row = connection.execute("SELECT * FROM object WHERE digest = ?", (digest,)).fetchone()
    finally:
        connection.close()
    if row is None or digest_of(bytes(row["bytes"])) != digest:
        return None
    signature = None if row["signature"] is None else bytes(row["signature"])
    return Kept(row["kind"], bytes(row["bytes"]), signature)


def _fill(connection: Connection, target: str, part: Range) -> None:
    for table, rows in {**_RANGES, _DECIDED: _LATER}.items():
        select = rows.format(s=SOURCE, start=int(part.start), stop=int(part.stop))
        connection.execute(f"CREATE TABLE {target}.{table} AS {select}")


def _fill_state(connection: Connection) -> None:
    rows = connection.execute(
        f"SELECT type, name, sql FROM {SOURCE}.sqlite_schema WHERE sql IS NOT NULL "  # noqa: S608 - a name of this module
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type != 'table'"
    ).fetchall()
    tables = [row for row in rows if row["type"] == "table"]
    for row in tables:
        connection.execute(row["sql"])
    for row in tables:
        if row["name"] not in _RANGES:
            table = quoted(row["name"])
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM {SOURCE}.{table}")  # noqa: S608 - quoted
    for row in rows[len(tables) :]:
        connection.execute(row["sql"])


def _columns(connection: Connection, table: str) -> list[str]:
    return [row["name"] for row in connection.execute(f"PRAGMA {_PACK}.table_info({table})")]


def _size(connection: Connection, schema: str) -> int:
    row = connection.execute(f"SELECT max(idx) FROM {schema}.leaf").fetchone()  # noqa: S608 - a name of this module
    return 0 if row[0] is None else int(row[0]) + 1


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
