"""`tianbao sync`: one round of push and pull, now."""

import click

from client.cli._output import example, say, show, show_json
from client.control import call


@click.command(epilog=example("sync"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def sync(ctx: click.Context, as_json: bool) -> None:
    """Hand over what waits and fetch what is new; ends with 0 if nothing deliverable is left."""
    done = next(call(ctx.obj, "sync", {}))
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
