"""Everything that can go wrong in the client.

ClientError                  the common parent; `code` is the contract, the text is for people
├── HomeBusyError            another process holds the home: hand the work to it
├── EnrolmentError           the device is not enrolled, or is already: a person decides
├── NotFoundError            there is no such form, draft, entry or file
├── EntryStateError          what is asked does not fit how the entry stands now: a person decides
├── InputError               what was given cannot be read as answers
├── StorageError             the disk failed: nothing that was called saved before is touched
│   ├── LowSpaceError        so little space is left that nothing new is begun
│   ├── StorageFullError     no space is left: make some, and do the same again
│   └── DataVersionError     the home was written by a newer version of this program
├── UnreachableError         no signed answer came: the same bytes may be sent again
│   ├── NoConnectionError    there was no way to the server at all: nothing of the round need be tried
│   └── NotTheServerError    something answered, but not our server (a portal, a wrong address)
├── RefusedError             the server said no, and signed it; `retry_after` if it may change its mind
└── RemoteError              the process that holds the home reports an error
"""


class ClientError(Exception):
    """Parent of every error of this package."""

    code = "client"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class HomeBusyError(ClientError):
    """Say that another process holds the home."""

    code = "home_busy"


class EnrolmentError(ClientError):
    """Say that this home is not enrolled, or is enrolled already, or that the server is not proven."""

    code = "not_enrolled"


class NotFoundError(ClientError):
    """Say that there is no such form, draft, entry or file."""

    code = "not_found"


class EntryStateError(ClientError):
    """Say that an entry does not stand so that this can be done with it."""

    code = "entry_state"


class InputError(ClientError):
    """Say that a file of answers cannot be read."""

    code = "input"


class StorageError(ClientError):
    """Say that the disk did not do what it was asked."""

    code = "storage"


class StorageFullError(StorageError):
    """Say that no space is left."""

    code = "storage_full"

    def __init__(self, place: object) -> None:
        super().__init__(
            f"No space is left on the disk of {place}; this was not saved.",
            hint="Everything saved earlier is intact. Make room, then do the same again.",
        )


class LowSpaceError(StorageError):
    """Say that too little space is left to begin something."""

    code = "low_space"


class DataVersionError(StorageError):
    """Say that the home was written by a newer version of this program."""

    code = "newer_data"


class UnreachableError(ClientError):
    """Say that no signed answer of the server came."""

    code = "unreachable"


class NoConnectionError(UnreachableError):
    """Say that there was not even a connection."""


class NotTheServerError(UnreachableError):
    """Say that something answered which is not the server this device is enrolled with."""

    code = "not_the_server"

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class RefusedError(ClientError):
    """Say that the server refused a request, by a signed answer."""

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        hint: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.retry_after = retry_after


class RemoteError(ClientError):
    """Report an error of the process that holds the home; `code` is that error's own."""

    code = "remote"
