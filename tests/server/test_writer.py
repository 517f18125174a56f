"""One thread writes; many jobs share a commit, and none can harm another."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db import open_writer
from server.errors import ConflictError, StorageError, StorageFullError
from server.writer import Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    connection = open_writer(path)
    connection.execute("CREATE TABLE note(text TEXT UNIQUE)")
    connection.close()
    return path


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(lambda: open_writer(path))
    yield writer
    writer.stop()


def note(text: str):
    return lambda connection: connection.execute("INSERT INTO note VALUES (?)", (text,)).lastrowid


def notes(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT text FROM note ORDER BY rowid")]
    connection.close()
    return found


def hold_back(writer: Writer) -> threading.Event:
    """Keep the writer busy until the event is set, so that the next jobs share a commit."""
    started, go_on = threading.Event(), threading.Event()

    def wait(_):
        started.set()
        go_on.wait(10)

    writer.submit(wait)
    started.wait(10)
    return go_on


def test_a_result_is_there_only_once_others_can_read_what_was_written(writer, path):
    assert writer.run(note("one")) == 1
    assert notes(path) == ["one"]


def test_jobs_that_wait_share_one_commit(writer, path):
    commits = []
    writer.run(note("first"))
    writer.on_commit(lambda: commits.append(1))
    go_on = hold_back(writer)
    futures = [writer.submit(note(str(number))) for number in range(50)]

    go_on.set()
    for future in futures:
        future.result(10)
    writer.run(lambda _: None)

    assert len(notes(path)) == 51
    assert len(commits) == 3


def test_a_job_that_raises_undoes_itself_and_no_other(writer, path):
    def fail(connection):
        note("half")(connection)
        raise ConflictError("No.")

    go_on = hold_back(writer)
    futures = [writer.submit(job) for job in (note("a"), fail, note("a"), note("b"))]
    go_on.set()

    assert futures[0].result(10) == 1
    with pytest.raises(ConflictError):
        futures[1].result(10)
    with pytest.raises(sqlite3.IntegrityError):
        futures[2].result(10)
    assert futures[3].result(10)
    assert notes(path) == ["a", "b"]


def test_a_full_disk_fails_every_job_of_the_commit_and_the_next_goes_through(writer, path):
    writer.run(note("before"))
    writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 3").fetchall())
    go_on = hold_back(writer)
    futures = [writer.submit(note("small")), writer.submit(note("x" * 100_000))]
    go_on.set()

    for future in futures:
        with pytest.raises(StorageFullError):
            future.result(10)
    assert notes(path) == ["before"]
    writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 9999").fetchall())
    writer.run(note("after"))
    assert notes(path) == ["before", "after"]


def test_a_connection_that_failed_is_opened_anew(path):
    opened = []

    def connect():
        opened.append(open_writer(path))
        return opened[-1]

    writer = Writer(connect)
    writer.run(note("before"))

    def break_down(connection):
        connection.execute("ROLLBACK")
        raise OSError("The disk is gone.")

    with pytest.raises(StorageError) as caught:
        writer.run(break_down)
    writer.run(note("after"))
    writer.stop()

    assert caught.value.code == "storage_failed"
    assert len(opened) == 2
    assert notes(path) == ["before", "after"]


def test_a_database_that_cannot_be_opened_fails_its_jobs_alone(path):
    doors = ["shut", "open"]

    def connect():
        if doors.pop(0) == "shut":
            raise StorageError("The disk is not there.")
        return open_writer(path)

    writer = Writer(connect)

    with pytest.raises(StorageError):
        writer.run(note("lost"))
    writer.run(note("kept"))
    writer.stop()

    assert notes(path) == ["kept"]


def test_what_follows_a_commit_may_fail_without_harm(writer, path):
    def fail():
        raise RuntimeError("No.")

    writer.on_commit(fail)
    writer.run(note("one"))
    writer.run(note("two"))

    assert notes(path) == ["one", "two"]


def test_stopping_does_what_is_queued_and_takes_no_more(path):
    writer = Writer(lambda: open_writer(path))
    go_on = hold_back(writer)
    futures = [writer.submit(note(str(number))) for number in range(5)]
    go_on.set()

    writer.stop()
    writer.stop()

    assert all(future.result(0) for future in futures)
    assert len(notes(path)) == 5
    with pytest.raises(StorageError):
        writer.run(note("late"))


def test_a_job_whose_caller_gave_up_does_not_stop_the_others(writer, path):
    go_on = hold_back(writer)
    given_up, kept = writer.submit(note("given up")), writer.submit(note("kept"))
    given_up.cancel()
    go_on.set()

    kept.result(10)
    assert "kept" in notes(path)
