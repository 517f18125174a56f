"""`tianbao import`: the server's answer to a bundle, brought home."""

from pathlib import Path
from typing import Any

import click

from client.cli._output import example, say, show, show_json
from client.control import call


@click.command("import", epilog=example("import /media/stick/office.answer"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def import_(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Take over what the server says of a bundle of this device; again changes nothing.

    Ends with 1 where parts of the answer are damaged or missing; the others are taken over.
    """
    done = next(call(ctx.obj, "import", {"path": str(file.absolute())}))
    if as_json:
        show_json(done)
    else:
        _tell(done)
    if done["damaged"] or done["missing"]:
        say(
            "Parts of the answer are damaged or missing. Hint: ask for another copy of it; "
            "what it says of the others is taken over."
        )
        ctx.exit(1)


def _tell(done: dict[str, Any]) -> None:
    show(f"{done['revisions']} revisions were answered, {done['delivered']} of them are delivered.")
    show(f"{done['files']} files are with the server.")
    if done["quarantined"]:
        show(f"{done['quarantined']} are with the organiser to look at.")
    if done["refused"]:
        say(f"{done['refused']} were refused. Hint: see the reasons with: tianbao entries --json")
