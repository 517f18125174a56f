"""The JSON form of a definition: which keys there are, and what each may hold.

* An unknown key is refused, and so is a key that questions of this type do not use.
* A type of XLSForm that this version does not support is refused by its name.
* Only shape is checked here. What needs the whole form (duplicate names, lists that are not
  there, expressions) is checked by `forms.building` and `forms.compiled`.
"""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from forms.schema_fields import (
    Expression,
    MapOf,
    Name,
    Parameters,
    Text,
    did_you_mean,
    form_id,
    known_keys,
    question_name,
)

MAX_ROWS = 5000

_TAIL = "multiline numbers minimal horizontal columns"
APPEARANCES = frozenset(_TAIL.split()) | {
    "autocomplete",
    "compact",
    "field-list",
    "grid",
    "likert",
    "month-year",
    "new",
    "no-calendar",
    "placement-map",
    "quick",
    "signature",
    "table-list",
    "thousands-sep",
    "url",
    "year",
}

_VALUES = {"integer", "decimal", "text", "date"}
PARAMETERS: Mapping[str, Mapping[str, frozenset[str] | None]] = {
    "audio": {"quality": frozenset({"normal", "low", "voice-only", "external"})},
    "calculate": {"type": frozenset(_VALUES)},
    "file": {"accept": None},
    "geopoint": {"capture-accuracy": None, "warning-accuracy": None},
    "hidden": {"type": frozenset(_VALUES)},
    "image": {"max-pixels": None},
    "text": {"rows": None},
}

_LATER_TYPES = frozenset(
    [
        "range",
        "rank",
        "select_one_from_file",
        "select_multiple_from_file",
        "geotrace",
        "geoshape",
        "phonenumber",
        "email",
        "start-geopoint",
        "audit",
    ]
)
_CHOICE_NAME = re.compile(r"[^\s\x00-\x1f\x7f]+\Z")
_TOKENS = re.compile(r"\S+( \S+)*\Z")
_PRINTABLE = re.compile(r"[^\s\x00-\x1f\x7f]+\Z")


class _Node(Schema):
    type = fields.String(required=True)
    name = question_name(required=True)
    label = Text()
    relevant = Expression()


class _Shown(_Node):
    hint = Text()
    guidance_hint = Text()
    appearance = fields.String(validate=validate.Regexp(_TOKENS, error="Names, one space between."))


class QuestionSchema(_Shown):
    """A question that a person answers."""

    default = Expression()
    required = Expression(truth=True)
    required_message = Text()
    constraint = Expression()
    constraint_message = Text()
    soft_constraint = Expression()
    soft_constraint_message = Text()
    calculation = Expression()
    read_only = Expression(truth=True)
    parameters = Parameters()


class SelectSchema(QuestionSchema):
    """A question answered from a list."""

    choice_filter = Expression()


class NoteSchema(_Shown):
    """A text that is only read."""


class CalculateSchema(_Node):
    """A value that the form works out and does not show."""

    hint = Text()
    calculation = Expression(required=True)
    parameters = Parameters()


class HiddenSchema(_Node):
    """A value that the form carries along and does not show."""

    hint = Text()
    default = Expression()
    calculation = Expression()
    parameters = Parameters()


class MetadataSchema(_Node):
    """What the device knows: start, end, today, deviceid, username."""

    hint = Text()


class NodeField(fields.Field[dict[str, Any]]):
    """A question, group or repeat: its `type` says which schema reads it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValidationError("This must be an object: a question, group or repeat.")
        kind, list_name = _split_type(value.get("type"))
        schema = _SCHEMAS[kind]()
        try:
            loaded: dict[str, Any] = schema.load(value)
        except ValidationError as error:
            raise ValidationError(_explained(error.messages, kind)) from error
        _check_parameters(kind, loaded.get("parameters", {}))
        return {**loaded, "type": kind, "list_name": list_name}


class GroupSchema(_Shown):
    """Questions that stand together."""

    class Meta:
        """`guidance_hint` belongs to questions."""

        exclude = ("guidance_hint",)

    read_only = Expression(truth=True)
    children = fields.List(NodeField(), required=True, validate=validate.Length(min=1))


class RepeatSchema(GroupSchema):
    """A group that may stand several times, in rows."""

    min_rows = fields.Integer(strict=True, validate=validate.Range(min=0, max=MAX_ROWS))
    max_rows = fields.Integer(strict=True, validate=validate.Range(min=1, max=MAX_ROWS))


class SettingsSchema(Schema):
    """The sheet `settings`, with `facets`: questions that auditors will filter by."""

    form_id = form_id(required=True)
    version = Name(_PRINTABLE, "up to 64 characters without spaces.", required=True)
    form_title = Text(required=True)
    default_language = fields.String()
    instance_name = Expression()
    facets = fields.List(fields.String())


class ChoiceSchema(Schema):
    """One choice; keys beside name and label are columns, for choice filters."""

    class Meta:
        """The other keys are read by `ChoiceField`."""

        unknown = EXCLUDE

    name = fields.String(
        required=True, validate=validate.Regexp(_CHOICE_NAME, error="A choice name has no spaces.")
    )
    label = Text(required=True)


class ChoiceField(fields.Field[dict[str, Any]]):
    """A choice with its further columns, which are texts."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, Any]:
        loaded: dict[str, Any] = ChoiceSchema().load(value)
        columns = {key: text for key, text in value.items() if key not in {"name", "label"}}
        for key, text in columns.items():
            question_name().deserialize(key)
            if not isinstance(text, str):
                raise ValidationError({key: ["A column of a choice holds a text."]})
        return {**loaded, "columns": columns}


class OwnEntriesSchema(Schema):
    """A list drawn from the rows of the unit's own entries."""

    source = fields.String(
        required=True, validate=validate.OneOf(["entries"], error="The source is 'entries'.")
    )
    forms = fields.List(form_id(), required=True, validate=validate.Length(min=1))
    repeat = question_name(required=True)
    label = fields.List(question_name(), required=True, validate=validate.Length(min=1))


class DefinitionSchema(Schema):
    """A whole definition: XLSForm's three sheets as one document."""

    settings = fields.Nested(SettingsSchema, required=True)
    choices = MapOf(
        form_id(), fields.List(ChoiceField(), validate=validate.Length(min=1)), load_default=dict
    )
    instances = MapOf(question_name(), fields.Nested(OwnEntriesSchema), load_default=dict)
    survey = fields.List(NodeField(), required=True, validate=validate.Length(min=1))


_ANSWERED = (
    "text integer decimal date time datetime geopoint image audio video file barcode acknowledge"
)
_SCHEMAS: Mapping[str, type[Schema]] = {
    **dict.fromkeys(_ANSWERED.split(), QuestionSchema),
    **dict.fromkeys(("select_one", "select_multiple"), SelectSchema),
    **dict.fromkeys(("start", "end", "today", "deviceid", "username"), MetadataSchema),
    "note": NoteSchema,
    "calculate": CalculateSchema,
    "hidden": HiddenSchema,
    "group": GroupSchema,
    "repeat": RepeatSchema,
}
_NODE_KEYS = frozenset().union(*(known_keys(schema()) for schema in set(_SCHEMAS.values())))
KNOWN_KEYS = frozenset(
    _NODE_KEYS
    | known_keys(DefinitionSchema())
    | known_keys(SettingsSchema())
    | known_keys(OwnEntriesSchema())
)


def _split_type(written: object) -> tuple[str, str | None]:
    if not isinstance(written, str):
        raise ValidationError({"type": ["This key is missing, or no text."]})
    kind, _, list_name = written.partition(" ")
    if kind in _LATER_TYPES:
        raise ValidationError({"type": [f"The type {kind!r} is not supported by this version."]})
    if kind not in _SCHEMAS:
        hint = did_you_mean(kind, _SCHEMAS)
        raise ValidationError({"type": [f"{kind!r} is no type. {hint}".strip()]})
    if kind.startswith("select_") != bool(list_name.strip()):
        rule = f"{kind} LIST" if kind.startswith("select_") else kind
        raise ValidationError({"type": [f"This type is written {rule!r}."]})
    return kind, list_name.strip() or None


def _explained(messages: Any, kind: str) -> Any:
    """Say of a key that is known elsewhere that questions of this type do not use it."""
    if not isinstance(messages, dict):
        return messages
    return {
        key: [f"A question of type {kind!r} does not use this key."]
        if inner == ["Unknown field."] and key in _NODE_KEYS
        else inner
        for key, inner in messages.items()
    }


def _check_parameters(kind: str, given: Mapping[str, str]) -> None:
    known = PARAMETERS.get(kind, {})
    for key, value in given.items():
        if key not in known:
            expected = ", ".join(known) or "none"
            message = f"{kind!r} has no parameter {key!r}; it knows: {expected}."
            raise ValidationError({"parameters": {key: [message]}})
        allowed = known[key]
        if allowed is not None and value not in allowed:
            message = f"{value!r} is none of {', '.join(sorted(allowed))}."
            raise ValidationError({"parameters": {key: [message]}})
