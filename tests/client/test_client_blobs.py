"""Attached files: copied in, flushed, read again."""

import errno
import hashlib
import io
import os

import pytest

from client.blobs import Blobs
from client.errors import InputError, NotFoundError, StorageError, StorageFullError


def test_a_kept_file_is_named_by_its_content(tmp_path):
    kept = Blobs(tmp_path).keep(io.BytesIO(b"photo"))

    assert kept.sha256 == hashlib.sha256(b"photo").hexdigest()
    assert kept.size == 5
    assert Blobs(tmp_path).path(kept.sha256).read_bytes() == b"photo"


def test_a_kept_file_is_for_its_owner_alone(tmp_path):
    kept = Blobs(tmp_path).keep(io.BytesIO(b"photo"))

    assert Blobs(tmp_path).path(kept.sha256).stat().st_mode & 0o077 == 0


def test_half_copies_of_a_crash_go_at_the_next_start(tmp_path):
    (tmp_path / "abc.part").write_bytes(b"half")

    Blobs(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_digest_reaches_no_file(tmp_path):
    (tmp_path / "secret").write_text("x")

    with pytest.raises(NotFoundError):
        Blobs(tmp_path / "blobs").path("../secret")


def test_a_file_whose_bytes_changed_is_found_out(tmp_path):
    blobs = Blobs(tmp_path)
    kept = blobs.keep(io.BytesIO(b"photo"))
    blobs.path(kept.sha256).write_bytes(b"phxto")

    with pytest.raises(StorageError, match="read back"):
        blobs.verify(kept.sha256, kept.size)


def test_a_file_is_read_part_by_part(tmp_path):
    blobs = Blobs(tmp_path)
    sha256 = blobs.keep(io.BytesIO(b"photo")).sha256

    assert [blobs.read(sha256, at, 3) for at in (0, 3, 5)] == [b"pho", b"to", b""]
    with pytest.raises(NotFoundError):
        blobs.read("0" * 64, 0, 3)


def test_a_file_of_another_size_is_found_out(tmp_path):
    blobs = Blobs(tmp_path)
    kept = blobs.keep(io.BytesIO(b"photo"))

    with pytest.raises(NotFoundError):
        blobs.verify(kept.sha256, 4)


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("client.blobs.LARGEST_FILE", 3)

    with pytest.raises(InputError):
        Blobs(tmp_path).keep(io.BytesIO(b"photo"))

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StorageFullError):
        Blobs(tmp_path).keep(io.BytesIO(b"photo"))

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_kept_again_while_it_is_being_sent_is_left_alone(tmp_path):
    blobs = Blobs(tmp_path)
    kept = blobs.keep(io.BytesIO(b"photo"))
    before = blobs.path(kept.sha256).stat().st_ino

    assert blobs.keep(io.BytesIO(b"photo")) == kept

    assert blobs.path(kept.sha256).stat().st_ino == before
    assert [file.name for file in tmp_path.iterdir()] == [kept.sha256]


def test_a_file_whose_bytes_changed_is_mended_by_attaching_it_again(tmp_path):
    blobs = Blobs(tmp_path)
    kept = blobs.keep(io.BytesIO(b"photo"))
    blobs.path(kept.sha256).write_bytes(b"phxto")

    blobs.keep(io.BytesIO(b"photo"))

    blobs.verify(kept.sha256, kept.size)
