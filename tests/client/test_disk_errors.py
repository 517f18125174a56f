"""A disk that fails in the middle: nothing saved is lost, nothing is saved twice, nothing half is sent."""

import errno
import sqlite3
import threading

import pytest

from client import journal
from client.errors import StorageError, StorageFullError
from client.revisions import Revisions
from client.services import open_services
from client.settings import read_setting, write_setting
from sync.frames import Frame, scan_frames

DEADLINE = 10


class Failing:
    """A connection whose disk fails at one statement: instead of it, or after it was carried out."""

    def __init__(self, connection, begins, *, carries_out=False):
        self._connection = connection
        self._begins = begins
        self._carries_out = carries_out

    def execute(self, sql, values=()):
        if not sql.startswith(self._begins):
            return self._connection.execute(sql, values)
        if self._carries_out:
            self._connection.execute(sql, values)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    def __getattr__(self, name):
        return getattr(self._connection, name)


def break_disk(db, begins, **kwargs):
    db._writer = Failing(db._writer, begins, **kwargs)


def fill(services, title="第一次"):
    draft = services.filling.open_blank("visit", "zh-CN")
    services.filling.answer(draft, "title", title, "zh-CN")
    services.filling.save_changed()
    return draft


def draft_on_disk(services, draft):
    return services.db.reread("SELECT * FROM draft WHERE entry = ?", (draft,))


def revisions_on_disk(services):
    return services.db.reread("SELECT count(*) FROM revision")[0]


def refuse_once(monkeypatch, method, error):
    """Let a method of the revisions fail the first time."""
    real = getattr(Revisions, method)
    calls = []

    def refusing(self, digest):
        calls.append(digest)
        if len(calls) == 1:
            raise error
        return real(self, digest)

    monkeypatch.setattr(Revisions, method, refusing)


def test_a_commit_that_failed_after_the_disk_had_it_is_told_as_saved(services):
    draft = fill(services)
    break_disk(services.db, "COMMIT", carries_out=True)

    saved = services.finalize(draft)

    assert saved["state"] == "saved"
    assert revisions_on_disk(services) == 1
    assert draft_on_disk(services, draft) is None


def test_a_commit_that_failed_before_the_disk_had_it_keeps_the_draft(services):
    draft = fill(services)
    break_disk(services.db, "COMMIT")

    with pytest.raises(StorageError):
        services.finalize(draft)

    assert revisions_on_disk(services) == 0
    assert draft_on_disk(services, draft) is not None
    assert services.finalize(draft)["state"] == "saved"


def test_finalizing_again_after_a_commit_nobody_could_look_up_does_not_double_the_entry(
    services, office, monkeypatch
):
    draft = fill(services)
    refuse_once(monkeypatch, "has", StorageError("the disk is away"))
    break_disk(services.db, "COMMIT", carries_out=True)
    with pytest.raises(StorageError):
        services.finalize(draft)
    services.filling.save_changed()

    again = services.finalize(draft)
    services.rounds.run()

    assert again["state"] == "saved"
    assert len(office.revisions) == 1
    assert services.status()["drafts"] == 0


def test_what_was_corrected_after_such_a_commit_follows_the_first_revision(services, monkeypatch):
    draft = fill(services)
    refuse_once(monkeypatch, "has", StorageError("the disk is away"))
    break_disk(services.db, "COMMIT", carries_out=True)
    with pytest.raises(StorageError):
        services.finalize(draft)
    first = services.db.row("SELECT digest FROM revision")["digest"]

    services.filling.answer(draft, "title", "第二次", "zh-CN")
    second = services.replica.revision(services.finalize(draft)["revision"])

    assert second.parents == (first,)
    assert services.entry(draft)["answers"]["title"] == "第二次"
    assert services.status()["drafts"] == 0


def test_a_revision_that_does_not_read_back_leaves_the_draft_on_the_disk(services, monkeypatch):
    draft = fill(services)
    refuse_once(monkeypatch, "check", StorageError("other bytes"))

    with pytest.raises(StorageError):
        services.finalize(draft)

    assert "第一次" in services.entry(draft)["answers"]["title"]
    assert draft_on_disk(services, draft) is not None
    assert revisions_on_disk(services) == 0


def test_a_revision_that_is_still_to_be_read_again_is_seen_by_nobody(services, monkeypatch):
    draft = fill(services)
    seen = []
    looking = threading.Thread(
        target=lambda: seen.extend(services.db.rows("SELECT digest FROM revision"))
    )

    def refuse(self, digest):
        looking.start()
        looking.join(0.3)  # as long as anybody would have needed
        raise StorageError("other bytes")

    monkeypatch.setattr(Revisions, "check", refuse)
    with pytest.raises(StorageError):
        services.finalize(draft)

    looking.join(DEADLINE)
    assert seen == []


def test_after_a_read_that_failed_at_the_disk_the_file_is_opened_anew(services):
    break_disk(services.db, "SELECT value FROM setting")
    with pytest.raises(StorageError):
        read_setting(services.db, "a")

    with services.db.transaction():
        write_setting(services.db, "a", "1")

    assert not isinstance(services.db._writer, Failing)
    assert read_setting(services.db, "a") == "1"


def test_a_file_that_could_not_be_opened_anew_is_opened_when_the_disk_is_back(
    services, monkeypatch
):
    break_disk(services.db, "SELECT value FROM setting")
    with pytest.raises(StorageError):
        read_setting(services.db, "a")
    with monkeypatch.context() as patch:
        patch.setattr("client.db._connect", lambda _: sqlite3.connect("/nowhere/at/all.db"))
        with pytest.raises(StorageError):
            read_setting(services.db, "a")

    assert read_setting(services.db, "a") is None


def frames_of(home):
    return [
        each.digest if isinstance(each, Frame) else each
        for path in sorted((home / "journal").glob("*.tbj"))
        for each in scan_frames(path.read_bytes())
    ]


def break_journal(monkeypatch, name, error, *, carries_out=0):
    """Let the journal's disk fail once, after so many bytes were written."""
    real = getattr(journal, name)
    calls = []

    def failing(*args):
        calls.append(args)
        if len(calls) > 1:
            return real(*args)
        if name == "_write":
            real(args[0], args[1], args[2][:carries_out])
        elif carries_out:
            real(*args)
        raise error

    monkeypatch.setattr(journal, name, failing)


@pytest.mark.parametrize("written", [0, 1, 100, 10_000])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_journal_that_cannot_be_written_keeps_the_draft_and_no_part_of_the_frame(
    services, home, monkeypatch, written, code
):
    first = services.finalize(fill(services, "零"))["revision"]
    draft = fill(services)
    break_journal(monkeypatch, "_write", OSError(code, "no"), carries_out=written)

    with pytest.raises(StorageError) as caught:
        services.finalize(draft)

    assert isinstance(caught.value, StorageFullError) == (code == errno.ENOSPC)
    assert frames_of(home) == [first]
    assert revisions_on_disk(services) == 1
    assert draft_on_disk(services, draft) is not None
    second = services.finalize(draft)["revision"]
    assert frames_of(home) == [first, second]


@pytest.mark.parametrize("carries_out", [0, 1])
def test_a_flush_of_the_journal_that_failed_is_not_believed(
    services, home, monkeypatch, carries_out
):
    draft = fill(services)
    break_journal(monkeypatch, "flush", OSError(errno.EIO, "no"), carries_out=carries_out)

    with pytest.raises(StorageError):
        services.finalize(draft)

    assert frames_of(home) == []
    assert revisions_on_disk(services) == 0
    saved = services.finalize(draft)["revision"]
    assert frames_of(home) == [saved]


def test_a_commit_that_failed_takes_the_frame_back(services, home):
    draft = fill(services)
    break_disk(services.db, "COMMIT")

    with pytest.raises(StorageError):
        services.finalize(draft)

    assert frames_of(home) == []
    saved = services.finalize(draft)["revision"]
    assert frames_of(home) == [saved]


def test_a_start_on_a_full_disk_shows_everything_and_saves_when_there_is_room(
    enrolled_home, monkeypatch
):
    with open_services(enrolled_home) as services:
        saved = services.finalize(fill(services, "零"))
    [segment] = (enrolled_home / "journal").glob("*.tbj")
    damaged = bytearray(segment.read_bytes())
    damaged[100] ^= 1
    segment.write_bytes(damaged)

    def full(*_):
        raise OSError(errno.ENOSPC, "no")

    with monkeypatch.context() as patch:
        patch.setattr("client.durable.flush", full)
        with open_services(enrolled_home) as services:
            assert services.entry(saved["entry"])["answers"]["title"] == "零"
            with pytest.raises(StorageFullError):
                services.finalize(fill(services))
            patch.undo()
            draft = services.filling.open_blank("visit", "zh-CN")
            services.filling.answer(draft, "title", "二", "zh-CN")
            second = services.finalize(draft)["revision"]

    assert frames_of(enrolled_home) == [saved["revision"], second]
