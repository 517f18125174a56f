"""The database: settings read back, migrations, a full disk, a newer home."""

import sqlite3

import pytest

from client.db import Database, held_exclusively
from client.errors import DataVersionError, StorageError, StorageFullError
from client.migrations import MIGRATIONS
from client.settings import read_setting, write_setting


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "client.db")
    yield database
    database.close()


def keep(db, name, value):
    with db.transaction():
        write_setting(db, name, value)


def test_it_runs_in_truncate_and_full_mode(db):
    assert db.row("PRAGMA journal_mode")[0] == "truncate"
    assert db.row("PRAGMA synchronous")[0] == 2


def test_the_file_is_for_its_owner_alone(db, tmp_path):
    assert (tmp_path / "client.db").stat().st_mode & 0o077 == 0


def fail_after_writing(db):
    with db.transaction():
        with db.transaction():
            write_setting(db, "a", "2")
        raise ZeroDivisionError


def test_a_transaction_that_fails_leaves_nothing_of_inner_ones_either(db):
    keep(db, "a", "1")

    with pytest.raises(ZeroDivisionError):
        fail_after_writing(db)

    assert read_setting(db, "a") == "1"


def test_a_write_outside_a_transaction_is_refused(db):
    with pytest.raises(RuntimeError):
        write_setting(db, "a", "1")


def test_what_was_committed_reads_back_from_the_file(db):
    keep(db, "a", "1")

    assert db.reread("SELECT value FROM setting WHERE name = 'a'")["value"] == "1"


def test_a_second_opening_finds_the_same_schema(tmp_path):
    Database(tmp_path / "client.db").close()

    again = Database(tmp_path / "client.db")

    assert again.row("PRAGMA user_version")[0] == len(MIGRATIONS)
    again.close()


def test_a_home_of_a_newer_program_is_refused_untouched(tmp_path):
    path = tmp_path / "client.db"
    Database(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.close()
    before = path.read_bytes()

    with pytest.raises(DataVersionError, match="newer"):
        Database(path)

    assert path.read_bytes() == before


def test_an_older_home_is_migrated(tmp_path):
    path = tmp_path / "client.db"
    sqlite3.connect(path).close()

    database = Database(path)

    assert read_setting(database, "a") is None
    database.close()


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path):
    (tmp_path / "client.db").write_bytes(b"no database at all" * 100)

    with pytest.raises(StorageError):
        Database(tmp_path / "client.db")


def test_a_full_disk_is_told_and_everything_earlier_is_intact(db):
    keep(db, "a", "1")
    pages = db.row("PRAGMA page_count")[0]
    db.row(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageFullError, match="No space"):
        keep(db, "b", "x" * 100_000)

    assert read_setting(db, "a") == "1"
    assert read_setting(db, "b") is None
    db.row("PRAGMA max_page_count = 100000")
    keep(db, "b", "x" * 100_000)
    assert read_setting(db, "b") == "x" * 100_000


def test_a_lock_needs_no_room_on_a_full_disk(tmp_path):
    with held_exclusively(tmp_path / "lock", 0.0) as is_held:
        assert is_held
        assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("lock", 0)]
        with held_exclusively(tmp_path / "lock", 0.0) as is_held_again:
            assert not is_held_again


def test_heads_of_an_older_version_get_their_places_and_are_counted(tmp_path):
    raw = sqlite3.connect(tmp_path / "client.db")
    for statement in (each for version in MIGRATIONS[:3] for each in version):
        raw.execute(statement)
    raw.execute("PRAGMA user_version = 3")
    for number, digest in enumerate("ab"):
        raw.execute(
            "INSERT INTO revision (digest, content, signature, entry, form, definition, device, "
            "incarnation, sequence, operation, author, made_at, depth, name, is_own, state) "
            "VALUES (?, x'', x'', ?, 'visit', '', '', '', ?, 'put', '', '', 1, '', 1, 'saved')",
            (digest, f"entry {digest}", number),
        )
        raw.execute("INSERT INTO head VALUES (?, ?)", (f"entry {digest}", digest))
    raw.commit()
    raw.close()

    db = Database(tmp_path / "client.db")
    heads = db.rows("SELECT digest, place, form FROM head ORDER BY place")
    tally = db.row("SELECT form, heads FROM tally")
    db.close()

    assert [tuple(head) for head in heads] == [("a", 1, "visit"), ("b", 2, "visit")]
    assert tuple(tally) == ("visit", 2)
