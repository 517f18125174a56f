"""Revisions: exact bytes, read strictly, one version of tolerance."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import canonical_bytes, parse_canonical
from sync.digest import digest_of
from sync.errors import CanonicalError, MessageError, VersionError
from sync.revision import (
    MAX_BYTES,
    REVISION_VERSION,
    Attachment,
    Revision,
    attachments_in,
    format_revision,
    parse_revision,
)

Revise = Callable[..., Revision]
ANSWERS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text("a乙\n\"'", max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("ab甲_", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def _altered(revision: Revision, **parts: Any) -> bytes:
    return canonical_bytes(parse_canonical(format_revision(revision)) | parts)


def test_a_revision_is_read_again(revision: Revision) -> None:
    assert parse_revision(format_revision(revision)) == revision


@given(answers=st.dictionaries(st.text("ab甲_", min_size=1), ANSWERS, max_size=5))
def test_any_answers_are_read_again(revise: Revise, answers: dict[str, Any]) -> None:
    revision = revise(answers=answers)

    assert parse_revision(format_revision(revision)) == revision


@pytest.mark.parametrize(
    "parts",
    [
        {"parents": (digest_of(b"a"), digest_of(b"b"))},
        {"previous": None, "sequence": 0},
        {"operation": "void", "reason": "填错了单位"},
        {"answers": {}, "reasons": {}},
    ],
)
def test_every_shape_of_revision_is_read_again(revise: Revise, parts: dict[str, Any]) -> None:
    revision = revise(**parts)

    assert parse_revision(format_revision(revision)) == revision


def test_the_same_revision_has_the_same_bytes_always(revision: Revision) -> None:
    # Named here once: whoever changes a byte of the format changes the name of every revision.
    assert format_revision(revision) == format_revision(replace(revision))
    assert digest_of(format_revision(revision)) == (
        "sha256:3dee8a1a929cf17652b743e0fead868c4849785dc85026e1c8eec81d7c6f63c3"
    )


def test_other_layouts_of_a_revision_are_refused(revision: Revision) -> None:
    with pytest.raises(CanonicalError):
        parse_revision(format_revision(revision) + b"\n")


def test_one_changed_bit_anywhere_gives_another_name(revision: Revision) -> None:
    content = format_revision(revision)
    name = digest_of(content)

    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        assert digest_of(bytes(changed)) != name


@pytest.mark.parametrize(
    "parts",
    [
        {"type": "answer"},
        {"log": ""},
        {"definition": "sha256:00"},
        {"entry": "11111111-1111-1111-8111-111111111111"},
        {"entry": "11111111-1111-4111-8111-111111111111\n"},
        {"entry": "11111111-1111-4111-8111-11111111111A"},
        {"parents": [digest_of(b"%d" % number) for number in range(17)]},
        {"parents": None},
        {"operation": "delete"},
        {"operation": "void"},
        {"reason": "没有作废"},
        {"answers": []},
        {"answers": None},
        {"reasons": {"/a": 1}},
        {"reasons": {"/a": "x" * 2001}},
        {"attachments": []},
        {"sequence": -1},
        {"sequence": True},
        {"sequence": "1"},
        {"previous": ""},
        {"salt": "short"},
        {"salt": "!" * 24},
        {"salt": "AAAAAAAAAAAAAAAAAAAAAB=="},
        {"made_at": {}},
        {"surprise": 1},
        {"version": -1},
        {"version": True},
        {"version": "1"},
        {"version": None},
    ],
)
def test_a_malformed_revision_is_refused(revision: Revision, parts: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        parse_revision(_altered(revision, **parts))

    assert caught.value.code == "malformed"


def test_a_missing_part_is_malformed(revision: Revision) -> None:
    value = parse_canonical(format_revision(revision))

    for key in value.keys() - {"reason"}:
        with pytest.raises(MessageError):
            parse_revision(canonical_bytes({name: value[name] for name in value if name != key}))


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b'"revision"', b"{}"])
def test_json_that_is_no_object_of_ours_is_malformed(content: bytes) -> None:
    with pytest.raises(MessageError):
        parse_revision(content)


def test_a_revision_of_the_next_version_is_read_as_far_as_we_know_it(revision: Revision) -> None:
    value = parse_canonical(format_revision(revision))
    value["made_at"]["accuracy_ms"] = 5
    value |= {"version": REVISION_VERSION + 1, "mood": "good"}

    assert parse_revision(canonical_bytes(value)) == replace(revision, version=2)


def test_a_revision_of_the_version_before_is_read(revision: Revision) -> None:
    found = parse_revision(_altered(revision, version=REVISION_VERSION - 1))

    assert found.version == REVISION_VERSION - 1


def test_a_newer_revision_of_another_shape_is_told_from_a_broken_one(revision: Revision) -> None:
    with pytest.raises(VersionError):
        parse_revision(_altered(revision, version=REVISION_VERSION + 1, operation="merge"))


def test_a_revision_two_versions_ahead_is_not_read(revision: Revision) -> None:
    with pytest.raises(VersionError) as caught:
        parse_revision(_altered(revision, version=REVISION_VERSION + 2))

    assert caught.value.found == REVISION_VERSION + 2
    assert "Update this program" in caught.value.hint


def test_a_revision_beyond_a_megabyte_is_too_large(revise: Revise) -> None:
    content = format_revision(revise(answers={"text": "x" * MAX_BYTES}))

    with pytest.raises(MessageError) as caught:
        parse_revision(content)

    assert caught.value.code == "too_large"


def test_files_are_found_at_any_depth_each_once_in_order(photo: dict[str, Any]) -> None:
    first = photo | {"sha256": "01" * 32}
    answers = {"a": photo, "rows": [{"group": {"photo": first}}, {"photo": photo}], "b": "text"}

    found = attachments_in(answers)

    assert found == (
        Attachment("01" * 32, photo["size"], photo["type"]),
        Attachment(photo["sha256"], photo["size"], photo["type"]),
    )


@pytest.mark.parametrize(
    "change", [{"sha256": "AB" * 32}, {"sha256": 1}, {"size": "1"}, {"size": True}, {"type": 1}]
)
def test_what_only_resembles_a_file_is_none(photo: dict[str, Any], change: dict[str, Any]) -> None:
    assert attachments_in({"photo": photo | change}) == ()


def test_a_file_with_a_negative_size_is_malformed(revise: Revise, photo: dict[str, Any]) -> None:
    revision = revise(answers={"photo": photo | {"size": -1}})

    with pytest.raises(MessageError):
        parse_revision(format_revision(revision))


def test_the_local_time_is_that_of_the_place_where_the_form_was_filled(revision: Revision) -> None:
    local = revision.made_at.local

    assert local.utcoffset() == timedelta(hours=8)
    assert local.hour == 17


@pytest.mark.parametrize(
    ("wall", "zone"),
    [
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "+08:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "-08:00"),
    ],
)
def test_a_clock_beyond_the_calendar_is_malformed(
    revise: Revise, revision: Revision, wall: datetime, zone: str
) -> None:
    content = format_revision(revise(made_at=replace(revision.made_at, wall=wall, zone=zone)))

    with pytest.raises(MessageError, match="calendar"):
        parse_revision(content)


def test_a_clock_set_to_1970_is_no_fault(revise: Revise, revision: Revision) -> None:
    old = revise(made_at=replace(revision.made_at, wall=datetime.fromtimestamp(0, UTC)))

    assert parse_revision(format_revision(old)) == old


@pytest.mark.parametrize("zone", ["", "Asia/Shanghai", "+8", "+08:00:00"])
def test_a_zone_that_is_no_offset_is_malformed(
    revise: Revise, revision: Revision, zone: str
) -> None:
    content = format_revision(revise(made_at=replace(revision.made_at, zone=zone)))

    with pytest.raises(MessageError, match="zone"):
        parse_revision(content)


@given(value=ANSWERS, key=st.sampled_from(["parents", "reasons", "made_at", "attachments", "type"]))
def test_no_value_at_any_key_raises_anything_but_our_own_error(
    revision: Revision, value: Any, key: str
) -> None:
    try:
        found = parse_revision(_altered(revision, **{key: value}))
    except MessageError:
        return
    assert format_revision(found) == _altered(revision, **{key: value})
