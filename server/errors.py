"""Everything that can go wrong on the server.

ServerError                    the common parent; `code` is the contract, the text is for people
├── DataFolderError            the data folder cannot be used as it is: the operator mends it
├── StorageError               nothing was stored; the same request may be sent again later
│   └── StorageFullError       there is no room: free some, then the same request goes through
├── UnknownError               no such unit, member, device, form or file: ask for another one
├── ConflictError              what is there already stands against it: change the request
├── LockedError                another process holds the data folder: hand the work over to it
├── RemoteError                the process that was handed the work says no: the same as its error
├── AddressError               the server cannot listen there: choose another address
├── ChildError                 a process that was started is not ready: see what it printed
└── RequestError               the request is not carried out; sending it again changes nothing
    ├── UnauthorizedError      nobody enrolled says to have sent it
    ├── ForbiddenError         whoever sent it may not
    ├── TooLargeError          it is beyond a limit: send less at once
    └── CodeRefusedError       the invitation code opens nothing (any more): ask for a new one
"""


class ServerError(Exception):
    """Parent of every error of this package."""

    code = "server"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class DataFolderError(ServerError):
    """Say that the data folder cannot be used as it is."""

    code = "data_folder"


class StorageError(ServerError):
    """Say that nothing was stored, because the disk or the database failed."""

    code = "storage_failed"


class StorageFullError(StorageError):
    """Say that nothing was stored, because there is no room."""

    code = "storage_full"


class UnknownError(ServerError):
    """Say that what was named is not there."""

    code = "unknown"


class ConflictError(ServerError):
    """Say that what is there already stands against a request."""

    code = "conflict"


class RequestError(ServerError):
    """Say that a request is not carried out."""

    code = "malformed"


class UnauthorizedError(RequestError):
    """Say that no enrolled device is shown to have sent the request."""

    code = "unauthorized"


class ForbiddenError(RequestError):
    """Say that the sender may not do this."""

    code = "forbidden"


class TooLargeError(RequestError):
    """Say that a request is beyond a limit."""

    code = "too_large"


class CodeRefusedError(RequestError):
    """Say that an invitation code is unknown, used or expired."""

    code = "code_unknown"


class LockedError(ServerError):
    """Say that another process holds the data folder."""

    code = "locked"


class RemoteError(ServerError):
    """Say with which error another process ended the work that was handed to it."""

    code = "remote"


class AddressError(ServerError):
    """Say that the server cannot listen on an address."""

    code = "address"


class ChildError(ServerError):
    """Say that a process that was started did not become ready, or ended."""

    code = "child"
