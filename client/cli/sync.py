"""`tianbao sync`: one round of push and pull, now."""

import sys
from typing import Any

import click

from client.cli._output import example, say, show, show_json
from client.control import call

_LARGE = 1024 * 1024
_QUIET_STEP = 10


@click.command(epilog=example("sync"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def sync(ctx: click.Context, as_json: bool) -> None:
    """Hand over what waits and fetch what is new; ends with 0 if nothing deliverable is left.

    A large file goes in parts: what arrived is not sent again by the next sync.
    """
    telling, done = _Telling(is_terminal=sys.stderr.isatty()), {}
    try:
        for value in call(ctx.obj, "sync", {"progress": True}):
            if "attachment" in value:
                telling.tell(value["attachment"])
            else:
                done = value
    finally:
        telling.end()
    if as_json:
        show_json(done)
    else:
        show(
            f"{done['pushed']} entries and {done['files']} files handed over, {done['pulled']} changes fetched."
        )
    if done["problem"]:
        say(f"{done['problem']['message']} Hint: {done['problem']['hint']}")
    if done["left"]:
        say("Something is left to hand over. Hint: run tianbao sync again, see tianbao entries.")
        ctx.exit(1)


class _Telling:
    """Tells how far files are: in one line of a terminal; elsewhere of large ones, now and then."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._file = ""
        self._percent = -1

    def tell(self, file: dict[str, Any]) -> None:
        """Tell how far a file has come, if that is worth a line."""
        if not self._is_terminal and file["size"] <= _LARGE:
            return
        if file["sha256"] != self._file:
            self.end()
            self._file, self._percent = file["sha256"], -1
        percent = 100 if not file["size"] else 100 * file["offset"] // file["size"]
        step = 1 if self._is_terminal else _QUIET_STEP
        if percent // step == self._percent // step:
            return
        self._percent = percent
        name = "".join(letter for letter in file["name"] if letter.isprintable())
        text = f"{name or file['sha256'][:8]}: {percent} % of {file['size'] / 1e6:.1f} MB"
        if self._is_terminal:
            click.echo(f"\r{text}", err=True, nl=False)
        else:
            say(text)

    def end(self) -> None:
        """End the line of the last file."""
        if self._is_terminal and self._percent >= 0:
            click.echo(err=True)
        self._percent = -1
