"""Messages: read again as they were written, strictly, one version apart at most."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import PROTOCOL_VERSION
from sync.canonical import canonical_bytes, parse_canonical
from sync.errors import CanonicalError, MessageError, VersionError
from sync.messages import (
    ItemState,
    Message,
    ProblemAnswer,
    PushAnswer,
    format_message,
    parse_message,
    parse_message_as,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab1", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=8,
)


def _value(message: Message) -> dict[str, Any]:
    value: dict[str, Any] = parse_canonical(format_message(message))
    return value


def _altered(message: Message, /, **parts: Any) -> bytes:
    return canonical_bytes(_value(message) | parts)


def test_every_message_is_read_again(message: Message) -> None:
    assert parse_message(format_message(message)) == message


def test_every_message_says_its_version_and_type(message: Message) -> None:
    value = _value(message)

    assert value["version"] == PROTOCOL_VERSION
    assert value["type"] == message.type


def test_a_missing_part_of_any_message_is_malformed(message: Message) -> None:
    value = _value(message)

    for key in value:
        with pytest.raises(MessageError):
            parse_message(canonical_bytes({name: value[name] for name in value if name != key}))


def test_an_unknown_part_is_refused_in_our_version(message: Message) -> None:
    with pytest.raises(MessageError, match="surprise"):
        parse_message(_altered(message, surprise=1))


def test_an_unknown_part_of_the_next_version_is_passed_over(message: Message) -> None:
    content = _altered(message, surprise=1, version=PROTOCOL_VERSION + 1)

    assert parse_message(content) == replace(message, version=PROTOCOL_VERSION + 1)


def test_an_unknown_part_further_down_is_passed_over_too(push: PushAnswer) -> None:
    value = _value(push)
    value["version"] = PROTOCOL_VERSION + 1
    value["results"][0]["receipt"] = {"size": 9}
    value["results"][1]["violations"][0]["severity"] = "hard"

    found = parse_message_as(PushAnswer, canonical_bytes(value))

    assert found.results == push.results


def test_a_message_of_the_version_before_is_read(message: Message) -> None:
    content = _altered(message, version=PROTOCOL_VERSION - 1)

    assert parse_message(content) == replace(message, version=PROTOCOL_VERSION - 1)


@pytest.mark.parametrize("distance", [-2, 2, 1000])
def test_a_message_further_away_is_not_read(message: Message, distance: int) -> None:
    with pytest.raises(VersionError) as caught:
        parse_message(_altered(message, version=PROTOCOL_VERSION + distance))

    assert caught.value.code == "version"
    assert caught.value.hint


@pytest.mark.parametrize("kind", [None, 1, [], {}, "", "revision", ["push_answer"]])
def test_a_message_of_no_known_type_is_malformed(push: PushAnswer, kind: Any) -> None:
    with pytest.raises(MessageError):
        parse_message(_altered(push, type=kind))


@pytest.mark.parametrize(
    "parts",
    [
        {"nonce": "x"},
        {"nonce": "0" * 32 + "\n"},
        {"request": "sha256:"},
        {"time": "2026-11-22"},
        {"time": None},
        {"log_size": -1},
        {"log_size": True},
        {"log_size": "9"},
        {"results": {}},
        {"results": [None]},
        {"missing": ["photo.jpg"]},
        {"version": True},
        {"version": "1"},
    ],
)
def test_a_malformed_push_answer_is_refused(push: PushAnswer, parts: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        parse_message(_altered(push, **parts))


@pytest.mark.parametrize(
    "parts",
    [
        {"state": "lost"},
        {"state": None},
        {"state": []},
        {"digest": "1"},
        {"index": -1},
        {"temporary": 1},
        {"temporary": "yes"},
        {"violations": None},
    ],
)
def test_a_malformed_result_is_refused(push: PushAnswer, parts: dict[str, Any]) -> None:
    value = _value(push)
    value["results"][0] |= parts

    with pytest.raises(MessageError):
        parse_message(canonical_bytes(value))


def test_messages_in_another_layout_are_refused(message: Message) -> None:
    with pytest.raises(CanonicalError):
        parse_message(format_message(message) + b" ")


@given(data=st.data(), value=VALUES)
def test_no_value_at_any_key_raises_anything_but_our_own_error(
    message: Message, data: st.DataObject, value: Any
) -> None:
    key = data.draw(st.sampled_from(sorted(_value(message))))
    content = _altered(message, **{key: value})

    try:
        found = parse_message(content)
    except MessageError:
        return
    assert format_message(found) == content


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b"{}", b"<html>", b""])
def test_other_bytes_are_no_message(content: bytes) -> None:
    with pytest.raises(MessageError):
        parse_message(content)


def test_a_message_of_another_kind_than_expected_is_refused(push: PushAnswer) -> None:
    with pytest.raises(MessageError, match="PushAnswer"):
        parse_message_as(ProblemAnswer, format_message(push))


def test_the_four_words_for_what_became_of_an_item_are_a_contract() -> None:
    assert [str(state) for state in ItemState] == ["logged", "held", "quarantined", "refused"]
