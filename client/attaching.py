"""What a file is called as an answer: its plain name, its media type, its size and its digest."""

import mimetypes
import stat
from pathlib import Path
from typing import Any

from client.blobs import Blobs, Kept
from client.errors import InputError

_UNKNOWN_TYPE = "application/octet-stream"


def keep_file(blobs: Blobs, place: Path) -> dict[str, Any]:
    """Copy a file into the home; return the answer that names it.

    Raises:
        InputError: it cannot be read, or is too large.
        StorageError: it could not be written.
    """
    try:
        found = place.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device may never end
            raise InputError(f"{place} is no file.", code="file")
        with place.open("rb") as file:
            kept = blobs.keep(file, found.st_size)
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror}.", code="file") from error
    except ValueError as error:  # a NUL, half a character: the text itself may not be printable
        raise InputError("This is no path of a file.", code="file") from error
    return answer_of(kept, place.name)


def answer_of(kept: Kept, name: str, media_type: str = "") -> dict[str, Any]:
    """Return the answer that names a file of the home."""
    return {
        "name": plain_name(name),
        "type": media_type or media_type_of(name),
        "size": kept.size,
        "sha256": kept.sha256,
    }


def media_type_of(name: str) -> str:
    """Return the media type that a file's name speaks of."""
    return mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE


def plain_name(name: str) -> str:
    """Return a file's name without the folders that some browsers send along."""
    return name.replace("\\", "/").rpartition("/")[2][:255] or "file"
