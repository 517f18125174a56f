"""Room on the data folder's disk: what the server still takes in when it gets scarce.

* Three watermarks: below the first the organiser is warned, below the second no more attachments
  are taken, below the third nothing more is pushed. Reading and the auditors' pages always go on.
* A watermark is a share of the disk, 20, 10 and 5 %, but at most 10, 2 and 1 GiB: nine tenths of a
  very large disk in use still leave room for a campaign. `TIANBAO_ROOM=10,2,1` sets the three.
* Looking costs next to nothing: what the system said is believed for a second.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from shutil import disk_usage
from time import monotonic

from server.config import DataFolder
from server.errors import DataFolderError, StorageFullError

VARIABLE = "TIANBAO_ROOM"
_GIB = 1024**3
_PERCENT = (20, 10, 5)
_GIBS = (10.0, 2.0, 1.0)
_BELIEVED_SECONDS = 1.0
_LOGGER = logging.getLogger(__name__)


class Level(IntEnum):
    """How scarce room is; each level holds all that those before it hold."""

    AMPLE = 0
    LOW = 1
    NO_ATTACHMENTS = 2
    NO_PUSHES = 3


@dataclass(frozen=True, slots=True)
class Room:
    """What the system said of a disk, and what follows from it."""

    free: int
    total: int
    level: Level

    @property
    def used_percent(self) -> int:
        """Return how much of the disk is in use, in whole percent."""
        return 100 - (100 * self.free // self.total if self.total else 0)

    @property
    def warning(self) -> str:
        """Return what an organiser is told; empty while there is ample room."""
        if self.level is Level.AMPLE:
            return ""
        follows = {
            Level.LOW: "Everything is still taken in.",
            Level.NO_ATTACHMENTS: "Attached files are not taken in any more.",
            Level.NO_PUSHES: "Nothing is taken in any more.",
        }[self.level]
        return (
            f"The server's disk is {self.used_percent} % full; {self.free / _GIB:.1f} GiB are free. "
            f"{follows} Free some room; what waits on the devices is then sent by itself."
        )


class RoomWatch:
    """Watches the disk of a folder; what changes for the worse is logged once."""

    def __init__(self, path: Path, gibs: tuple[float, ...], now: Callable[[], float]) -> None:
        self._path = path
        self._gibs = gibs
        self._now = now
        self._seen: tuple[float, Room] | None = None  # replaced whole: threads may share it

    def room(self) -> Room:
        """Return how much room there is, not older than a second."""
        seen, now = self._seen, self._now()
        if seen is not None and 0 <= now - seen[0] < _BELIEVED_SECONDS:
            return seen[1]
        room = measure(self._path, self._gibs)
        if room.level > (Level.AMPLE if seen is None else seen[1].level):
            _LOGGER.warning("%s", room.warning)
        self._seen = (now, room)
        return room

    def require(self, level: Level) -> None:
        """Refuse what is not taken in from a level on.

        Raises:
            StorageFullError: room is that scarce.
        """
        if self.room().level >= level:
            raise StorageFullError(
                "The server's disk is nearly full; this is not taken in at present.",
                code="low_space",
                hint="What is waiting is sent again by itself. The organiser has to free some room.",
            )


def measure(path: Path, gibs: tuple[float, ...] = _GIBS) -> Room:
    """Return how much room the disk of a path has, by watermarks in GiB."""
    usage = disk_usage(path)
    total, free = usage.used + usage.free, usage.free  # without what only root may fill
    reached = [
        free < min(total * percent / 100, gib * _GIB)
        for percent, gib in zip(_PERCENT, gibs, strict=True)
    ]
    return Room(
        free, total, Level(max((at + 1 for at, is_it in enumerate(reached) if is_it), default=0))
    )


def room_of(folder: DataFolder) -> Room:
    """Return how much room the disk of a data folder has.

    Raises:
        DataFolderError: `TIANBAO_ROOM` is not three numbers.
    """
    return _watch(folder.path).room()


def require_room(folder: DataFolder, *, for_blobs: bool) -> None:
    """Refuse to take in attached files, or a push, where room is too scarce for it.

    Raises:
        StorageFullError: it is; the code is `low_space`.
        DataFolderError: `TIANBAO_ROOM` is not three numbers.
    """
    _watch(folder.path).require(Level.NO_ATTACHMENTS if for_blobs else Level.NO_PUSHES)


def gibs_from(environment: Mapping[str, str]) -> tuple[float, ...]:
    """Return the watermarks in GiB that an environment sets, else ours.

    Raises:
        DataFolderError: the variable is not three numbers that fall.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return _GIBS
    try:
        gibs = tuple(float(part) for part in text.split(","))
    except ValueError:
        gibs = ()
    if len(gibs) != len(_PERCENT) or not gibs[0] >= gibs[1] >= gibs[2] >= 0:
        raise DataFolderError(
            f"{VARIABLE} is {text!r}, not three numbers that fall.",
            hint=f"Give GiB for the warning, for attachments and for pushes: {VARIABLE}=10,2,1",
        )
    return gibs


@cache
def _watch(path: Path) -> RoomWatch:
    return RoomWatch(path, gibs_from(os.environ), monotonic)
