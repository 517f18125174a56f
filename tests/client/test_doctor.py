"""The doctor finds every kind of damage, mends what has a second copy, and names the rest."""

import io
import json

import pytest

from client.services import open_services
from sync.digest import digest_of

LANGUAGE = "zh-CN"


def save(services, title, paper=None):
    draft = services.filling.open_blank("visit", LANGUAGE)
    services.filling.answer(draft, "title", title, LANGUAGE)
    if paper is not None:
        services.filling.attach(draft, "paper", io.BytesIO(paper), "方案.pdf", "application/pdf")
    return services.finalize(draft)


def change(services, sql, *values):
    with services.db.transaction():
        assert services.db.write(sql, values) == 1


def kinds(findings):
    return [(each.kind, each.subject) for each in findings]


def segments(home):
    return sorted((home / "journal").glob("*.tbj"))


@pytest.fixture
def sealed(services, monkeypatch):
    """Six entries in several segments."""
    monkeypatch.setattr("client.journal.SEALED_AT", 2000)
    return [save(services, str(number)) for number in range(6)]


def test_a_sound_home_has_nothing_to_tell(services, sealed):
    save(services, "七", b"%PDF-1")

    report = services.doctor.check()

    assert (report.revisions, report.files) == (7, 1)
    assert report.mended == report.problems == []
    assert report.as_json()["is_sound"]


def test_a_bit_flipped_in_a_sealed_segment_is_found_and_mended(services, sealed, home):
    first = segments(home)[0]
    content = bytearray(first.read_bytes())
    content[300] ^= 4
    first.write_bytes(content)

    report = services.doctor.check()

    assert ("journal", first.name) in kinds(report.mended)
    assert report.problems == []
    assert services.doctor.check().mended == []


def test_a_sealed_segment_that_is_gone_is_written_again(services, sealed, home):
    segments(home)[0].unlink()

    report = services.doctor.check()

    assert {kind for kind, _ in kinds(report.mended)} == {"revision"}
    assert report.problems == []
    assert services.doctor.check().mended == []


def test_a_changed_row_is_mended_from_a_sealed_segment(services, sealed):
    digest = sealed[0]["revision"]
    change(services, "UPDATE revision SET content = ? WHERE digest = ?", b"{}", digest)

    report = services.doctor.check()

    assert kinds(report.mended) == [("revision", digest)]
    assert report.mended[0].entry == sealed[0]["entry"]
    assert services.replica.revision(digest).answers["title"] == "0"


def test_a_row_that_is_gone_is_taken_from_a_sealed_segment(services, sealed):
    digest = sealed[0]["revision"]
    change(services, "DELETE FROM revision WHERE digest = ?", digest)

    report = services.doctor.check()

    assert kinds(report.mended) == [("revision", digest)]
    assert services.replica.revision(digest).answers["title"] == "0"


def test_what_is_damaged_in_both_is_beyond_repair_and_named(services, sealed, home):
    digest = sealed[0]["revision"]
    change(services, "UPDATE revision SET content = ? WHERE digest = ?", b"{}", digest)
    segments(home)[0].unlink()

    report = services.doctor.check()

    assert kinds(report.problems) == [("revision", digest)]
    assert report.problems[0].entry == sealed[0]["entry"]
    assert report.problems[0].hint
    assert not report.as_json()["is_sound"]


def test_a_revision_of_another_device_is_fetched_anew(enrolled_home, office, tmp_path):
    with open_services(tmp_path / "other") as other:
        from client.enrol import Invitation, enrol  # noqa: PLC0415 - only here

        enrol(other, Invitation(office.url, office.invite()))
        other.rounds.run()
        digest = save(other, "别处")["revision"]
        other.rounds.run()
    with open_services(enrolled_home) as services:
        services.rounds.run()
        change(services, "UPDATE revision SET content = ? WHERE digest = ?", b"{}", digest)

        report = services.doctor.check()

        assert kinds(report.mended) == [("revision", digest)]
        assert report.problems == []
        services.rounds.run()
        assert services.replica.revision(digest).answers["title"] == "别处"


def test_a_file_that_changed_or_went_is_named_with_its_entry(services, home):
    first, second = save(services, "一", b"%PDF-1"), save(services, "二", b"%PDF-2")
    place = {path.read_bytes(): path for path in services.home.blobs.iterdir()}
    place[b"%PDF-1"].write_bytes(b"%PDF-X")
    place[b"%PDF-2"].unlink()

    report = services.doctor.check()

    found = {each.entry: (each.kind, each.subject) for each in report.problems}
    assert found == {
        first["entry"]: ("file", place[b"%PDF-1"].name),
        second["entry"]: ("file", place[b"%PDF-2"].name),
    }


def test_a_gap_in_the_chain_is_told(services, sealed, home):
    digest = sealed[1]["revision"]
    for segment in segments(home):
        segment.unlink()
    change(services, "DELETE FROM revision WHERE digest = ?", digest)

    report = services.doctor.check()

    assert [each.kind for each in report.problems] == ["chain"]
    assert "2 to 2" in report.problems[0].message


def test_damage_of_the_database_itself_is_told(enrolled_home):
    with open_services(enrolled_home) as services:
        for number in range(30):
            save(services, str(number))
        page = services.db.row("PRAGMA page_size")[0]
        root = services.db.row("SELECT rootpage FROM sqlite_schema WHERE name = 'revision_form'")[0]
    file = enrolled_home / "client.db"
    content = bytearray(file.read_bytes())
    start = (root - 1) * page
    content[start + 8 : start + page] = bytes(page - 8)
    file.write_bytes(content)

    with open_services(enrolled_home) as services:
        report = services.doctor.check()

    assert "database" in {each.kind for each in report.problems}


def test_the_command_says_what_it_found_and_ends_with_one_beyond_repair(tianbao, enrolled_home):
    with open_services(enrolled_home) as services:
        saved = save(services, "一", b"%PDF-1")

    sound = tianbao("doctor")
    assert sound.returncode == 0
    assert "in order" in sound.stdout
    next((enrolled_home / "blobs").iterdir()).write_bytes(b"%PDF-X")

    damaged = tianbao("doctor")
    assert damaged.returncode == 1
    assert saved["entry"] in damaged.stdout
    told = json.loads(tianbao("doctor", "--json").stdout)
    assert told["is_sound"] is False
    assert told["problems"][0]["subject"] == digest_of(b"%PDF-1").removeprefix("sha256:")
