"""The command line of the client, `tianbao`: one file a command.

A command's module is imported when the command is called, so that none pays for the others.
"""

from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

from client.cli._output import example, known_errors_told, prepare_streams

COMMANDS = (
    "enrol",
    "forms",
    "fill",
    "add",
    "entries",
    "show",
    "edit",
    "merge",
    "history",
    "void",
    "upgrade",
    "sync",
    "export",
    "import",
    "status",
    "doctor",
    "prune",
    "form",
)


class LazyGroup(click.Group):
    """A group of commands that imports the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, from the module of that name."""
        if cmd_name not in COMMANDS:
            return None
        # No module can be called `import`.
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; tell a known error in one line and end with 1."""
        with known_errors_told():
            return super().invoke(ctx)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("enrol https://forms.example.org 7K3QD-…", "fill"),
)
@click.version_option(package_name="tianbao")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="TIANBAO_HOME",
    show_envvar=True,
    default=lambda: click.get_app_dir("tianbao"),
    show_default="the folder of programs' data",
    help="The folder that holds everything of this device.",
)
@click.pass_context
def cli(ctx: click.Context, home: Path) -> None:
    """Fill in forms without a network, and hand them over when there is one."""
    ctx.obj = Path(home)


def main() -> None:
    """Run the command line."""
    prepare_streams()
    cli(prog_name="tianbao")
