"""`tianbao show`: one entry, with its answers and what became of it."""

import json
from pathlib import Path
from typing import Any

import click

from client.cli import _output
from client.control import call


@click.command(epilog=_output.example("show 6f1c2a9e-… --json"))
@click.argument("entry")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(home: Path, entry: str, as_json: bool) -> None:
    """Show one ENTRY."""
    shown = next(call(home, "show", {"entry": entry, "language": _output.language()}))
    if as_json:
        _output.show_json(shown)
        return
    for line in _lines(shown):
        _output.show(line)


def _progress(file: dict[str, Any]) -> str:
    done = 100 * file["offset"] // max(1, file["size"])
    why = f" ({file['message']})" if file["message"] else ""
    return f"{done} % of {file['size'] / 1e6:.1f} MB delivered{why}"


def _lines(shown: dict[str, Any]) -> list[str]:
    lines = [f"{name}: {shown[name]}" for name in ("entry", "form", "version", "name", "state")]
    if shown["text_delivered"] and shown["files_waiting"]:
        lines.append(f"text delivered, files to go: {shown['files_waiting']}")
    lines += [f"  {file['name']}: {_progress(file)}" for file in shown.get("files", ())]
    if shown["message"]:
        lines.append(f"server: {shown['message']} [{shown['code']}]")
    if shown["operation"] == "void":
        lines.append(f"taken back: {shown['reason']}")
    if shown["contested"]:
        lines.append(f"contested: {', '.join(shown['contested'])}")
    if shown["draft"] and shown["revision"]:
        lines.append("an edit is open")
    lines += [f"  {each['path']}: {each['message']}" for each in shown["violations"]]
    lines.append(json.dumps(shown["answers"], ensure_ascii=False, indent=2))
    lines += [f"reason for {path}: {reason}" for path, reason in shown["reasons"].items()]
    return lines
