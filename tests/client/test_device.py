"""The device: its key, its incarnation, its chain."""

import pytest

from client.config import prepare_home
from client.db import Database
from client.device import open_device, open_secret
from client.errors import StorageError
from client.services import open_services


@pytest.fixture
def place(tmp_path):
    return prepare_home(tmp_path / "home")


def opened(place):
    db = Database(place.database)
    device = open_device(place, db)
    db.close()
    return device


def test_a_device_is_the_same_at_every_start(place):
    first, second = opened(place), opened(place)

    assert first.key.id == second.key.id
    assert first.incarnation == second.incarnation


def test_keys_are_for_their_owner_alone(place):
    opened(place)

    assert place.device_key.stat().st_mode & 0o077 == 0


def test_a_database_made_anew_is_a_new_incarnation(place):
    first = opened(place)
    place.database.unlink()

    assert opened(place).incarnation != first.incarnation
    assert opened(place).key.id == first.key.id


def test_a_database_from_a_backup_is_a_new_incarnation(place):
    first = opened(place)
    backup = place.database.read_bytes()
    place.database.unlink()
    second = opened(place)
    place.database.write_bytes(backup)

    third = opened(place)

    assert len({first.incarnation, second.incarnation, third.incarnation}) == 3
    assert opened(place).incarnation == third.incarnation


def test_a_damaged_key_is_refused_and_not_replaced(place):
    place.device_key.write_text("half a k")

    with pytest.raises(StorageError, match="damaged"):
        open_secret(place.device_key)

    assert place.device_key.read_text() == "half a k"


def test_an_enrolled_home_without_its_key_is_not_opened_with_a_new_one(enrolled_home):
    place = prepare_home(enrolled_home)
    key = place.device_key.read_bytes()
    place.device_key.unlink()

    with pytest.raises(StorageError, match="missing"), open_services(enrolled_home):
        pass

    assert not place.device_key.exists()
    place.device_key.write_bytes(key)
    with open_services(enrolled_home) as services:
        assert services.profile.device == services.device.key.id


def test_an_enrolled_home_with_another_devices_key_is_not_opened(enrolled_home):
    prepare_home(enrolled_home).device_key.write_text("ab" * 32)

    with (
        pytest.raises(StorageError, match="not the one that was enrolled"),
        open_services(enrolled_home),
    ):
        pass


def test_the_chain_counts_from_one_and_names_what_came_before(services):
    digests = []
    for title in ("一", "二", "三"):
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", title, "zh-CN")
        digests.append(services.finalize(draft)["revision"])

    chain = [services.replica.revision(digest) for digest in digests]

    assert [revision.sequence for revision in chain] == [1, 2, 3]
    assert [revision.previous for revision in chain] == [None, *digests[:2]]


def test_a_new_incarnation_begins_a_new_chain(enrolled_home):
    def finalize_one():
        with open_services(enrolled_home) as services:
            draft = services.filling.open_blank("visit")
            services.filling.answer(draft, "title", "一", "zh-CN")
            return services.replica.revision(services.finalize(draft)["revision"])

    first = finalize_one()
    (enrolled_home / "incarnation").write_text("another")

    second = finalize_one()

    assert (first.sequence, second.sequence) == (1, 1)
    assert second.previous is None
    assert second.incarnation != first.incarnation
