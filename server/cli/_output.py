"""What the commands print: results on standard output, talk and errors on standard error.

A known error ends a command with 1 and one line: `Error: … Hint: …`. A console that cannot write
Chinese shows the characters' numbers instead of failing.
"""

import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import click

from server.control import KNOWN_ERRORS, describe


class ToldError(click.ClickException):
    """A known error on its way to the person who called the command."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the error on standard error."""
        click.echo(f"Error: {self.message}", err=True)


def example(*lines: str) -> str:
    """Return the end of a command's help: how it is called."""
    calls = "\n".join(f"  tianbao-server {line}" for line in lines)
    return f"\b\nExample:\n{calls}"


def prepare_streams() -> None:
    """Let every text be printed, whatever the console can write."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def known_errors_told() -> Iterator[None]:
    """Turn a known error into the line that tells it.

    Raises:
        ToldError: a known error came up.
    """
    try:
        yield
    except KNOWN_ERRORS as error:
        problem = describe(error)
        hint = f" Hint: {problem['hint']}" if problem["hint"] else ""
        raise ToldError(problem["message"] + hint) from error
    except BrokenPipeError:
        raise  # the reader has had enough, as `head` does; click ends without a word
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise ToldError(f"{error.strerror or error}{place}.") from error


def show(text: str) -> None:
    """Print a line of the result, at once."""
    click.echo(text)
    sys.stdout.flush()


def say(text: str) -> None:
    """Print a line of talk."""
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    """Print a result as JSON; beyond ASCII as it is where the console can write it."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    show(json.dumps(value, ensure_ascii=not is_utf8, indent=2))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Print rows under their columns' names, aligned; a Chinese character is two wide."""
    lines = [list(columns), *([cell or "" for cell in row] for row in rows)]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        )
        show("  ".join(cells).rstrip())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
