"""What a device knows of the log: ranges, their marks, and texts that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import MessageError
from sync.known import MOST_RANGES, Known, format_known, known_of, mark_of, parse_known


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


@pytest.mark.parametrize("text", ["1-2", ",", "1-2-xyz", "-1-2-" + "0" * 32, "1-2-" + "0" * 33])
def test_what_is_no_such_text_is_refused(text):
    with pytest.raises(MessageError):
        parse_known(text)
