"""Publishes definitions: into the log, if the audit database has room for their tables.

What was held for a definition is decided in the same transaction.
"""

from dataclasses import replace
from datetime import datetime

from forms.catalogue import load_form
from server.db import Connection
from server.definitions import Published, add_definition, published_forms
from server.outcomes import decide_held
from server.projection.naming import check_names
from sync.digest import digest_of


def publish(connection: Connection, content: bytes, now: datetime) -> Published:
    """Publish a definition, and decide the revisions that were held for it.

    Raises:
        DefinitionError: the bytes are no definition that compiles, or its tables would clash.
        ConflictError: this version of the form is another definition already, or lower than the
            current one.
    """
    form = load_form(content, digest_of(content)).form
    check_names(form, published_forms(connection))
    published = add_definition(connection, content, now)
    return replace(published, decided=decide_held(connection, now))
