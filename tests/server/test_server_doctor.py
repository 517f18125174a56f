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
from server.errors import DataFolderError
from server.projection.projector import Projector
from server.services import open_services
from sync.digest import digest_of
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
        ("UPDATE revision SET entry = 'another'", "row_damaged"),
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
