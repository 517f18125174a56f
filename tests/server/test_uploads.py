"""Files that come in chunks: what is on the disk after a crash, an error, or two senders at once."""

import errno
import hashlib
import os
import resource
import shutil
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from server.blobs import Blobs
from server.config import DataFolder
from server.errors import ConflictError, RequestError, StorageError, StorageFullError, TooLargeError
from server.uploads import KEPT_FOR, MAX_SIZE, Chunk, Uploads, part_name

CONTENT = bytes(range(256)) * 200
NAME = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)
CHUNK = 10_000
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "data")


def open_uploads(folder):
    """Return the uploads as a server has them that was just started."""
    return Uploads(folder, Blobs(folder))


@pytest.fixture
def uploads(folder):
    return open_uploads(folder)


def chunk(offset, end=None, content=CONTENT, name=NAME):
    return Chunk(
        name, offset, len(content), content[offset : offset + CHUNK if end is None else end]
    )


def send_rest(uploads):
    offset = uploads.offset(NAME, SIZE)
    while offset < SIZE:
        offset = uploads.add(chunk(offset))
    return offset


def part(folder):
    return folder.incoming / f"{part_name(NAME, SIZE, '')}.part"


def chunks(folder):
    return folder.incoming / f"{part_name(NAME, SIZE, '')}.chunks"


def stored(folder):
    return (folder.blobs / NAME[:2] / NAME).read_bytes()


def test_a_file_of_many_chunks_stands_under_its_name_and_nothing_is_left(uploads, folder):
    assert send_rest(uploads) == SIZE
    assert stored(folder) == CONTENT
    assert list(folder.incoming.iterdir()) == []


def test_files_on_their_way_are_readable_by_the_owner_alone(uploads, folder):
    uploads.add(chunk(0))

    assert {path.stat().st_mode & 0o777 for path in folder.incoming.iterdir()} == {0o600}


@pytest.mark.parametrize("content", [b"", b"x", bytes(CHUNK)])
def test_a_file_of_one_chunk_is_whole_at_once(uploads, folder, content):
    name = hashlib.sha256(content).hexdigest()

    assert uploads.add(Chunk(name, 0, len(content), content)) == len(content)
    assert (folder.blobs / name[:2] / name).read_bytes() == content


def test_a_restarted_server_goes_on_where_the_last_answer_was(uploads, folder):
    uploads.add(chunk(0))
    uploads.add(chunk(CHUNK))

    again = open_uploads(folder)

    assert again.offset(NAME, SIZE) == 2 * CHUNK
    send_rest(again)
    assert stored(folder) == CONTENT


@pytest.mark.parametrize("kept", range(0, 41, 8))
def test_a_record_that_the_power_cut_short_does_not_count(uploads, folder, kept):
    uploads.add(chunk(0))
    uploads.add(chunk(CHUNK))
    os.truncate(chunks(folder), 40 + kept)

    again = open_uploads(folder)

    assert again.offset(NAME, SIZE) == (2 * CHUNK if kept == 40 else CHUNK)
    send_rest(again)
    assert stored(folder) == CONTENT


@pytest.mark.parametrize("written", [0, 1, CHUNK // 2, CHUNK])
def test_bytes_without_a_record_do_not_count(uploads, folder, written):
    uploads.add(chunk(0))
    with part(folder).open("ab") as file:
        file.write(b"?" * written)

    again = open_uploads(folder)

    assert again.offset(NAME, SIZE) == CHUNK
    send_rest(again)
    assert stored(folder) == CONTENT


@pytest.mark.parametrize("damage", ["zeros", "cut", "bytes", "gone"])
def test_a_record_that_the_bytes_do_not_bear_out_does_not_count(uploads, folder, damage):
    uploads.add(chunk(0))
    uploads.add(chunk(CHUNK))
    if damage == "zeros":
        chunks(folder).write_bytes(chunks(folder).read_bytes()[:40] + bytes(40))
    elif damage == "cut":
        os.truncate(part(folder), CHUNK + 1)
    elif damage == "bytes":
        part(folder).write_bytes(CONTENT[:CHUNK] + bytes(CHUNK))
    else:
        part(folder).unlink()

    again = open_uploads(folder)

    assert again.offset(NAME, SIZE) == (0 if damage == "gone" else CHUNK)
    send_rest(again)
    assert stored(folder) == CONTENT


def test_a_chunk_below_the_offset_is_not_written(uploads, folder):
    uploads.add(chunk(0))
    uploads.add(chunk(CHUNK))
    lie = Chunk(NAME, 0, SIZE, bytes(CHUNK))

    assert uploads.add(lie) == 2 * CHUNK
    assert part(folder).read_bytes() == CONTENT[: 2 * CHUNK]


def test_a_gap_is_refused(uploads):
    uploads.add(chunk(0))

    with pytest.raises(ConflictError) as caught:
        uploads.add(chunk(CHUNK + 1))

    assert caught.value.code == "offset"
    assert uploads.offset(NAME, SIZE) == CHUNK


def test_a_whole_that_is_not_the_name_is_dropped_and_sent_anew(uploads, folder):
    uploads.add(Chunk(NAME, 0, SIZE, bytes(CHUNK)))

    with pytest.raises(ConflictError) as caught:
        send_rest(uploads)

    assert caught.value.code == "bad_digest"
    assert list(folder.incoming.iterdir()) == []
    send_rest(uploads)
    assert stored(folder) == CONTENT


def test_a_size_that_was_wrong_before_does_not_stand_in_the_way(uploads, folder):
    uploads.add(Chunk(NAME, 0, 10 * SIZE, bytes(2 * SIZE)))

    uploads.add(chunk(0))
    send_rest(uploads)

    assert stored(folder) == CONTENT


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Chunk(NAME, 0, MAX_SIZE + 1, bytes(CHUNK)), TooLargeError),
        (Chunk(NAME, 0, SIZE * 100, bytes(1024 * 1024 + 1)), TooLargeError),
        (Chunk(NAME, SIZE, SIZE, b"?"), RequestError),
        (Chunk(NAME, 0, SIZE, b"a few"), RequestError),
        (Chunk(NAME, 0, SIZE, b""), RequestError),
    ],
)
def test_what_no_file_is_made_of_is_refused(uploads, folder, bad, error):
    with pytest.raises(error):
        uploads.add(bad)

    assert list(folder.incoming.iterdir()) == []


@contextmanager
def files_of_at_most(size):
    """Let every write fail beyond so many bytes of a file, just as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_disk_that_fills_up_keeps_the_offset_and_takes_the_rest_later(uploads, folder):
    uploads.add(chunk(0))
    with files_of_at_most(CHUNK + 100), pytest.raises(StorageFullError):
        uploads.add(chunk(CHUNK))

    assert uploads.offset(NAME, SIZE) == CHUNK
    assert open_uploads(folder).offset(NAME, SIZE) == CHUNK
    send_rest(uploads)
    assert stored(folder) == CONTENT


def test_no_state_that_a_loss_of_power_may_leave_has_less_than_was_answered(uploads, folder):
    """The part may have any of the later bytes, the list of chunks any of its later ones."""
    uploads.add(chunk(0))
    before = {path: path.read_bytes() for path in folder.incoming.iterdir()}
    uploads.add(chunk(CHUNK))
    after = {path: path.read_bytes() for path in before}

    for grown in (0, 1, 512, CHUNK // 2, CHUNK):
        for recorded in (0, 1, 8, 39, 40):
            _restore(part(folder), before, after, grown)
            _restore(chunks(folder), before, after, recorded)
            offset = open_uploads(folder).offset(NAME, SIZE)
            assert offset == (2 * CHUNK if (grown, recorded) == (CHUNK, 40) else CHUNK)


def _restore(path, before, after, grown):
    old = len(before[path])
    lost = bytes(len(after[path]) - old - grown)
    path.write_bytes(after[path][: old + grown] + lost)


def test_parts_that_nobody_goes_on_with_are_deleted_after_a_month(uploads, folder):
    uploads.add(chunk(0))
    (folder.incoming / "half").write_bytes(b"of an older program")
    now = datetime.now(UTC)

    open_uploads(folder).sweep(now + KEPT_FOR - timedelta(minutes=1))
    assert {path.suffix for path in folder.incoming.iterdir()} == {".part", ".chunks"}

    open_uploads(folder).sweep(now + KEPT_FOR + timedelta(minutes=1))
    assert list(folder.incoming.iterdir()) == []


def test_records_without_a_part_are_deleted(uploads, folder):
    uploads.add(chunk(0))
    part(folder).unlink()

    uploads.sweep(datetime.now(UTC))

    assert list(folder.incoming.iterdir()) == []


def test_what_another_unit_says_of_a_file_touches_nothing_of_its_part(uploads, folder):
    uploads.add(chunk(0))
    uploads.add(Chunk(NAME, 0, SIZE, bytes(3 * CHUNK), "south"))
    with pytest.raises(ConflictError):
        uploads.add(Chunk(NAME, 0, 1, b"x", "south"))
    with pytest.raises(ConflictError):
        uploads.add(Chunk(NAME, 0, 1, b"x"))

    assert uploads.offset(NAME, SIZE) == CHUNK
    assert open_uploads(folder).offset(NAME, SIZE) == CHUNK
    send_rest(uploads)
    assert stored(folder) == CONTENT
    assert list(folder.incoming.iterdir()) == []


def test_a_record_that_could_not_be_flushed_is_not_believed_because_it_can_be_read(
    uploads, folder, monkeypatch
):
    flushed = []

    def fail_at_the_record(descriptor):
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail_at_the_record)
        broken.setattr(os, "truncate", fail_at_truncating)
        with pytest.raises(StorageError):
            uploads.add(chunk(0))

    assert chunks(folder).stat().st_size > 0
    assert uploads.offset(NAME, SIZE) == 0
    send_rest(uploads)
    assert stored(folder) == CONTENT


def test_a_record_that_could_not_be_flushed_is_taken_away_before_the_next_start(
    uploads, folder, monkeypatch
):
    uploads.add(chunk(0))
    flushed = []

    def fail_at_the_record(descriptor):
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail_at_the_record)
        with pytest.raises(StorageError):
            uploads.add(chunk(CHUNK))

    assert open_uploads(folder).offset(NAME, SIZE) == CHUNK


def fail_at_truncating(*_):
    raise OSError(errno.EIO, "Input/output error")


def test_a_file_that_was_lost_later_is_taken_again(uploads, folder):
    send_rest(uploads)
    shutil.rmtree(folder.blobs / NAME[:2])

    send_rest(uploads)

    assert stored(folder) == CONTENT
