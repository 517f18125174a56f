"""What the commands print: results on standard output, talk and errors on standard error.

A known error ends a command with 1 and one line: `Error: … Hint: …`. A console that cannot write
Chinese shows the characters' numbers instead of failing.
"""

import itertools
import json
import os
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def show(text: str, *, ended: bool = True) -> None:
    """Print a line of the result, at once; or a part of one."""
    click.echo(text, nl=ended)
    sys.stdout.flush()


def say(text: str) -> None:
    """Print a line of talk."""
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    """Print a result as JSON."""
    show(_json(value, sys.stdout.encoding))


def show_json_list(pages: Iterable[Sequence[Any]]) -> None:
    """Print results that come page by page as one JSON list."""
    before = "["
    for each in itertools.chain.from_iterable(pages):
        show(f"{before}\n{textwrap.indent(_json(each, sys.stdout.encoding), '  ')}", ended=False)
        before = ","
    show("[]" if before == "[" else "\n]")


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
    show_pages(columns, [rows])


def show_pages(columns: Sequence[str], pages: Iterable[Sequence[Sequence[str | None]]]) -> None:
    """Print rows that come page by page; a column grows where a page needs it."""
    lines = [list(columns)]
    widths = [0] * len(columns)
    for rows in pages:
        lines += [[cell or "" for cell in row] for row in rows]
        for place in range(len(columns)):
            widths[place] = max([widths[place], *(_width(line[place]) for line in lines)])
        for line in lines:
            cells = (
                cell + " " * (width - _width(cell))
                for cell, width in zip(line, widths, strict=True)
            )
            show("  ".join(cells).rstrip())
        lines = []


def _json(value: Any, encoding: str | None) -> str:
    # Plain ASCII where the console is not UTF-8: its own replacements would not be JSON.
    is_utf8 = (encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not is_utf8, indent=2)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
