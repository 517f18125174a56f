"""The tables of log.db, and how a file of an older version becomes one of this version.

* `meta` holds `schema_version`. A newer one is refused, an older one is migrated at start.
* The log only grows: no leaf and no object is ever changed or deleted, and the index has no gap.
  Triggers hold that against mistakes; against attackers it takes the proofs over the leaves.
* Times are text in UTC to the millisecond, with a final Z.
"""

from sqlite_utils import Database, Migrations

from server.db import Connection
from server.errors import DataFolderError
from sync.errors import MessageError
from sync.revision import parse_revision

SCHEMA_VERSION = 2

_log_migrations = Migrations("tianbao-log")

_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE leaf(
    idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, object TEXT NOT NULL, at TEXT NOT NULL,
    detail TEXT, bytes BLOB NOT NULL) STRICT;
CREATE INDEX leaf_for_everybody ON leaf(idx) WHERE kind IN ('form', 'campaign', 'units');

CREATE TABLE object(
    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, bytes BLOB NOT NULL, signature BLOB) STRICT;

CREATE TABLE revision(
    digest TEXT PRIMARY KEY, idx INTEGER NOT NULL UNIQUE, entry TEXT NOT NULL, form TEXT NOT NULL,
    definition TEXT NOT NULL, device TEXT NOT NULL, incarnation TEXT NOT NULL,
    sequence INTEGER NOT NULL, previous TEXT, member TEXT, unit TEXT, operation TEXT NOT NULL,
    made_wall TEXT NOT NULL, made_local TEXT NOT NULL, received_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('logged', 'held', 'quarantined')), code TEXT,
    violations TEXT NOT NULL DEFAULT '[]', decided_idx INTEGER UNIQUE) STRICT;
CREATE INDEX revision_of_entry ON revision(entry, idx);
CREATE INDEX revision_of_unit ON revision(unit, idx);
CREATE INDEX revision_decided ON revision(unit, decided_idx) WHERE decided_idx IS NOT NULL;
CREATE INDEX revision_held ON revision(definition) WHERE state = 'held';
CREATE INDEX revision_quarantined ON revision(idx) WHERE state = 'quarantined';

CREATE TABLE parent(
    revision TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (revision, parent)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX parent_of ON parent(parent);

CREATE TABLE definition(
    digest TEXT PRIMARY KEY, form_id TEXT NOT NULL, version TEXT NOT NULL, idx INTEGER NOT NULL,
    published_at TEXT NOT NULL, closed_at TEXT, UNIQUE (form_id, version)) STRICT;
CREATE TABLE campaign(idx INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT;
CREATE TABLE units(idx INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT;
CREATE TABLE unit(
    code TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT) STRICT;

CREATE TABLE member(
    id TEXT PRIMARY KEY, unit TEXT NOT NULL REFERENCES unit(code), role TEXT NOT NULL,
    name TEXT NOT NULL, created_at TEXT NOT NULL, revoked_at TEXT) STRICT;
CREATE TABLE invite(
    code_id TEXT PRIMARY KEY, secret BLOB NOT NULL, unit TEXT NOT NULL REFERENCES unit(code),
    role TEXT NOT NULL, name TEXT NOT NULL, member TEXT REFERENCES member(id),
    created_at TEXT NOT NULL, expires_at TEXT NOT NULL, used_at TEXT, used_by TEXT) STRICT;
CREATE TABLE device(
    id TEXT PRIMARY KEY, public_key BLOB NOT NULL, member TEXT NOT NULL REFERENCES member(id),
    name TEXT NOT NULL, enrolled_idx INTEGER NOT NULL, enrolled_at TEXT NOT NULL,
    revoked_idx INTEGER, revoked_at TEXT) STRICT;
CREATE INDEX device_of_member ON device(member);
CREATE TABLE session(
    id TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member(id), created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL, revoked_at TEXT) STRICT;
CREATE INDEX session_of_member ON session(member);

CREATE TABLE attachment(
    sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, type TEXT NOT NULL, idx INTEGER NOT NULL,
    received_at TEXT NOT NULL) STRICT;
CREATE TABLE attachment_use(
    sha256 TEXT NOT NULL, revision TEXT NOT NULL, PRIMARY KEY (sha256, revision)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_of_revision ON attachment_use(revision)
"""

_SIZES = """
ALTER TABLE attachment_use ADD COLUMN size INTEGER;
CREATE INDEX attachment_of_size ON attachment_use(sha256, size)
"""

_GUARDS = """
CREATE TRIGGER leaf_has_no_gap BEFORE INSERT ON leaf
    WHEN new.idx IS NOT (SELECT ifnull(max(idx) + 1, 0) FROM leaf)
    BEGIN SELECT RAISE(ABORT, 'the index of the log has no gap'); END
|
CREATE TRIGGER leaf_stays BEFORE UPDATE ON leaf
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END
|
CREATE TRIGGER leaf_is_kept BEFORE DELETE ON leaf
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END
|
CREATE TRIGGER object_stays BEFORE UPDATE ON object
    BEGIN SELECT RAISE(ABORT, 'objects are never changed'); END
|
CREATE TRIGGER object_is_kept BEFORE DELETE ON object
    BEGIN SELECT RAISE(ABORT, 'objects are never deleted'); END
|
CREATE TRIGGER revision_is_decided_once BEFORE UPDATE ON revision
    WHEN old.state != 'held' OR new.digest != old.digest OR new.idx != old.idx
    BEGIN SELECT RAISE(ABORT, 'a revision is decided once'); END
|
CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision
    BEGIN SELECT RAISE(ABORT, 'revisions are never deleted'); END
"""


@_log_migrations()
def tables_of_version_1(db: Database) -> None:
    """Make the tables of the first version."""
    for statement in (*_TABLES.split(";"), *_GUARDS.split("|")):
        db.execute(statement)


@_log_migrations()
def sizes_of_version_2(db: Database) -> None:
    """Note what size each revision says a file has, so that nobody has to read it again."""
    for statement in _SIZES.split(";"):
        db.execute(statement)
    rows = db.execute(
        "SELECT DISTINCT digest, bytes FROM attachment_use JOIN object ON digest = revision"
    )
    for digest, content in iter(rows.fetchone, None):
        _note_sizes(db, digest, bytes(content))


def _note_sizes(db: Database, digest: str, content: bytes) -> None:
    try:
        named = parse_revision(content).attachments
    except MessageError:
        return  # damaged: the size stays unknown until `doctor` has its bytes again
    for file in named:
        db.execute(
            "UPDATE attachment_use SET size = ? WHERE sha256 = ? AND revision = ?",
            (file.size, file.sha256, digest),
        )


def migrate(connection: Connection) -> None:
    """Bring log.db to this version.

    Raises:
        DataFolderError: it is of a newer version.
    """
    found = schema_version(connection)
    if found > SCHEMA_VERSION:
        raise DataFolderError(
            f"The data folder is of schema version {found}; this program knows {SCHEMA_VERSION}.",
            code="newer_schema",
            hint="Update the program, or restore the backup made before the update.",
        )
    _log_migrations.apply(Database(connection))
    if found < SCHEMA_VERSION:
        connection.execute(
            "INSERT INTO meta VALUES ('schema_version', ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            (str(SCHEMA_VERSION),),
        )


def schema_version(connection: Connection) -> int:
    """Return the version of a log.db; 0 of a new file."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row["value"]) if row else 0
