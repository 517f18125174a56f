"""The way out without a network: bundles of what waits, and the answers to them."""

import errno
import hashlib
import io
import os
import random
import sqlite3
import time
import tracemalloc
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from client import copying
from client.errors import EnrolmentError, InputError, NotFoundError, StorageError, StorageFullError
from client.starting_over import start_over
from client.web.app import create_app
from client.web.launch import new_launch, new_session
from sync.bundle import FileChunk, Flaw, bundle_name, peek_header, read_bundle
from sync.bundle_messages import (
    BundleAnswer,
    BundleHeader,
    CompleteFile,
    format_bundle_message,
    sign_bundle_answer,
)
from sync.frames import Frame, FrameKind, format_frame, make_frame
from sync.keys import REVISION_TYPE, SigningKey, verify
from sync.messages import ItemResult, ItemState, ProblemAnswer, PushAnswer

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
PICTURE = b"\x89PNG" + random.Random(3).randbytes(2_300_000)
NAME = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder / "a.bundle"


def fill(services, picture=None, **answers):
    draft = services.filling.open_blank("visit", "zh-CN")
    for name, value in {"title": "第一次", **answers}.items():
        services.filling.answer(draft, name, value, "zh-CN")
    if picture is not None:
        services.filling.attach(
            draft, "paper", io.BytesIO(picture), "方案.pdf", "application/pdf", "zh-CN"
        )
    return draft


def save(services, picture=None, **answers):
    return services.finalize(fill(services, picture, **answers))


def states(services):
    return {entry["entry"]: entry["state"] for entry in services.entries()}


def refuser_of_files(office):
    """Return what an office says that takes texts and no files."""

    def problem(asked):
        if "attachments" not in asked.target:
            return None
        stamp = office.stamp(asked)
        return ProblemAnswer(**stamp, status=507, code="low_space", message="No room.")

    return problem


def export(services, path, *, is_all=False):
    return services.exporter.export(path, is_all=is_all)


def parts_of(path):
    return list(read_bundle([path.read_bytes()]))


def revisions_in(path):
    return [part.digest for part in parts_of(path) if isinstance(part, Frame)]


def files_in(path):
    found = {}
    for part in parts_of(path):
        if isinstance(part, FileChunk):
            found[part.sha256] = found.get(part.sha256, b"") + part.content
    return found


def header_in(path):
    return next(part for part in parts_of(path) if isinstance(part, BundleHeader))


class Desk:
    """The organiser's side: answers a bundle, with the office's key."""

    def __init__(self, office):
        self._key = office.key

    def answer(self, path, state=ItemState.LOGGED, *, files=(), **changes):
        """Return the answer to a bundle as it is; `changes` are what is false in it."""
        header = header_in(path)
        index = None if state is ItemState.REFUSED else 5
        results = tuple(ItemResult(name, state, index) for name in revisions_in(path))
        facts = {
            "bundle": bundle_name(header),
            "device": header.device,
            "nonce": header.nonce,
            "log": header.log,
            "time": MOMENT,
            "log_size": 9,
            "part": 0,
            "is_last": True,
            "results": results,
            "files": tuple(CompleteFile(name, 6) for name in files),
        }
        return BundleAnswer(**{**facts, **changes})

    def signed(self, answer, key=None):
        return format_frame(sign_bundle_answer(answer, key or self._key))


@pytest.fixture
def desk(office):
    return Desk(office)


def take(services, content):
    return services.importer.take([content])


def test_everything_undelivered_goes_with_its_files(services, stick):
    first, second = save(services, PICTURE), save(services)

    done = export(services, stick)

    assert revisions_in(stick) == [first["revision"], second["revision"]]
    assert files_in(stick) == {NAME: PICTURE}
    assert not [part for part in parts_of(stick) if isinstance(part, Flaw)]
    assert (done["path"], done["entries"], done["files"]) == (str(stick), 2, 1)
    assert done["size"] == stick.stat().st_size
    assert done["bundle"] == bundle_name(header_in(stick))


def test_a_bundle_says_who_made_it_and_for_which_server(services, stick, hands):
    save(services)

    export(services, stick)

    header = header_in(stick)
    assert header.device == services.device.key.id
    assert header.incarnation == services.device.incarnation
    assert header.log == services.profile.log
    assert header.made_at == hands.now
    assert header.revisions == 1


def test_revisions_go_as_they_were_signed(services, stick):
    save(services)

    export(services, stick)

    frame = next(part for part in parts_of(stick) if isinstance(part, Frame))
    verify(services.device.key.public, REVISION_TYPE, frame.payload, frame.signature)


def test_being_exported_is_not_being_delivered(services, stick, hands):
    save(services)

    export(services, stick)

    (listed,) = services.entries()
    assert listed["state"] == "saved"
    assert listed["exported_at"] is not None
    assert services.status()["exported"] == 1
    assert services.status()["has_deliverable"]


def test_what_is_delivered_stays_at_home_but_goes_on_request(services, stick):
    saved = save(services, PICTURE)
    services.rounds.run()

    nothing = export(services, stick)
    everything = export(services, stick, is_all=True)

    assert (nothing["path"], nothing["entries"]) == (None, 0)
    assert everything["entries"] == 1
    assert revisions_in(stick) == [saved["revision"]]
    assert files_in(stick) == {NAME: PICTURE}


def test_nothing_waiting_writes_no_file(services, stick):
    assert export(services, stick)["path"] is None
    assert not stick.exists()


def test_text_that_is_delivered_goes_again_with_the_file_that_is_not(services, stick, office):
    saved = save(services, PICTURE)
    office.problem = refuser_of_files(office)
    services.rounds.run()
    assert services.entries()[0]["text_delivered"]

    export(services, stick)

    assert revisions_in(stick) == [saved["revision"]]
    assert set(files_in(stick)) == {NAME}


def test_the_file_of_a_quarantined_entry_goes_too(services, stick, office):
    save(services, PICTURE)
    office.verdict = lambda digest: ItemResult(digest, ItemState.QUARANTINED, code="rules")
    office.problem = refuser_of_files(office)
    services.rounds.run()
    assert list(states(services).values()) == ["quarantined"]

    export(services, stick)

    assert set(files_in(stick)) == {NAME}


def test_what_the_server_refused_for_good_goes_along_as_it_is_undelivered(services, stick, office):
    save(services, picture=PICTURE)
    office.verdict = lambda digest: ItemResult(digest, ItemState.REFUSED, code="other_log")
    services.rounds.run()

    done = export(services, stick)

    assert (done["entries"], done["files"], done["left_out"]) == (1, 1, [])
    assert states(services) == {next(iter(states(services))): "set_aside"}


def test_an_answer_counts_no_more_once_a_round_has_started_over_meanwhile(
    services, stick, desk, monkeypatch
):
    saved = save(services)
    export(services, stick)
    content = desk.signed(desk.answer(stick))
    read = services.importer._read

    def read_slowly(chunks, profile):
        found = read(chunks, profile)
        start_over(services.db, services.clock, "The server went back.")
        return found

    monkeypatch.setattr(services.importer, "_read", read_slowly)

    with pytest.raises(InputError) as caught:
        take(services, content)

    assert caught.value.code == "old_answer"
    assert states(services)[saved["entry"]] == "saved"


def test_drafts_are_counted_and_stay(services, stick):
    fill(services)
    save(services)

    done = export(services, stick)

    assert (done["entries"], done["drafts"]) == (1, 1)


def test_a_file_that_the_disk_has_changed_keeps_nothing_else_here(services, stick):
    save(services, PICTURE)
    saved = save(services)
    place = services.blob(NAME)
    place.write_bytes(b"x" + place.read_bytes()[1:])

    done = export(services, stick)

    assert done["left_out"] == [{"file": NAME, "code": "damaged"}]
    assert saved["revision"] in revisions_in(stick)
    assert files_in(stick) == {}


def test_an_entry_that_the_disk_has_changed_keeps_nothing_else_here(services, stick, home):
    bad, good = save(services), save(services)
    with closing(sqlite3.connect(home / "client.db")) as database, database:
        database.execute(
            "UPDATE revision SET content = CAST('{}' AS BLOB) WHERE digest = ?", (bad["revision"],)
        )

    done = export(services, stick)

    assert done["left_out"] == [{"revision": bad["revision"], "code": "damaged_entry"}]
    assert revisions_in(stick) == [good["revision"]]


def test_an_earlier_bundle_of_this_device_is_replaced_as_a_whole(services, stick):
    save(services)
    assert not export(services, stick)["replaced"]
    save(services)

    done = export(services, stick)

    assert done["replaced"]
    assert len(revisions_in(stick)) == 2


@pytest.mark.parametrize("content", [b"a letter to my mother", b"", b"PK\x03\x04"])
def test_any_other_file_is_left_alone(services, stick, content):
    save(services)
    stick.write_bytes(content)

    with pytest.raises(InputError) as caught:
        export(services, stick)

    assert caught.value.code == "export_place"
    assert stick.read_bytes() == content


def test_a_bundle_of_another_device_is_left_alone(services, stick):
    save(services)
    export(services, stick)
    header = replace(header_in(stick), device="another")
    other = format_frame(make_frame(FrameKind.BUNDLE, format_bundle_message(header)))
    stick.write_bytes(other)

    with pytest.raises(InputError, match="not made by this device"):
        export(services, stick)

    assert stick.read_bytes() == other


def test_a_bundle_never_lies_in_the_home(services, home, tmp_path):
    save(services)
    (tmp_path / "link").symlink_to(home)

    for place in (home / "a.bundle", home / "blobs" / NAME, tmp_path / "link" / "a.bundle"):
        with pytest.raises(InputError, match="home"):
            export(services, place)


def test_a_folder_or_no_folder_is_no_place(services, tmp_path):
    save(services)

    with pytest.raises(InputError, match="no file"):
        export(services, tmp_path)
    with pytest.raises(NotFoundError, match="no folder"):
        export(services, tmp_path / "nowhere" / "a.bundle")


def test_a_device_that_is_not_enrolled_has_nothing_to_carry(blank, stick):
    with pytest.raises(EnrolmentError):
        export(blank, stick)


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stick_that_gets_full_keeps_what_was_there_before(services, stick, monkeypatch):
    save(services)
    export(services, stick)
    before = stick.read_bytes()
    save(services)
    monkeypatch.setattr(os, "fsync", full_disk)

    with pytest.raises(StorageFullError):
        export(services, stick)

    monkeypatch.undo()
    assert stick.read_bytes() == before
    assert [path.name for path in stick.parent.iterdir()] == [stick.name]


def test_a_stick_without_room_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(StorageFullError):
        copying.require_space(tmp_path / "a.bundle", 2**60)


def test_a_file_too_large_for_the_stick_is_told(services, stick, monkeypatch):
    save(services)

    def too_large(*_):
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(os, "fsync", too_large)

    with pytest.raises(StorageError) as caught:
        export(services, stick)

    assert caught.value.code == "file_too_large"


def test_a_stick_that_gives_other_bytes_back_holds_no_copy(services, stick, monkeypatch):
    save(services)
    replace_file = Path.replace

    def rot(partial, path):
        content = partial.read_bytes()
        partial.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        return replace_file(partial, path)

    monkeypatch.setattr(Path, "replace", rot)

    with pytest.raises(StorageError, match="read back"):
        export(services, stick)

    assert not stick.exists()
    assert services.entries()[0]["exported_at"] is None


def test_the_answer_makes_an_entry_delivered(services, stick, desk):
    save(services)
    export(services, stick)

    done = take(services, desk.signed(desk.answer(stick)))

    assert (done["logged"], done["delivered"]) == (1, 1)
    assert list(states(services).values()) == ["delivered"]
    assert services.status()["exported"] == 0


def test_an_entry_waits_for_its_files(services, stick, desk):
    save(services, PICTURE)
    export(services, stick)

    text = take(services, desk.signed(desk.answer(stick)))
    assert (text["delivered"], list(states(services).values())) == (0, ["saved"])

    files = take(services, desk.signed(desk.answer(stick, files=[NAME])))
    assert (files["delivered"], list(states(services).values())) == (1, ["delivered"])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ItemState.LOGGED, "delivered"),
        (ItemState.HELD, "delivered"),
        (ItemState.QUARANTINED, "quarantined"),
        (ItemState.REFUSED, "set_aside"),
    ],
)
def test_an_answer_means_what_it_means_after_a_push(services, stick, desk, state, expected):
    save(services)
    export(services, stick)

    done = take(services, desk.signed(desk.answer(stick, state)))

    assert done[state.value] == 1
    assert list(states(services).values()) == [expected]


def test_a_refusal_for_now_leaves_it_saved_and_exported_again(services, stick, desk):
    save(services)
    export(services, stick)
    refused = ItemResult(
        revisions_in(stick)[0], ItemState.REFUSED, code="bad_signature", temporary=True
    )

    take(services, desk.signed(desk.answer(stick, results=(refused,))))

    assert list(states(services).values()) == ["saved"]
    assert export(services, stick)["entries"] == 1


def test_the_same_answer_again_changes_nothing(services, stick, desk):
    save(services, PICTURE)
    export(services, stick)
    content = desk.signed(desk.answer(stick, files=[NAME]))
    first = take(services, content)
    before = services.entries()

    assert take(services, content) == first
    assert services.entries() == before


@pytest.mark.parametrize("older", [ItemState.REFUSED, ItemState.HELD])
def test_an_older_answer_undoes_nothing(services, stick, desk, older):
    save(services)
    export(services, stick)
    old = desk.signed(desk.answer(stick, older))
    take(services, desk.signed(desk.answer(stick, ItemState.QUARANTINED)))

    take(services, old)

    assert list(states(services).values()) == ["quarantined"]


def test_an_answer_signed_by_another_key_changes_nothing(services, stick, desk):
    save(services)
    export(services, stick)

    with pytest.raises(InputError) as caught:
        take(services, desk.signed(desk.answer(stick), SigningKey(bytes(32))))

    assert caught.value.code == "other_answer"
    assert list(states(services).values()) == ["saved"]


@pytest.mark.parametrize("changes", [{"device": "another"}, {"log": "elsewhere.example/log"}])
def test_an_answer_for_another_device_changes_nothing(services, stick, desk, changes):
    save(services)
    export(services, stick)

    with pytest.raises(InputError) as caught:
        take(services, desk.signed(desk.answer(stick, **changes)))

    assert caught.value.code == "other_answer"
    assert list(states(services).values()) == ["saved"]


def test_an_answer_from_before_the_server_went_back_is_not_believed(services, stick, desk):
    save(services)
    export(services, stick)
    promised = desk.signed(desk.answer(stick))
    take(services, promised)
    start_over(services.db, services.clock, "The server went back.")
    assert list(states(services).values()) == ["saved"]

    with pytest.raises(InputError) as caught:
        take(services, promised)

    assert caught.value.code == "old_answer"
    assert list(states(services).values()) == ["saved"]
    export(services, stick)
    assert take(services, desk.signed(desk.answer(stick)))["delivered"] == 1


def test_an_answer_from_before_the_home_was_put_back_is_not_believed(services, stick, desk):
    save(services)
    export(services, stick)
    services.device.life.incarnation = "another life"

    with pytest.raises(InputError, match="does not count any more"):
        take(services, desk.signed(desk.answer(stick)))


def test_an_online_answer_is_no_answer_to_a_bundle(services, stick, office):
    save(services)
    export(services, stick)
    results = (ItemResult(revisions_in(stick)[0], ItemState.LOGGED, 5),)
    online = PushAnswer("ab" * 16, "sha256:" + "0" * 64, MOMENT, 9, results)

    with pytest.raises(InputError):
        take(services, office.signed(online)[2])

    assert list(states(services).values()) == ["saved"]


def test_a_damaged_answer_yields_its_intact_parts(services, stick, desk):
    save(services), save(services)
    export(services, stick)
    first, second = (ItemResult(name, ItemState.LOGGED, 5) for name in revisions_in(stick))
    one = desk.signed(desk.answer(stick, results=(first,), is_last=False))
    two = desk.signed(desk.answer(stick, results=(second,), part=1))

    damaged = take(services, one[:-100] + bytes([one[-100] ^ 1]) + one[-99:] + two)
    cut = take(services, one)
    whole = take(services, one + two)

    assert (damaged["delivered"], damaged["damaged"], damaged["missing"]) == (1, 1, 1)
    assert (cut["damaged"], cut["missing"]) == (0, 1)
    assert (whole["damaged"], whole["missing"]) == (0, 0)
    assert list(states(services).values()) == ["delivered"] * 2


def test_any_changed_byte_of_an_answer_changes_nothing_else(services, stick, desk):
    save(services)
    export(services, stick)
    content = desk.signed(desk.answer(stick))

    for place in range(len(content)):
        with pytest.raises(InputError):
            take(services, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

    assert list(states(services).values()) == ["saved"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xd8\xff\xe0 a photo", "JPEG"),
        (b"PK\x03\x04 a workbook", "zip"),
        (b"", "empty"),
        ("一封信".encode(), "text"),
        (random.Random(5).randbytes(200_000), "another program"),
    ],
)
def test_a_file_of_the_wrong_kind_is_called_what_it_is(services, content, words):
    with pytest.raises(InputError, match=words) as caught:
        take(services, content)

    assert caught.value.code == "not_an_answer"


def test_a_bundle_is_no_answer_and_goes_to_the_organiser(services, stick):
    save(services)
    export(services, stick)

    with pytest.raises(InputError, match="a bundle that a device exported") as caught:
        services.importer.take_file(stick)

    assert "tianbao-server import" in caught.value.hint


def test_a_file_that_cannot_be_read_is_told(services, tmp_path):
    with pytest.raises(StorageError):
        services.importer.take_file(tmp_path / "nothing")


def test_the_commands_go_the_whole_way(enrolled_home, tianbao, stick, desk, tmp_path):
    tianbao("add", "visit", "-", input='{"title": "第一次"}')

    told = tianbao("export", str(stick))
    asked = tianbao("export", str(stick), "--json")
    (tmp_path / "answer").write_bytes(desk.signed(desk.answer(stick)))
    taken = tianbao("import", str(tmp_path / "answer"))
    none = tianbao("export", str(stick))

    assert f"Copied: 1 entries, 0 files to {stick}" in told.stdout
    assert '"replaced": true' in asked.stdout
    assert "1 revisions were answered, 1 of them are delivered." in taken.stdout
    assert "Nothing waits" in none.stdout
    assert (taken.returncode, none.returncode) == (0, 0)


def test_a_command_names_what_was_wrong(enrolled_home, tianbao, tmp_path):
    (tmp_path / "letter").write_text("to my mother")

    wrong = tianbao("import", str(tmp_path / "letter"))

    assert wrong.returncode == 1
    assert wrong.stderr.startswith("Error: This is no answer to a bundle, but a text")


def test_half_an_answer_ends_with_one(enrolled_home, tianbao, stick, desk, tmp_path):
    tianbao("add", "visit", "-", input='{"title": "第一次"}')
    tianbao("export", str(stick))
    (tmp_path / "answer").write_bytes(desk.signed(desk.answer(stick, is_last=False)))

    half = tianbao("import", str(tmp_path / "answer"))

    assert half.returncode == 1
    assert "missing" in half.stderr


class Pages:
    """What the page sends."""

    def __init__(self, services):
        secret, port = b"s" * 32, 8620
        app = create_app(services, new_launch(port, secret))
        self._client = app.test_client(use_cookies=False)
        self._base = f"http://127.0.0.1:{port}"
        session = new_session(secret, time.time())
        self._headers = {
            "Cookie": f"tianbao_{port}={session.cookie}",
            "Tianbao-Key": session.key,
            "Tianbao-Language": "zh-CN",
        }

    def ask(self, method, path, **more):
        return self._client.open(
            path, method=method, headers=self._headers, base_url=self._base, buffered=True, **more
        )


@pytest.fixture
def pages(services):
    return Pages(services)


def test_the_page_downloads_a_bundle_which_counts_as_no_copy(services, pages):
    saved = save(services, PICTURE)

    answer = pages.ask("GET", "/api/export")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="tianbao-')
    assert peek_header(answer.data).device == services.device.key.id
    parts = list(read_bundle([answer.data]))
    assert [part.digest for part in parts if isinstance(part, Frame)] == [saved["revision"]]
    assert not [part for part in parts if isinstance(part, Flaw)]
    assert services.entries()[0]["exported_at"] is None


def test_the_page_is_told_that_nothing_waits(services, pages):
    save(services)
    services.rounds.run()

    nothing = pages.ask("GET", "/api/export")

    assert (nothing.status_code, nothing.json["code"]) == (404, "nothing_to_export")
    assert "没有" in nothing.json["message"]
    assert pages.ask("GET", "/api/export?all=1").status_code == 200


def test_the_page_brings_an_answer_home(services, pages, desk, stick):
    save(services)
    stick.write_bytes(pages.ask("GET", "/api/export").data)

    done = pages.ask(
        "POST",
        "/api/import",
        data=desk.signed(desk.answer(stick)),
        content_type="application/octet-stream",
    )

    assert done.json["delivered"] == 1
    assert list(states(services).values()) == ["delivered"]


def test_the_page_is_told_in_its_language_what_a_wrong_file_is(services, pages, monkeypatch):
    wrong = pages.ask(
        "POST", "/api/import", data=b"\xff\xd8\xff", content_type="application/octet-stream"
    )
    monkeypatch.setattr("client.web.api_bundle.LARGEST_ANSWER", 1000)
    large = pages.ask(
        "POST", "/api/import", data=bytes(1001), content_type="application/octet-stream"
    )

    assert (wrong.status_code, wrong.json["code"]) == (422, "not_an_answer")
    assert "回执" in wrong.json["message"]
    assert large.status_code == 413


def test_a_bundle_is_made_in_little_memory(services, stick):
    save(services, PICTURE * 20)
    bundle = services.exporter.prepare(is_all=False)
    tracemalloc.start()

    for _ in services.exporter.content(bundle):
        pass

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 1024 * 1024
