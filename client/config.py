"""Where things lie in a home, the folder that holds everything of one device.

client.db       every draft and revision, and what the server said about them
journal/        the same revisions once more, in frames, as they were saved
blobs/          attached files, named by their SHA-256
keys/           device.key (signs), page.key (sessions of the local pages)
incarnation     names this database; the database holds the same name
chain.mark      how far its chain of revisions has come
server-ca.pem   the private certificate authority, where the device was enrolled with one
control.json    how to reach the process that holds the home, while one serves
lock            held by the process that has the home open
"""

import os
from dataclasses import dataclass
from pathlib import Path

from client.durable import storage_errors

PRIVATE_DIRECTORY = 0o700


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one device."""

    path: Path

    @property
    def database(self) -> Path:
        """The database file."""
        return self.path / "client.db"

    @property
    def journal(self) -> Path:
        """The folder of the journal's segments."""
        return self.path / "journal"

    @property
    def blobs(self) -> Path:
        """The folder of attached files."""
        return self.path / "blobs"

    @property
    def device_key(self) -> Path:
        """The private key with which the device signs."""
        return self.path / "keys" / "device.key"

    @property
    def page_key(self) -> Path:
        """The secret from which sessions of the local pages are made."""
        return self.path / "keys" / "page.key"

    @property
    def incarnation(self) -> Path:
        """The name of the database, mirrored outside it."""
        return self.path / "incarnation"

    @property
    def mark(self) -> Path:
        """How far the chain of this database has come, as it was known last."""
        return self.path / "chain.mark"

    @property
    def server_ca(self) -> Path:
        """The private certificate authority of the server, if there is one."""
        return self.path / "server-ca.pem"

    @property
    def control(self) -> Path:
        """How to reach the process that holds the home."""
        return self.path / "control.json"

    @property
    def lock(self) -> Path:
        """The lock file; what it says means nothing."""
        return self.path / "lock"


def prepare_home(path: Path) -> Home:
    """Return the home at a path, with its folders made, readable by their owner alone."""
    home = Home(Path(os.path.abspath(path)))  # noqa: PTH100 - resolve() would follow links of the owner
    with storage_errors(home.path):
        for folder in (home.path, home.blobs, home.journal, home.device_key.parent):
            folder.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    return home
