"""How the commands of form authors print: JSON that any console can take, and known errors."""

import json
import sys
from pathlib import Path

import click


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return JSON; a console or file that is not UTF-8 gets it in plain ASCII, which is the same."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not is_utf8, indent=indent)


def refuse(message: str, hint: str) -> click.ClickException:
    """Return a known error as every command prints it, with exit code 1."""
    return click.ClickException(f"{message} Hint: {hint}")


def read_file(path: Path) -> bytes:
    """Return the bytes of a file, or end with what keeps it from being read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise refuse(
            f"{path} cannot be read: {error.strerror}.", "Look at its permissions."
        ) from error
