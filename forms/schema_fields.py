"""Marshmallow fields for definitions and campaigns, and errors with JSON paths.

Every refusal becomes a `DefinitionError` with the JSON path, a stable code and, where a name is
nearly right, the name that was probably meant.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from forms.errors import DefinitionError
from forms.strict_json import join_path

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
QUESTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
FORM_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\Z")
MAX_NAME = 64

_CODES = {
    "Unknown field.": ("unknown_key", "This key is not known here."),
    "Missing data for required field.": ("missing_key", "This key is missing."),
    "Field may not be null.": ("type", "This may not be null."),
    "Not a valid string.": ("type", "This must be a text."),
    "Not a valid integer.": ("type", "This must be a whole number."),
    "Not a valid boolean.": ("type", "This must be true or false."),
    "Not a valid list.": ("type", "This must be a list."),
    "Invalid input type.": ("type", "This must be an object."),
}


class Text(fields.Field[dict[str, str]]):
    """A text: a string, or a map of language to string."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, str]:
        texts = {"": value} if isinstance(value, str) else value
        if not isinstance(texts, Mapping) or not texts:
            raise ValidationError("This must be a text, or a map of language to text.")
        for language, text in texts.items():
            if language and not LANGUAGE.match(language):
                raise ValidationError({language: ["A language is written as in zh-CN or en."]})
            if not isinstance(text, str) or not text.strip():
                message = "This must be a text that is not empty."
                raise ValidationError({language: [message]} if language else message)
        return dict(texts)


class Expression(fields.Field[str | None]):
    """An expression as XLSForm writes it; where `truth` says so, true and false as well."""

    def __init__(self, *, truth: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truth = truth

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str | None:
        if self.truth and isinstance(value, bool):
            return "true()" if value else None
        if not isinstance(value, str) or not value.strip():
            raise ValidationError(
                "This must be true, false or an expression."
                if self.truth
                else "This must be an expression, written as a text."
            )
        return value


class Name(fields.String):
    """A name that keeps to a pattern, at most 64 characters."""

    def __init__(self, pattern: re.Pattern[str], rule: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pattern = pattern
        self.rule = rule

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if not self.pattern.match(name) or len(name) > MAX_NAME:
            raise ValidationError(f"{name!r} is no name here: {self.rule}")
        return name


class MapOf(fields.Field[dict[str, Any]]):
    """An object of names to values of one kind; errors stand under the name."""

    def __init__(self, names: fields.Field[str], values: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = names
        self.values = values

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValidationError("This must be an object.")
        result: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, member in value.items():
            try:
                self.names.deserialize(name)
                result[name] = self.values.deserialize(member)
            except ValidationError as error:
                errors[name] = error.messages
        if errors:
            raise ValidationError(errors)
        return result


class Parameters(fields.Field[dict[str, str]]):
    """The `parameters` of a question: an object of texts or whole numbers."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise ValidationError("This must be an object.")
        for key, member in value.items():
            if not isinstance(member, str | int) or isinstance(member, bool) or member == "":
                raise ValidationError({key: ["This must be a text or a whole number."]})
        return {key: str(member) for key, member in value.items()}


def question_name(**kwargs: Any) -> Name:
    """Return the field for the name of a question, group, repeat or list of the unit's entries."""
    rule = "a letter, then letters, digits and _ (a leading _ is kept for the system)."
    return Name(QUESTION_NAME, rule, **kwargs)


def form_id(**kwargs: Any) -> Name:
    """Return the field for the id of a form, a campaign or a choice list."""
    return Name(FORM_ID, "a letter, then letters, digits, and _ . or -", **kwargs)


def load(schema: Schema, document: Any) -> Any:
    """Return what the schema reads from the document.

    Raises:
        DefinitionError: the first of `refusals`.
    """
    try:
        return schema.load(document)
    except ValidationError as error:
        raise refusals(error, known_keys(schema))[0] from error


def refusals(error: ValidationError, known: Iterable[str]) -> list[DefinitionError]:
    """Return one error for each place that the schema refused, in the order of the document."""
    names = sorted(known)
    return [_refusal(path, message, names) for path, message in _places(error.messages, "")]


def known_keys(schema: Schema) -> set[str]:
    """Return every key that the schema, or a schema nested in it, knows."""
    keys = set(schema.fields)
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            keys |= known_keys(inner.schema)
    return keys


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what was probably meant, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else ""


def _refusal(path: str, message: str, known: list[str]) -> DefinitionError:
    code, text = _CODES.get(message, ("value", message))
    hint = ""
    if code == "unknown_key":
        hint = did_you_mean(path.rpartition(".")[2], known)
    return DefinitionError(text, path=path, code=code, hint=hint)


def _places(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _places(inner, path if key == "_schema" else join_path(path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from _places(message, path)
    else:
        yield path, str(messages)
