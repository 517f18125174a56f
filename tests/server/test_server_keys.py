"""The server's keys: made once, whole or not at all."""

import resource
import secrets
import signal
from contextlib import contextmanager

import pytest

from server.config import DataFolder, write_private
from server.errors import DataFolderError
from server.keys import make_keys, open_keys


@contextmanager
def disk_fails_within_a_file():
    """A limit on the size of files breaks a write off half way, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def blank(tmp_path):
    made = DataFolder(tmp_path / "blank")
    made.make()
    return made


def test_a_key_that_was_broken_off_half_way_is_made_whole_by_the_next_try(blank):
    with disk_fails_within_a_file(), pytest.raises(OSError, match="too large"):
        make_keys(blank, secrets.token_bytes)
    assert not blank.answer_key.exists()

    make_keys(blank, secrets.token_bytes)

    keys = open_keys(blank)
    assert keys.answer.public != keys.log.public
    assert sorted(path.name for path in blank.keys.iterdir()) == [
        "answer.key",
        "cookie.key",
        "log.key",
    ]


def test_a_key_that_is_there_is_never_written_over(blank):
    make_keys(blank, secrets.token_bytes)
    before = blank.log_key.read_bytes()

    make_keys(blank, secrets.token_bytes)
    with pytest.raises(FileExistsError):
        write_private(blank.log_key, b"another")

    assert blank.log_key.read_bytes() == before
    assert blank.log_key.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_told_of_and_not_replaced(blank):
    make_keys(blank, secrets.token_bytes)
    blank.answer_key.write_bytes(b"ab")

    with pytest.raises(DataFolderError) as caught:
        open_keys(blank)

    assert caught.value.code == "key_missing"
