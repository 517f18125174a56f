"""The server's keys: one signs answers, one signs the log, one secret signs auditors' cookies.

They are made once, by `init`. A key that is missing later is never made anew in silence: every
device has pinned it, and would rightly take the new one for a stranger's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from server.config import DataFolder, write_private
from server.errors import DataFolderError
from sync.keys import KEY_LENGTH, SigningKey


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The opened keys of a data folder."""

    answer: SigningKey
    log: SigningKey
    cookie: bytes = field(repr=False)


def make_keys(folder: DataFolder, random_bytes: Callable[[int], bytes]) -> None:
    """Make each key of the folder that is not there yet."""
    for path in (folder.answer_key, folder.log_key, folder.cookie_key):
        if not path.exists():
            write_private(path, random_bytes(KEY_LENGTH).hex().encode() + b"\n")


def open_keys(folder: DataFolder) -> ServerKeys:
    """Return the keys of a folder.

    Raises:
        DataFolderError: a key is missing or damaged.
    """
    return ServerKeys(
        answer=SigningKey(_read(folder.answer_key)),
        log=SigningKey(_read(folder.log_key)),
        cookie=_read(folder.cookie_key),
    )


def _read(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise DataFolderError(
            f"The key {path} cannot be read: {error}",
            code="key_missing",
            hint="Restore it from the backup; devices accept no other key.",
        ) from error
    if len(secret) != KEY_LENGTH:
        raise DataFolderError(
            f"The key {path} is damaged.", code="key_missing", hint="Restore it from the backup."
        )
    return secret
