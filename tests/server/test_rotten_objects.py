"""Stored bytes that rot: nothing but what they said is lost, and good bytes make it whole again."""

import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime

import pytest

from server import log, revisions
from server.backup import back_up
from server.commands import open_workplace, restore_folder
from server.config import DataFolder
from server.projection.projector import Projector
from server.services import open_services
from sync.digest import digest_of
from sync.messages import ItemState

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def audit(folder):
    """Return what shows rows of the auditors' database, once it is up with the log."""

    def rows(sql, *values):
        with closing(Projector(folder.log_db, folder.audit_db)) as projector:
            projector.catch_up()
        with closing(sqlite3.connect(folder.audit_db)) as connection:
            return connection.execute(sql, values).fetchall()

    return rows


@pytest.fixture
def lose_object(folder):
    """Return what takes an object out of log.db."""

    def lose(digest):
        with closing(sqlite3.connect(folder.log_db, isolation_level=None)) as connection:
            query = "SELECT sql FROM sqlite_schema WHERE name = 'object_is_kept'"
            guard = connection.execute(query).fetchone()[0]
            connection.execute("DROP TRIGGER object_is_kept")
            connection.execute("DELETE FROM object WHERE digest = ?", (digest,))
            connection.execute(guard)

    return lose


@pytest.fixture(params=["damaged", "missing"])
def spoil(request, damage_object, lose_object):
    """Return what spoils an object, in one way and the other."""
    return damage_object if request.param == "damaged" else lose_object


def test_a_rotten_revision_is_set_apart_without_its_content(http, device, audit, spoil):
    frames = [device.frame(device.revision({"title": each})) for each in "甲乙丙"]
    http.push(device, *frames)
    spoil(frames[1].digest)

    assert audit("select title from visit order by _index") == [("甲",), ("丙",)]
    assert audit("select _revision, _code, _answers, _made_zone from quarantine") == [
        (frames[1].digest, "unreadable", None, None)
    ]


def test_a_rotten_head_leaves_the_other_one_shown(http, device, audit, damage_object):
    entry = str(uuid.uuid4())
    frames = [device.frame(device.revision({"title": each}, entry=entry)) for each in "甲乙"]
    http.push(device, frames[0])
    assert audit("select title, _heads from visit") == [("甲", 1)]
    damage_object(frames[0].digest)

    http.push(device, frames[1])

    assert audit("select title, _heads from visit") == [("乙", 2)]
    assert audit("select _revision, _code from quarantine") == [(frames[0].digest, "unreadable")]


def test_a_base_that_rotted_leaves_what_its_heads_say_contested(
    http, device, audit, folder, damage_object
):
    entry = str(uuid.uuid4())
    base = device.frame(device.revision({"title": "一", "count": 1}, entry=entry))
    sides = [
        device.frame(device.revision(answers, entry=entry, parents=(base.digest,)))
        for answers in ({"title": "二", "count": 1}, {"title": "一", "count": 2})
    ]
    http.push(device, base, *sides)
    assert audit("select title, count, _conflicts from visit") == [("二", 2, 0)]

    damage_object(base.digest)
    folder.audit_db.unlink()

    assert audit("select _conflicts from visit") == [(2,)]


def test_rotten_quarantine_stops_nothing(http, device, audit, damage_object):
    frame = device.frame(device.revision({"title": ""}))
    assert http.push(device, frame).answer.results[0].state is ItemState.QUARANTINED
    damage_object(frame.digest)

    assert audit("select _revision, _code, _answers from quarantine") == [
        (frame.digest, "unreadable", None)
    ]


def test_a_rotten_definition_or_campaign_stops_no_start(
    http, services, device, folder, damage_object
):
    http.push(device, device.frame())
    with services.readers.read() as connection:
        objects = connection.execute("SELECT digest FROM object WHERE kind != 'revision'")
        digests = [row["digest"] for row in objects]
    services.close()
    for digest in digests:
        damage_object(digest)

    with open_workplace(folder):
        pass

    with closing(sqlite3.connect(folder.audit_db)) as connection:
        assert connection.execute("select _code from quarantine").fetchall() == [("unshowable",)]


def test_a_server_starts_on_a_restored_folder_whose_backup_names_damage(
    http, services, device, folder, tmp_path, damage_object
):
    frames = [device.frame() for _ in range(5)]
    http.push(device, *frames)
    services.close()
    damage_object(frames[2].digest)
    made = back_up(folder, tmp_path / "backup", NOW)
    assert made.damaged == (frames[2].digest,)

    restored = restore_folder(tmp_path / "backup", DataFolder(tmp_path / "new"))

    assert [finding.subject for finding in restored.findings] == [frames[2].digest]
    with open_workplace(DataFolder(tmp_path / "new")) as workplace:
        assert workplace.services.log_size() == restored.leaves


def test_a_rotten_revision_is_told_without_its_content(http, device, enrolled, spoil):
    other = enrolled("other")
    frames = [device.frame() for _ in range(3)]
    results = http.push(device, *frames).answer.results
    spoil(frames[1].digest)

    reply = http.pull(other)

    items = [item for item in reply.answer.items if item.kind == "revision"]
    assert [item.has_content for item in items] == [True, False, True]
    assert [item.result for item in items] == list(results)
    assert frames[0] in reply.frames
    assert frames[2] in reply.frames
    assert len(reply.frames) == 5
    assert reply.answer.next == reply.answer.log_size


def test_a_rotten_definition_is_told_without_its_content(http, services, device, damage_object):
    with services.readers.read() as connection:
        (form,) = connection.execute("SELECT digest FROM definition").fetchone()
    damage_object(form)

    reply = http.pull(device)

    assert [item.has_content for item in reply.answer.items] == [True, True, False]
    assert len(reply.frames) == 2


def test_good_bytes_that_are_pushed_again_take_the_place_of_rotten_ones(
    http, device, enrolled, audit, spoil
):
    frames = [device.frame(device.revision({"title": each})) for each in "甲乙丙"]
    results = http.push(device, *frames).answer.results
    spoil(frames[1].digest)
    assert audit("select title from visit order by _index") == [("甲",), ("丙",)]

    again = http.push(device, *frames).answer

    assert again.results == results
    assert frames[1] in http.pull(enrolled("other")).frames
    assert audit("select title from visit order by _index") == [("甲",), ("乙",), ("丙",)]
    assert audit("select * from quarantine") == []


def test_a_rotten_signature_is_put_right_by_the_one_that_its_leaf_names(
    http, folder, device, enrolled
):
    frame = device.frame()
    http.push(device, frame)
    with closing(sqlite3.connect(folder.log_db, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER object_stays")
        connection.execute(
            "UPDATE object SET signature = zeroblob(64) WHERE digest = ?", (frame.digest,)
        )

    http.push(device, frame)

    assert http.pull(enrolled("other")).frames[-1] == frame


def test_a_stranger_puts_back_bytes_but_no_signature_of_his_own(
    http, services, stranger, folder, damage_object
):
    unknown = stranger("stranger")
    unknown.member = "nobody"
    frame = unknown.frame()
    services.ingest.push([frame])
    damage_object(frame.digest)

    services.ingest.push([type(frame)(frame.kind, frame.payload, frame.raw_digest, bytes(64))])

    with services.readers.read() as connection:
        row = connection.execute(
            "SELECT bytes, signature FROM object WHERE digest = ?", (frame.digest,)
        ).fetchone()
    assert (row["bytes"], row["signature"]) == (frame.payload, frame.signature)


def test_a_definition_published_again_takes_the_place_of_a_rotten_one(
    http, services, device, campaign_dir, damage_object
):
    with services.readers.read() as connection:
        (form,) = connection.execute("SELECT digest FROM definition").fetchone()
    damage_object(form)

    services.publish((campaign_dir / "visit.json").read_bytes())

    assert all(item.has_content for item in http.pull(device).answer.items)


def test_what_comes_while_its_definition_is_rotten_waits_for_it(
    http, services, device, campaign_dir, damage_object
):
    with services.readers.read() as connection:
        (form,) = connection.execute("SELECT digest FROM definition").fetchone()
    damage_object(form)
    result = http.push(device, device.frame()).answer.results[0]
    assert (result.state, result.code) == (ItemState.HELD, "definition_unknown")

    published = services.publish((campaign_dir / "visit.json").read_bytes())

    assert published.decided == 1


def test_held_revisions_are_read_one_by_one(http, services, device, monkeypatch):
    for _ in range(3):
        http.push(device, device.frame(device.revision(definition=digest_of(b"none"))))
    read, real = [], log.read_object
    monkeypatch.setattr(log, "read_object", lambda *asked: read.append(asked[1]) or real(*asked))

    with services.readers.read() as connection:
        held = revisions.held_revisions(connection)
        first = next(held)

        assert read == [first.digest]
        assert len(list(held)) == 2


def test_a_held_revision_that_rotted_waits_on_and_stops_no_start(
    http, services, folder, clock, device, damage_object
):
    frame = device.frame(device.revision(definition=digest_of(b"none")))
    http.push(device, frame)
    services.close()
    damage_object(frame.digest)

    with open_services(folder, clock) as again, again.readers.read() as connection:
        held = [each.digest for each in revisions.held_revisions(connection)]

    assert held == [frame.digest]
