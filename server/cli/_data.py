"""The data folder that a command works on: `--data` before or behind the command's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from server.config import DataFolder

_FILE = click.Path(path_type=Path, file_okay=False)


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a command its data folder, as `folder`."""
    return click.option(
        "--data", "folder", type=_FILE, callback=_choose, help="The server's data folder."
    )(command)


def chosen_folder(context: click.Context, value: Path | None) -> Path | None:
    """Return the folder named behind the command, else the one before it, else none."""
    outer: Path | None = context.find_root().params.get("data")
    return value or outer


def _choose(context: click.Context, _: click.Parameter, value: Path | None) -> DataFolder:
    folder = chosen_folder(context, value)
    if folder is None:
        raise click.UsageError("Say which data folder: --data DIR, or TIANBAO_DATA=DIR.", context)
    return DataFolder(folder)
