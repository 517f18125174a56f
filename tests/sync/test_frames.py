"""Frames carry exact bytes, and show every bit that changed on the way."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.digest import digest_of
from sync.errors import FrameError, SyncError
from sync.frames import (
    MAX_PAYLOAD,
    Damage,
    Frame,
    FrameKind,
    format_frame,
    format_frames,
    make_frame,
    parse_frames,
    scan_frames,
)
from sync.keys import REVISION_TYPE, SigningKey, verify

SIGNED = (FrameKind.REVISION, FrameKind.ANSWER)
PLAIN = (FrameKind.DEFINITION, FrameKind.CAMPAIGN, FrameKind.UNITS)
FRAMES = st.one_of(
    st.builds(
        make_frame,
        st.sampled_from(SIGNED),
        st.binary(max_size=80),
        st.binary(min_size=64, max_size=64),
    ),
    st.builds(make_frame, st.sampled_from(PLAIN), st.binary(max_size=80)),
)


@given(st.lists(FRAMES, max_size=6))
def test_frames_are_read_again(frames: list[Frame]) -> None:
    assert list(parse_frames(format_frames(frames))) == frames


def test_the_layout_is_the_one_written_down() -> None:
    frame = make_frame(FrameKind.UNITS, b"[]")

    content = format_frame(frame)

    raw = bytes.fromhex(digest_of(b"[]").removeprefix("sha256:"))
    assert content == b"TBF1" + b"\x05" + b"\x00\x00\x00\x02" + raw + b"[]"


@given(st.lists(FRAMES, min_size=1, max_size=4), st.data())
def test_a_cut_off_tail_leaves_the_frames_before_it(
    frames: list[Frame], data: st.DataObject
) -> None:
    content = format_frames(frames)
    cut = data.draw(st.integers(1, len(format_frame(frames[-1])) - 1))
    found: list[Frame] = []

    with pytest.raises(FrameError) as caught:
        found.extend(parse_frames(content[: len(content) - cut]))

    assert found == frames[:-1]
    assert caught.value.offset == len(format_frames(frames[:-1]))


def test_a_damaged_payload_does_not_take_its_neighbours_along() -> None:
    frames = [make_frame(FrameKind.REVISION, b"%d" % number, bytes(64)) for number in range(3)]
    content = bytearray(format_frames(frames))
    content[len(format_frame(frames[0])) + 41] ^= 1

    found = list(parse_frames(bytes(content)))

    assert [frame.is_intact for frame in found] == [True, False, True]
    assert found[1].digest == frames[1].digest


def test_one_changed_bit_anywhere_in_a_signed_frame_is_noticed(device_key: SigningKey) -> None:
    payload = b'{"answers":{}}'
    frame = make_frame(FrameKind.REVISION, payload, device_key.sign(REVISION_TYPE, payload))
    content = format_frame(frame)

    for position in range(len(content) * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        assert not _is_authentic(bytes(changed), device_key.public)
    assert _is_authentic(content, device_key.public)


def _is_authentic(content: bytes, public: bytes) -> bool:
    try:
        frame = next(parse_frames(content), None)
        if frame is None:
            return False
        verify(public, REVISION_TYPE, frame.payload, frame.signature)
    except SyncError:
        return False
    return frame.is_intact and frame.kind is FrameKind.REVISION


@given(st.binary(max_size=120))
def test_no_bytes_whatever_raise_anything_but_a_frame_error(content: bytes) -> None:
    try:
        frames = list(parse_frames(content))
    except FrameError:
        return
    assert all(format_frame(frame) in content for frame in frames)


def of_kind(kind: int, payload: bytes) -> bytes:
    """Return a frame of any kind, signed where the highest bit says so."""
    signature = bytes(64) if kind & 0x80 else b""
    content = bytearray(format_frame(make_frame(FrameKind.UNITS, payload, signature)))
    content[4] = kind
    return bytes(content)


@pytest.mark.parametrize("kind", [0, 1, 2, 0x0F, 0x80, 0x83, 0xFF])
def test_a_kind_of_the_next_version_takes_nothing_else_with_it(kind: int) -> None:
    first, last = make_frame(FrameKind.ANSWER, b"{}", bytes(64)), make_frame(FrameKind.UNITS, b"[]")

    found = list(parse_frames(format_frame(first) + of_kind(kind, b"new") + format_frame(last)))

    assert found == [first, last]


def test_a_length_beyond_the_limit_is_refused_before_anything_is_read() -> None:
    content = bytearray(format_frame(make_frame(FrameKind.UNITS, b"[]")))
    content[5:9] = (MAX_PAYLOAD + 1).to_bytes(4)

    with pytest.raises(FrameError, match="allowed"):
        list(parse_frames(bytes(content)))


def test_a_portal_page_is_no_frame() -> None:
    with pytest.raises(FrameError):
        list(
            parse_frames(b"<!DOCTYPE html><html><body>Please sign in to the network</body></html>")
        )


SIZES = st.integers(1, 64)


def placed(frames: list[Frame]) -> list[tuple[int, int, Frame]]:
    """Return the frames with where they begin and end in the stream."""
    found, offset = [], 0
    for frame in frames:
        end = offset + len(format_frame(frame))
        found.append((offset, end, frame))
        offset = end
    return found


def in_chunks(content: bytes, size: int) -> list[bytes]:
    return [content[place : place + size] for place in range(0, len(content), size)]


@st.composite
def damaged_streams(draw: st.DrawFn) -> tuple[list[Frame], bytes]:
    """A stream with one stretch replaced by other bytes, and the frames that it does not touch."""
    frames = draw(st.lists(FRAMES, min_size=1, max_size=6))
    content = format_frames(frames)
    begin = draw(st.integers(0, len(content)))
    end = draw(st.integers(begin, min(len(content), begin + 150)))
    instead = draw(
        st.one_of(
            st.just(b""), st.binary(max_size=60), st.just(bytes(end - begin)), st.just(b"TBF1")
        )
    )
    untouched = [frame for first, last, frame in placed(frames) if last <= begin or first >= end]
    return untouched, content[:begin] + instead + content[end:]


@given(st.lists(FRAMES, max_size=6), SIZES)
def test_scanning_a_whole_stream_finds_all_frames_and_no_damage(
    frames: list[Frame], size: int
) -> None:
    content = format_frames(frames)

    assert list(scan_frames(content)) == frames
    assert list(scan_frames(in_chunks(content, size))) == frames


@given(damaged_streams(), SIZES)
def test_damage_leaves_every_frame_that_it_does_not_touch(
    stream: tuple[list[Frame], bytes], size: int
) -> None:
    untouched, content = stream

    found = list(scan_frames(in_chunks(content, size)))

    remaining = [each for each in found if isinstance(each, Frame)]
    rest = iter(remaining)
    assert all(frame in rest for frame in untouched)  # each of them, in their order
    assert all(each.is_intact for each in remaining)
    assert found == list(scan_frames(content))


@given(damaged_streams())
def test_what_is_not_read_is_told_by_its_place(stream: tuple[list[Frame], bytes]) -> None:
    _, content = stream
    offset = 0

    for each in scan_frames(content):
        if isinstance(each, Damage):
            assert each.offset == offset
            assert each.length > 0
            offset += each.length
        else:
            piece = format_frame(each)
            assert content[offset : offset + len(piece)] == piece
            offset += len(piece)
    assert offset == len(content)


def test_every_flipped_bit_takes_one_frame_at_most() -> None:
    frames = [make_frame(FrameKind.REVISION, b"%d" % number, bytes(64)) for number in range(3)]
    content = format_frames(frames)
    begin, end, _ = placed(frames)[1]

    for position in range(begin * 8, end * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        found = [each for each in scan_frames(bytes(changed)) if isinstance(each, Frame)]
        assert frames[0] in found
        assert frames[2] in found


def test_a_signature_that_lost_bytes_does_not_take_them_from_the_next_frame() -> None:
    frames = [make_frame(FrameKind.REVISION, b"%d" % number, bytes(64)) for number in range(3)]
    content, end = format_frames(frames), placed(frames)[0][1]

    for lost in range(1, 65):
        found = list(scan_frames(content[: end - lost] + content[end:]))
        assert found == [Damage(0, end - lost), *frames[1:]]


def test_a_torn_end_is_damage() -> None:
    frames = [make_frame(FrameKind.REVISION, b"%d" % number, bytes(64)) for number in range(2)]
    content, begin = format_frames(frames), placed(frames)[1][0]

    for kept in range(1, len(content) - begin):
        torn = content[: begin + kept]
        assert list(scan_frames(torn)) == [frames[0], Damage(begin, kept)]


def test_scanning_holds_one_frame_and_one_chunk() -> None:
    frame = format_frame(make_frame(FrameKind.UNITS, bytes(1000)))
    stream = (each for _ in range(20_000) for each in (frame, b"x" * 1000))
    tracemalloc.start()
    try:
        count = sum(isinstance(each, Frame) for each in scan_frames(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert peak < 200_000


def test_a_stream_that_was_made_to_waste_time_is_given_up() -> None:
    header = bytearray(format_frame(make_frame(FrameKind.UNITS, b"")))
    header[5:9] = (1024 * 1024).to_bytes(4)
    header[9:] = bytes(32)
    stream = bytes(header) * 60_000

    with pytest.raises(FrameError, match="no frames"):
        list(scan_frames(stream))
