"""What a device knows of the log: ranges, their marks, and texts that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import MessageError
from sync.known import MOST_PLACES, MOST_RANGES, Known, format_known, known_of, mark_of, parse_known


def places(indexes):
    return [(index, f"sha256:{index:064x}") for index in sorted(indexes)]


@given(st.sets(st.integers(0, 60)))
def test_ranges_name_the_indexes_and_no_others(indexes):
    known = known_of(places(indexes))

    named = [index for each in known for index in range(each.first, each.last + 1)]
    assert named == sorted(indexes)
    assert parse_known(format_known(known)) == known


def test_the_mark_tells_other_revisions_at_the_same_place():
    assert mark_of(["sha256:a", "sha256:b"]) != mark_of(["sha256:b", "sha256:a"])
    assert known_of(places({7, 8}))[0].mark == mark_of(digest for _, digest in places({7, 8}))


def test_no_more_ranges_are_named_than_a_request_may_have():
    known = known_of(places(range(0, 4 * MOST_RANGES, 2)))

    assert len(known) == MOST_RANGES
    with pytest.raises(MessageError):
        parse_known(format_known([*known, Known(900, 901, "0" * 32)]))


@pytest.mark.parametrize(
    "ranges",
    [
        pytest.param([(5, 7), (5, 7)], id="the same twice"),
        pytest.param([(5, 7), (7, 9)], id="two that share a place"),
        pytest.param([(5, 7), (1, 2)], id="two that fall"),
        pytest.param([(7, 5)], id="one that ends before it begins"),
        pytest.param([(0, MOST_PLACES)], id="more places than may be asked about"),
        pytest.param(
            [(0, MOST_PLACES // 2), (MOST_PLACES, 2 * MOST_PLACES)], id="as many in two ranges"
        ),
    ],
)
def test_what_would_be_looked_up_again_and_again_is_refused(ranges):
    text = format_known(Known(first, last, "0" * 32) for first, last in ranges)

    with pytest.raises(MessageError):
        parse_known(text)


def test_as_many_places_as_a_device_may_name_are_read():
    known = known_of(places(range(MOST_PLACES)))

    assert parse_known(format_known(known)) == known


@pytest.mark.parametrize("text", ["1-2", ",", "1-2-xyz", "-1-2-" + "0" * 32, "1-2-" + "0" * 33])
def test_what_is_no_such_text_is_refused(text):
    with pytest.raises(MessageError):
        parse_known(text)
