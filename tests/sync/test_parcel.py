"""Parcels, packing and runs: what a push saves on the wire, and what it refuses."""

import gzip
import lzma
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.digest import digest_of
from sync.errors import FrameError, MessageError
from sync.messages import ItemResult, ItemState, PushAnswer, format_message, parse_message
from sync.packing import pack, unpack
from sync.parcel import format_parcel, parse_parcel
from sync.runs import lengthen, shorten

ITEMS = st.lists(st.tuples(st.binary(max_size=40), st.binary(min_size=64, max_size=64)), max_size=6)


@given(ITEMS)
def test_a_parcel_gives_back_what_was_put_in_with_its_digests(items):
    frames = parse_parcel(format_parcel(items))

    assert [(each.payload, each.signature) for each in frames] == items
    assert [each.digest for each in frames] == [digest_of(content) for content, _ in items]


@given(ITEMS, st.data())
def test_a_parcel_that_was_cut_or_lengthened_is_refused(items, data):
    whole = format_parcel(items)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"x"):
        with pytest.raises(FrameError):
            parse_parcel(wrong)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_parcel_are_refused(noise):
    with pytest.raises(FrameError):
        parse_parcel(b"TBP1" + noise + b"x" * 70)


@given(st.lists(st.sampled_from([b"", b"{}", b"\0", b"\0\0"]), min_size=2, max_size=5))
def test_what_names_the_digest_before_it_goes_without_and_comes_back_whole(ends):
    items, before = [], b""
    for end in ends:
        content = b'{"previous":"' + before + b'"}' + end
        items.append((content, bytes(64)))
        before = digest_of(content).encode()

    parcel = format_parcel(items)

    assert [frame.payload for frame in parse_parcel(parcel)] == [content for content, _ in items]
    without = sum(b"\0" not in content for content, _ in items[1:])
    assert parcel.count(b"sha256:") == len(items) - 1 - without


def test_a_revision_that_refers_to_nothing_is_refused():
    parcel = bytearray(format_parcel([(b"{}", bytes(64))]))
    parcel[6] |= 0x80
    with pytest.raises(FrameError, match="none before it"):
        parse_parcel(bytes(parcel))


@given(st.binary(max_size=3000), st.booleans())
def test_what_was_packed_is_unpacked(content, is_line_slow):
    assert unpack(pack(content, is_line_slow=is_line_slow), 3000) == content


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_no_more_is_expanded_than_is_allowed(compress):
    packed = compress(bytes(20_000_000))

    with pytest.raises(MessageError) as caught:
        unpack(packed, 1_000_000)

    assert caught.value.code == "too_large"


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_of_damaged_bytes_comes_what_stands_before(compress):
    content = b"".join(digest_of(bytes([each])).encode() for each in range(250))
    packed = compress(content)

    found = unpack(packed[:-400], 1_000_000)

    assert found
    assert content.startswith(found)


def logged(*indexes):
    return [
        ItemResult(digest_of(str(number).encode()), ItemState.LOGGED, index)
        for number, index in enumerate(indexes)
    ]


def test_results_that_follow_one_another_are_one_run():
    results = logged(7, 8, 9)
    assert shorten(results) == (((0, 3, 7),), ())


def test_a_jump_in_the_log_begins_another_run():
    assert shorten(logged(7, 8, 20))[0] == ((0, 2, 7), (2, 1, 20))


@given(
    st.lists(
        st.tuples(st.sampled_from(ItemState), st.integers(0, 9), st.sampled_from([None, "rules"])),
        max_size=12,
    )
)
def test_runs_and_the_other_results_say_all_that_was_said(said):
    results = [
        ItemResult(digest_of(str(number).encode()), state, index, code)
        for number, (state, index, code) in enumerate(said)
    ]
    runs, others = shorten(results)
    digests = [each.digest for each in results]

    again = {each.digest: each for each in (*lengthen(runs, digests), *others)}

    assert [again[digest] for digest in digests] == results


def test_a_run_beyond_what_was_sent_is_refused():
    with pytest.raises(MessageError):
        lengthen([(1, 2, 7)], ["sha256:" + "0" * 64] * 2)


def test_an_answer_with_runs_reads_as_it_was_written(push: PushAnswer):
    answer = replace(push, runs=((0, 100, 17), (100, 1, 130)))
    assert parse_message(format_message(answer)) == answer
