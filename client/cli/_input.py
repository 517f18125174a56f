"""What commands are given to read: a file, or - for standard input."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client.answers_file import AnswersReader, Shape, file_encoding

_BY_LINE = frozenset({".jsonl", ".ndjson"})


@contextmanager
def opened(answers: Path, stream_shape: Shape = Shape.EITHER) -> Iterator[AnswersReader]:
    """Open a file of answers, or standard input, which may be of another shape than a file."""
    if str(answers) == "-":
        with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as stream:
            yield AnswersReader(stream, "Standard input", stream_shape)
        return
    shape = Shape.LINES if answers.suffix.lower() in _BY_LINE else Shape.DOCUMENT
    # Only a file can be read twice; what is piped here under a name cannot.
    encoding = file_encoding(answers) if answers.is_file() else None
    with answers.open("rb") as file:
        yield AnswersReader(file, str(answers), shape, encoding)


def folder_of(answers: Path) -> Path:
    """Return the folder that paths in a file are relative to."""
    return Path.cwd() if str(answers) == "-" else answers.absolute().parent
