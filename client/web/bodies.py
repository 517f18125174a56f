"""What the page sends: the shape of each body, and how it is read.

* Unknown and duplicate keys are refused, NaN too, and what is too large to be an answer.
* The value of an answer is taken as it is: the form engine says what is wrong with it.
"""

from typing import Any

from flask import Request
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from client.web.problems import BodyError
from forms.errors import DefinitionError
from forms.strict_json import parse_json

LARGEST_BODY = 1024 * 1024


def _language() -> fields.String:
    return fields.String(required=True, validate=validate.Length(max=35))


class TokenSchema(Schema):
    """The token of the launch."""

    token = fields.String(required=True)


class _StepSchema(Schema):
    """What every step says; `base` is the sequence that the page has seen."""

    language = fields.String(required=True, validate=validate.Length(max=35))
    path = fields.String(required=True, validate=validate.Length(min=1, max=2000))
    base = fields.Integer(required=True, strict=True)


class AnswerSchema(_StepSchema):
    """One answer."""

    value = fields.Raw(required=True, allow_none=True)


class ReasonSchema(_StepSchema):
    """The reason for passing a soft constraint."""

    reason = fields.String(required=True, validate=validate.Length(max=2000))


class AddRowSchema(_StepSchema):
    """A new row of the repeat at `path`, at the end or after a row."""

    after = fields.String(load_default=None, allow_none=True)


class RemoveRowSchema(_StepSchema):
    """The row at `path` goes."""


class MoveRowSchema(_StepSchema):
    """The row at `path` goes behind another one, or to the front."""

    after = fields.String(required=True, allow_none=True)


class NewDraftSchema(Schema):
    """A blank draft of a form."""

    form = fields.String(required=True)
    language = fields.String(required=True, validate=validate.Length(max=35))


class UpgradeSchema(Schema):
    """The draft moves to the newest version of its form."""

    language = _language()


class FinalizeSchema(Schema):
    """A draft is closed; with `decided`, all that is contested is meant as it stands."""

    decided = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class EditSchema(Schema):
    """An entry is opened to be changed."""

    language = _language()


class VoidSchema(Schema):
    """An entry is taken back."""

    reason = fields.String(required=True, validate=validate.Length(max=2000))


class ChoiceSchema(Schema):
    """What is taken at a contested path: one of the two, a head's, or a value."""

    choice = fields.String(validate=validate.OneOf(["ours", "theirs"]))
    head = fields.String(validate=validate.Length(max=100))
    value = fields.Raw(allow_none=True)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("One of choice, head and value is expected.")


class TakeSchema(Schema):
    """What is taken at each contested path."""

    take = fields.Dict(
        required=True,
        keys=fields.String(validate=validate.Length(max=2000)),
        values=fields.Nested(ChoiceSchema),
        validate=validate.Length(min=1, max=5000),
    )


def read_body(schema: Schema, sent: Request) -> dict[str, Any]:
    """Return the body of a request.

    Raises:
        BodyError: it is no JSON of this shape.
    """
    sent.max_content_length = LARGEST_BODY
    try:
        content: Any = parse_json(sent.get_data())
        loaded: dict[str, Any] = schema.load(content)
    except ValidationError as error:
        raise BodyError(str(error.messages)) from error
    except DefinitionError as error:  # the same strict reader of JSON as for definitions
        raise BodyError(error.message) from error
    return loaded
