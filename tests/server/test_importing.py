"""Bundles that were carried to the server: like a push, whatever happened on the way."""

import errno
import hashlib
import os
import random
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from server import importing
from server.errors import ConflictError, RequestError, StorageError, UnknownError
from server.importing import import_bundle
from server.uploads import Chunk
from sync.bundle import CHUNK_BYTES, FileChunk, chunk_frame, write_bundle
from sync.bundle_messages import BundleHeader, open_bundle_answer
from sync.digest import digest_of
from sync.errors import SignatureError
from sync.frames import FrameKind, format_frame, make_frame, parse_frames
from sync.keys import SigningKey
from sync.messages import ItemState

PHOTO = random.Random(7).randbytes(2_500_000)
SMALL = b"a small picture"
ROOT = Path(__file__).parents[2]


def named(content):
    name = hashlib.sha256(content).hexdigest()
    return {"name": "a.jpg", "type": "image/jpeg", "size": len(content), "sha256": name}


def chunks_of(content, size=CHUNK_BYTES):
    name = hashlib.sha256(content).hexdigest()
    for at in range(0, max(1, len(content)), size):
        yield chunk_frame(FileChunk(name, at, content[at : at + size]))


def header_of(device, frames=(), **facts):
    found = {
        "log": device.log,
        "device": device.key.id,
        "incarnation": "0123456789abcdef",
        "nonce": "ab" * 16,
        "made_at": device.revision().made_at.wall,
        "revisions": len(frames),
        "files": 0,
        "size": 0,
        "contents": digest_of(b"".join(frame.raw_digest for frame in frames)),
    }
    return BundleHeader(**{**found, **facts})


def bundle_of(device, revisions, contents=(), size=CHUNK_BYTES, **facts):
    names = b"".join(hashlib.sha256(content).digest() for content in contents)
    digests = b"".join(frame.raw_digest for frame in revisions)
    header = header_of(
        device, revisions, files=len(contents), contents=digest_of(digests + names), **facts
    )
    chunks = [chunk for content in contents for chunk in chunks_of(content, size)]
    return b"".join(write_bundle(header, [*revisions, *chunks]))


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def carry(services, stick):
    """Import bytes as a bundle; return the report."""

    def run(content: bytes, answer: Path | None = None):
        (stick / "a.bundle").write_bytes(content)
        return import_bundle(services, stick / "a.bundle", answer)

    return run


def entries_with_photos(device):
    return [
        device.frame(device.revision({"title": "一", "photo": named(PHOTO)})),
        device.frame(device.revision({"title": "二", "photo": named(SMALL)})),
        device.frame(device.revision({"title": "三"})),
    ]


def opened(services, path):
    key = services.keys.answer.public
    return [open_bundle_answer(frame, key) for frame in parse_frames(path.read_bytes())]


def states(results):
    return [result.state for result in results]


def test_a_bundle_is_taken_in_like_a_push(carry, device, services):
    done = carry(bundle_of(device, entries_with_photos(device), [PHOTO, SMALL]))

    assert (done["revisions"], done["logged"], done["files"]) == (3, 3, 2)
    assert (done["is_whole"], done["flaws"], done["missing"]) == (True, [], [])
    for content in (PHOTO, SMALL):
        stored = services.find_attachment(hashlib.sha256(content).hexdigest())
        assert services.blobs.path(stored.sha256).read_bytes() == content


def test_an_empty_file_comes_too(carry, device):
    frame = device.frame(device.revision({"title": "一", "photo": named(b"")}))

    assert carry(bundle_of(device, [frame], [b""]))["files"] == 1


def test_a_second_import_changes_nothing(carry, device, services, stick):
    bundle = bundle_of(device, entries_with_photos(device), [PHOTO, SMALL])
    carry(bundle, stick / "first")
    size = services.log_size()

    done = carry(bundle, stick / "second")

    assert services.log_size() == size
    assert done["known"] == 3
    first, second = opened(services, stick / "first")[0], opened(services, stick / "second")[0]
    assert (first.results, first.files) == (second.results, second.files)


def test_a_revision_has_one_index_whichever_way_it_comes(carry, device, http):
    frame = device.frame()
    (pushed,) = http.push(device, frame).answer.results

    done = carry(bundle_of(device, [frame, device.frame()]))

    assert (done["revisions"], done["known"]) == (2, 1)
    assert http.push(device, frame).answer.results[0].index == pushed.index


def test_the_same_bundle_twice_in_one_file_is_taken_once(carry, device, services):
    bundle = bundle_of(device, entries_with_photos(device), [SMALL])

    done = carry(bundle + bundle)

    assert done["logged"] == 6
    assert len(services.arrived(10)) == 3


def test_the_answer_says_what_became_of_each(carry, device, services, stick):
    broken = device.frame(device.revision({"count": 1}))
    frames = [*entries_with_photos(device), broken]
    bundle = bundle_of(device, frames, [SMALL], nonce="cd" * 16)

    done = carry(bundle, stick / "answer")

    (answer,) = opened(services, stick / "answer")
    assert done["answer"] == str(stick / "answer")
    assert (answer.device, answer.nonce, answer.log) == (device.key.id, "cd" * 16, services.log)
    assert answer.bundle == done["bundle"]
    assert answer.log_size == services.log_size()
    assert [result.digest for result in answer.results] == [frame.digest for frame in frames]
    assert states(answer.results) == [ItemState.LOGGED] * 3 + [ItemState.QUARANTINED]
    assert [file.sha256 for file in answer.files] == [hashlib.sha256(SMALL).hexdigest()]
    assert (stick / "answer").stat().st_mode & 0o777 == 0o600


def test_a_long_answer_comes_in_parts(carry, device, services, stick):
    frames = [device.frame() for _ in range(230)]

    carry(bundle_of(device, frames), stick / "answer")

    answers = opened(services, stick / "answer")
    assert [answer.part for answer in answers] == [0, 1, 2]
    assert [answer.is_last for answer in answers] == [False, False, True]
    assert [each.digest for one in answers for each in one.results] == [f.digest for f in frames]


def test_an_empty_bundle_is_answered_too(carry, device, services, stick):
    carry(bundle_of(device, []), stick / "answer")

    (answer,) = opened(services, stick / "answer")
    assert (answer.is_last, answer.results, answer.files) == (True, (), ())


def test_files_that_are_here_already_are_in_the_answer(carry, device, services, stick):
    frames = entries_with_photos(device)
    carry(bundle_of(device, frames, [SMALL]))

    carry(bundle_of(device, frames), stick / "answer")

    (answer,) = opened(services, stick / "answer")
    assert [file.sha256 for file in answer.files] == [hashlib.sha256(SMALL).hexdigest()]


def test_whatever_byte_is_changed_the_other_entries_are_taken(carry, enrolled, services):
    device = enrolled("one")
    for step in range(0, 4000, 97):
        frames = [device.frame() for _ in range(3)]
        bundle = bundle_of(device, frames)
        place = step % len(bundle)
        damaged = bundle[:place] + bytes([bundle[place] ^ 0x10]) + bundle[place + 1 :]
        begin = bundle.index(format_frame(frames[0]))

        done = carry(damaged)

        hit = set()
        for frame in frames:
            end = begin + len(format_frame(frame))
            hit |= {frame.digest} if begin <= place < end else set()
            begin = end
        assert not done["is_whole"], place
        assert done["logged"] == 3 - len(hit), place
        assert {each["digest"] for each in done["refusals"]} <= hit


def test_a_bundle_that_was_cut_yields_what_came(carry, device, services):
    bundle = bundle_of(device, entries_with_photos(device), [SMALL, PHOTO])

    done = carry(bundle[:-1_000_000])

    assert (done["logged"], done["files"], done["is_whole"]) == (3, 1, False)
    assert {each["code"] for each in done["missing"]} == {"not_in_bundle"}
    assert (
        services.uploads.offset(hashlib.sha256(PHOTO).hexdigest(), len(PHOTO), "north")
        >= CHUNK_BYTES
    )


def test_two_damaged_copies_make_a_whole_one(carry, device):
    bundle = bundle_of(device, entries_with_photos(device), [PHOTO])
    near_begin = bundle.index(PHOTO[:100]) + 5000
    near_end = bundle.index(PHOTO[-100:])
    first = bundle[:near_end] + b"\x00" + bundle[near_end + 1 :]
    second = bundle[:near_begin] + b"\x00" + bundle[near_begin + 1 :]

    assert carry(first)["files"] == 0
    assert carry(second)["files"] == 1


def test_an_upload_over_the_network_is_gone_on_with(carry, device, services, http):
    frames = entries_with_photos(device)
    http.push(device, *frames)
    name = hashlib.sha256(PHOTO).hexdigest()
    services.store_chunk("north", Chunk(name, 0, len(PHOTO), PHOTO[:1_048_000]))

    done = carry(bundle_of(device, frames, [PHOTO]))

    assert done["files"] == 1
    assert services.find_attachment(name) is not None


def test_a_wrong_size_that_a_stranger_says_keeps_no_file_out(carry, device, stranger, services):
    other = stranger("carrier")
    wrong = other.frame(other.revision({"title": "x", "photo": named(PHOTO) | {"size": 1}}))
    right = device.frame(device.revision({"title": "一", "photo": named(PHOTO)}))

    assert carry(bundle_of(device, [wrong, right], [PHOTO]))["files"] == 1


def test_wrong_sizes_that_enrolled_devices_say_keep_no_file_out(carry, device, enrolled):
    other = enrolled("other", "south")
    sizes = [*range(1, 80), len(PHOTO) - 1, len(PHOTO) + 1, len(PHOTO) + 1_000_000]
    wrong = [
        other.frame(other.revision({"title": "x", "photo": named(PHOTO) | {"size": size}}))
        for size in reversed(sizes)
    ]
    right = device.frame(device.revision({"title": "一", "photo": named(PHOTO)}))

    assert carry(bundle_of(device, [*wrong, right], [PHOTO]))["files"] == 1


def test_a_file_that_only_a_stranger_names_is_taken(carry, device, stranger):
    other = stranger("lost after a restore")
    frames = [other.frame(other.revision({"title": "x", "photo": named(PHOTO)}))]

    assert carry(bundle_of(device, frames, [PHOTO]))["files"] == 1


@pytest.mark.parametrize("size", [700, 1500, 300_000, CHUNK_BYTES])
def test_parts_of_any_size_make_the_file(carry, device, size):
    content = PHOTO[:90_000]
    frames = [device.frame(device.revision({"title": "一", "photo": named(content)}))]

    assert carry(bundle_of(device, frames, [content], size))["files"] == 1


def test_parts_in_turns_make_both_files(carry, device):
    one, two = PHOTO[:50_000], PHOTO[50_000:100_000]
    frames = [
        device.frame(device.revision({"title": "一", "photo": named(each)})) for each in (one, two)
    ]
    turns = [
        each
        for pair in zip(chunks_of(one, 9000), chunks_of(two, 9000), strict=True)
        for each in pair
    ]

    done = carry(b"".join(write_bundle(header_of(device, frames), [*frames, *turns])))

    assert done["files"] == 2


def test_a_file_that_nobody_names_is_not_taken(carry, device, folder):
    done = carry(bundle_of(device, [device.frame()], [SMALL]))

    assert done["strange"] == [hashlib.sha256(SMALL).hexdigest()]
    assert list(folder.incoming.iterdir()) == []


def test_a_file_of_other_bytes_is_not_taken(carry, device, services):
    frames = [device.frame(device.revision({"title": "一", "photo": named(SMALL)}))]
    wrong = chunk_frame(FileChunk(hashlib.sha256(SMALL).hexdigest(), 0, b"a smaller image"))

    done = carry(b"".join(write_bundle(header_of(device, frames), [*frames, wrong])))

    assert [each["code"] for each in done["missing"]] == ["bad_digest"]
    assert carry(bundle_of(device, frames, [SMALL]))["files"] == 1


def test_a_file_that_is_longer_than_its_entry_says_is_not_taken(carry, device):
    frames = [device.frame(device.revision({"title": "一", "photo": named(SMALL)}))]
    wrong = chunk_frame(FileChunk(hashlib.sha256(SMALL).hexdigest(), 0, SMALL + b"more"))

    done = carry(b"".join(write_bundle(header_of(device, frames), [*frames, wrong])))

    assert [each["code"] for each in done["missing"]] == ["other_size"]


def test_who_carries_it_cannot_make_a_device_give_up(carry, device, services, stick):
    frame = device.frame()
    changed = replace(frame, signature=bytes(64))

    carry(bundle_of(device, [changed]), stick / "answer")

    (answer,) = opened(services, stick / "answer")
    assert answer.results[0].state is ItemState.REFUSED
    assert (answer.results[0].code, answer.results[0].temporary) == ("bad_signature", True)
    assert carry(bundle_of(device, [frame]))["logged"] == 1


def test_a_revision_of_an_unknown_device_is_quarantined_and_told_nothing_of_files(
    carry, device, stranger, services, stick
):
    carry(bundle_of(device, entries_with_photos(device), [SMALL]))
    unknown = stranger("unknown")
    frame = unknown.frame(unknown.revision({"title": "一", "photo": named(SMALL)}))

    done = carry(bundle_of(unknown, [frame]), stick / "answer")

    (answer,) = opened(services, stick / "answer")
    assert done["quarantined"] == 1
    assert answer.files == ()


def test_a_bundle_for_another_server_is_refused(carry, device):
    with pytest.raises(ConflictError, match="elsewhere"):
        carry(bundle_of(device, [device.frame()], log="elsewhere.example/log"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xd8\xff\xe0 a photo", "JPEG"),
        (b"PK\x03\x04 a workbook", "zip"),
        (b"", "empty"),
        (os.urandom(100_000), "another program"),
    ],
)
def test_a_file_of_the_wrong_kind_is_called_what_it_is(carry, services, content, words):
    size = services.log_size()

    with pytest.raises(RequestError, match=words):
        carry(content)

    assert services.log_size() == size


def test_an_answer_is_no_bundle(carry, device, stick):
    carry(bundle_of(device, [device.frame()]), stick / "answer")

    with pytest.raises(RequestError, match="an answer of the server") as caught:
        carry((stick / "answer").read_bytes())

    assert "tianbao import" in caught.value.hint


def test_a_journal_is_taken_without_header_and_end(carry, device):
    done = carry(b"".join(format_frame(device.frame()) for _ in range(3)))

    assert (done["logged"], done["is_whole"], done["bundle"]) == (3, False, None)


def test_no_answer_is_given_to_a_bundle_that_does_not_say_whose_it_is(carry, device, stick):
    done = carry(format_frame(device.frame()), stick / "answer")

    assert done["answer"] is None
    assert not (stick / "answer").exists()


def test_a_damaged_header_is_made_up_for_by_the_end(carry, device, services, stick):
    bundle = bundle_of(device, [device.frame()])

    done = carry(bundle[:50] + b"\x00" + bundle[51:], stick / "answer")

    assert not done["is_whole"]
    assert opened(services, stick / "answer")[0].device == device.key.id


def test_an_earlier_answer_is_replaced_and_nothing_else(carry, device, stick):
    bundle = bundle_of(device, [device.frame()])
    carry(bundle, stick / "answer")
    carry(bundle, stick / "answer")
    (stick / "letter").write_text("to my mother")

    with pytest.raises(ConflictError, match="a text"):
        carry(bundle, stick / "letter")
    with pytest.raises(ConflictError, match="no file"):
        carry(bundle, stick)

    assert (stick / "letter").read_text() == "to my mother"


def test_an_answer_stands_neither_in_the_data_folder_nor_nowhere(carry, device, folder, stick):
    with pytest.raises(ConflictError):
        carry(bundle_of(device, []), folder.path / "answer")
    with pytest.raises(UnknownError):
        carry(bundle_of(device, []), stick / "nowhere" / "answer")


def test_a_bundle_that_cannot_be_read_is_told(services, stick):
    with pytest.raises(RequestError, match="cannot be read"):
        import_bundle(services, stick / "nothing", None)


def test_an_answer_for_which_there_is_no_room_is_told_and_leaves_nothing(carry, device, stick):
    (stick / "answer.tianbao-part").mkdir()

    with pytest.raises(StorageError):
        carry(bundle_of(device, [device.frame()]), stick / "answer")

    assert not (stick / "answer").exists()


def test_another_key_never_signs_an_answer(carry, device, services, stick):
    carry(bundle_of(device, [device.frame()]), stick / "answer")

    frame = next(parse_frames((stick / "answer").read_bytes()))
    with pytest.raises(SignatureError):
        open_bundle_answer(frame, SigningKey(bytes(32)).public)


def test_memory_does_not_grow_with_the_files(carry, device, services, stick):
    size = 150 * 1024 * 1024
    block = random.Random(1).randbytes(CHUNK_BYTES)
    found = hashlib.sha256()
    for _ in range(size // CHUNK_BYTES):
        found.update(block)
    name = found.hexdigest()
    photo = {"name": "a.jpg", "type": "image/jpeg", "size": size, "sha256": name}
    frame = device.frame(device.revision({"title": "一", "photo": photo}))

    def frames():
        yield frame
        for at in range(0, size, CHUNK_BYTES):
            yield chunk_frame(FileChunk(name, at, block))

    with (stick / "a.bundle").open("wb") as file:
        for content in write_bundle(header_of(device, [frame]), frames()):
            file.write(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    done = import_bundle(services, stick / "a.bundle", None)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert done["files"] == 1
    assert grown < 60 * 1024


def run(folder, *args):
    return subprocess.run(
        [sys.executable, "-m", "server", "--data", folder.path, *args],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
        timeout=60,
    )


def test_the_command_tells_what_came_and_what_is_wrong(services, device, folder, stick):
    bundle = bundle_of(device, entries_with_photos(device), [SMALL])
    services.close()
    (stick / "whole").write_bytes(bundle_of(device, [device.frame()]))
    place = bundle.index(SMALL)
    (stick / "damaged").write_bytes(bundle[:place] + b"\x00" + bundle[place + 1 :])

    whole = run(folder, "import", stick / "whole", "--answer", stick / "answer")
    damaged = run(folder, "import", stick / "damaged")
    wrong = run(folder, "import", stick / "answer")

    assert whole.returncode == 0
    assert "1 revisions are in the log, 0 of them were before." in whole.stdout
    assert str(stick / "answer") in whole.stdout
    assert damaged.returncode == 1
    assert "Damaged: " in damaged.stderr
    assert "Missing: the file" in damaged.stderr
    assert wrong.returncode == 1
    assert "Error: " in wrong.stderr
    assert "an answer of the server" in wrong.stderr


@pytest.fixture
def bad_sectors(monkeypatch):
    """Return what makes a stretch of every medium unreadable."""
    real = os.pread

    def make(start, stop):
        def read(descriptor, size, offset):
            if offset < stop and start < offset + size:
                raise OSError(errno.EIO, "Input/output error")
            return real(descriptor, size, offset)

        monkeypatch.setattr(os, "pread", read)

    return make


@pytest.mark.parametrize("place", [0.1, 0.5, 0.999])
def test_a_bad_sector_of_a_stick_costs_what_lies_in_it_and_nothing_else(
    carry, device, services, stick, bad_sectors, place
):
    frames = [device.frame() for _ in range(60)]
    bundle = bundle_of(device, frames)
    start = int(place * len(bundle)) // 4096 * 4096
    bad_sectors(start, start + 1)

    done = carry(bundle, stick / "answer")

    begin, hit = bundle.index(format_frame(frames[0])), 0
    for frame in frames:
        end = begin + len(format_frame(frame))
        hit += begin < start + 4096 and start < end
        begin = end
    assert 0 < hit < 10
    assert done["logged"] >= 60 - hit
    assert not done["is_whole"]
    assert 0 < done["unreadable_bytes"] <= 4096
    told = [result for answer in opened(services, stick / "answer") for result in answer.results]
    assert len({result.digest for result in told if result.index is not None}) == done["logged"]


def test_a_stick_that_is_pulled_out_leaves_what_was_read(carry, device, bad_sectors):
    bundle = bundle_of(device, entries_with_photos(device), [PHOTO, SMALL])
    bad_sectors(1_100_000, 10**12)

    done = carry(bundle)

    assert (done["logged"], done["is_whole"]) == (3, False)
    assert done["unreadable_bytes"] > len(bundle) - 1_200_000


def test_a_stick_of_which_nothing_can_be_read_is_called_unreadable(carry, device, bad_sectors):
    bundle = bundle_of(device, [device.frame()])
    bad_sectors(0, 10**12)

    with pytest.raises(RequestError) as caught:
        carry(bundle)

    assert caught.value.code == "unreadable"


def test_what_is_wrong_a_hundred_thousand_times_is_counted_and_not_kept(carry, device):
    frame = device.frame()
    junk = format_frame(make_frame(FrameKind.BUNDLE_END, b""))
    bundle = bundle_of(device, [frame])

    done = carry(bundle + junk * 20_000)

    assert (done["logged"], len(done["flaws"])) == (1, 200)
    assert done["flaw_count"] >= 20_000


def test_an_answer_does_not_grow_with_what_is_refused(carry, device, services, stick, monkeypatch):
    monkeypatch.setattr(importing, "_MOST_REFUSALS", 5)
    junk = [make_frame(FrameKind.REVISION, b"%d" % number, bytes(64)) for number in range(20)]
    bundle = bundle_of(device, [*junk, device.frame()])

    done = carry(bundle, stick / "answer")

    assert (done["refused"], done["logged"], done["revisions"]) == (20, 1, 21)
    assert sum(len(answer.results) for answer in opened(services, stick / "answer")) == 6
