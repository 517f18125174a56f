"""A campaign: who collects what, from which units, until when.

* Dates never close a form: `due` says what is late, and late is a mark.
* Any unit may hand in any form; the items of a campaign say only what is owed.
* Unknown keys, duplicates and parents that are not there are refused with the JSON path.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from forms.definition import Text
from forms.errors import DefinitionError
from forms.schema_fields import LANGUAGE, Name, form_id, load
from forms.schema_fields import Text as TextField
from forms.strict_json import parse_json

_UNIT_CODE = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_KIND = re.compile(r"\S+\Z")
_UNIT_CODE_RULE = "small letters, digits and -"
_KIND_RULE = "up to 64 characters without spaces."


@dataclass(frozen=True, slots=True)
class Organiser:
    """The unit that runs the campaign, and the office in it that receives and follows up."""

    unit: str
    name: Text
    office: Text = field(default_factory=dict)


class OrganiserSchema(Schema):
    """JSON form of `Organiser`."""

    unit = Name(_UNIT_CODE, _UNIT_CODE_RULE, required=True)
    name = TextField(required=True)
    office = TextField()

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Organiser:
        return Organiser(**data)


@dataclass(frozen=True, slots=True)
class Item:
    """What units of some kinds owe: entries of one form, by a time.

    `repeats` says that entries are due again and again (progress reports); `about` names the
    forms whose rows such an entry reports on.
    """

    form: str
    title: Text
    owed_by: tuple[str, ...]
    hint: Text = field(default_factory=dict)
    min_entries: int = 1
    max_entries: int | None = None
    due: datetime | None = None
    repeats: bool = False
    about: tuple[str, ...] = ()


class ItemSchema(Schema):
    """JSON form of `Item`."""

    form = form_id(required=True)
    title = TextField(required=True)
    owed_by = fields.List(Name(_KIND, _KIND_RULE), required=True)
    hint = TextField()
    min_entries = fields.Integer(strict=True, validate=validate.Range(min=0))
    max_entries = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=1))
    due = fields.AwareDateTime(format="iso", allow_none=True)
    repeats = fields.Boolean(truthy={True}, falsy={False})
    about = fields.List(form_id())

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Item:
        for key in ("owed_by", "about"):
            data[key] = tuple(data.get(key, ()))
        return Item(**data)


@dataclass(frozen=True, slots=True)
class Campaign:
    """The collecting activity; `time_zone` is the IANA name of the zone its dates are meant in."""

    id: str
    title: Text
    organiser: Organiser
    languages: tuple[str, ...]
    default_language: str
    time_zone: str
    items: tuple[Item, ...]
    opens: date | None = None
    closes: date | None = None


class CampaignSchema(Schema):
    """JSON form of `Campaign`."""

    id = form_id(required=True)
    title = TextField(required=True)
    organiser = fields.Nested(OrganiserSchema, required=True)
    languages = fields.List(
        fields.String(validate=validate.Regexp(LANGUAGE, error="Written as in zh-CN or en.")),
        required=True,
        validate=validate.Length(min=1),
    )
    default_language = fields.String(required=True)
    time_zone = fields.String(load_default="Asia/Shanghai")
    items = fields.List(fields.Nested(ItemSchema), required=True, validate=validate.Length(min=1))
    opens = fields.Date(format="iso", allow_none=True)
    closes = fields.Date(format="iso", allow_none=True)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Campaign:
        data["languages"] = tuple(data["languages"])
        data["items"] = tuple(data["items"])
        return Campaign(**data)


@dataclass(frozen=True, slots=True)
class Unit:
    """Who hands in, or organises: a unit with its kind and the unit above it."""

    code: str
    name: str
    kind: str
    parent: str | None = None


class UnitSchema(Schema):
    """JSON form of `Unit`."""

    code = Name(_UNIT_CODE, _UNIT_CODE_RULE, required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    kind = Name(_KIND, _KIND_RULE, required=True)
    parent = fields.String(allow_none=True, load_default=None)

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Unit:
        return Unit(**data)


def parse_campaign(content: bytes) -> Campaign:
    """Return the campaign that the bytes of a `campaign.json` hold.

    Raises:
        DefinitionError: the first thing that is wrong, with its JSON path.
    """
    document = parse_json(content)
    if not isinstance(document, dict):
        raise DefinitionError("A campaign is a JSON object.", code="type")
    campaign: Campaign = load(CampaignSchema(), document)
    for problem in _campaign_problems(campaign):
        raise problem
    return campaign


def parse_units(content: bytes) -> tuple[Unit, ...]:
    """Return the units that the bytes of a `units.json` hold, in their order.

    Raises:
        DefinitionError: the first thing that is wrong, with its JSON path.
    """
    document = parse_json(content)
    if not isinstance(document, list):
        raise DefinitionError("Units are a JSON list of objects.", code="type")
    units: tuple[Unit, ...] = tuple(load(UnitSchema(many=True), document))
    for problem in _unit_problems(units):
        raise problem
    return units


def is_late(item: Item, moment: datetime) -> bool:
    """Tell whether something handed over at this moment comes after the item was due."""
    return item.due is not None and moment > item.due


def item_of(campaign: Campaign, form: str) -> Item | None:
    """Return the item that asks for entries of this form, if there is one."""
    return next((item for item in campaign.items if item.form == form), None)


def _campaign_problems(campaign: Campaign) -> Iterator[DefinitionError]:
    if campaign.default_language not in campaign.languages:
        yield DefinitionError(
            "The default language is none of the languages.", path="default_language", code="value"
        )
    if campaign.opens and campaign.closes and campaign.opens > campaign.closes:
        yield DefinitionError("The campaign closes before it opens.", path="closes", code="value")
    seen: set[str] = set()
    for index, item in enumerate(campaign.items):
        if item.form in seen:
            yield DefinitionError(
                f"The form {item.form!r} has an item already.",
                path=f"items[{index}].form",
                code="duplicate_name",
            )
        seen.add(item.form)
        if item.max_entries is not None and item.max_entries < item.min_entries:
            yield DefinitionError(
                "max_entries is less than min_entries.",
                path=f"items[{index}].max_entries",
                code="value",
            )


def _unit_problems(units: tuple[Unit, ...]) -> Iterator[DefinitionError]:
    parents: dict[str, str | None] = {}
    for index, unit in enumerate(units):
        if unit.code in parents:
            yield DefinitionError(
                f"The code {unit.code!r} stands twice.",
                path=f"[{index}].code",
                code="duplicate_name",
            )
        parents[unit.code] = unit.parent
    for index, unit in enumerate(units):
        if unit.parent is not None and unit.parent not in parents:
            yield DefinitionError(
                f"There is no unit {unit.parent!r}.",
                path=f"[{index}].parent",
                code="unknown_reference",
            )
        elif _is_its_own_ancestor(unit.code, parents):
            yield DefinitionError(
                f"The unit {unit.code!r} stands above itself.",
                path=f"[{index}].parent",
                code="cycle",
            )


def _is_its_own_ancestor(code: str, parents: dict[str, str | None]) -> bool:
    above, seen = parents.get(code), set[str]()
    while above is not None and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
