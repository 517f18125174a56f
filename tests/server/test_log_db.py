"""log.db: its settings are read back, its log only grows, its version is checked."""

import sqlite3
import stat
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest

from server import db, log
from server.backup import back_up
from server.config import DataFolder
from server.db import open_reader, open_writer, transaction
from server.doctor import examine
from server.errors import DataFolderError
from server.migrations import _GUARDS, _TABLES, SCHEMA_VERSION, migrate, schema_version
from server.restore import restore
from server.services import open_services
from server.uploads import Chunk
from sync.digest import digest_of
from sync.statement import Statement, StatementKind, parse_statement

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path):
    connection = open_writer(tmp_path / "log.db")
    migrate(connection)
    yield connection
    connection.close()


def leaf(number: int) -> Statement:
    return Statement(StatementKind.FORM, f"sha256:{number:064x}", NOW)


def test_a_writer_runs_wal_and_full(connection):
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_database_that_cannot_do_wal_is_refused():
    connection = sqlite3.connect(":memory:", isolation_level=None)

    with pytest.raises(DataFolderError) as caught:
        db._prepare_writer(connection)

    assert caught.value.code == "journal_mode"
    connection.close()


def test_only_the_owner_can_read_the_database(connection, tmp_path):
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")

    for name in ("log.db", "log.db-wal", "log.db-shm"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "log.db"
    path.write_bytes(b"This is no database, but long enough to be taken for one." * 20)

    with pytest.raises(DataFolderError):
        open_writer(path)


def test_a_reader_cannot_write(connection, tmp_path):
    reader = open_reader(tmp_path / "log.db")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO meta VALUES ('a', 'b')")
    reader.close()


def test_there_is_no_reader_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataFolderError):
        open_reader(tmp_path / "nothing.db")


def test_leaves_are_numbered_from_nothing_without_gaps(connection):
    assert log.size(connection) == 0
    assert [log.append(connection, leaf(number)) for number in range(3)] == [0, 1, 2]
    assert log.size(connection) == 3


def test_a_transaction_that_fails_leaves_no_gap(connection):
    log.append(connection, leaf(0))
    with suppress(ZeroDivisionError), transaction(connection):
        log.append(connection, leaf(1))
        _ = 1 / 0

    assert log.append(connection, leaf(2)) == 1


def test_the_bytes_of_a_leaf_say_its_statement(connection):
    log.append(connection, leaf(7))

    row = connection.execute("SELECT * FROM leaf").fetchone()

    assert parse_statement(bytes(row["bytes"])) == leaf(7)
    assert (row["kind"], row["object"]) == ("form", leaf(7).object)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaf SET kind = 'x'",
        "DELETE FROM leaf",
        "UPDATE object SET bytes = x''",
        "DELETE FROM object",
        "INSERT INTO leaf VALUES (5, 'form', 'x', 'x', NULL, x'')",
    ],
)
def test_the_log_only_grows_and_has_no_gap(connection, statement):
    log.append(connection, leaf(0))
    log.add_object(connection, leaf(0).object, "form", b"{}")

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


def test_an_object_is_stored_once(connection):
    name = digest_of(b"one")
    for _ in range(2):
        log.add_object(connection, name, "form", b"one")

    assert log.read_object(connection, name) == b"one"
    assert log.repairs(connection) == 0


def test_a_new_file_has_the_version_of_this_program(connection):
    assert schema_version(connection) == SCHEMA_VERSION
    migrate(connection)
    assert schema_version(connection) == SCHEMA_VERSION


@pytest.fixture
def frames(device):
    """Revisions that each say another size of a file."""
    photo = {"name": "a.jpg", "type": "image/jpeg", "sha256": "ab" * 32}
    sizes = (4711, 12, 13)
    return [device.frame(device.revision({"photo": photo | {"size": size}})) for size in sizes]


@pytest.fixture
def old_folder(folder, services, frames):
    """A data folder as version 1 left it, with entries that name files; the last is damaged."""
    services.ingest.push(frames)
    services.close()
    path = folder.log_db
    current = path.with_name("current.db")
    path.rename(current)
    connection = open_writer(path)
    try:
        for statement in (*_TABLES.split(";"), *_GUARDS.split("|")):
            connection.execute(statement)
        fill_from(connection, current)
        connection.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, "
            "name TEXT, applied_at TEXT)"
        )
        connection.execute(
            "INSERT INTO _sqlite_migrations VALUES (1, 'tianbao-log', 'tables_of_version_1', '')"
        )
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'schema_version'")
        connection.execute("DROP TRIGGER object_stays")
        connection.execute("UPDATE object SET bytes = x'00' WHERE digest = ?", (frames[2].digest,))
        connection.execute(next(each for each in _GUARDS.split("|") if "object_stays" in each))
    finally:
        connection.close()
    current.unlink()
    return folder


def fill_from(connection, path):
    connection.execute("ATTACH ? AS current", (str(path),))
    names = [
        row["name"]
        for row in connection.execute(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    connection.execute("PRAGMA foreign_keys = OFF")
    for name in names:
        columns = ", ".join(
            row["name"] for row in connection.execute(f"PRAGMA main.table_info({name})")
        )
        connection.execute(f"INSERT INTO main.{name} SELECT {columns} FROM current.{name}")  # noqa: S608 - names of this program
    connection.execute("DETACH current")


def sizes_in(folder):
    with closing(open_reader(folder.log_db)) as connection:
        rows = connection.execute("SELECT size FROM attachment_use ORDER BY size")
        return schema_version(connection), [row["size"] for row in rows]


def test_a_data_folder_of_version_1_knows_at_once_what_sizes_its_files_have(old_folder, clock):
    with open_services(old_folder, clock) as services:
        assert services.store_chunk("north", Chunk("ab" * 32, 0, 4711, bytes(2000))) == 2000

    assert sizes_in(old_folder) == (SCHEMA_VERSION, [None, 12, 4711])


def test_a_size_that_a_damaged_revision_hid_is_known_once_it_comes_again(old_folder, clock, frames):
    with open_services(old_folder, clock) as services:
        services.ingest.push(frames)

    assert sizes_in(old_folder) == (SCHEMA_VERSION, [12, 13, 4711])


def test_a_backup_of_version_1_is_restored_and_brought_up_to_date(old_folder, clock, tmp_path):
    back_up(old_folder, tmp_path / "backup", NOW)

    restored = DataFolder(tmp_path / "new")
    restore(tmp_path / "backup", restored)
    with open_services(restored, clock):
        pass

    assert sizes_in(restored) == (SCHEMA_VERSION, [None, 12, 4711])


def test_a_backup_is_gone_on_with_after_the_tables_have_changed(old_folder, clock, tmp_path):
    back_up(old_folder, tmp_path / "backup", NOW)
    with open_services(old_folder, clock):
        pass
    back_up(old_folder, tmp_path / "backup", NOW)

    restored = DataFolder(tmp_path / "new")
    restore(tmp_path / "backup", restored)

    assert sizes_in(restored) == (SCHEMA_VERSION, [None, 12, 4711])


def test_the_doctor_looks_at_a_data_folder_of_version_1(old_folder):
    looked = examine(old_folder, None, NOW, may_mend=False)

    assert {finding.code for finding in looked.findings} == {"object_damaged", "audit_differs"}


def test_a_data_folder_of_a_newer_version_is_refused_with_the_reason(folder: DataFolder, clock):
    connection = open_writer(folder.log_db)
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    connection.close()

    with pytest.raises(DataFolderError) as caught:
        open_services(folder, clock)

    assert caught.value.code == "newer_schema"


def test_a_data_folder_without_its_keys_is_refused(folder: DataFolder, clock):
    folder.answer_key.unlink()

    with pytest.raises(DataFolderError) as caught:
        open_services(folder, clock)

    assert caught.value.code == "key_missing"


def test_keys_are_readable_by_the_owner_alone(folder: DataFolder):
    for path in (folder.answer_key, folder.log_key, folder.cookie_key, folder.log_db):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (folder.path, folder.keys, folder.blobs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_folder_without_data_is_refused_with_a_hint(tmp_path, clock):
    with pytest.raises(DataFolderError) as caught:
        open_services(DataFolder(tmp_path / "empty"), clock)

    assert "init" in caught.value.hint
