"""`tianbao forms`: the forms that can be filled on this device."""

from pathlib import Path

import click

from client.cli._output import example, language, show_json, show_table
from client.control import call
from forms.definition import text_in


@click.command(epilog=example("forms --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def forms(home: Path, as_json: bool) -> None:
    """List the forms, each in its newest version."""
    listed = next(call(home, "forms", {}))
    if as_json:
        show_json(listed)
        return
    show_table(
        ("FORM", "VERSION", "DUE", "TITLE"),
        [
            (
                form["form_id"],
                form["version"],
                (form["due"] or "")[:10],
                form["problem"] or text_in(form["title"], language()),
            )
            for form in listed
        ],
    )
