"""How far a chain of this device has come, kept where putting a home back does not reach.

* The mark of an incarnation is the sequence of its last saved revision. It stands in the home beside
the database, and once more in the folder where the system keeps the states of a person's programs. A
home that holds less than its mark went back in time.
* A mark is written after its revision was saved, and never flushed: it has to be at most the truth,
and mostly is all of it. One that cannot be written, read or believed counts as none.
"""

import os
import sys
import zlib
from pathlib import Path

from client.config import Home
from client.durable import PRIVATE

STATE_VARIABLE = "TIANBAO_STATE"
_FOLDER = "tianbao-chains"
_PRIVATE_FOLDER = 0o700
_LONGEST = 256
_BINARY: int = getattr(os, "O_BINARY", 0)


class HighWater:
    """The marks of a home."""

    def __init__(self, home: Home) -> None:
        self._inside = home.mark
        self._elsewhere = state_folder()

    def reached(self, incarnation: str) -> int:
        """Return the last sequence that is known of an incarnation; 0 if none is."""
        return max(_read(path, incarnation) for path in self._places(incarnation))

    def note(self, incarnation: str, sequence: int) -> None:
        """Note that an incarnation has come so far, as well as the disks let it."""
        content = _line(incarnation, sequence)
        for path in self._places(incarnation):
            try:
                _write(path, content)
            except OSError:  # the other place, and the server, tell it too
                continue

    def _places(self, incarnation: str) -> list[Path]:
        if self._elsewhere is None or not incarnation.isalnum():
            return [self._inside]
        return [self._inside, self._elsewhere / f"{incarnation}.mark"]


def state_folder() -> Path | None:
    """Return where the marks stand outside of all homes, if there is such a place."""
    given = os.environ.get(STATE_VARIABLE)
    try:
        return Path(given) if given else _system_folder() / _FOLDER
    except RuntimeError:  # nobody's process, without a folder of its own
        return None


def _system_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _line(incarnation: str, sequence: int) -> bytes:
    # Of one length, so that it is overwritten in its place; the sum tells a torn one.
    text = f"{incarnation} {sequence:016}"
    return f"{text} {zlib.crc32(text.encode()):08x}\n".encode()


def _read(path: Path, incarnation: str) -> int:
    try:
        with path.open("rb") as file:
            line = file.read(_LONGEST)
        sequence = int(line.split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return sequence if line == _line(incarnation, sequence) else 0


def _write(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _BINARY, PRIVATE)
    except FileNotFoundError:
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _BINARY, PRIVATE)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
