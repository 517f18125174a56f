"""Ed25519 over the pre-authentication encoding of DSSE."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import SignatureError
from sync.keys import ANSWER_TYPE, REVISION_TYPE, SigningKey, _pae, key_id, verify

# RFC 8032 §7.1, TEST 1 and TEST 2: secret key, public key, message, signature
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
        "1d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_keys_and_signatures_are_those_of_rfc_8032(
    seed: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey(bytes.fromhex(seed))

    assert key.public.hex() == public
    assert key._private.sign(bytes.fromhex(message)).hex() == signature


def test_the_encoding_before_signing_is_that_of_dsse() -> None:
    # The example of the DSSE protocol.
    encoded = _pae("http://example.com/HelloWorld", b"hello world")

    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_any_ed25519_library_can_verify_our_signature(device_key: SigningKey) -> None:
    signature = device_key.sign("text/plain", "填报".encode())

    Ed25519PublicKey.from_public_bytes(device_key.public).verify(
        signature, b"DSSEv1 10 text/plain 6 " + "填报".encode()
    )


@given(st.binary(max_size=64))
def test_a_signature_fits_its_bytes(payload: bytes) -> None:
    key = SigningKey(bytes(32))

    verify(key.public, REVISION_TYPE, payload, key.sign(REVISION_TYPE, payload))


def test_one_changed_bit_anywhere_spoils_a_signature(device_key: SigningKey) -> None:
    payload = b"payload"
    signature = device_key.sign(REVISION_TYPE, payload)

    for position in range(len(signature) * 8):
        changed = bytearray(signature)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SignatureError):
            verify(device_key.public, REVISION_TYPE, payload, bytes(changed))


def test_a_signature_over_one_type_is_none_over_another(device_key: SigningKey) -> None:
    signature = device_key.sign(REVISION_TYPE, b"{}")

    with pytest.raises(SignatureError):
        verify(device_key.public, ANSWER_TYPE, b"{}", signature)


@pytest.mark.parametrize("signature", [b"", b"\0" * 63, b"\0" * 64, b"\0" * 65])
def test_what_is_no_signature_is_refused(device_key: SigningKey, signature: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(device_key.public, REVISION_TYPE, b"{}", signature)


@pytest.mark.parametrize("public", [b"", b"\0" * 31, b"\0" * 33, b"\xff" * 32])
def test_what_is_no_key_is_refused(device_key: SigningKey, public: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(public, REVISION_TYPE, b"{}", device_key.sign(REVISION_TYPE, b"{}"))


def test_a_key_is_named_by_its_public_half(device_key: SigningKey) -> None:
    assert device_key.id == key_id(device_key.public)
    assert len(device_key.id) == 32
    assert device_key.id != SigningKey(bytes(32)).id
