"""Who this device is: its key, and the chain of its revisions.

* The private key is made once, before enrolment, and never leaves the home. The home of an enrolled
device without its key, or with another one, is not opened: nobody would take what it signs.
* An *incarnation* names one life of the database. It stands in the database and in a file beside
it; where the two disagree, one of them came from a backup, and a new chain begins in full sight
instead of an old one forking.
* Within an incarnation `sequence` counts from 1 without a gap, and `previous` names the revision
before.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from client.config import Home
from client.db import Database
from client.durable import storage_errors, write_durably
from client.errors import StorageError
from client.profile import read_profile
from client.settings import read_setting, write_setting
from sync.keys import KEY_LENGTH, SigningKey

_INCARNATION = "incarnation"


@dataclass(frozen=True, slots=True)
class Device:
    """The key that signs, and the name of this life of the database."""

    key: SigningKey
    incarnation: str


@dataclass(frozen=True, slots=True)
class Link:
    """The place of the next revision in the device's chain."""

    sequence: int
    previous: str | None


def open_device(home: Home, db: Database) -> Device:
    """Return the device of a home, made on first use.

    Raises:
        StorageError: the key cannot be read or written, or is not that of the enrolled device.
    """
    return Device(_open_key(home, db), _open_incarnation(home, db))


def next_link(db: Database, device: Device) -> Link:
    """Return where the next revision goes; call it within the transaction that adds it."""
    row = db.row(
        "SELECT sequence, digest FROM revision "
        "WHERE is_own = 1 AND device = ? AND incarnation = ? ORDER BY sequence DESC LIMIT 1",
        (device.key.id, device.incarnation),
    )
    return Link(1, None) if row is None else Link(row["sequence"] + 1, row["digest"])


def open_secret(path: Path) -> bytes:
    """Return the 32 secret bytes of a key file, drawn and flushed on first use.

    Raises:
        StorageError: the file cannot be read or written, or is damaged.
    """
    with storage_errors(path):
        if not path.exists():
            write_durably(path, secrets.token_hex(KEY_LENGTH).encode() + b"\n")
        text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_LENGTH:
        raise StorageError(
            f"The key file {path} is damaged.",
            hint="Restore it from a backup, or enrol a new home with a new code.",
        )
    return secret


def _open_key(home: Home, db: Database) -> SigningKey:
    profile = read_profile(db)
    if profile is not None and not home.device_key.exists():
        raise _no_key(home, "is missing")
    key = SigningKey(open_secret(home.device_key))
    if profile is not None and key.id != profile.device:
        raise _no_key(home, "is not the one that was enrolled")
    return key


def _no_key(home: Home, what: str) -> StorageError:
    return StorageError(
        f"The key of this device, {home.device_key}, {what}.",
        code="device_key",
        hint="Put it back from a backup, or enrol a new home with a new code. Nothing was changed.",
    )


def _open_incarnation(home: Home, db: Database) -> str:
    inside = read_setting(db, _INCARNATION)
    with storage_errors(home.incarnation):
        outside = home.incarnation.read_text("ascii").strip() if home.incarnation.exists() else None
    if inside is not None and inside == outside:
        return inside
    fresh = secrets.token_hex(16)
    with db.transaction():
        write_setting(db, _INCARNATION, fresh)
    # In this order a crash between the two leaves them different, and the next start draws anew.
    write_durably(home.incarnation, fresh.encode() + b"\n")
    return fresh
