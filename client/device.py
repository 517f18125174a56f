"""Who this device is: its key, and the chain of its revisions.

* The private key is made once, before enrolment, and never leaves the home. The home of an enrolled
device without its key, or with another one, is not opened: nobody would take what it signs.
* An *incarnation* names one life of the database. It stands in the database and in a file beside
it; where the two disagree, one of them came from a backup, and a new chain begins in full sight
instead of an old one forking.
* A whole home that was copied, or put back from a backup, holds two that agree. So the database also
knows the file itself: its number on the disk, with those of its neighbours, for a number may be given
again, and when it was last touched there. No copy has both. A disk alone that is numbered otherwise
after a start, a stick that numbers its files anew, or a touch of an administrator, is no copy.
* Where not all of its files are others (a copy laid over the home, a database put back), the home
holds less than the chain's mark says (`client.high_water`).
* What none of these shows (the image of a whole disk) shows when the server tells of a revision of this
device that is not here: then, too, a new incarnation begins.
* Within an incarnation `sequence` counts from 1 without a gap, and `previous` names the revision
before.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from client.config import Home
from client.db import Database
from client.durable import storage_errors, write_durably
from client.errors import StorageError
from client.high_water import HighWater
from client.profile import read_profile
from client.settings import read_setting, write_setting
from sync.keys import KEY_LENGTH, SigningKey

_INCARNATION = "incarnation"
_MARK = "incarnation_file"


class Beginning(StrEnum):
    """Why an incarnation began at this start."""

    EARLIER = "earlier"
    FIRST = "first"
    REPLACED = "replaced"
    COPIED = "copied"


@dataclass(slots=True)
class Life:
    """The incarnation that is going on; another may begin while the home is open."""

    incarnation: str
    beginning: Beginning


@dataclass(frozen=True, slots=True)
class Device:
    """The key that signs, and this life of the database."""

    key: SigningKey
    life: Life
    high_water: HighWater

    @property
    def incarnation(self) -> str:
        """The name of this life of the database."""
        return self.life.incarnation


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
    return Device(_open_key(home, db), _open_life(home, db), HighWater(home))


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


def begin_incarnation(home: Home, db: Database, device: Device) -> Device:
    """Begin a new chain of revisions, at once for everything that holds this device.

    Raises:
        StorageError: it could not be written; the next start begins another one.
    """
    device.life.incarnation = _begin(home, db)
    return device


def _open_life(home: Home, db: Database) -> Life:
    inside = read_setting(db, _INCARNATION)
    with storage_errors(home.incarnation):
        is_there = home.incarnation.exists()
        outside = home.incarnation.read_text("ascii", "replace").strip() if is_there else None
    if inside is None or inside != outside:
        beginning = Beginning.REPLACED if inside or outside else Beginning.FIRST
        return Life(_begin(home, db), beginning)
    known, found = read_setting(db, _MARK), _mark(home)
    if known and _is_copy(known, found):
        return Life(_begin(home, db), Beginning.COPIED)
    if known != found:
        _write_mark(db, found)
    return Life(inside, Beginning.EARLIER)


def _begin(home: Home, db: Database) -> str:
    fresh = secrets.token_hex(16)
    with db.transaction():
        write_setting(db, _INCARNATION, fresh)
        write_setting(db, _MARK, "")  # of a file that is not written yet nothing is known
    # In this order a crash between the two leaves them different, and the next start draws anew.
    write_durably(home.incarnation, fresh.encode() + b"\n")
    _write_mark(db, _mark(home))
    return fresh


def _write_mark(db: Database, mark: str) -> None:
    with db.transaction():
        write_setting(db, _MARK, mark)


def _mark(home: Home) -> str:
    """Return what tells the file from every copy of it: disk, numbers on it, last touched there."""
    neighbours = (home.device_key, home.device_key.parent, home.blobs, home.journal, home.path)
    with storage_errors(home.incarnation):
        found = home.incarnation.stat()
        numbers = [found.st_ino, *(path.stat().st_ino for path in neighbours)]
    return f"{found.st_dev}-{'-'.join(map(str, numbers))}:{found.st_ctime_ns}"


def _is_copy(known: str, found: str) -> bool:
    known_place, _, known_time = known.rpartition(":")
    found_place, _, found_time = found.rpartition(":")
    is_numbered = "0" not in found_place.split("-")[1:]
    return is_numbered and known_place != found_place and known_time != found_time
