"""Everything that can go wrong in the protocol.

SyncError                      the common parent; `code` is the contract, the text is for people
├── MessageError               the bytes are not a message of this protocol; do not send them again
│   ├── CanonicalError         the bytes are not restricted canonical JSON
│   ├── FrameError             the bytes are no intact frame
│   └── VersionError           the message is of a version that is too far away: update one side
├── SignatureError             a signature does not fit its key and bytes: trust nothing of it
└── CodeError                  an invitation code is mistyped: ask the person again
"""


class SyncError(Exception):
    """Parent of every error of this package."""

    code = "sync"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class MessageError(SyncError):
    """Say that bytes are not a message of this protocol."""

    code = "malformed"


class CanonicalError(MessageError):
    """Say that bytes are not restricted canonical JSON, or a value has no such form."""

    code = "not_canonical"


class FrameError(MessageError):
    """Say that bytes are no frame; `offset` is where the frame should have begun."""

    code = "bad_frame"

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class VersionError(MessageError):
    """Say that a message's version is neither ours nor one beside it."""

    code = "version"

    def __init__(self, found: int, ours: int) -> None:
        newer = found > ours
        super().__init__(
            f"The message is of protocol version {found}; this side speaks {ours}.",
            hint="Update this program." if newer else "Update the program on the other side.",
        )
        self.found = found


class SignatureError(SyncError):
    """Say that a signature does not fit."""

    code = "bad_signature"


class CodeError(SyncError):
    """Say that a text is no invitation code."""

    code = "bad_code"
