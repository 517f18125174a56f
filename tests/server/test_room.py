"""Room on the server's disk: what is still taken in when it gets scarce, and what is said."""

import logging
from collections import namedtuple

import pytest

from server.config import DataFolder
from server.errors import DataFolderError, StorageFullError
from server.room import Level, RoomWatch, gibs_from, measure, require_room

GIB = 1024**3
GIBS = (10.0, 2.0, 1.0)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def disk(monkeypatch):
    """Let the system say how much of a disk is free."""

    def fill(free, total=100 * GIB):
        monkeypatch.setattr("server.room.disk_usage", lambda _: Usage(total, total - free, free))

    return fill


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (10 * GIB, 2.5 * GIB, Level.AMPLE),
        (10 * GIB, 1.9 * GIB, Level.LOW),
        (10 * GIB, 0.9 * GIB, Level.NO_ATTACHMENTS),
        (10 * GIB, 0.4 * GIB, Level.NO_PUSHES),
        (1000 * GIB, 90 * GIB, Level.AMPLE),
        (1000 * GIB, 9 * GIB, Level.LOW),
        (1000 * GIB, 1.9 * GIB, Level.NO_ATTACHMENTS),
        (1000 * GIB, 0.9 * GIB, Level.NO_PUSHES),
    ],
)
def test_a_level_is_reached_by_share_on_a_small_disk_and_by_size_on_a_large_one(
    disk, tmp_path, total, free, level
):
    disk(int(free), total)

    assert measure(tmp_path, GIBS).level is level


def test_what_the_system_said_is_believed_for_a_second(disk, tmp_path):
    now = [0.0]
    watch = RoomWatch(tmp_path, GIBS, lambda: now[0])
    disk(50 * GIB)
    assert watch.room().level is Level.AMPLE

    disk(GIB // 2)
    now[0] = 0.9
    assert watch.room().level is Level.AMPLE
    now[0] = 1.1
    assert watch.room().level is Level.NO_PUSHES


def test_the_alarm_is_logged_once_until_it_gets_worse(disk, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    now = [0.0]
    watch = RoomWatch(tmp_path, GIBS, lambda: now[0])
    for free in (9, 9, 8, 1.5, 1.4, 50, 9):
        disk(int(free * GIB))
        watch.room()
        now[0] += 2

    assert len(caplog.messages) == 3
    assert "Everything is still taken in" in caplog.messages[0]
    assert "Attached files are not taken in" in caplog.messages[1]


def test_attachments_are_refused_before_pushes_are(disk, tmp_path):
    folder = DataFolder(tmp_path)
    disk(int(1.5 * GIB))

    require_room(folder, for_blobs=False)
    with pytest.raises(StorageFullError) as refused:
        require_room(folder, for_blobs=True)
    assert refused.value.code == "low_space"


def test_a_push_without_room_is_a_signed_507_and_reading_goes_on(disk, http, device):
    disk(GIB // 2)

    reply = http.push(device, device.frame())

    assert (reply.status, reply.answer.code) == (507, "low_space")
    assert int(reply.headers["Retry-After"]) == reply.answer.retry_after > 0
    assert http.pull(device).status == 200


def test_the_watermarks_can_be_set(tmp_path):
    assert gibs_from({}) == GIBS
    assert gibs_from({"TIANBAO_ROOM": "4,1,0.5"}) == (4.0, 1.0, 0.5)
    for wrong in ("4,1", "a,b,c", "1,2,3", "3,2,-1"):
        with pytest.raises(DataFolderError):
            gibs_from({"TIANBAO_ROOM": wrong})
