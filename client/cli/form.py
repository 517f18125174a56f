"""`tianbao form`: what the author of a form needs."""

import click

from client.cli.form_check import check
from client.cli.form_example import example

_EXAMPLE = """\b
Example:
  tianbao form check forms/ordos-2019
  tianbao form example forms/ordos-2019/attachment-2.json --rows 5
"""


@click.group(epilog=_EXAMPLE)
def form() -> None:
    """Check definitions, and make example answers, as the author of a form."""


form.add_command(check)
form.add_command(example)
