"""Errors: the code is the contract, and the tree says what to do next."""

import pytest

from sync.errors import (
    CanonicalError,
    CodeError,
    FrameError,
    MessageError,
    SignatureError,
    SyncError,
    VersionError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SyncError("x"), "sync"),
        (MessageError("x"), "malformed"),
        (CanonicalError("x"), "not_canonical"),
        (FrameError("x", offset=3), "bad_frame"),
        (VersionError(3, 1), "version"),
        (SignatureError("x"), "bad_signature"),
        (CodeError("x"), "bad_code"),
        (MessageError("x", code="too_large"), "too_large"),
    ],
)
def test_every_error_has_its_code(error: SyncError, code: str) -> None:
    assert error.code == code
    assert isinstance(error, SyncError)


def test_a_message_that_is_wrong_is_wrong_for_good() -> None:
    for kind in (CanonicalError, FrameError, VersionError):
        assert issubclass(kind, MessageError)


def test_the_side_that_is_behind_is_told_to_update() -> None:
    assert "this program" in VersionError(3, 1).hint
    assert "other side" in VersionError(1, 3).hint
