"""Which files a question accepts: by the suffix of the name, or by the media type.

- `accept` is read as browsers read it: parts with commas between, each a suffix (`.pdf`) or a media
  type (`image/*`); one that fits is enough, and case does not matter. Other parts say nothing.
- A question for an image, audio or video accepts that kind by its type.
- Some systems do not know the type of a file. Then its suffix speaks for it, by a list of our own:
  a device and the server have to come to the same result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.definition import ATTACHMENT_TYPES, Question

UNKNOWN_TYPE = "application/octet-stream"

_KINDS = {"image": "image/*", "audio": "audio/*", "video": "video/*"}
_SPOKEN = {pattern: kind for kind, pattern in _KINDS.items()}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".amr": "audio/amr",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".3gp": "video/3gpp",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class FileRule:
    """What a file question accepts; without suffixes and media types it accepts every file."""

    suffixes: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()

    def fits(self, name: str, media_type: str) -> bool:
        """Say whether a file is of a kind that is accepted."""
        if not self.suffixes and not self.media_types:
            return True
        lowered = name.lower()
        return lowered.endswith(self.suffixes) or self._fits_type(lowered, media_type.lower())

    def breach(self, file: Mapping[str, Any]) -> str:
        """Return the code of the message about a canonical answer; "" if it breaks no rule."""
        if not self.fits(file["name"], file["type"]):
            return f"file_type.{self.kind}" if self.kind else "file_type"
        return "" if file["size"] else "empty_file"

    @property
    def kind(self) -> str:
        """The kind of file, if one of image, audio and video is all that is accepted."""
        is_one = len(self.media_types) == 1 and not self.suffixes
        return _SPOKEN.get(self.media_types[0], "") if is_one else ""

    @property
    def spoken(self) -> str:
        """What is accepted, in the words of the definition."""
        return ", ".join(self.suffixes + self.media_types)

    def sample_suffix(self, usual: str) -> str:
        """Return the suffix of a file that fits: the usual one if it does."""
        known = (usual, *self.suffixes, *_TYPES)
        return next((each for each in known if self.fits(f"x{each}", UNKNOWN_TYPE)), usual)

    def _fits_type(self, name: str, media_type: str) -> bool:
        if media_type == UNKNOWN_TYPE:
            media_type = _TYPES.get(f".{name.rpartition('.')[2]}", media_type)
        return any(_matches(media_type, pattern) for pattern in self.media_types)


def accept_of(question: Question) -> str:
    """Return what a file question accepts, as the browser's file chooser takes it."""
    return question.parameters.get("accept") or _KINDS.get(question.type, "")


def file_rule(question: Question) -> FileRule | None:
    """Return what a question accepts; None if it is not answered with a file."""
    if question.type not in ATTACHMENT_TYPES:
        return None
    parts = [part.strip().lower() for part in accept_of(question).split(",")]
    suffixes = tuple(part for part in parts if is_suffix(part))
    return FileRule(suffixes, tuple(part for part in parts if is_media_type(part)))


def is_suffix(part: str) -> bool:
    """Say whether a part of `accept` is a suffix."""
    return part.startswith(".") and len(part) > 1


def is_media_type(part: str) -> bool:
    """Say whether a part of `accept` is a media type, `*` standing for any."""
    kind, _, rest = part.partition("/")
    return bool(kind and rest)


def _matches(media_type: str, pattern: str) -> bool:
    if pattern.endswith("/*"):
        return pattern == "*/*" or media_type.startswith(pattern[:-1])
    return media_type == pattern
