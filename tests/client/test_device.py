"""The device: its key, its incarnation, its chain."""

import io
import shutil
from datetime import timedelta

import pytest

from client.config import prepare_home
from client.db import Database
from client.device import open_device, open_secret
from client.errors import StorageError
from client.revisions import Revisions, SignedRevision
from client.services import open_services
from client.settings import write_setting


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


def troubles(services):
    return {row["code"] for row in services.db.rows("SELECT code FROM trouble")}


def finalize_one(services, title="一"):
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", title, "zh-CN")
    return services.replica.revision(services.finalize(draft)["revision"])


def test_a_copied_home_begins_a_new_chain_and_says_so(enrolled_home, tmp_path):
    with open_services(enrolled_home) as services:
        first = finalize_one(services)
    copy = tmp_path / "copy"
    shutil.copytree(enrolled_home, copy)

    with open_services(copy) as services:
        copied = finalize_one(services, "二")
        assert "home_copied" in troubles(services)
    with open_services(copy) as services:
        again = finalize_one(services, "三")
    with open_services(enrolled_home) as services:
        own = finalize_one(services, "四")
        assert troubles(services) == set()

    assert own.incarnation == first.incarnation != copied.incarnation == again.incarnation
    assert (own.sequence, copied.sequence, again.sequence) == (2, 1, 2)


def test_a_home_put_back_from_a_backup_begins_a_new_chain(enrolled_home, tmp_path):
    with open_services(enrolled_home) as services:
        first = finalize_one(services)
    backup = tmp_path / "backup"
    shutil.copytree(enrolled_home, backup)
    shutil.rmtree(enrolled_home)
    shutil.copytree(backup, enrolled_home)

    with open_services(enrolled_home) as services:
        second = finalize_one(services)
        assert len(services.entries()) == 2

    assert second.incarnation != first.incarnation


def test_a_home_that_is_moved_or_whose_disk_gets_another_number_is_no_copy(enrolled_home, tmp_path):
    with open_services(enrolled_home) as services:
        first = services.device.incarnation
        mark = services.db.row("SELECT value FROM setting WHERE name = 'incarnation_file'")[0]
        with services.db.transaction():
            write_setting(services.db, "incarnation_file", "9" + mark)
    moved = enrolled_home.rename(tmp_path / "moved")

    with open_services(moved) as services:
        assert services.device.incarnation == first
        assert troubles(services) == set()


def test_what_the_server_has_of_a_home_that_went_back_comes_home_again(
    enrolled_home, office, state_folder
):
    with open_services(enrolled_home) as services:
        first = finalize_one(services)
    snapshot = {path: path.read_bytes() for path in enrolled_home.rglob("*") if path.is_file()}
    with open_services(enrolled_home) as services:
        lost = finalize_one(services, "二")
        services.rounds.run()
    for path in enrolled_home.rglob("*.tbj"):
        path.unlink()
    for path, content in snapshot.items():  # as an image of the disk would: each file in its place
        path.write_bytes(content)
    (state_folder / f"{first.incarnation}.mark").unlink()

    with open_services(enrolled_home) as services:
        life = services.device.incarnation
        services.rounds.run()
        rows = services.db.rows("SELECT state, is_own FROM revision")
        later = finalize_one(services, "三")

        assert [tuple(row) for row in rows] == [("delivered", 1)] * 2
        assert "home_went_back" in troubles(services)
    with open_services(enrolled_home) as services:
        assert "journal_behind" not in troubles(services)
        assert services.doctor.check().mended == []
    assert life == first.incarnation == lost.incarnation != later.incarnation
    assert (lost.sequence, later.sequence) == (2, 1)


def test_a_draft_of_a_copied_home_does_not_overwrite_what_the_other_copy_made_of_it(
    enrolled_home, tmp_path
):
    with open_services(enrolled_home) as services:
        asked = ("visit", {"title": "一", "people": 1}, tmp_path)
        entry = services.adder.add(*asked)["entry"]
        services.rounds.run()
        services.editing.open(entry, "zh-CN")
    copy = tmp_path / "copy"
    shutil.copytree(enrolled_home, copy)
    with open_services(copy) as services:
        services.filling.answer(entry, "people", 42, "zh-CN")
        services.finalize(entry)
        services.rounds.run()

    with open_services(enrolled_home) as services:
        services.filling.answer(entry, "people", 7, "zh-CN")
        services.rounds.run()
        services.finalize(entry)

        assert services.entry(entry)["contested"] == ["people"]


def test_a_photo_of_a_revision_whose_place_was_taken_is_still_sent(enrolled_home, tmp_path, office):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
        photo = io.BytesIO(b"%PDF-photo")
        services.filling.attach(draft, "paper", photo, "a.pdf", "application/pdf", "zh-CN")
        digest = services.finalize(draft)["revision"]
        revision = services.replica.revision(digest)
        row = services.db.row("SELECT content, signature FROM revision")
        signed = SignedRevision(revision, row["content"], row["signature"])
        with services.db.transaction():  # as after client.db and the journal were put back
            Revisions(services.db).withdraw(digest)
            services.db.write("DELETE FROM attachment")
        finalize_one(services, "三")
        with services.db.transaction():
            Revisions(services.db).adopt(signed)

        services.rounds.run()

        assert list(office.files.values()) == [b"%PDF-photo"]
        assert services.replica.revisions(draft)[0]["state"] == "delivered"


def lay_over(home, backup):
    """Put a backup back as `cp -a` does: every file that is there stays the same one."""
    for path in backup.rglob("*"):
        if path.is_file():
            (home / path.relative_to(backup)).write_bytes(path.read_bytes())


def put_changed_back(home, backup):
    """Put a backup back as `rsync -a --delete` does: what changed goes, and comes anew."""
    for path in (backup / "client.db", *(backup / "journal").glob("*.tbj")):
        place = home / path.relative_to(backup)
        part = place.with_name(f".{place.name}")
        shutil.copy2(path, part)
        part.replace(place)


def put_whole_back(home, backup):
    """Put a backup back after the home was taken away; a file may get the number it had."""
    shutil.rmtree(home)
    shutil.copytree(backup, home)


@pytest.mark.parametrize("put_back", [lay_over, put_changed_back, put_whole_back])
def test_a_home_that_was_put_back_by_any_means_begins_a_new_chain(
    enrolled_home, tmp_path, put_back
):
    with open_services(enrolled_home) as services:
        finalize_one(services)
    shutil.copytree(enrolled_home, tmp_path / "backup")
    with open_services(enrolled_home) as services:
        lost = finalize_one(services, "二")

    for _ in range(2):
        put_back(enrolled_home, tmp_path / "backup")
        with open_services(enrolled_home) as services:
            assert troubles(services) & {"home_copied", "database_replaced"}
            made = finalize_one(services, "三")

        assert made.incarnation != lost.incarnation
        assert made.sequence == 1


def test_a_database_put_back_after_its_newer_entries_were_pruned_begins_a_new_chain(
    enrolled_home, tmp_path, hands, state_folder
):
    with open_services(enrolled_home, hands.clock()) as services:
        finalize_one(services)
        services.rounds.run()
    backup = (enrolled_home / "client.db").read_bytes()
    with open_services(enrolled_home, hands.clock()) as services:
        lost = finalize_one(services, "二")
        services.rounds.run()
        hands.now += timedelta(days=1)
        services.pruner.prune(0, apply=True)
    (enrolled_home / "client.db").write_bytes(backup)
    (state_folder / f"{lost.incarnation}.mark").unlink()  # the home's own mark is enough

    with open_services(enrolled_home, hands.clock()) as services:
        assert finalize_one(services, "三").incarnation != lost.incarnation


def test_a_database_alone_that_was_put_back_goes_on_with_what_the_journal_has(enrolled_home):
    backup = (enrolled_home / "client.db").read_bytes()
    with open_services(enrolled_home) as services:
        first = finalize_one(services)
    (enrolled_home / "client.db").write_bytes(backup)

    with open_services(enrolled_home) as services:
        second = finalize_one(services, "二")

    assert (second.incarnation, second.sequence) == (first.incarnation, 2)


def test_a_mark_that_cannot_be_written_or_believed_keeps_nobody_from_saving(
    enrolled_home, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TIANBAO_STATE", str(tmp_path / "file" / "state"))
    with open_services(enrolled_home) as services:
        first = finalize_one(services)
    mark = enrolled_home / "chain.mark"
    mark.write_bytes(mark.read_bytes().replace(b"0001 ", b"0009 "))

    with open_services(enrolled_home) as services:
        second = finalize_one(services, "二")
        assert troubles(services) == set()

    assert (second.incarnation, second.sequence) == (first.incarnation, 2)
    assert mark.stat().st_mode & 0o077 == 0


def test_a_new_chain_that_could_not_be_begun_is_begun_before_anything_is_saved(
    enrolled_home, tmp_path, monkeypatch
):
    with open_services(enrolled_home) as services:
        finalize_one(services)
    shutil.copytree(enrolled_home, tmp_path / "backup")
    with open_services(enrolled_home) as services:
        lost = finalize_one(services, "二")
    lay_over(enrolled_home, tmp_path / "backup")

    def refuse(*_):
        raise StorageError("the disk is away")

    with monkeypatch.context() as patch:
        patch.setattr("client.device.write_durably", refuse)
        with open_services(enrolled_home) as services:
            with pytest.raises(StorageError):
                finalize_one(services, "三")
            patch.undo()
            made = finalize_one(services, "三")

    assert made.incarnation != lost.incarnation
