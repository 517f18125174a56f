"""Small real files to answer file questions with in examples; they come with the program.

They lie in `samples/` beside this module: a PDF of one page, a PNG of one colour, a tenth of a second
of silence as WAV, an MP4 without a track, and a line of text.
"""

from pathlib import Path, PurePath

_FOLDER = Path(__file__).resolve().parent / "samples"
_OTHER = b"Sample file\n"


def sample_path(name: str) -> Path | None:
    """Return where the sample of the kind that the name's ending says lies; None if there is none."""
    place = _FOLDER / f"example{PurePath(name).suffix.lower()}"
    return place if place.is_file() else None


def sample_file(name: str) -> bytes:
    """Return the bytes of a small file of the kind that the name's ending says, else of a text."""
    place = sample_path(name)
    return _OTHER if place is None else place.read_bytes()
