"""Backups: made beside a running server, added to, checked, and made a data folder again."""

import errno
import json
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server import backup as backup_module
from server import log
from server import restore as restore_module
from server.admission import body_limits
from server.app import create_app
from server.backup import back_up
from server.blobs import blob_path
from server.commands import restore_folder
from server.config import DataFolder
from server.doctor import examine
from server.errors import ConflictError, DataFolderError, LockedError
from server.listener import Listener, bind
from server.lock import hold
from server.restore import restore
from server.services import open_services
from sync.digest import digest_of
from sync.statement import Statement, StatementKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def small_packs(monkeypatch):
    monkeypatch.setattr(backup_module, "PACK_LEAVES", 5)


@pytest.fixture
def push(http, device):
    """Hand in some revisions; return their frames."""

    def hand_in(count):
        frames = [device.frame() for _ in range(count)]
        http.push(device, *frames)
        return frames

    return hand_in


@pytest.fixture
def serving(http, clock):
    """Return what serves another folder over HTTP while a context lasts."""

    @contextmanager
    def serve(folder):
        with open_services(folder, clock) as services, closing(bind("127.0.0.1", 0)) as bound:
            app = create_app(services)
            listener = Listener(app, bound, threads=4, body_limit=body_limits(services))
            listener.start()
            yield type(http)(f"http://127.0.0.1:{listener.port}", services)
            listener.stop()

    return serve


def rows(path, table):
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a test's own name
    return sorted(found, key=repr)


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2"
        return connection.execute(query).fetchall()


def assert_same_log(one, other):
    assert tables(one) == tables(other)
    for kind, name, _ in tables(one):
        if kind == "table":
            assert rows(one, name) == rows(other, name), name


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_restored_log_is_the_log_to_the_last_row(folder, target, push, tmp_path, small_packs):
    push(13)
    made = back_up(folder, target, NOW)

    restored = restore(target, DataFolder(tmp_path / "new"))

    assert restored.leaves == made.leaves == made.new_leaves
    assert restored.findings == ()
    assert_same_log(folder.log_db, tmp_path / "new" / "log.db")
    for name in ("answer.key", "log.key", "cookie.key"):
        key = tmp_path / "new" / "keys" / name
        assert key.read_bytes() == (folder.keys / name).read_bytes()
        assert key.stat().st_mode & 0o777 == 0o600


def test_a_further_backup_writes_only_what_is_new(folder, target, push, tmp_path, small_packs):
    push(60)
    first = back_up(folder, target, NOW)
    before = files_of(target / "packs")
    push(2)

    second = back_up(folder, target, NOW)

    after = files_of(target / "packs")
    assert second.new_leaves == 2
    assert second.bytes_written < first.bytes_written / 2
    kept = before.keys() & after.keys()
    assert len(kept) >= len(before) - 1
    assert all(before[name] == after[name] for name in kept)
    restore(target, DataFolder(tmp_path / "new"))
    assert_same_log(folder.log_db, tmp_path / "new" / "log.db")


def test_a_backup_with_nothing_new_adds_no_leaves(folder, target, push):
    push(3)
    back_up(folder, target, NOW)
    packs = files_of(target / "packs")

    again = back_up(folder, target, NOW)

    assert again.new_leaves == 0
    assert files_of(target / "packs") == packs


def test_what_was_held_and_is_decided_later_is_decided_in_the_restored_log(
    target, http, device, push, tmp_path, small_packs
):
    services, folder = http.services, http.services.folder
    later = b'{"settings":{"form_id":"later","version":"1","form_title":{"en":"L"},"default_language":"en"},"survey":[{"type":"text","name":"title","label":{"en":"T"}}]}'
    held = device.frame(device.revision(form="later", definition=digest_of(later)))
    http.push(device, held)
    push(6)
    back_up(folder, target, NOW)
    services.publish(later)
    push(6)
    back_up(folder, target, NOW)

    restore(target, DataFolder(tmp_path / "new"))

    assert_same_log(folder.log_db, tmp_path / "new" / "log.db")


def test_a_backup_that_was_cut_short_leaves_the_one_before_it(
    folder, target, push, tmp_path, small_packs
):
    push(7)
    back_up(folder, target, NOW)
    kept = tmp_path / "as-it-was.db"
    with closing(sqlite3.connect(folder.log_db)) as connection:
        connection.execute("VACUUM INTO ?", (str(kept),))
    push(7)
    shutil.copytree(target, tmp_path / "after")
    back_up(folder, tmp_path / "after", NOW)
    for path in (tmp_path / "after").rglob("*"):  # all that was written, but the manifest
        place = target / path.relative_to(tmp_path / "after")
        if path.is_file() and not place.exists():
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, place)
    (target / "packs" / "new.part").write_bytes(b"half")

    restored = restore(target, DataFolder(tmp_path / "new"))

    assert restored.leaves < json.loads((tmp_path / "after/manifest.json").read_text())["size"]
    assert rows(kept, "leaf") == rows(tmp_path / "new" / "log.db", "leaf")
    assert back_up(folder, target, NOW).new_leaves > 0
    assert not (target / "packs" / "new.part").exists()


def test_the_server_goes_on_while_a_backup_reads(folder, target, services, push, monkeypatch):
    push(3)
    copy, seen = backup_module.write_state, []

    def write_state(*args):
        seen.append(services.log_size())
        push(1)
        done = copy(*args)
        push(1)
        return done

    monkeypatch.setattr(backup_module, "write_state", write_state)
    made = back_up(folder, target, NOW)

    assert made.leaves == seen[0] + 1
    assert services.log_size() == seen[0] + 2


@pytest.mark.parametrize("name", ["packs", "state", "keys", "manifest.json"])
def test_a_damaged_backup_is_refused_and_nothing_is_made(folder, target, push, tmp_path, name):
    push(3)
    back_up(folder, target, NOW)
    place = target / name
    path = place if place.is_file() else next(place.iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    new = tmp_path / "new"

    if name == "manifest.json":
        # A flipped bit that leaves the manifest readable is found by what it names.
        try:
            restore(target, DataFolder(new))
        except DataFolderError:
            pass
        else:
            assert_same_log(folder.log_db, new / "log.db")
        return
    with pytest.raises(DataFolderError) as refused:
        restore(target, DataFolder(new))

    assert refused.value.code == "bad_backup"
    assert path.name in refused.value.message
    assert not new.exists()


def test_a_restore_writes_over_nothing(folder, target, push, tmp_path):
    back_up(folder, target, NOW)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "notes.txt").write_text("mine")

    with pytest.raises(ConflictError):
        restore(target, DataFolder(tmp_path / "new"))

    assert [path.name for path in (tmp_path / "new").iterdir()] == ["notes.txt"]


def test_where_there_is_no_backup_that_is_said(tmp_path):
    with pytest.raises(DataFolderError) as refused:
        restore(tmp_path / "nothing", DataFolder(tmp_path / "new"))

    assert refused.value.code == "no_backup"


def test_a_server_that_came_back_older_does_not_write_over_the_newer_backup(
    folder, target, push, tmp_path, clock
):
    push(3)
    back_up(folder, target, NOW)
    old = tmp_path / "old"
    restore(target, DataFolder(old))
    push(3)
    back_up(folder, target, NOW)

    with pytest.raises(ConflictError) as refused:
        back_up(DataFolder(old), target, NOW)

    assert refused.value.code == "other_backup"


def test_a_folder_with_other_files_takes_no_backup(folder, target, tmp_path):
    target.mkdir()
    (target / "notes.txt").write_text("mine")

    with pytest.raises(ConflictError):
        back_up(folder, target, NOW)
    for place in (folder.path / "backup", folder.path, folder.path.parent):
        with pytest.raises(ConflictError):
            back_up(folder, place, NOW)


def test_two_backups_into_one_folder_do_not_meet(folder, target):
    back_up(folder, target, NOW)

    with hold(target / "lock"), pytest.raises(LockedError):
        back_up(folder, target, NOW)


def test_attached_files_are_copied_once_and_those_that_are_damaged_are_named(
    folder, target, services, push, tmp_path
):
    push(1)
    names = [_attach(folder, services, content) for content in (b"one", b"two", b"three")]
    blob_path(folder, names[1]).write_bytes(b"tvo")
    blob_path(folder, names[2]).unlink()

    first = back_up(folder, target, NOW)
    blob_path(folder, names[1]).write_bytes(b"two")
    second = back_up(folder, target, NOW)
    restored = restore(target, DataFolder(tmp_path / "new"))

    assert (first.new_attachments, first.damaged) == (1, (names[1], names[2]))
    assert (second.new_attachments, second.damaged) == (1, (names[2],))
    assert (restored.attachments, restored.missing_attachments) == (2, (names[2],))
    assert blob_path(DataFolder(tmp_path / "new"), names[0]).read_bytes() == b"one"


def test_a_damaged_object_is_named_and_does_not_replace_an_older_good_copy(
    folder, target, push, tmp_path, damage_object
):
    (frame, *_) = push(3)
    back_up(folder, target, NOW)
    damage_object(frame.digest)
    push(2)

    made = back_up(folder, target, NOW)
    restored = restore(target, DataFolder(tmp_path / "new"))

    assert made.damaged == ()
    assert restored.findings == ()
    with closing(sqlite3.connect(tmp_path / "new" / "log.db")) as connection:
        query = "SELECT bytes FROM object WHERE digest = ?"
        assert connection.execute(query, (frame.digest,)).fetchone()[0] == frame.payload


def test_an_object_that_was_damaged_from_the_first_is_told_by_backup_and_restore(
    folder, target, push, tmp_path, damage_object
):
    (frame,) = push(1)
    damage_object(frame.digest)

    made = back_up(folder, target, NOW)
    restored = restore(target, DataFolder(tmp_path / "new"))

    assert made.damaged == (frame.digest,)
    assert [(found.code, found.subject) for found in restored.findings] == [
        ("object_damaged", frame.digest)
    ]


def test_the_restored_folder_serves_and_takes_the_rest_again(folder, target, push, tmp_path, clock):
    push(2)
    back_up(folder, target, NOW)
    later = push(2)
    restore(target, DataFolder(tmp_path / "new"))

    with open_services(DataFolder(tmp_path / "new"), clock) as services:
        outcome = services.ingest.push(later)
        again = services.ingest.push(later)

    assert [result.state.value for result in outcome.results] == ["logged", "logged"]
    assert again.results == outcome.results


def test_a_device_that_saw_more_is_told_so_hands_in_again_and_reads_on(
    http, push, tmp_path, device, serving, clock
):
    target = tmp_path / "backup"
    push(2)
    back_up(http.services.folder, target, NOW)
    later = push(3)
    seen = http.pull(device).answer
    restore(target, DataFolder(tmp_path / "new"))
    clock.pass_by(timedelta(minutes=5))
    since = f"/v1/changes?after={seen.next}&leaf={seen.leaf.removeprefix('sha256:')}"

    with serving(DataFolder(tmp_path / "new")) as restored:
        told = restored.call(device, "GET", since)
        taken = restored.push(device, *later)
        stranger = device.frame()
        restored.push(device, stranger)
        still = restored.call(device, "GET", since)
        anew = restored.pull(device)

    assert (told.status, told.answer.code) == (409, "log_changed")
    assert {result.state.value for result in taken.answer.results} == {"logged"}
    assert (still.status, still.answer.code) == (409, "log_changed")
    assert anew.answer.log_size == seen.log_size + 1


def _attach(folder, services, content):
    sha256 = digest_of(content).removeprefix("sha256:")
    blob_path(folder, sha256).parent.mkdir(exist_ok=True)
    blob_path(folder, sha256).write_bytes(content)

    def note(connection):
        index = connection.execute("SELECT max(idx) + 1 FROM leaf").fetchone()[0]
        connection.execute(
            "INSERT INTO attachment VALUES (?, ?, 'image/png', ?, '2026-11-22T09:00:00.000Z')",
            (sha256, len(content), index),
        )
        name = f"sha256:{sha256}"
        log.append(connection, Statement(StatementKind.ATTACHMENT, name, NOW))

    services.writer.run(note)
    return sha256


def rot(path):
    """Change one bit near the end of a file."""
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


def test_a_pack_that_rots_in_the_backup_is_written_anew_while_the_server_has_it(
    folder, target, push, tmp_path, small_packs
):
    push(20)
    back_up(folder, target, NOW)
    rot(sorted((target / "packs").iterdir())[1])
    push(8)

    made = back_up(folder, target, NOW)

    assert [name.startswith("packs/") for name in made.renewed] == [True]
    assert made.damaged == ()
    restore(target, DataFolder(tmp_path / "new"))
    assert_same_log(folder.log_db, tmp_path / "new" / "log.db")


def test_an_object_that_rots_on_the_server_and_in_the_backup_is_told(
    folder, target, push, damage_object, small_packs
):
    frames = push(20)
    back_up(folder, target, NOW)
    for path in (target / "packs").iterdir():
        rot(path)
    damage_object(frames[3].digest)

    assert back_up(folder, target, NOW).damaged == (frames[3].digest,)


@pytest.fixture
def photo(folder, services):
    """Return the name of an attached file of the log."""
    content = b"photo" * 1000
    sha256 = digest_of(content).removeprefix("sha256:")
    blob_path(folder, sha256).parent.mkdir(exist_ok=True)
    blob_path(folder, sha256).write_bytes(content)

    def note(connection):
        index = log.append(connection, Statement(StatementKind.ATTACHMENT, f"sha256:{sha256}", NOW))
        values = (sha256, len(content), index)
        connection.execute("INSERT INTO attachment VALUES (?, ?, 'image/png', ?, '')", values)

    services.writer.run(note)
    return sha256


def test_an_attached_file_that_rots_in_the_backup_is_copied_anew_within_eleven_backups(
    folder, target, photo
):
    back_up(folder, target, NOW)
    copy = target / "blobs" / photo[:2] / photo
    rot(copy)

    made = [back_up(folder, target, NOW + timedelta(days=day)).renewed for day in range(11)]

    assert sorted(made)[-2:] == [(), (f"blobs/{photo}",)]
    assert copy.read_bytes() == blob_path(folder, photo).read_bytes()


@pytest.fixture
def unreadable(monkeypatch):
    """Return what lets the disk fail wherever a file is read."""
    bad = set()
    real = Path.open

    def open_file(path, mode="r", *rest, **more):
        file = real(path, mode, *rest, **more)
        if path not in bad:
            return file
        return closing_failure(file)

    monkeypatch.setattr(Path, "open", open_file)
    return bad.add


@contextmanager
def closing_failure(file):
    class Failing:
        def read(self, _):
            raise OSError(errno.EIO, "Input/output error")

    with file:
        yield Failing()


def test_a_bad_sector_under_an_attached_file_stops_no_backup(folder, target, photo, unreadable):
    unreadable(blob_path(folder, photo))

    made = back_up(folder, target, NOW)

    assert (made.damaged, made.attachments) == ((photo,), 1)
    assert not list((target / "blobs").rglob("*.part"))


def test_a_bad_sector_under_a_file_of_the_backup_stops_no_restore(
    folder, target, photo, unreadable, tmp_path
):
    back_up(folder, target, NOW)
    unreadable(target / "blobs" / photo[:2] / photo)

    assert restore(target, DataFolder(tmp_path / "new")).missing_attachments == (photo,)


def test_a_bad_sector_under_an_attached_file_is_told_by_the_doctor(folder, photo, unreadable):
    unreadable(blob_path(folder, photo))

    found = examine(folder, None, NOW, may_mend=False).findings

    assert ("attachment_damaged", photo) in {(each.code, each.subject) for each in found}


def test_a_copy_that_does_not_read_back_is_not_taken(folder, target, photo, monkeypatch):
    real = os.fsync

    def flush_to_a_bad_disk(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == f"{photo}.part":
            os.pwrite(descriptor, b"?", 0)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", flush_to_a_bad_disk)

    assert back_up(folder, target, NOW).damaged == (photo,)
    assert not (target / "blobs" / photo[:2] / photo).exists()


def change_in(pack, old, new):
    """Change bytes of a pack that stand in it once."""
    content = pack.read_bytes()
    assert content.count(old) == 1
    pack.write_bytes(content.replace(old, new))


def test_a_damaged_backup_is_restored_as_far_as_it_is_intact_if_that_is_asked_for(
    folder, target, push, tmp_path
):
    frames = push(6)
    back_up(folder, target, NOW)
    (pack,) = (target / "packs").iterdir()
    change_in(pack, frames[3].payload[:300], b"X" + frames[3].payload[1:300])
    new = DataFolder(tmp_path / "new")

    with pytest.raises(DataFolderError) as caught:
        restore(target, new)
    done = restore(target, new, takes_damaged=True)

    assert "--damaged" in caught.value.hint
    assert {(each.code, each.subject) for each in done.findings} == {
        ("backup_damaged", f"packs/{pack.name}"),
        ("object_damaged", frames[3].digest),
    }
    assert rows(new.log_db, "leaf") == rows(folder.log_db, "leaf")


def test_what_a_damaged_backup_lacks_comes_back_from_a_device_that_has_it(
    folder, target, push, tmp_path, serving, device
):
    frames = push(6)
    back_up(folder, target, NOW)
    (pack,) = (target / "packs").iterdir()
    change_in(pack, frames[3].payload[:300], b"X" + frames[3].payload[1:300])
    new = DataFolder(tmp_path / "new")
    restore_folder(target, new, takes_damaged=True)

    with serving(new) as http:
        http.push(device, *frames)

    assert examine(new, None, NOW, may_mend=True).is_sound


def test_a_backup_with_a_damaged_leaf_is_never_made_a_log(folder, target, push, tmp_path):
    push(3)
    back_up(folder, target, NOW)
    (pack,) = (target / "packs").iterdir()
    last = rows(folder.log_db, "leaf")[-1]
    change_in(pack, bytes(last[5]), bytes(last[5]).replace(b"revision", b"rewision"))

    with pytest.raises(DataFolderError) as caught:
        restore(target, DataFolder(tmp_path / "new"), takes_damaged=True)

    assert caught.value.code == "bad_backup"
    assert not (tmp_path / "new" / "log.db").exists()


@pytest.fixture
def of_all_kinds(folder, target, push, photo):
    """Make a backup that holds revisions and an attached file."""
    push(3)
    back_up(folder, target, NOW)


@pytest.mark.usefixtures("of_all_kinds")
@pytest.mark.parametrize("step", ["_make_log", "write_private", "_check"])
def test_a_restore_that_was_cut_short_is_made_anew_in_the_same_place(
    folder, target, tmp_path, monkeypatch, step
):
    new = DataFolder(tmp_path / "new")

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cutting:
        cutting.setattr(restore_module, step, cut)
        with pytest.raises(KeyboardInterrupt):
            restore(target, new)
    assert not new.log_db.exists()
    restore(target, new)

    assert_same_log(folder.log_db, new.log_db)
    assert not list(new.path.glob("log.db.part*"))


def test_a_place_where_another_process_is_at_work_is_left_alone(folder, target, tmp_path):
    back_up(folder, target, NOW)
    new = DataFolder(tmp_path / "new")
    new.make()

    with hold(new.lock), pytest.raises(LockedError):
        restore(target, new)

    restore(target, new)


@pytest.mark.parametrize("name", ["keys/answer.key", "notes.txt", "log.db", "blobs/incoming/x"])
def test_a_file_of_somebody_else_is_no_leftover(folder, target, tmp_path, name):
    back_up(folder, target, NOW)
    new = DataFolder(tmp_path / "new")
    new.make()
    (new.path / name).write_bytes(b"mine")

    with pytest.raises(ConflictError):
        restore(target, new)

    assert (new.path / name).read_bytes() == b"mine"
