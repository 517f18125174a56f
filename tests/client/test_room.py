"""A disk that is nearly full: nothing new is begun, what is open is saved."""

import io
from collections import namedtuple
from pathlib import Path

import pytest

from client.attaching import keep_file
from client.errors import LowSpaceError
from client.room import LOW

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def disk(monkeypatch):
    """Say how much is free on the disk."""

    def leave(free):
        monkeypatch.setattr("client.room.disk_usage", lambda _: Usage(2 * LOW, 0, free))

    return leave


def test_below_the_watermark_no_new_form_is_opened_and_the_open_one_is_saved(services, disk):
    draft = services.filling.open_blank("visit", "zh-CN")
    services.filling.answer(draft, "title", "一", "zh-CN")
    disk(LOW - 1)

    with pytest.raises(LowSpaceError) as caught:
        services.filling.open_blank("visit", "zh-CN")

    assert caught.value.code == "low_space"
    assert "prune" in caught.value.hint
    services.filling.save_changed()
    assert services.finalize(draft)["state"] == "saved"
    disk(LOW)
    assert services.filling.open_blank("visit", "zh-CN")


def test_below_the_watermark_nothing_is_added(services, disk, tmp_path):
    disk(LOW - 1)

    with pytest.raises(LowSpaceError):
        services.adder.add("visit", {"title": "一"}, tmp_path)

    assert services.entries() == []


def test_a_file_is_taken_in_only_where_it_leaves_half_of_it(services, disk, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(bytes(1000))
    disk(LOW // 2 + 999)

    with pytest.raises(LowSpaceError):
        keep_file(services.blobs, photo)

    assert not list(services.home.blobs.iterdir())
    disk(LOW // 2 + 1000)
    assert keep_file(services.blobs, photo)["size"] == 1000


def test_a_file_of_unknown_size_wants_the_half_too(services, disk):
    disk(LOW // 2 - 1)

    with pytest.raises(LowSpaceError):
        services.blobs.keep(io.BytesIO(b"photo"))


def test_where_the_system_does_not_say_what_is_free_nothing_is_refused(services, monkeypatch):
    def unknown(_: Path) -> Usage:
        raise OSError("not supported")

    monkeypatch.setattr("client.room.disk_usage", unknown)

    assert services.filling.open_blank("visit", "zh-CN")
