"""`tianbao form example`: valid, varied sets of answers to a form, as JSON Lines."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from client.cli.form_output import json_text, read_file, refuse
from client.cli.sample_files import sample_file, sample_path
from client.config import Home
from client.control import call
from forms.catalogue import load_form
from forms.compiled import CompiledForm
from forms.definition import Form
from forms.errors import DefinitionError, ExampleError
from forms.example import OwnItems, Wish, examples, file_name, file_questions
from forms.own_entries import Item

_EXAMPLE = """\b
Example:
  tianbao form example forms/ordos-2019/attachment-2.json --rows 5 > answers.jsonl
  tianbao add attachment-2 answers.jsonl
"""


@click.command(epilog=_EXAMPLE)
@click.argument("definition", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--rows", type=click.IntRange(min=0), help="Rows of each repeat, within its limits.")
@click.option("--count", type=click.IntRange(min=0), default=1, show_default=True, help="How many.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed, the same sets."
)
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write sample files there, to answer file questions with; else those of the program do.",
)
@click.pass_context
def example(
    ctx: click.Context,
    definition: Path,
    rows: int | None,
    count: int,
    seed: int,
    files: Path | None,
) -> None:
    """Print valid sets of answers, one a line, as `tianbao add` takes them.

    Choices among the unit's own entries are drawn from this device's home, if it has any.
    """
    compiled = _load(definition)
    names = _prepare_files(compiled.form, files)
    unwritten = {name for name, place in names.items() if name == place}
    wish = Wish(seed=seed, count=count, rows=rows, files=not unwritten)
    missing: set[str] = set()
    try:
        own_entries = _own_entries(ctx.obj, compiled.form)
        for answers in examples(compiled, wish, datetime.now().astimezone(), own_entries):
            line = json_text(_with_folder(answers, names))
            click.echo(line)
            missing.update(name for name in unwritten if f'"{name}"' in line)
    except ExampleError as error:
        raise refuse(error.message, error.hint) from error
    if missing:
        wanted = ", ".join(sorted(missing))
        click.echo(f"Note: the answers name {wanted}; --files DIR writes sample files.", err=True)


def _load(definition: Path) -> CompiledForm:
    content = read_file(definition)
    try:
        return load_form(content, hashlib.sha256(content).hexdigest())
    except DefinitionError as error:
        raise refuse(
            f"{definition}: {error.path}: {error.message}",
            error.hint or f"tianbao form check {definition} tells all that is wrong.",
        ) from error


def _own_entries(home: Path | None, form: Form) -> OwnItems:
    """Return what gives the items of the form's lists of own entries, as this device has them."""
    found: dict[str, Sequence[Item]] = {}
    if home is not None and Home(home).database.is_file():
        for name, spec in form.instances.items():
            params = {"name": name, "forms": spec.forms, "repeat": spec.repeat, "label": spec.label}
            found[name] = next(call(home, "own_entries", params))
    return lambda name: found.get(name, ())


def _prepare_files(form: Form, folder: Path | None) -> dict[str, str]:
    """Return what each sample file is to be written as: its absolute path, if there is one.

    The samples are written into the folder; without one, those that come with the program serve.
    """
    needed = sorted({file_name(question) for question in file_questions(form)})
    if folder is None:
        return {name: (sample_path(name) or Path(name)).as_posix() for name in needed}
    try:
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        for name in needed:
            (folder / name).write_bytes(sample_file(name))
    except OSError as error:
        raise refuse(
            f"{folder} cannot be written: {error.strerror}.", "Name another folder."
        ) from error
    return {name: (folder / name).as_posix() for name in needed}


def _with_folder(value: object, names: dict[str, str]) -> object:
    """Return the answers with every sample file named by its path."""
    if isinstance(value, dict):
        return {key: _with_folder(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_folder(member, names) for member in value]
    return names.get(value, value) if isinstance(value, str) else value
