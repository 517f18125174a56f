"""A server's disk is lost: an older backup is restored, and the devices bring back the rest."""

import json
import shutil

import pytest


@pytest.fixture
def second(tmp_path, organiser, reporter):
    """Return a colleague's computer of the same unit."""
    return type(reporter)(tmp_path / "second")


def rows(organiser):
    return {row[0] for row in organiser.audit('SELECT _entry FROM "attachment-2"')}


def test_what_was_delivered_after_the_backup_comes_back_from_the_devices(
    organiser, enrolled, second, examples, tmp_path
):
    address = f"http://127.0.0.1:{organiser.port}/"
    second.enrol(address, organiser.invite()["code"])
    early = enrolled.add("attachment-2", examples[:3])
    enrolled.sync()
    second.sync()
    made = json.loads(organiser.call("backup", tmp_path / "backup", "--json").stdout)
    late = enrolled.add("attachment-2", examples[3:6])
    enrolled.sync()
    late += second.add("attachment-2", examples[6:8])
    second.sync()
    assert made["leaves"] > 0

    organiser.program.kill()
    shutil.rmtree(organiser.data)
    told = organiser.call("restore", tmp_path / "backup")
    assert rows(organiser) == set(early)
    organiser.start()
    for device in (enrolled, second, enrolled):
        device.sync(check=False)

    assert "push again" in told.stderr
    assert rows(organiser) == {*early, *late}
    assert set(enrolled.entries().values()) == {"delivered"}
    assert set(second.entries().values()) == {"delivered"}
    checked = json.loads(organiser.call("doctor", "--json").stdout)
    assert checked["is_sound"]
    assert checked["findings"] == []


def test_backups_are_added_to_while_the_server_runs(organiser, enrolled, examples, tmp_path):
    enrolled.add("attachment-2", examples[:2])
    enrolled.sync()
    first = json.loads(organiser.call("backup", tmp_path / "backup", "--json").stdout)
    enrolled.add("attachment-2", examples[2:4])
    enrolled.sync()
    second = json.loads(organiser.call("backup", tmp_path / "backup", "--json").stdout)

    assert (second["new_leaves"], second["leaves"]) == (2, first["leaves"] + 2)
    organiser.stop()
    checked = organiser.call("doctor", "--backup", tmp_path / "backup")
    assert "0 findings" in checked.stderr
