"""Room on the disk: what is begun is only begun where there is enough to end it.

* Below 64 MiB of free space no new form is opened. One that is open is always saved, if it goes in.
* A file is copied in only where it leaves half of that.
* Where the system does not say how much is free, nothing is refused.
"""

from pathlib import Path
from shutil import disk_usage

from client.errors import LowSpaceError

LOW = 64 * 1024 * 1024


def require_room_for_form(folder: Path) -> None:
    """Refuse to begin a form where the disk is nearly full.

    Raises:
        LowSpaceError: too little is free.
    """
    _require(folder, LOW, "no new form is opened. What is open can be saved.")


def require_room_for_file(folder: Path, size: int = 0) -> None:
    """Refuse to copy a file in, of a size as far as that is known, that would fill the disk.

    Raises:
        LowSpaceError: too little is free.
    """
    _require(folder, size + LOW // 2, "the file was not attached.")


def free_space(folder: Path) -> int | None:
    """Return how many bytes are free where a folder lies, if the system says so."""
    try:
        return disk_usage(folder).free
    except OSError:
        return None


def _require(folder: Path, needed: int, consequence: str) -> None:
    free = free_space(folder)
    if free is not None and free < needed:
        raise LowSpaceError(
            f"Only {free // 1024**2} MiB are free on the disk of {folder}, and "
            f"{needed // 1024**2} MiB are needed: {consequence}",
            hint="Make room: delete what is not needed, or take delivered entries off this device "
            "with tianbao prune.",
        )
