"""`tianbao form check`: what is wrong in definitions, campaigns and lists of units.

A folder is a campaign: `campaign.json` and `units.json` are checked as such, every other JSON file
as a form, and then all of them together.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from client.cli.form_output import json_text, read_file, refuse
from forms.campaign import Campaign, Unit, parse_campaign, parse_units
from forms.campaign_lint import check_campaign, check_forms
from forms.catalogue import read_definition
from forms.definition import Form
from forms.errors import DefinitionError
from forms.lint import Finding, finding_of
from forms.lint import check as check_definition

_EXAMPLE = """\b
Example:
  tianbao form check forms/ordos-2019
  tianbao form check my-form.json --json
"""


@dataclass(slots=True)
class _Report:
    """What was found in one file, and what could be read from it."""

    path: Path
    findings: list[Finding]
    value: Form | Campaign | tuple[Unit, ...] | None = None

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)


@click.command(epilog=_EXAMPLE)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH...",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list.")
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong in definitions: files, or folders of a campaign."""
    reports = [report for path in paths for report in _check_path(path)]
    if as_json:
        click.echo(json_text(list(_as_json(reports)), indent=2))
    else:
        for report in reports:
            _show(report)
    _end(reports)


def _check_path(path: Path) -> list[_Report]:
    if not path.is_dir():
        return [_check_file(path)]
    files = sorted(path.glob("*.json"))
    if not files:
        raise refuse(
            f"There is no JSON file in {path}.", "Name a definition, or the folder of a campaign."
        )
    reports = [_check_file(file) for file in files]
    _check_together(reports)
    return reports


def _check_file(path: Path) -> _Report:
    content = read_file(path)
    try:
        if path.name == "campaign.json":
            return _Report(path, [], parse_campaign(content))
        if path.name == "units.json":
            return _Report(path, [], parse_units(content))
    except DefinitionError as error:
        return _Report(path, [finding_of(error)])
    digest = hashlib.sha256(content).hexdigest()
    findings = check_definition(content, digest)
    form, errors = read_definition(content, digest)
    return _Report(path, findings, None if errors else form)


def _check_together(reports: list[_Report]) -> None:
    forms = [report.value for report in reports if isinstance(report.value, Form)]
    units = next((report.value for report in reports if isinstance(report.value, tuple)), ())
    for report in reports:
        if isinstance(report.value, Campaign):
            report.findings += check_campaign(report.value, units, forms)
        elif isinstance(report.value, Form):
            others = [form for form in forms if form is not report.value]
            report.findings += check_forms(report.value, others)


def _as_json(reports: Iterable[_Report]) -> Iterator[dict[str, object]]:
    for report in reports:
        for finding in report.findings:
            yield {"file": str(report.path), **dataclasses.asdict(finding)}


def _show(report: _Report) -> None:
    if not report.findings:
        click.echo(f"{report.path}: ok")
    for finding in report.findings:
        column = f", column {finding.column}" if finding.column is not None else ""
        place = f"{finding.path}{column}: " if finding.path else ""
        click.echo(f"{report.path}: {finding.severity}: {place}{finding.message}")
        if finding.suggestion:
            click.echo(f"    {finding.suggestion}")


def _end(reports: list[_Report]) -> None:
    errors = sum(report.errors for report in reports)
    if errors:
        files = sum(report.errors > 0 for report in reports)
        raise refuse(
            f"{errors} {'error' if errors == 1 else 'errors'} in "
            f"{files} of {len(reports)} {'file' if len(reports) == 1 else 'files'}.",
            "Each finding names the place in the file; nothing can be published before.",
        )
