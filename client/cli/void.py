"""`tianbao void`: take an entry back, with a reason."""

import click

from client.cli._output import example
from client.cli.edit import tell_outcome
from client.control import call


@click.command(epilog=example("void 6f1c2a9e-… --reason 重复填报"))
@click.argument("entry")
@click.option("--reason", required=True, help="Why the entry is taken back; everybody can read it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def void(ctx: click.Context, entry: str, reason: str, *, as_json: bool) -> None:
    """Take an ENTRY back; print the new revision.

    Nothing is deleted: what was handed in stays in the record, with the reason beside it.
    """
    outcome = next(call(ctx.obj, "void", {"entry": entry, "reason": reason}))
    tell_outcome(ctx, outcome, as_json=as_json)
