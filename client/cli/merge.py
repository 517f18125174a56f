"""`tianbao merge`: show what is contested of an entry, and decide it."""

from typing import Any

import click

from client.cli._output import example, language, say, show, show_json
from client.cli.edit import tell_outcome
from client.control import call


@click.command(
    epilog=example(
        "merge 6f1c2a9e-…",
        "merge 6f1c2a9e-… --take unit_name=theirs --take 'contests[9f3a]=ours'",
    )
)
@click.argument("entry")
@click.option(
    "--take",
    multiple=True,
    metavar="PATH=ours|theirs|VALUE",
    help="What is to stand at a contested path; or PATH=sha256:1a2b3c, what that head has.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def merge(ctx: click.Context, entry: str, take: tuple[str, ...], *, as_json: bool) -> None:
    """List what is contested of an ENTRY; with --take, decide it, and print the new revision.

    "ours" is what this device's own head has; where none or several are its own, the one that is
    shown now. Both are what they are at the moment of saving: name a head by the beginning of its
    digest, as the list shows it (sha256:1a2b3c), to take what you have seen and nothing that came
    since. Any other VALUE is JSON or plain text. A row
    (contests[9f3a]) is kept with true and removed with false; an order (contests#order) is a list of
    row ids; the entry as such ("") is put or void. Everything has to be decided at once: else
    nothing is saved, and what is left is named.
    """
    params = {"entry": entry, "list": not take, "take": list(map(_split, take))}
    outcome = next(call(ctx.obj, "merge", {**params, "language": language()}))
    if take:
        tell_outcome(ctx, outcome, as_json=as_json)
        for each in outcome.get("dropped", ()):
            say(
                f"Left out, as this version of the form does not ask it: {each['label']}: {each['text']}"
            )
    elif as_json:
        show_json(outcome)
    else:
        for line in _lines(outcome):
            show(line)
        for each in outcome["dropped"]:
            show(f"Will be left out, as the form does not ask it: {each['label']}: {each['text']}")


def _split(given: str) -> tuple[str, str]:
    # A value may hold "=", a path cannot.
    path, sign, value = given.partition("=")
    if not sign:
        raise click.BadParameter("It is PATH=ours, PATH=theirs or PATH=VALUE.", param_hint="--take")
    return path, value


def _lines(found: dict[str, Any]) -> list[str]:
    if not found["contested"]:
        return ["Nothing is contested."]
    heads = {head["digest"]: head for head in found["heads"]}
    lines = []
    for each in found["contested"]:
        lines.append(f"{each['path'] or '(the entry)'}  {each['label']}")
        lines += [_line(contender, heads[contender["head"]]) for contender in each["contenders"]]
    return lines


def _line(contender: dict[str, Any], head: dict[str, Any]) -> str:
    word = "ours  " if contender["ours"] else "theirs"
    mark = "*" if contender["shown"] else " "
    text = contender["text"] if contender["present"] else "(nothing)"
    who = head["member_name"] or head["author"]
    reason = f"  reason: {contender['reason']}" if contender["reason"] else ""
    return f"  {mark} {word}  {text}  ({who}, {head['made_at']}, {contender['head'][:19]}…){reason}"
