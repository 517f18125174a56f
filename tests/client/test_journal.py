"""The journal and the database, each mended from the other; what a crash leaves at every point."""

import os
import shutil
from datetime import timedelta

import pytest

from client.errors import StorageError
from client.journal import Journal
from client.services import open_services
from sync.digest import digest_of
from sync.frames import Damage, Frame, scan_frames
from sync.keys import REVISION_TYPE, verify


class Crash(BaseException):
    """The process ends here."""


def save(services, title="第一次"):
    draft = services.filling.open_blank("visit", "zh-CN")
    services.filling.answer(draft, "title", title, "zh-CN")
    services.filling.save_changed()
    return services.finalize(draft)["revision"]


def rows_of(services):
    rows = services.db.rows("SELECT digest, content FROM revision WHERE is_own = 1")
    return {row["digest"] for row in rows if digest_of(row["content"]) == row["digest"]}


def segments_of(home):
    return sorted((home / "journal").glob("*.tbj"))


def frames_of(home):
    return [
        each
        for path in segments_of(home)
        for each in scan_frames(path.read_bytes())
        if isinstance(each, Frame)
    ]


def digests_of(home):
    return [frame.digest for frame in frames_of(home)]


def damages_of(home):
    return [
        each
        for path in segments_of(home)
        for each in scan_frames(path.read_bytes())
        if isinstance(each, Damage)
    ]


def troubles_of(home):
    with open_services(home) as services:
        return {row["code"] for row in services.db.rows("SELECT code FROM trouble ORDER BY code")}


def chain_of(services):
    rows = services.db.rows("SELECT digest FROM revision WHERE is_own = 1 ORDER BY sequence")
    return [services.replica.revision(row["digest"]) for row in rows]


@pytest.fixture
def saved(enrolled_home):
    """The digests of three saved entries, in a home that nobody has open."""
    with open_services(enrolled_home) as services:
        return [save(services, title) for title in ("一", "二", "三")]


@pytest.fixture
def small_segments(monkeypatch):
    """Let a segment be sealed after a few entries."""
    monkeypatch.setattr("client.journal.SEALED_AT", 2000)


def contents_of(home):
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def place_of(segment, digest):
    """Return where the frame of a revision begins."""
    content = segment.read_bytes()
    return next(
        place
        for place in range(len(content))
        if content[place : place + 4] == b"TBF1"
        and content[place + 9 : place + 41].hex() == digest.removeprefix("sha256:")
    )


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_saved_entry_is_in_the_journal_byte_for_byte(services, home):
    digest = save(services)

    [frame] = frames_of(home)

    row = services.db.row("SELECT content, signature FROM revision")
    assert (frame.digest, frame.payload, frame.signature) == (digest, *row)
    verify(services.device.key.public, REVISION_TYPE, frame.payload, frame.signature)


def test_segments_are_for_their_owner_alone(saved, enrolled_home):
    assert [path.stat().st_mode & 0o077 for path in segments_of(enrolled_home)] == [0]
    assert (enrolled_home / "journal").stat().st_mode & 0o077 == 0


def test_a_segment_that_is_full_is_sealed_and_another_begun(small_segments, services, home):
    digests = [save(services, str(number)) for number in range(6)]

    segments = Journal(home / "journal").segments()
    assert len(segments) > 1
    assert [segment.first for segment in segments] == sorted({s.first for s in segments})
    assert all(segment.path.stat().st_size >= 2000 for segment in segments[:-1])
    assert digests_of(home) == digests


def test_nothing_changes_at_a_start_that_finds_all_in_order(saved, enrolled_home):
    before = contents_of(enrolled_home)

    with open_services(enrolled_home):
        pass

    assert contents_of(enrolled_home) == before
    assert troubles_of(enrolled_home) == set()


def test_a_database_that_lost_its_entries_gets_them_from_the_journal(small_segments, enrolled_home):
    with open_services(enrolled_home) as services:
        kept = save(services, "零")
    backup = (enrolled_home / "client.db").read_bytes()
    with open_services(enrolled_home) as services:
        later = [save(services, str(number)) for number in range(8)]
    (enrolled_home / "client.db").write_bytes(backup)

    with open_services(enrolled_home) as services:
        assert rows_of(services) == {kept, *later}
        assert services.status()["drafts"] == 0
        again = save(services, "九")
        chain = chain_of(services)

    assert [each.sequence for each in chain] == list(range(1, 11))
    assert [each.previous for each in chain] == [None, kept, *later]
    assert digests_of(enrolled_home) == [kept, *later, again]
    assert "database_behind" in troubles_of(enrolled_home)


def test_a_database_made_anew_gets_everything_from_the_journal(
    small_segments, saved, enrolled_home, office
):
    (enrolled_home / "client.db").unlink()

    with open_services(enrolled_home) as services:
        assert rows_of(services) == set(saved)

    assert {"database_behind", "database_replaced"} & troubles_of(enrolled_home)


def test_a_journal_that_was_removed_is_written_again(small_segments, saved, enrolled_home):
    shutil.rmtree(enrolled_home / "journal")

    with open_services(enrolled_home) as services:
        assert rows_of(services) == set(saved)

    assert digests_of(enrolled_home) == saved
    assert "journal_behind" in troubles_of(enrolled_home)


def test_a_home_of_a_program_that_kept_no_journal_gets_one_without_a_word(saved, enrolled_home):
    shutil.rmtree(enrolled_home / "journal")
    with open_services(enrolled_home) as services, services.db.transaction():
        services.db.write("DELETE FROM setting WHERE name = 'journal_compared'")
        services.db.write("DELETE FROM trouble")
    shutil.rmtree(enrolled_home / "journal")

    with open_services(enrolled_home):
        pass

    assert digests_of(enrolled_home) == saved
    assert troubles_of(enrolled_home) == set()


def test_a_journal_from_a_backup_is_completed(saved, enrolled_home):
    [segment] = segments_of(enrolled_home)
    backup = segment.read_bytes()
    with open_services(enrolled_home) as services:
        later = save(services, "四")
    segment.write_bytes(backup)

    with open_services(enrolled_home):
        pass

    assert digests_of(enrolled_home) == [*saved, later]


def test_a_flipped_bit_anywhere_in_a_segment_is_found_told_and_mended(saved, enrolled_home):
    [segment] = segments_of(enrolled_home)
    whole = segment.read_bytes()

    for place in range(0, len(whole), 97):
        segment.write_bytes(whole)
        flip(segment, place)
        with open_services(enrolled_home) as services, services.db.transaction():
            codes = {row["code"] for row in services.db.rows("SELECT code FROM trouble")}
            assert "journal_damaged" in codes
            assert rows_of(services) == set(saved)
            services.db.write("DELETE FROM trouble")
        assert sorted(digests_of(enrolled_home)) == sorted(saved)
        assert damages_of(enrolled_home) == []
        assert segment.with_name(segment.name + ".damaged").read_bytes() != whole


def test_an_entry_that_the_disk_changed_is_mended_from_the_journal(saved, enrolled_home):
    with open_services(enrolled_home) as services, services.db.transaction():
        services.db.write(
            "UPDATE revision SET content = ?, state = 'set_aside', code = 'damaged' WHERE digest = ?",
            (b"{}", saved[1]),
        )
        services.db.write("UPDATE revision SET signature = ? WHERE digest = ?", (b"no", saved[2]))

    with open_services(enrolled_home) as services:
        assert rows_of(services) == set(saved)
        assert {entry["state"] for entry in services.entries()} == {"saved"}
        row = services.db.row("SELECT * FROM revision WHERE digest = ?", (saved[2],))
        verify(services.device.key.public, REVISION_TYPE, row["content"], row["signature"])

    assert "database_damaged" in troubles_of(enrolled_home)


def test_an_entry_that_both_copies_lost_is_told_and_not_shown(saved, enrolled_home):
    [segment] = segments_of(enrolled_home)
    with open_services(enrolled_home) as services, services.db.transaction():
        services.db.write("UPDATE revision SET content = ? WHERE digest = ?", (b"{}", saved[0]))
    flip(segment, place_of(segment, saved[0]) + 60)

    with open_services(enrolled_home) as services:
        with pytest.raises(StorageError):
            services.replica.revision(saved[0])
        assert rows_of(services) == set(saved[1:])

    assert "revisions_damaged" in troubles_of(enrolled_home)


def test_a_torn_end_is_cut_off_without_a_word(saved, enrolled_home):
    [segment] = segments_of(enrolled_home)
    whole = segment.read_bytes()

    for torn in (whole[:1], whole[:44], whole[:300], bytes(4096), os.urandom(700)):
        segment.write_bytes(whole + torn)
        with open_services(enrolled_home):
            pass
        assert segment.read_bytes() == whole
    assert troubles_of(enrolled_home) == set()
    assert not list((enrolled_home / "journal").glob("*.damaged"))


def crash_at(monkeypatch, target, name, *, after):
    """Let the process end as soon as a method is called, or when it has done its work."""
    real = getattr(target, name)

    def crashing(self, *args, **kwargs):
        if after:
            real(self, *args, **kwargs)
        raise Crash

    monkeypatch.setattr(target, name, crashing)


@pytest.mark.parametrize("is_edit", [False, True])
def test_a_crash_after_the_frame_and_before_the_commit_saves_the_entry_and_ends_its_draft(
    enrolled_home, monkeypatch, is_edit
):
    with open_services(enrolled_home) as services:
        first = save(services, "零")
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
        services.filling.save_changed()
        if is_edit:
            with services.db.transaction():
                services.db.write("UPDATE draft SET parents = ?", (f'["{first}"]',))
    with open_services(enrolled_home) as services, monkeypatch.context() as patch:
        crash_at(patch, Journal, "append", after=True)
        patch.setattr(Journal, "withdraw", lambda _: None)
        with pytest.raises(Crash):
            services.finalize(draft)
    [kept, adopted] = digests_of(enrolled_home)

    with open_services(enrolled_home) as services:
        assert rows_of(services) == {first, adopted} == {kept, adopted}
        assert services.status()["drafts"] == 0
        assert services.replica.revision(adopted).answers["title"] == "一"
        assert services.replica.revision(adopted).parents == ((first,) if is_edit else ())
        later = save(services, "二")
        assert [each.sequence for each in chain_of(services)] == [1, 2, 3]

    assert digests_of(enrolled_home) == [first, adopted, later]
    assert troubles_of(enrolled_home) == set()


def test_what_was_typed_after_a_frame_that_could_not_be_taken_back_is_kept(
    enrolled_home, monkeypatch, hands
):
    with open_services(enrolled_home, hands.clock()) as services:
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
        with monkeypatch.context() as patch:
            crash_at(patch, Journal, "append", after=True)
            patch.setattr(Journal, "withdraw", failing_withdraw)
            with pytest.raises(Crash):
                services.finalize(draft)
        hands.now += timedelta(seconds=5)
        services.filling.answer(draft, "title", "二", "zh-CN")
        services.filling.save_changed()
    [adopted] = digests_of(enrolled_home)

    with open_services(enrolled_home, hands.clock()) as services:
        assert rows_of(services) == {adopted}
        second = services.finalize(draft)["revision"]
        assert services.replica.revision(second).parents == (adopted,)
        assert services.replica.revision(second).answers["title"] == "二"


def failing_withdraw(_):
    raise StorageError("the disk is away")


def test_a_frame_that_could_not_be_taken_back_goes_before_the_next_saving(
    enrolled_home, monkeypatch
):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
        with monkeypatch.context() as patch:
            crash_at(patch, Journal, "append", after=True)
            patch.setattr(Journal, "withdraw", failing_withdraw)
            with pytest.raises(Crash):
                services.finalize(draft)
            patch.undo()
            patch.setattr(Journal, "withdraw", failing_withdraw)
            with pytest.raises(StorageError):
                services.finalize(draft)
        saved = services.finalize(draft)

        assert rows_of(services) == {saved["revision"]}
    assert digests_of(enrolled_home) == [saved["revision"]]


@pytest.mark.parametrize("length", [0, 1, 44, 200, 10_000])
def test_a_crash_within_the_frame_leaves_the_draft(enrolled_home, length):
    with open_services(enrolled_home) as services:
        first = save(services, "零")
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
    [segment] = segments_of(enrolled_home)
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[:length][:-1])

    with open_services(enrolled_home) as services:
        assert rows_of(services) == {first}
        assert services.status()["drafts"] == 1
        second = services.finalize(draft)["revision"]

    assert digests_of(enrolled_home) == [first, second]
    assert damages_of(enrolled_home) == []


def test_a_frame_that_does_not_read_back_is_not_called_saved(services, home, monkeypatch):
    first = save(services, "零")
    draft = services.filling.open_blank("visit", "zh-CN")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.filling.save_changed()
    real = Journal.append

    def rotting(self, incarnation, sequence, frame):
        real(self, incarnation, sequence, frame)
        flip(segments_of(home)[-1], -3)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", rotting)
        with pytest.raises(StorageError, match="journal"):
            services.finalize(draft)

    assert rows_of(services) == {first}
    assert digests_of(home) == [first]
    assert services.status()["drafts"] == 1
    second = services.finalize(draft)["revision"]
    assert digests_of(home) == [first, second]


def test_a_frame_that_nobody_signed_is_not_taken_over(saved, enrolled_home):
    [segment] = segments_of(enrolled_home)
    with open_services(enrolled_home) as services, services.db.transaction():
        services.db.write("DELETE FROM revision WHERE digest = ?", (saved[2],))
    flip(segment, -1)
    forged = segment.read_bytes()

    with open_services(enrolled_home) as services:
        assert rows_of(services) == set(saved[:2])

    assert digests_of(enrolled_home) == saved[:2]
    assert segment.with_name(segment.name + ".damaged").read_bytes() == forged


def test_what_was_typed_after_a_frame_that_could_not_be_taken_back_is_kept_whatever_the_clock_says(
    enrolled_home, hands, monkeypatch
):
    with open_services(enrolled_home, hands.clock()) as services:
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "一", "zh-CN")
        with monkeypatch.context() as patch:
            crash_at(patch, Journal, "append", after=True)
            patch.setattr(Journal, "withdraw", failing_withdraw)
            with pytest.raises(Crash):
                services.finalize(draft)
        hands.now -= timedelta(days=1)
        services.filling.answer(draft, "title", "二", "zh-CN")
        services.filling.save_changed()
    [adopted] = digests_of(enrolled_home)

    with open_services(enrolled_home, hands.clock()) as services:
        assert services.filling.view(draft, "zh-CN")["parents"] == [adopted]
        assert services.finalize(draft)["revision"] != adopted
        assert services.entry(draft)["answers"]["title"] == "二"


def test_a_segment_that_is_damaged_twice_keeps_the_bytes_of_both_times(saved, enrolled_home):
    [segment] = (enrolled_home / "journal").glob("*.tbj")
    for _ in range(2):
        broken = bytearray(segment.read_bytes())
        broken[len(broken) // 2] ^= 1
        segment.write_bytes(broken)
        with open_services(enrolled_home) as services:
            services.doctor.check()

    kept = sorted((enrolled_home / "journal").glob("*.damaged"))

    assert [path.name.removeprefix(segment.name) for path in kept] == [".2.damaged", ".damaged"]
