"""Looks through a log.db for damage: every leaf, object, signature, definition.

Reads alone, and goes on after each thing it finds; what cannot be read at all is a finding too.
The same look serves a data folder (`server.doctor`) and a log that was just restored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forms.catalogue import load_form
from forms.errors import FormError
from server.db import Connection, DatabaseError, Row
from server.drawn_rows import WITH_REVISIONS, agrees
from sync.digest import digest_of
from sync.errors import MessageError, SignatureError, VersionError
from sync.keys import REVISION_TYPE, verify
from sync.revision import parse_revision
from sync.statement import Statement, StatementKind, parse_statement
from sync.times import format_time

_ORGANISER = "Restore the newest backup into an empty folder with `tianbao-server restore`."
_FROM_BACKUP = (
    "Stop the server and run `tianbao-server doctor --backup DIR`: a backup may hold the bytes. "
    "Devices send again what they hold only where a server comes back older, from a backup."
)
_DOCTOR = "Stop the server and run `tianbao-server doctor`: it draws them again."
_WITH_OBJECT = frozenset(
    {StatementKind.REVISION, StatementKind.FORM, StatementKind.CAMPAIGN, StatementKind.UNITS}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, or was and is mended now."""

    code: str
    subject: str
    message: str
    hint: str = ""
    is_mended: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Revisions that a device made, by its own count, and that never came: `start` to `stop`."""

    device: str
    incarnation: str
    start: int
    stop: int


def scrub_log(connection: Connection) -> Iterator[Finding]:
    """Yield what is wrong with a log.db."""
    looks: tuple[Callable[[Connection], Iterator[Finding]], ...] = (
        scrub_pages,
        _scrub_leaves,
        _scrub_objects,
        _scrub_places,
        _scrub_definitions,
    )
    for look in looks:
        try:
            yield from look(connection)
        except DatabaseError as error:
            yield Finding(
                "unreadable", "log.db", f"It cannot be read to its end: {error}", _ORGANISER
            )


def scrub_pages(connection: Connection) -> Iterator[Finding]:
    """Yield what SQLite itself finds wrong with a database."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    if found != ["ok"]:
        yield Finding("pages_damaged", "log.db", "; ".join(found), _ORGANISER)


def gaps(connection: Connection) -> Iterator[Gap]:
    """Yield which of a device's revisions never came: not damage, but worth asking for."""
    device, incarnation, expected = None, None, 0
    rows = connection.execute(
        "SELECT DISTINCT device, incarnation, sequence FROM revision ORDER BY 1, 2, 3"
    )
    for row in rows:
        if (row["device"], row["incarnation"]) != (device, incarnation):
            device, incarnation, expected = row["device"], row["incarnation"], 1
        if row["sequence"] > expected:
            yield Gap(row["device"], row["incarnation"], expected, row["sequence"] - 1)
        expected = row["sequence"] + 1


def _scrub_leaves(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT leaf.*, object.digest AS found, object.signature FROM leaf "
        "LEFT JOIN object ON object.digest = leaf.object ORDER BY idx"
    )
    for expected, row in enumerate(rows):
        name = f"leaf {row['idx']}"
        if row["idx"] != expected:
            yield Finding("leaf_missing", name, f"Leaf {expected} should stand here.", _ORGANISER)
            return
        try:
            statement = parse_statement(bytes(row["bytes"]))
        except VersionError:
            continue
        except MessageError as error:
            yield Finding("leaf_damaged", name, error.message, _ORGANISER)
            continue
        yield from _scrub_leaf(name, statement, row)


def _scrub_leaf(name: str, statement: Statement, row: Row) -> Iterator[Finding]:
    told = (statement.kind.value, statement.object, format_time(statement.at), statement.detail)
    if told != (row["kind"], row["object"], row["at"], row["detail"]):
        yield Finding("leaf_damaged", name, "Its row says other than its bytes.", _ORGANISER)
    elif statement.kind in _WITH_OBJECT and row["found"] is None:
        yield Finding(
            "object_missing", statement.object, f"{name} names it; it is not there.", _FROM_BACKUP
        )
    elif statement.kind is StatementKind.REVISION and row["found"] is not None:
        signature = bytes(row["signature"] or b"")
        if digest_of(signature) != statement.detail:
            message = "Its signature is not the one that its leaf names."
            yield Finding("signature_damaged", statement.object, message, _FROM_BACKUP)


def _scrub_objects(connection: Connection) -> Iterator[Finding]:
    for row in connection.execute(WITH_REVISIONS):
        content = bytes(row["bytes"])
        if digest_of(content) != row["digest"]:
            yield Finding("object_damaged", row["digest"], _whose(row), _FROM_BACKUP)
        elif row["idx"] is not None:
            yield from _scrub_revision(connection, row, content)


def _whose(row: Row) -> str:
    if row["idx"] is None:
        return f"The bytes of this {row['kind']} are not those of its name."
    return (
        f"The bytes of this revision of entry {row['entry']}, of unit {row['unit']} and device "
        f"{row['device']}, are not those of its name."
    )


def _scrub_revision(connection: Connection, row: Row, content: bytes) -> Iterator[Finding]:
    digest = row["digest"]
    try:
        revision = parse_revision(content)
    except VersionError:
        return  # held until this program is updated
    except MessageError as error:
        yield Finding("revision_unreadable", digest, error.message, _ORGANISER)
        return
    if not agrees(connection, row, revision):
        message = f"Its rows say other than what is signed; {_whose(row)}"
        yield Finding("row_damaged", digest, message, _DOCTOR)
    elif row["public_key"] is not None:
        try:
            verify(bytes(row["public_key"]), REVISION_TYPE, content, bytes(row["signature"] or b""))
        except SignatureError as error:
            yield Finding("signature_wrong", digest, error.message, _FROM_BACKUP)


def _scrub_places(connection: Connection) -> Iterator[Finding]:
    """Yield revisions and files that do not stand where their leaf is, and leaves without them."""
    rows = connection.execute(
        "SELECT revision.digest AS name FROM revision LEFT JOIN leaf ON leaf.idx = revision.idx "
        "WHERE leaf.object IS NOT revision.digest OR leaf.kind != 'revision' "
        "UNION ALL SELECT object FROM leaf LEFT JOIN revision ON revision.idx = leaf.idx "
        "WHERE leaf.kind = 'revision' AND revision.idx IS NULL "
        "UNION ALL SELECT object FROM leaf LEFT JOIN attachment ON attachment.idx = leaf.idx "
        "WHERE leaf.kind = 'attachment' AND 'sha256:' || attachment.sha256 IS NOT leaf.object "
        "UNION ALL SELECT object FROM leaf LEFT JOIN revision ON revision.decided_idx = leaf.idx "
        "WHERE leaf.kind = 'outcome' AND revision.digest IS NOT leaf.object "
        "UNION ALL SELECT DISTINCT parent.revision FROM parent "
        "LEFT JOIN revision ON revision.digest = parent.revision WHERE revision.digest IS NULL "
        "UNION ALL SELECT DISTINCT attachment_use.revision FROM attachment_use LEFT JOIN revision "
        "ON revision.digest = attachment_use.revision WHERE revision.digest IS NULL"
    )
    for row in rows:
        message = "Its row and its leaf do not belong together."
        yield Finding("row_damaged", row["name"], message, _ORGANISER)


def _scrub_definitions(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT definition.digest, form_id, version, bytes FROM definition "
        "LEFT JOIN object ON object.digest = definition.digest ORDER BY definition.idx"
    )
    for row in rows:
        if row["bytes"] is None or digest_of(bytes(row["bytes"])) != row["digest"]:
            continue  # told already, of its leaf or its object
        try:
            load_form(bytes(row["bytes"]), row["digest"])
        except FormError as error:
            name = f"{row['form_id']} {row['version']}"
            message = f"This program cannot compile it: {error.message}"
            hint = "Update the program, or publish a version that it can."
            yield Finding("definition_broken", name, message, hint)
