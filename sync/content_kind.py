"""What a file is that somebody gave us instead of one of ours, told from its first bytes."""

from sync.errors import FrameError
from sync.frames import Frame, FrameKind, parse_frames

ENOUGH = 64 * 1024
_OURS = {
    FrameKind.BUNDLE: "a bundle that a device exported",
    FrameKind.REVISION: "the journal of a device",
    FrameKind.ANSWER: "an answer of the server",
}
_BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive, or a document of an office program"),
    (b"\xd0\xcf\x11\xe0", "an older document of an office program"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
)
_MARK_OF_MOVIES = b"ftyp"


def describe_content(beginning: bytes) -> str:
    """Return in words what begins like this, `ENOUGH` bytes of it."""
    if not beginning:
        return "an empty file"
    frame = _first_frame(beginning)
    if frame is not None and frame.kind in _OURS:
        return _OURS[frame.kind]
    for mark, words in _BEGINNINGS:
        if beginning.startswith(mark):
            return words
    if beginning[4:8] == _MARK_OF_MOVIES:
        return "a picture or a video of a telephone"
    return "a text" if _is_text(beginning) else "a file of another program, or a damaged one"


def _first_frame(beginning: bytes) -> Frame | None:
    try:
        return next(parse_frames(beginning), None)
    except FrameError:
        return None


def _is_text(beginning: bytes) -> bool:
    if b"\x00" in beginning:
        return False
    try:
        beginning[: ENOUGH - 4].decode()  # a character may be cut at the very end
    except UnicodeDecodeError as error:
        return error.start >= len(beginning) - 4
    return True
