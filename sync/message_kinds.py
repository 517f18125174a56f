"""Kinds of messages: how each is written and read, whatever it says.

* A message of our version or an older one is read strictly; in one of the next version unknown keys
are passed over, at any depth; further away it is refused.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from sync import PROTOCOL_VERSION
from sync.canonical import canonical_bytes, parse_canonical
from sync.errors import MessageError, VersionError
from sync.fields import ignore_unknown

Kind = tuple[type[Any], Schema]


class MessageKinds:
    """The messages that may stand at one place, by their `type`."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._newer = {
            name: (kind, ignore_unknown(type(schema)())) for name, (kind, schema) in kinds.items()
        }

    def format(self, message: Any) -> bytes:
        """Return the canonical bytes of a message of one of these kinds."""
        return canonical_bytes(self._kinds[message.type][1].dump(message))

    def parse(self, content: bytes) -> Any:
        """Return the message that canonical bytes say.

        Raises:
            VersionError: it is more than one version away from ours.
            MessageError: it is no message of one of these kinds.
        """
        value = parse_canonical(content)
        if not isinstance(value, dict) or type(value.get("version")) is not int:
            raise MessageError("The bytes are no message: they name no version.")
        version = value["version"]
        if abs(version - PROTOCOL_VERSION) > 1:
            raise VersionError(version, PROTOCOL_VERSION)
        kind, schema = self._find(value.get("type"), is_newer=version > PROTOCOL_VERSION)
        try:
            data = schema.load(value)
        except ValidationError as error:
            raise MessageError(f"The message is malformed: {error.messages}") from error
        parts: dict[str, Any] = {
            key: tuple(part) if isinstance(part, list) else part for key, part in data.items()
        }
        return kind(**parts)

    def _find(self, name: Any, *, is_newer: bool) -> Kind:
        if not isinstance(name, str) or name not in self._kinds:
            raise MessageError("There is no message of this type.")
        return (self._newer if is_newer else self._kinds)[name]
