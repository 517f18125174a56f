"""Digests name exact bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.digest import digest_of, format_digest, is_digest, is_hex_digest, raw_digest

# FIPS 180-2, B.1
ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_digest_is_sha_256() -> None:
    assert digest_of(b"abc") == ABC


@given(st.binary(min_size=32, max_size=32))
def test_raw_bytes_are_read_again(raw: bytes) -> None:
    assert raw_digest(format_digest(raw)) == raw
    assert is_digest(format_digest(raw))


@pytest.mark.parametrize(
    "text",
    ["", "sha256:", ABC[:-1], ABC + "0", ABC.upper(), ABC + "\n", ABC.replace("b", "g"), ABC[7:]],
)
def test_other_texts_are_no_digest(text: str) -> None:
    assert not is_digest(text)


@pytest.mark.parametrize("text", ["", ABC, ABC[7:-1], ABC[7:].upper(), ABC[7:] + "\n", "١" * 64])
def test_other_texts_name_no_attachment(text: str) -> None:
    assert is_hex_digest(ABC[7:])
    assert not is_hex_digest(text)
