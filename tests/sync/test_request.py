"""A device signs its request, and nothing of it can be changed on the way."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.digest import digest_of
from sync.errors import MessageError, SignatureError
from sync.keys import REVISION_TYPE, SigningKey, key_id
from sync.request import (
    Request,
    authorize,
    format_content_digest,
    is_nonce,
    parse_authorization,
    parse_content_digest,
    verify_request,
)


def test_a_signed_request_names_its_device_and_verifies(
    request_: Request, device_key: SigningKey
) -> None:
    credentials = parse_authorization(authorize(request_, device_key))

    assert credentials.device == key_id(device_key.public)
    verify_request(request_, credentials, device_key.public)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": "/v1/push?"},
        {"target": "/v1/changes"},
        {"nonce": "f" * 32},
        {"body_digest": digest_of(b"another body")},
        {"version": 2},
        {"device": "f" * 32},
    ],
)
def test_a_request_changed_on_the_way_does_not_verify(
    request_: Request, device_key: SigningKey, change: dict[str, Any]
) -> None:
    credentials = parse_authorization(authorize(request_, device_key))
    changed = replace(request_, **change)

    assert changed.digest != request_.digest
    with pytest.raises(SignatureError):
        verify_request(changed, credentials, device_key.public)


def test_a_request_of_another_device_does_not_verify(
    request_: Request, device_key: SigningKey, server_key: SigningKey
) -> None:
    credentials = parse_authorization(authorize(request_, device_key))

    with pytest.raises(SignatureError):
        verify_request(request_, credentials, server_key.public)


def test_another_devices_signature_over_the_same_statement_does_not_verify(
    request_: Request, server_key: SigningKey
) -> None:
    credentials = parse_authorization(authorize(request_, server_key))

    with pytest.raises(SignatureError):
        verify_request(request_, credentials, server_key.public)


def test_a_signed_revision_is_no_signed_request(request_: Request, device_key: SigningKey) -> None:
    header = authorize(request_, device_key)
    signature = device_key.sign(REVISION_TYPE, request_.statement)
    credentials = replace(parse_authorization(header), signature=signature)

    with pytest.raises(SignatureError):
        verify_request(request_, credentials, device_key.public)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer abc",
        "Tianbao",
        "Tianbao " + "a" * 32,
        "Tianbao " + "a" * 31 + ":" + "A" * 86 + "==",
        "Tianbao " + "A" * 32 + ":" + "A" * 86 + "==",
        "Tianbao " + "a" * 32 + ":" + "A" * 88,
        "Tianbao " + "a" * 32 + ":" + "A" * 84 + "====",
        "Tianbao " + "a" * 32 + ":" + "=" * 88,
        "Tianbao " + "a" * 32 + ":" + "A" * 86 + "==\n",
        "tianbao " + "a" * 32 + ":" + "A" * 86 + "==",
    ],
)
def test_other_headers_say_no_device(header: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse_authorization(header)

    assert caught.value.code == "unauthorized"


@given(st.text(max_size=150))
def test_no_header_whatever_raises_anything_but_our_own_error(header: str) -> None:
    with pytest.raises(MessageError):
        parse_authorization(header)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0" * 32, True), ("", False), ("0" * 31, False), ("A" * 32, False), ("0" * 32 + "\n", False)],
)
def test_a_nonce_is_32_hexadecimal_digits(text: str, expected: bool) -> None:
    assert is_nonce(text) is expected


@given(st.binary())
def test_the_digest_of_a_body_travels_in_a_header(body: bytes) -> None:
    assert parse_content_digest(format_content_digest(digest_of(body))) == digest_of(body)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha-256=::",
        "sha-512=:" + "A" * 43 + "=:",
        "sha-256=:" + "A" * 42 + "=:",
        "sha-256=:" + "A" * 43 + "=:, sha-512=:AAAA:",
        "sha-256=:" + "A" * 43 + "=:\n",
    ],
)
def test_another_header_names_no_digest(header: str) -> None:
    with pytest.raises(MessageError):
        parse_content_digest(header)
