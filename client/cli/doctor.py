"""`tianbao doctor`: read everything that this device holds, mend what can be mended, tell the rest."""

from typing import Any

import click

from client.cli._output import example, say, show, show_json
from client.control import call


@click.command(epilog=example("doctor", "doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check everything held; ends with 1 where something is beyond repair on this device."""
    report = next(call(ctx.obj, "doctor", {}))
    if as_json:
        show_json(report)
    else:
        for line in _lines(report):
            show(line)
    if not report["is_sound"]:
        say(f"{len(report['problems'])} things are beyond repair on this device. Hint: see each.")
        ctx.exit(1)


def _lines(report: dict[str, Any]) -> list[str]:
    pruned = f", {report['pruned']} of them pruned" if report["pruned"] else ""
    lines = [f"Read: {report['revisions']} revisions{pruned}, {report['files']} files."]
    lines += [f"Mended: {_told(each)}" for each in report["mended"]]
    lines += [f"Problem: {_told(each)} Hint: {each['hint']}" for each in report["problems"]]
    return lines if len(lines) > 1 else [*lines, "Everything is in order."]


def _told(each: dict[str, str]) -> str:
    entry = f" (entry {each['entry']})" if each["entry"] else ""
    return f"{each['kind']} {each['subject']}{entry}: {each['message']}."
