"""The look at everything: what is damaged is found, and what can be mended is."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from server import log
from server.backup import back_up
from server.blobs import blob_path
from server.commands import doctor_folder, init_folder
from server.config import DataFolder
from server.db import open_reader
from server.doctor import examine
from server.errors import DataFolderError
from server.projection.projector import Projector
from server.services import open_services
from sync.digest import digest_of
from sync.revision import parse_revision
from sync.statement import Statement, StatementKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def frames(folder, device, services):
    """Return three revisions that the log holds, with the auditors' database up to date."""
    made = [device.frame() for _ in range(3)]
    services.ingest.push(made)
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        projector.catch_up()
    return made


@pytest.fixture
def attached(folder, services, frames):
    """Return the names of two attached files."""
    names = []
    for content in (b"one", b"two"):
        sha256 = digest_of(content).removeprefix("sha256:")
        blob_path(folder, sha256).parent.mkdir(exist_ok=True)
        blob_path(folder, sha256).write_bytes(content)
        services.writer.run(lambda connection, name=sha256: _note(connection, name))
        names.append(sha256)
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        projector.catch_up()
    return names


@pytest.fixture
def target(folder, tmp_path, attached):
    back_up(folder, tmp_path / "backup", NOW)
    return tmp_path / "backup"


@pytest.fixture
def change(folder):
    """Return what changes log.db behind the program's back, its guards put aside."""

    def do(sql, *values):
        with closing(sqlite3.connect(folder.log_db, isolation_level=None)) as connection:
            query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            guards = connection.execute(query).fetchall()
            for name, _ in guards:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(sql, values)
            for _, guard in guards:
                connection.execute(guard)

    return do


def _note(connection, sha256):
    index = log.append(connection, Statement(StatementKind.ATTACHMENT, f"sha256:{sha256}", NOW))
    connection.execute(
        "INSERT INTO attachment VALUES (?, 3, 'image/png', ?, '2026-11-22T09:00:00.000Z')",
        (sha256, index),
    )


def found(report):
    return [(finding.code, finding.subject, finding.is_mended) for finding in report.findings]


def test_a_sound_folder_has_no_findings(folder, attached):
    report = doctor_folder(folder, None, NOW)

    assert report.findings == ()
    assert report.is_sound
    assert report.gaps == ()
    assert report.attachments == 2


def test_a_damaged_object_is_told_with_its_entry_and_device(folder, frames, device, damage_object):
    damage_object(frames[1].digest)

    report = doctor_folder(folder, None, NOW)

    assert found(report) == [("object_damaged", frames[1].digest, False)]
    assert device.key.id in report.findings[0].message
    assert "entry" in report.findings[0].message
    assert not report.is_sound


def test_a_damaged_object_is_mended_from_a_backup_and_stays_guarded(
    folder, frames, damage_object, target
):
    damage_object(frames[1].digest)

    first = doctor_folder(folder, target, NOW)
    second = doctor_folder(folder, None, NOW)

    assert found(first) == [("object_damaged", frames[1].digest, True)]
    assert first.is_sound
    assert second.findings == ()
    with (
        closing(sqlite3.connect(folder.log_db)) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute("UPDATE object SET bytes = x'00'")


def test_a_lost_object_and_a_damaged_signature_are_mended_from_a_backup(
    folder, frames, change, target
):
    change("DELETE FROM object WHERE digest = ?", frames[0].digest)
    change("UPDATE object SET signature = zeroblob(64) WHERE digest = ?", frames[2].digest)

    report = doctor_folder(folder, target, NOW)

    assert {code for code, _, is_mended in found(report) if is_mended} >= {
        "object_missing",
        "signature_damaged",
        "signature_wrong",
    }
    assert report.is_sound
    assert doctor_folder(folder, None, NOW).findings == ()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE leaf SET bytes = x'7b7d' WHERE idx = 4", "leaf_damaged"),
        ("UPDATE leaf SET object = 'sha256:00' WHERE idx = 4", "leaf_damaged"),
        ("DELETE FROM leaf WHERE idx = 2", "leaf_missing"),
        ("UPDATE revision SET state = 'quarantined'", "row_damaged"),
        ("DELETE FROM revision", "row_damaged"),
        ("DELETE FROM attachment WHERE size = 3", "row_damaged"),
    ],
)
def test_what_is_changed_behind_its_back_is_found(folder, attached, change, sql, code):
    change(sql)

    report = doctor_folder(folder, None, NOW)

    assert code in {finding.code for finding in report.findings}
    assert not report.is_sound


def test_a_log_that_is_no_database_is_told_and_raises_nothing(folder, frames, services):
    services.close()
    folder.log_db.write_bytes(b"x" * 8192)

    report = doctor_folder(folder, None, NOW)

    assert "unreadable" in {finding.code for finding in report.findings}
    assert not report.is_sound


def test_missing_and_damaged_files_are_found_and_mended_from_a_backup(folder, attached, target):
    blob_path(folder, attached[0]).unlink()
    blob_path(folder, attached[1]).write_bytes(b"tvo")

    report = doctor_folder(folder, target, NOW)

    assert found(report) == [
        ("attachment_missing", attached[0], True),
        ("attachment_damaged", attached[1], True),
    ]
    assert blob_path(folder, attached[1]).read_bytes() == b"two"


def test_a_damaged_file_that_no_backup_has_is_set_aside_and_asked_for_again(
    folder, services, attached
):
    blob_path(folder, attached[1]).write_bytes(b"tvo")

    report = doctor_folder(folder, None, NOW)

    assert found(report) == [("attachment_damaged", attached[1], False)]
    assert services.find_attachment(attached[1]) is None
    assert (folder.path / "damaged" / attached[1]).read_bytes() == b"tvo"


@pytest.mark.parametrize("damage", ["garbage", "missing", "of another log"])
def test_the_auditors_database_is_made_again(folder, frames, damage):
    before = _audit_rows(folder)
    if damage == "garbage":
        folder.audit_db.write_bytes(b"x" * 4096)
    elif damage == "missing":
        folder.audit_db.unlink()
    else:
        with closing(sqlite3.connect(folder.audit_db)) as connection:
            connection.execute("UPDATE _projection SET last_leaf = x'00'")
            connection.commit()

    report = doctor_folder(folder, None, NOW)

    assert found(report) == [("audit_differs", "audit.db", True)]
    assert _audit_rows(folder) == before


def test_what_never_came_of_a_device_is_a_note_and_no_damage(folder, services, device):
    frames = [device.frame() for _ in range(6)]
    services.ingest.push([frames[0], frames[3], frames[5]])

    report = doctor_folder(folder, None, NOW)

    assert [(gap.start, gap.stop) for gap in report.gaps] == [(2, 3), (5, 5)]
    assert report.is_sound


def test_a_lost_key_comes_back_from_the_backup(folder, services, target):
    secret = folder.answer_key.read_bytes()
    folder.answer_key.unlink()

    report = doctor_folder(folder, target, NOW)

    assert found(report) == [("key_missing", "keys", True)]
    assert folder.answer_key.read_bytes() == secret


def test_a_damaged_backup_is_told(folder, target):
    pack = next((target / "packs").iterdir())
    pack.write_bytes(pack.read_bytes()[:-1])

    report = doctor_folder(folder, target, NOW)

    assert found(report) == [("backup_damaged", f"packs/{pack.name}", False)]
    with pytest.raises(DataFolderError):
        doctor_folder(folder, folder.blobs, NOW)


def test_a_folder_that_was_just_made_is_sound(tmp_path, campaign_dir, clock):
    new = DataFolder(tmp_path / "fresh")
    init_folder(new, campaign_dir)

    assert doctor_folder(new, None, NOW).findings == ()
    with open_services(new, clock) as services:
        assert services.log_size() == 3


def _audit_rows(folder):
    with closing(sqlite3.connect(folder.audit_db)) as connection:
        return connection.execute("SELECT * FROM visit ORDER BY 1").fetchall()


@pytest.fixture
def linked(folder, device, services):
    """Return a revision that has a parent and names a file."""
    first = device.frame(device.revision({"title": "一"}))
    entry = parse_revision(first.payload).entry
    photo = {"name": "a.jpg", "type": "image/jpeg", "size": 4711, "sha256": "ab" * 32}
    made = device.revision({"title": "二", "photo": photo}, entry=entry, parents=(first.digest,))
    second = device.frame(made)
    services.ingest.push([first, second])
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        projector.catch_up()
    services.close()
    return second.digest


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE revision SET received_at = '2020-01-01T00:00:00.000Z' WHERE digest = ?",
        "UPDATE revision SET made_wall = '1999-01-01T00:00:00.000Z' WHERE digest = ?",
        "UPDATE revision SET made_local = '1999' WHERE digest = ?",
        "UPDATE revision SET member = 'somebody' WHERE digest = ?",
        "UPDATE revision SET unit = 'south' WHERE digest = ?",
        "UPDATE revision SET unit = NULL WHERE digest = ?",
        "UPDATE revision SET sequence = 99 WHERE digest = ?",
        "DELETE FROM parent WHERE revision = ?",
        "UPDATE parent SET parent = 'another' WHERE revision = ?",
        "INSERT INTO parent VALUES (?, 'another')",
        "DELETE FROM attachment_use WHERE revision = ?",
        "UPDATE attachment_use SET size = 1 WHERE revision = ?",
        "UPDATE attachment_use SET size = NULL WHERE revision = ?",
        "UPDATE attachment_use SET sha256 = 'other' WHERE revision = ?",
    ],
)
def test_a_row_that_says_other_than_what_is_signed_is_drawn_again(folder, linked, change, sql):
    def all_rows():
        tables = ("revision", "parent", "attachment_use")
        with closing(open_reader(folder.log_db)) as connection:
            found = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]  # noqa: S608 - a test's own names
        return [sorted(map(tuple, rows), key=repr) for rows in found]

    before = all_rows()
    change(sql, linked)

    looked = examine(folder, None, NOW, may_mend=False)
    mended = examine(folder, None, NOW, may_mend=True)

    assert ("row_damaged", linked) in {(each.code, each.subject) for each in looked.findings}
    assert mended.is_sound
    assert all_rows() == before
    assert examine(folder, None, NOW, may_mend=True).findings == ()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE revision SET state = 'quarantined' WHERE digest = ?",
        "UPDATE revision SET code = 'rules' WHERE digest = ?",
        "UPDATE revision SET violations = '[' WHERE digest = ?",
        "UPDATE revision SET decided_idx = 3 WHERE digest = ?",
    ],
)
def test_a_verdict_that_does_not_fit_together_is_told(folder, linked, change, sql):
    change(sql, linked)

    found = examine(folder, None, NOW, may_mend=False).findings

    assert ("row_damaged", linked) in {(each.code, each.subject) for each in found}


def test_what_hangs_on_no_revision_is_told(folder, linked, change):
    change("INSERT INTO attachment_use VALUES ('x', 'nobody', 1)")
    change("INSERT INTO parent VALUES ('nothing', 'x')")

    found = examine(folder, None, NOW, may_mend=False).findings

    assert {each.subject for each in found} == {"nobody", "nothing"}


@pytest.fixture
def decided(folder, device, services):
    """Return a revision that was held, and is decided."""
    later = b'{"settings":{"form_id":"later","version":"1","form_title":{"en":"L"},"default_language":"en"},"survey":[{"type":"text","name":"title","label":{"en":"T"}}]}'
    held = device.frame(device.revision(form="later", definition=digest_of(later)))
    services.ingest.push([held])
    services.publish(later)
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        projector.catch_up()
    services.close()
    return held.digest


def test_what_was_held_and_is_decided_is_sound(folder, decided):
    assert examine(folder, None, NOW, may_mend=False).is_sound


def test_an_outcome_that_its_row_does_not_say_is_told(folder, decided, change):
    change("UPDATE revision SET state = 'held', decided_idx = NULL WHERE digest = ?", decided)

    found = examine(folder, None, NOW, may_mend=False).findings

    assert ("row_damaged", decided) in {(each.code, each.subject) for each in found}


def test_a_revision_of_a_device_that_was_enrolled_later_is_sound(folder, services, stranger):
    device = stranger("later")
    services.ingest.push([device.frame()])
    services.enrol(device.enrol_request(services.invite("north", "reporter").code))
    with closing(Projector(folder.log_db, folder.audit_db)) as projector:
        projector.catch_up()

    assert examine(folder, None, NOW, may_mend=False).is_sound
