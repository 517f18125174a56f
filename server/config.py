"""The data folder: where on the disk everything of one server lies.

log.db      the truth: private, append-only
audit.db    derived from it; may be deleted and made again
blobs/      attached files, named by their SHA-256; blobs/incoming/ holds what is on its way
keys/       secrets, readable by the owner alone
lock        held by the process that uses the folder
"""

import os
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The places in a data folder."""

    path: Path

    @property
    def log_db(self) -> Path:
        """Return the place of the log's database."""
        return self.path / "log.db"

    @property
    def audit_db(self) -> Path:
        """Return the place of the auditors' database."""
        return self.path / "audit.db"

    @property
    def blobs(self) -> Path:
        """Return the folder of attached files."""
        return self.path / "blobs"

    @property
    def incoming(self) -> Path:
        """Return the folder of files that are on their way in."""
        return self.blobs / "incoming"

    @property
    def keys(self) -> Path:
        """Return the folder of secrets."""
        return self.path / "keys"

    @property
    def answer_key(self) -> Path:
        """Return the place of the key that signs answers."""
        return self.keys / "answer.key"

    @property
    def log_key(self) -> Path:
        """Return the place of the key that signs the log."""
        return self.keys / "log.key"

    @property
    def cookie_key(self) -> Path:
        """Return the place of the secret that auditors' cookies are signed with."""
        return self.keys / "cookie.key"

    @property
    def control(self) -> Path:
        """Return the place where a running server says how commands reach it."""
        return self.keys / "control.json"

    @property
    def lock(self) -> Path:
        """Return the place of the lock."""
        return self.path / "lock"

    def make(self) -> None:
        """Make the folders that are missing, for the owner alone."""
        for folder in (self.path, self.keys, self.blobs, self.incoming):
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        flush_folder(self.path)


def write_private(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read, whole and durable before it has its name.

    Raises:
        FileExistsError: it is there already; nothing is ever written over.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(part, flags, PRIVATE_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    # Unlike a rename, a link never takes the place of a file that is there.
    os.link(part, path)
    part.unlink()
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable: a file's contents alone are not enough."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
