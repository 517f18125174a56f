"""The organiser's command line, `tianbao-server`: one file a command.

A command's module is imported when the command is called, so that none pays for the others.
"""

from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

from server.cli._output import ToldError, example, known_errors_told, prepare_streams

COMMANDS = (
    "init",
    "serve",
    "invite",
    "publish",
    "units",
    "import",
    "members",
    "revoke",
    "reissue",
    "arrived",
    "project",
    "quarantine",
    "backup",
    "restore",
    "doctor",
    "demo",
)

_SERVER_PARTS = frozenset({"apispec", "datasette", "sqlite_utils"})  # the wheel's extra `server`


class LazyGroup(click.Group):
    """A group of commands that imports the module of a command when it is asked for."""

    def __init__(self, *args: Any, names: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = tuple(names)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help text."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, from the module of that name."""
        if cmd_name not in self._names:
            return None
        # No module can be called `import`.
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        try:
            command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        except ModuleNotFoundError as error:
            if error.name not in _SERVER_PARTS:
                raise
            raise ToldError(
                f"The server's part is not installed here ({error.name} is missing). "
                "Hint: on a device use `tianbao`; on the server run: pip install 'tianbao[server]'"
            ) from error
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; tell a known error in one line and end with 1."""
        with known_errors_told():
            return super().invoke(ctx)


@click.group(
    cls=LazyGroup,
    names=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("--data /srv/tianbao init --campaign forms/ordos-2019"),
)
@click.version_option(package_name="tianbao")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="TIANBAO_DATA",
    show_envvar=True,
    help="The server's data folder.",
)
def cli(data: Path | None) -> None:
    """Collect forms and keep a record of them that can be audited."""


def main() -> None:
    """Run the command line."""
    prepare_streams()
    cli(prog_name="tianbao-server")
