"""Does a campaign hold together with its units and its forms: the folder as a whole.

Each file is checked by itself elsewhere. Here is what only shows between them: an item without
its form, a kind that no unit has, own entries of a form that is not there, two forms whose tables
would have the same name.
"""

from collections.abc import Iterator, Sequence

from forms.campaign import Campaign, Unit
from forms.definition import Form
from forms.lint import Finding
from forms.schema_fields import did_you_mean
from forms.strict_json import join_path
from forms.tables import shape


def check_campaign(
    campaign: Campaign, units: Sequence[Unit], forms: Sequence[Form]
) -> list[Finding]:
    """Return what is wrong in `campaign.json` given the units and forms beside it."""
    return [*_organiser_findings(campaign, units), *_item_findings(campaign, units, forms)]


def check_forms(form: Form, others: Sequence[Form]) -> list[Finding]:
    """Return what is wrong in a form given the other forms of the campaign."""
    return [*_own_entries_findings(form, (form, *others)), *_table_findings(form, others)]


def _organiser_findings(campaign: Campaign, units: Sequence[Unit]) -> Iterator[Finding]:
    codes = [unit.code for unit in units]
    if campaign.organiser.unit not in codes:
        yield _error(
            "organiser.unit",
            f"There is no unit {campaign.organiser.unit!r} in units.json.",
            did_you_mean(campaign.organiser.unit, codes),
        )


def _item_findings(
    campaign: Campaign, units: Sequence[Unit], forms: Sequence[Form]
) -> Iterator[Finding]:
    kinds = {unit.kind for unit in units}
    form_ids = [form.form_id for form in forms]
    for index, item in enumerate(campaign.items):
        wanted = [
            ("form", item.form),
            *((f"about[{at}]", form) for at, form in enumerate(item.about)),
        ]
        for key, form in wanted:
            if form not in form_ids:
                yield _error(
                    f"items[{index}].{key}",
                    f"There is no form {form!r} in this folder.",
                    did_you_mean(form, form_ids),
                )
        for at, kind in enumerate(item.owed_by):
            if kind not in kinds:
                yield _error(
                    f"items[{index}].owed_by[{at}]",
                    f"No unit is of the kind {kind!r}.",
                    did_you_mean(kind, kinds),
                )


def _own_entries_findings(form: Form, forms: Sequence[Form]) -> Iterator[Finding]:
    known = {each.form_id: {table.repeat for table in shape(each)} for each in forms}
    for name, spec in form.instances.items():
        for at, form_id in enumerate(spec.forms):
            path = f"{join_path('instances', name)}.forms[{at}]"
            if form_id not in known:
                yield _error(
                    path, f"There is no form {form_id!r} here.", did_you_mean(form_id, known)
                )
            elif not any((repeat or "").split("/")[-1] == spec.repeat for repeat in known[form_id]):
                yield _error(path, f"The form {form_id!r} has no repeat {spec.repeat!r}.")


def _table_findings(form: Form, others: Sequence[Form]) -> Iterator[Finding]:
    mine = {table.name.lower() for table in shape(form)}
    for other in others:
        if other.form_id == form.form_id:
            yield _error("settings.form_id", f"Another file has the form {form.form_id!r} too.")
            continue
        for name in sorted(mine & {table.name.lower() for table in shape(other)}):
            yield _error(
                "settings.form_id",
                f"The table {name!r} would belong to the form {other.form_id!r} as well.",
                "Choose a form id that is not the other's id with a repeat's name behind it.",
            )


def _error(path: str, message: str, suggestion: str = "") -> Finding:
    return Finding("error", path, None, "campaign", message, suggestion)
