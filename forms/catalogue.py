"""The way in: from the bytes of a published definition to a form that can be filled.

Only what is here makes a `Form`, so that every form there is has been checked:
 * the bytes are strict JSON (`forms.strict_json`);
 * the document has the shape of a definition (`forms.definition_schema`);
 * its parts fit together (`forms.building`), and so do its expressions (`forms.compiled`).
"""

from marshmallow import ValidationError

from forms.building import build_form
from forms.compiled import CompiledForm, compile_form
from forms.definition import Form
from forms.definition_schema import KNOWN_KEYS, DefinitionSchema
from forms.errors import DefinitionError
from forms.schema_fields import refusals
from forms.strict_json import parse_json
from forms.tables import column_errors


def parse_definition(content: bytes, digest: str) -> Form:
    """Return the form that the bytes define; `digest` is the SHA-256 of just these bytes.

    Raises:
        DefinitionError: the first thing that is wrong, with its JSON path.
    """
    form, errors = read_definition(content, digest)
    if form is None or errors:
        raise errors[0]
    return form


def load_form(content: bytes, digest: str) -> CompiledForm:
    """Return the form that the bytes define, with its expressions compiled.

    Raises:
        DefinitionError: the first thing that is wrong, with its JSON path.
    """
    return compile_form(parse_definition(content, digest))


def read_definition(content: bytes, digest: str) -> tuple[Form | None, list[DefinitionError]]:
    """Return the form, if the bytes have the shape of one, and all that is wrong with it."""
    try:
        document = parse_json(content)
    except DefinitionError as error:
        return None, [error]
    try:
        shape = DefinitionSchema().load(document)  # type: ignore[arg-type]  # the schema refuses what is no object
    except ValidationError as error:
        return None, refusals(error, KNOWN_KEYS)
    form, errors = build_form(shape, digest)
    return form, errors or column_errors(form)
