"""What the commands print: results on standard output, talk and errors on standard error.

A known error ends a command with 1 and one line: `Error: … Hint: …`. A console that cannot write
Chinese shows the characters' numbers instead of failing.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import click

from client.errors import ClientError
from forms.errors import FormError
from sync.errors import SyncError


class ToldError(click.ClickException):
    """A known error on its way to the person who called the command."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the error on standard error."""
        click.echo(f"Error: {self.message}", err=True)


def example(*lines: str) -> str:
    """Return the end of a command's help: how it is called."""
    calls = "\n".join(f"  tianbao {line}" for line in lines)
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
    except (ClientError, FormError, SyncError) as error:
        hint = f" Hint: {error.hint}" if error.hint else ""
        raise ToldError(error.message + hint) from error
    except BrokenPipeError:
        raise  # who reads has had enough; click ends quietly
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
    """Print a result as JSON."""
    show(_json(value, sys.stdout.encoding))


def say_json(value: Any) -> None:
    """Print what is wrong as JSON."""
    say(_json(value, sys.stderr.encoding))


def warn(warnings: Sequence[Mapping[str, str]]) -> None:
    """Print warnings, each with what can be done about it."""
    for warning in warnings:
        say(f"Warning: {warning['message']} Hint: {warning['hint']}")


def language() -> str:
    """Return the language of titles: English where the system's language is, else Chinese."""
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "en" if spoken.startswith("en") else "zh-CN"


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Print rows under their columns' names, aligned; a Chinese character is two wide."""
    lines = [list(columns), *([cell or "" for cell in row] for row in rows)]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        )
        show("  ".join(cells).rstrip())


def _json(value: Any, encoding: str | None) -> str:
    # Plain ASCII where the console is not UTF-8: its own replacements would not be JSON.
    is_utf8 = (encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not is_utf8, indent=2)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
