"""marshmallow fields for what every message holds: digests, times, raw bytes."""

import base64
import binascii
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from sync.digest import is_digest, is_hex_digest
from sync.errors import MessageError
from sync.times import format_time, parse_time


class Digest(fields.String):
    """A digest: `sha256:` and 64 hexadecimal digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not is_digest(text):
            raise ValidationError("Not a digest.")
        return text


class HexDigest(fields.String):
    """The name of an attachment: 64 hexadecimal digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not is_hex_digest(text):
            raise ValidationError("Not 64 hexadecimal digits.")
        return text


class Time(fields.Field[datetime]):
    """A time in UTC to the millisecond."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError("Not a time.")
        try:
            return parse_time(value)
        except MessageError as error:
            raise ValidationError(error.message) from error

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_time(value)


class Flag(fields.Field[bool]):
    """True or false and nothing that resembles them, so that what was read is written the same."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Neither true nor false.")
        return value


class RawBytes(fields.Field[bytes]):
    """Raw bytes of a known length, as base64 text, read strictly."""

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._length = length

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        try:
            raw = base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise ValidationError("Not base64.") from error
        if len(raw) != self._length or base64.b64encode(raw).decode() != value:
            raise ValidationError(f"Not the base64 of {self._length} bytes.")
        return raw

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else base64.b64encode(value).decode()


def whole_number(**kwargs: Any) -> fields.Integer:
    """Return a field for a count or an index: an integer of zero or more."""
    return fields.Integer(strict=True, validate=validate.Range(min=0), **kwargs)


def short_text(**kwargs: Any) -> fields.String:
    """Return a field for a name or code: 1 to 200 characters."""
    return fields.String(validate=validate.Length(min=1, max=200), **kwargs)


def ignore_unknown(schema: Schema) -> Schema:
    """Return the schema, which from now on passes over unknown keys, in nested objects too.

    marshmallow hands `unknown` to the outermost object alone; a message of the next version may
    say more at any place.
    """
    schema.unknown = EXCLUDE
    for item in schema.fields.values():
        inner = item.inner if isinstance(item, fields.List) else item
        if isinstance(inner, fields.Nested):
            ignore_unknown(inner.schema)
    return schema
