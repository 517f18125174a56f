"""Published definitions: exact bytes in the log, and their compiled forms in memory.

* A definition is named by the digest of its bytes; the same bytes are published once.
* A form's version names one definition for good. A version once published is never withdrawn.
* The current version of a form is the one that was published last: what devices fill in. Versions
  that are numbers only grow, so that no device is led back to an older form.
"""

from dataclasses import dataclass
from datetime import datetime

from forms.catalogue import load_form, parse_definition
from forms.compiled import CompiledForm
from forms.definition import Form
from server import log
from server.db import Connection, Readers
from server.errors import ConflictError
from sync.digest import digest_of
from sync.statement import Statement, StatementKind
from sync.times import format_time


@dataclass(frozen=True, slots=True)
class Published:
    """A definition in the log; `decided` counts the held revisions that waited for it.

    `current` is the version of the form that devices fill in now; `is_new` is false where the bytes
    were published before.
    """

    form_id: str
    version: str
    digest: str
    index: int
    current: str
    is_new: bool = True
    decided: int = 0


def add_definition(connection: Connection, content: bytes, now: datetime) -> Published:
    """Publish a definition; the same bytes again change nothing.

    Raises:
        DefinitionError: the bytes are no definition.
        ConflictError: this version of the form is another definition already, or lower than the
            current one.
    """
    digest = digest_of(content)
    form = parse_definition(content, digest)
    row = connection.execute(
        "SELECT * FROM definition WHERE form_id = ? AND version = ?", (form.form_id, form.version)
    ).fetchone()
    current = _current_version(connection, form.form_id)
    if row is not None and row["digest"] == digest:
        log.add_object(connection, digest, "form", content)
        assert current is not None  # noqa: S101 - this version is published
        return Published(form.form_id, form.version, digest, row["idx"], current, is_new=False)
    if row is not None:
        raise ConflictError(
            f"Version {form.version} of {form.form_id} is published already, with other content.",
            code="version_exists",
            hint="Give the definition a new version.",
        )
    if current is not None and _is_lower(form.version, current):
        raise ConflictError(
            f"Version {form.version} of {form.form_id} is lower than version {current}, which is "
            "current: devices would go back to an older form.",
            code="version_lower",
            hint=f"Give the definition a version higher than {current}.",
        )
    log.add_object(connection, digest, "form", content)
    index = log.append(connection, Statement(StatementKind.FORM, digest, now))
    connection.execute(
        "INSERT INTO definition VALUES (?, ?, ?, ?, ?, NULL)",
        (digest, form.form_id, form.version, index, format_time(now)),
    )
    return Published(form.form_id, form.version, digest, index, form.version)


def _current_version(connection: Connection, form_id: str) -> str | None:
    row = connection.execute(
        "SELECT version FROM definition WHERE form_id = ? ORDER BY idx DESC LIMIT 1", (form_id,)
    ).fetchone()
    return None if row is None else str(row["version"])


def _is_lower(version: str, current: str) -> bool:
    """Say whether a version is a lower number; other names of versions have no order."""
    is_number = all(each.isascii() and each.isdigit() for each in (version, current))
    return is_number and int(version) < int(current)


def is_published(connection: Connection, digest: str) -> bool:
    """Say whether a definition is in the log."""
    row = connection.execute("SELECT 1 FROM definition WHERE digest = ?", (digest,)).fetchone()
    return row is not None


def is_closed(connection: Connection, digest: str) -> bool:
    """Say whether an organiser has closed a definition. Dates never do."""
    row = connection.execute(
        "SELECT 1 FROM definition WHERE digest = ? AND closed_at IS NOT NULL", (digest,)
    ).fetchone()
    return row is not None


def compiled_form(connection: Connection, digest: str) -> CompiledForm | None:
    """Return a published form, as this connection sees it; None where its bytes are damaged."""
    if not is_published(connection, digest):
        return None
    content = log.read_object(connection, digest)
    return None if content is None else load_form(content, digest)


def published_forms(connection: Connection) -> list[Form]:
    """Return every version of every form that is published and not damaged, in their order."""
    rows = connection.execute("SELECT digest FROM definition ORDER BY idx").fetchall()
    contents = ((row["digest"], log.read_object(connection, row["digest"])) for row in rows)
    return [
        parse_definition(content, digest) for digest, content in contents if content is not None
    ]


class CompiledForms:
    """Compiled forms by digest, each kept once it is published; threads share them."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._forms: dict[str, CompiledForm] = {}

    def find(self, digest: str) -> CompiledForm | None:
        """Return a published form."""
        known = self._forms.get(digest)
        if known is not None:
            return known
        # Two threads may compile the same form at once; they get the same form.
        with self._readers.read() as connection:
            found = compiled_form(connection, digest)
        if found is not None:
            self._forms[digest] = found
        return found
