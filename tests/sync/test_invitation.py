"""Invitation codes: read out by people, never sent, proving each side to the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import CodeError
from sync.invitation import (
    CODE_RANDOM_BYTES,
    code_id,
    is_proof,
    make_code,
    parse_code,
    proof_of,
    secret_of,
)

RANDOM = st.binary(min_size=CODE_RANDOM_BYTES, max_size=CODE_RANDOM_BYTES)


@given(RANDOM)
def test_a_code_is_read_again(random: bytes) -> None:
    code = make_code(random)

    assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
    assert parse_code(code) == code.replace("-", "")
    assert not set(code) & set("ILOU")


@given(RANDOM, RANDOM)
def test_other_random_bytes_give_another_code(one: bytes, other: bytes) -> None:
    is_same = int.from_bytes(one) >> 4 == int.from_bytes(other) >> 4

    assert (make_code(one) == make_code(other)) is is_same


@pytest.mark.parametrize(
    "typed",
    [
        "7K3QD-01ABC-DEFGH-JKMN0",
        "7k3qd-01abc-defgh-jkmn0",
        "7K3QD 01ABC DEFGH JKMN0",
        "  7K3QD01ABCDEFGHJKMN0\n",
        "7K3QD-O1ABC-DEFGH-JKMNO",
        "7K3QD-0IABC-DEFGH-JKMN0",
        "7K3QD-0lABC-DEFGH-JKMN0",
        "７Ｋ３ＱＤ－０１ＡＢＣ－ＤＥＦＧＨ－ＪＫＭＮ０",
        "7K3QD–01ABC—DEFGH‑JKMN0",
        "7K3QD\u300001ABC\u3000DEFGH\u3000JKMN0",
    ],
)
def test_a_code_is_understood_as_people_type_it(typed: str) -> None:
    assert parse_code(typed) == "7K3QD01ABCDEFGHJKMN0"
    assert secret_of(typed) == secret_of("7K3QD-01ABC-DEFGH-JKMN0")


@pytest.mark.parametrize(
    "typed",
    ["", "7K3QD", "7K3QD-01ABC-DEFGH-JKMN", "7K3QD-01ABC-DEFGH-JKMN00", "你好" * 10, "!" * 20],
)
def test_other_texts_are_no_code(typed: str) -> None:
    with pytest.raises(CodeError) as caught:
        parse_code(typed)

    assert caught.value.code == "bad_code"
    assert caught.value.hint


def test_the_name_of_an_invitation_gives_neither_code_nor_secret_away() -> None:
    code = make_code(bytes(range(13)))
    secret = secret_of(code)

    assert len(code_id(secret)) == 64
    assert code_id(secret) != secret.hex()
    assert parse_code(code) not in code_id(secret)


def test_a_proof_shows_the_secret_and_its_parts() -> None:
    secret = secret_of("7K3QD-01ABC-DEFGH-JKMN0")
    proof = proof_of(secret, b"nonce", b"key")

    assert is_proof(proof, secret, b"nonce", b"key")


@pytest.mark.parametrize(
    "parts",
    [
        (b"nonce",),
        (b"noncekey",),
        (b"noncek", b"ey"),
        (b"key", b"nonce"),
        (b"nonce", b"key", b""),
        (b"nonce", b"kez"),
    ],
)
def test_a_proof_over_some_parts_is_none_over_others(parts: tuple[bytes, ...]) -> None:
    secret = secret_of("7K3QD-01ABC-DEFGH-JKMN0")

    assert not is_proof(proof_of(secret, b"nonce", b"key"), secret, *parts)


def test_a_proof_with_another_code_is_refused() -> None:
    secret, other = secret_of("7K3QD-01ABC-DEFGH-JKMN0"), secret_of("7K3QD-01ABC-DEFGH-JKMN1")

    assert not is_proof(proof_of(other, b"nonce"), secret, b"nonce")
    assert not is_proof(b"", secret, b"nonce")


def test_one_changed_bit_anywhere_spoils_a_proof() -> None:
    secret = secret_of("7K3QD-01ABC-DEFGH-JKMN0")
    proof = proof_of(secret, b"nonce")

    for position in range(len(proof) * 8):
        changed = bytearray(proof)
        changed[position // 8] ^= 1 << position % 8
        assert not is_proof(bytes(changed), secret, b"nonce")
