"""Bundles: read as they were written, and whatever happened to one, every intact frame is read."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.bundle import (
    CHUNK_BYTES,
    FileChunk,
    Flaw,
    FlawKind,
    bundle_name,
    chunk_frame,
    contents_digest,
    parse_chunk,
    peek_header,
    read_bundle,
    write_bundle,
)
from sync.bundle_messages import (
    BundleAnswer,
    BundleEnd,
    BundleHeader,
    BundleMessage,
    CompleteFile,
    format_bundle_message,
    open_bundle_answer,
    parse_bundle_message,
    sign_bundle_answer,
)
from sync.canonical import canonical_bytes, parse_canonical
from sync.content_kind import describe_content
from sync.digest import digest_of
from sync.errors import FrameError, MessageError, SignatureError, VersionError
from sync.frames import Frame, FrameKind, format_frame, make_frame
from sync.keys import REVISION_TYPE, SigningKey
from sync.messages import ItemResult, ItemState, PushAnswer, format_message, parse_message

MOMENT = datetime(2026, 11, 22, 9, 31, 2, 123000, tzinfo=UTC)
KEY = SigningKey(bytes(range(32)))
PHOTO = bytes(range(256)) * 2
PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()
NO_BYTES = hashlib.sha256(b"").hexdigest()
TEXTS = (b'{"an":"entry"}', b'{"another":"entry"}', b'{"a":"third"}')


def _revisions() -> list[Frame]:
    return [make_frame(FrameKind.REVISION, text, KEY.sign(REVISION_TYPE, text)) for text in TEXTS]


def _chunks() -> list[Frame]:
    parts = [FileChunk(PHOTO_NAME, at, PHOTO[at : at + 200]) for at in range(0, len(PHOTO), 200)]
    return [chunk_frame(part) for part in [*parts, FileChunk(NO_BYTES, 0, b"")]]


FRAMES = [*_revisions(), *_chunks()]
HEADER = BundleHeader(
    log="tianbao.example.org/ordos",
    device=KEY.id,
    incarnation="ab" * 16,
    nonce="cd" * 16,
    made_at=MOMENT,
    revisions=3,
    files=2,
    size=sum(map(len, TEXTS)) + len(PHOTO),
    contents=contents_digest(map(digest_of, TEXTS), [PHOTO_NAME, NO_BYTES]),
)
BUNDLE = b"".join(write_bundle(HEADER, FRAMES))
ANSWER = BundleAnswer(
    bundle=bundle_name(HEADER),
    device=KEY.id,
    nonce=HEADER.nonce,
    log=HEADER.log,
    time=MOMENT,
    log_size=12,
    part=0,
    is_last=True,
    results=(ItemResult(digest_of(TEXTS[0]), ItemState.LOGGED, 7),),
    files=(CompleteFile(PHOTO_NAME, 9),),
)


def _places() -> list[tuple[int, int, Frame]]:
    """Return where each revision and chunk begins and ends in the bundle."""
    places, at = [], len(next(write_bundle(HEADER, ())))
    for frame in FRAMES:
        end = at + len(format_frame(frame))
        places.append((at, end, frame))
        at = end
    return places


def _carried(content: bytes) -> tuple[list[Frame], list[Flaw]]:
    """Return the frames that a bundle yields, made again, and its flaws."""
    frames, flaws = [], []
    for part in read_bundle(content[at : at + 100] for at in range(0, len(content), 100)):
        if isinstance(part, Frame):
            frames.append(part)
        elif isinstance(part, FileChunk):
            frames.append(chunk_frame(part))
        elif isinstance(part, Flaw):
            flaws.append(part)
    return frames, flaws


def _changed(place: int, byte: int) -> bytes:
    return BUNDLE[:place] + bytes([byte]) + BUNDLE[place + 1 :]


def test_a_bundle_is_read_as_it_was_written() -> None:
    assert next(read_bundle([BUNDLE])) == HEADER
    assert _carried(BUNDLE) == (FRAMES, [])


def test_an_empty_bundle_is_whole() -> None:
    header = replace(HEADER, revisions=0, files=0, size=0, contents=contents_digest((), ()))

    assert _carried(b"".join(write_bundle(header, ()))) == ([], [])


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_changed_byte_is_found_and_takes_no_other_frame_along(flip: int) -> None:
    for place in range(len(BUNDLE)):
        frames, flaws = _carried(_changed(place, BUNDLE[place] ^ flip))

        untouched = [frame for begin, end, frame in _places() if not begin <= place < end]
        assert flaws, place
        assert [frame for frame in frames if frame in untouched] == untouched, place


@given(place=st.integers(0, len(BUNDLE) - 1), byte=st.integers(0, 255))
def test_whatever_a_byte_is_changed_to_is_found(place: int, byte: int) -> None:
    frames, flaws = _carried(_changed(place, byte))

    assert bool(flaws) == (BUNDLE[place] != byte)
    untouched = [frame for begin, end, frame in _places() if not begin <= place < end]
    assert all(frame in frames for frame in untouched)


def test_a_bundle_that_was_cut_anywhere_yields_what_came_before() -> None:
    for length in range(len(BUNDLE)):
        frames, flaws = _carried(BUNDLE[:length])

        assert frames == [frame for _, end, frame in _places() if end <= length]
        assert FlawKind.NO_END in {flaw.kind for flaw in flaws}


@given(begin=st.integers(0, len(BUNDLE) - 2), size=st.integers(1, 400))
def test_bytes_that_were_cut_out_or_said_twice_are_found(begin: int, size: int) -> None:
    stretch = BUNDLE[begin : begin + size]

    for content in (
        BUNDLE[:begin] + BUNDLE[begin + size :],
        BUNDLE[:begin] + stretch + BUNDLE[begin:],
    ):
        frames, flaws = _carried(content)
        end = begin + len(stretch)
        untouched = [frame for at, to, frame in _places() if to <= begin or at >= end]
        assert flaws
        assert all(frame in frames for frame in untouched)


def test_frames_in_another_order_are_found() -> None:
    swapped = b"".join(write_bundle(HEADER, [FRAMES[1], FRAMES[0], *FRAMES[2:]]))

    _, flaws = _carried(swapped)

    assert [flaw.kind for flaw in flaws] == [FlawKind.INCOMPLETE]


def test_the_header_is_read_from_the_end_where_it_is_damaged() -> None:
    parts = list(read_bundle([_changed(60, BUNDLE[60] ^ 1)]))

    assert HEADER in parts
    assert FlawKind.NO_HEADER in {part.kind for part in parts if isinstance(part, Flaw)}


def test_two_bundles_in_one_file_yield_all_their_frames() -> None:
    frames, flaws = _carried(BUNDLE + BUNDLE)

    assert frames == FRAMES * 2
    assert FlawKind.UNEXPECTED in {flaw.kind for flaw in flaws}


def test_a_journal_is_read_like_a_bundle_that_lost_its_header_and_end() -> None:
    frames, flaws = _carried(b"".join(map(format_frame, _revisions())))

    assert frames == _revisions()
    assert [flaw.kind for flaw in flaws] == [FlawKind.NO_HEADER, FlawKind.NO_END]


@pytest.mark.parametrize(
    "frame",
    [
        make_frame(FrameKind.DEFINITION, b"{}"),
        make_frame(FrameKind.CHUNK, b"too short"),
        make_frame(FrameKind.CHUNK, bytes(40 + CHUNK_BYTES + 1)),
        make_frame(FrameKind.BUNDLE, b"{}"),
        make_frame(FrameKind.BUNDLE_END, format_bundle_message(HEADER)),
        sign_bundle_answer(ANSWER, KEY),
    ],
)
def test_a_frame_that_does_not_belong_there_is_passed_over(frame: Frame) -> None:
    frames, flaws = _carried(b"".join(write_bundle(HEADER, [frame, *FRAMES])))

    assert frames == FRAMES
    assert [flaw.kind for flaw in flaws] == [FlawKind.UNEXPECTED]


def test_a_bundle_of_any_size_is_read_in_little_memory() -> None:
    block = bytes(CHUNK_BYTES)
    name = hashlib.sha256(block * 40).hexdigest()
    chunks = (chunk_frame(FileChunk(name, at * CHUNK_BYTES, block)) for at in range(40))
    header = replace(HEADER, revisions=0, files=1, contents=contents_digest((), [name]))
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for content in write_bundle(header, chunks):
            read += 1
            yield content

    for number, part in enumerate(read_bundle(counted())):
        assert not isinstance(part, Flaw)
        assert read <= number + 3, "the reader runs ahead"


def test_a_chunk_is_read_again() -> None:
    chunk = FileChunk(PHOTO_NAME, 2**40, b"bytes")

    assert parse_chunk(chunk_frame(chunk)) == chunk


def test_a_frame_of_another_kind_is_no_chunk() -> None:
    with pytest.raises(MessageError):
        parse_chunk(FRAMES[0])


def test_a_bundle_is_known_by_its_beginning() -> None:
    assert peek_header(BUNDLE[:4096]) == HEADER
    assert peek_header(format_frame(FRAMES[0])) is None
    assert peek_header(b"anything else") is None
    assert peek_header(b"") is None


MESSAGES = [HEADER, BundleEnd(HEADER, digest_of(b"")), ANSWER]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_what_is_said_of_a_bundle_is_read_again(message: BundleMessage) -> None:
    assert parse_bundle_message(format_bundle_message(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_what_is_said_of_a_bundle_is_read_strictly(message: BundleMessage) -> None:
    value = parse_canonical(format_bundle_message(message))

    for key in value:
        with pytest.raises(MessageError):
            parse_bundle_message(canonical_bytes({k: v for k, v in value.items() if k != key}))
    with pytest.raises(MessageError):
        parse_bundle_message(canonical_bytes(value | {"surprise": 1}))


def test_a_newer_message_is_read_as_far_as_it_is_known() -> None:
    value = parse_canonical(format_bundle_message(HEADER))
    newer = canonical_bytes(value | {"version": HEADER.version + 1, "surprise": 1})

    assert parse_bundle_message(newer) == replace(HEADER, version=HEADER.version + 1)
    with pytest.raises(VersionError):
        parse_bundle_message(canonical_bytes(value | {"version": HEADER.version + 2}))


def test_an_answer_is_opened_with_the_key_that_signed_it_alone() -> None:
    frame = sign_bundle_answer(ANSWER, KEY)

    assert open_bundle_answer(frame, KEY.public) == ANSWER
    with pytest.raises(SignatureError):
        open_bundle_answer(frame, SigningKey(bytes(32)).public)
    with pytest.raises(SignatureError):
        open_bundle_answer(replace(frame, signature=bytes(64)), KEY.public)
    with pytest.raises(MessageError):
        open_bundle_answer(replace(frame, raw_digest=bytes(32)), KEY.public)


def test_a_header_that_the_server_signed_is_no_answer() -> None:
    payload = format_bundle_message(HEADER)
    frame = make_frame(
        FrameKind.ANSWER, payload, KEY.sign("application/vnd.tianbao.answer+json", payload)
    )

    with pytest.raises(MessageError, match="BundleHeader"):
        open_bundle_answer(frame, KEY.public)


def test_an_answer_to_a_bundle_never_passes_for_one_to_a_request(push: PushAnswer) -> None:
    with pytest.raises(MessageError):
        parse_message(format_bundle_message(ANSWER))
    with pytest.raises(MessageError):
        parse_bundle_message(format_message(push))


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        (b"", "empty"),
        (BUNDLE, "bundle"),
        (format_frame(sign_bundle_answer(ANSWER, KEY)), "answer"),
        (format_frame(FRAMES[0]), "journal"),
        (b"PK\x03\x04 and more", "zip"),
        (b"\xff\xd8\xff\xe0 and more", "JPEG"),
        (b"\x00\x00\x00\x18ftypheic", "telephone"),
        (b"SQLite format 3\x00", "database"),
        ('{"题目": 1}'.encode(), "text"),
        (("题" * 40_000).encode()[: 64 * 1024], "text"),
        (b"\x00\x01\x02\xfe", "another program"),
        (b"TBF1 and nothing else", "text"),
    ],
)
def test_a_file_of_the_wrong_kind_is_called_what_it_is(beginning: bytes, words: str) -> None:
    assert words in describe_content(beginning)


def test_a_stream_made_to_waste_time_ends_with_a_flaw() -> None:
    def wasteful() -> Iterator[bytes]:
        yield BUNDLE[:-10]
        raise FrameError("These bytes are no frames.", offset=5)

    parts = list(read_bundle(wasteful()))

    assert Flaw(FlawKind.DAMAGED, 5) in parts
    assert all(frame in parts for frame in _revisions())
