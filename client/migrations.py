"""The schema of `client.db`, one tuple of statements a version; `user_version` counts them.

A version that was released is never changed: a new one is added. Times are UTC text with
milliseconds, JSON is text, bytes that were signed are kept as they are.

`revision.state` is what a person sees (saved, delivered, set_aside, quarantined);
`revision.server_state` is the server's own word, NULL until a signed answer brought it.
"""

_VERSION_1 = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE profile (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        server TEXT NOT NULL, log TEXT NOT NULL, device TEXT NOT NULL,
        member TEXT NOT NULL, member_name TEXT NOT NULL, unit TEXT NOT NULL,
        unit_name TEXT NOT NULL, role TEXT NOT NULL,
        answer_key BLOB NOT NULL, log_key BLOB NOT NULL,
        ca INTEGER NOT NULL, enrolled_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE definition (
        digest TEXT PRIMARY KEY, form TEXT NOT NULL, version TEXT NOT NULL,
        log_index INTEGER NOT NULL, content BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX definition_form ON definition (form, log_index)",
    """
    CREATE TABLE published (
        kind TEXT PRIMARY KEY, digest TEXT NOT NULL, log_index INTEGER NOT NULL,
        content BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE draft (
        entry TEXT PRIMARY KEY, form TEXT NOT NULL, definition TEXT NOT NULL,
        answers TEXT NOT NULL, reasons TEXT NOT NULL, parents TEXT NOT NULL,
        name TEXT NOT NULL, sequence INTEGER NOT NULL,
        opened_at TEXT NOT NULL, saved_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE revision (
        id INTEGER PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE, content BLOB NOT NULL, signature BLOB NOT NULL,
        entry TEXT NOT NULL, form TEXT NOT NULL, definition TEXT NOT NULL,
        device TEXT NOT NULL, incarnation TEXT NOT NULL, sequence INTEGER NOT NULL,
        operation TEXT NOT NULL, author TEXT NOT NULL, made_at TEXT NOT NULL,
        depth INTEGER NOT NULL, name TEXT NOT NULL, is_own INTEGER NOT NULL,
        state TEXT NOT NULL, server_state TEXT, log_index INTEGER,
        code TEXT, message TEXT, violations TEXT NOT NULL DEFAULT '[]',
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX revision_entry ON revision (entry)",
    "CREATE INDEX revision_form ON revision (form)",
    "CREATE INDEX revision_state ON revision (state, made_at)",
    "CREATE INDEX revision_pending ON revision (attempts, id) WHERE is_own = 1 AND server_state IS NULL",
    "CREATE UNIQUE INDEX revision_chain ON revision (device, incarnation, sequence) WHERE is_own = 1",
    """
    CREATE TABLE parent (
        parent TEXT NOT NULL, revision TEXT NOT NULL, PRIMARY KEY (parent, revision)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE attachment (
        sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, type TEXT NOT NULL,
        acknowledged_at TEXT, message TEXT
    ) STRICT
    """,
    "CREATE INDEX attachment_waiting ON attachment (sha256) WHERE acknowledged_at IS NULL",
    """
    CREATE TABLE attachment_use (
        revision TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (revision, sha256)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX attachment_use_file ON attachment_use (sha256)",
)

# What did not get through goes behind the others, files as well as revisions.
_VERSION_2 = ("ALTER TABLE attachment ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",)

# Edits, merges and files in parts. `head` names the revisions of an entry that nothing followed,
# `conflict` the entries of which a person has to decide something, `trouble` what a person has to
# know until it is dismissed.
_VERSION_3 = (
    "ALTER TABLE revision ADD COLUMN exported_at TEXT",
    "ALTER TABLE revision ADD COLUMN pruned_at TEXT",
    "ALTER TABLE attachment ADD COLUMN offset_acknowledged INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE head (
        entry TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (entry, digest)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO head SELECT entry, digest FROM revision AS r "
    "WHERE NOT EXISTS (SELECT 1 FROM parent AS p WHERE p.parent = r.digest)",
    "DROP INDEX revision_pending",
    "CREATE INDEX revision_pending ON revision (attempts, id) "
    "WHERE server_state IS NULL AND state = 'saved' AND pruned_at IS NULL",
    "CREATE INDEX revision_log ON revision (log_index)",
    "CREATE INDEX parent_revision ON parent (revision)",
    "CREATE TABLE conflict (entry TEXT PRIMARY KEY, paths TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO conflict SELECT entry, 'null' FROM head GROUP BY entry HAVING count(*) > 1",
    """
    CREATE TABLE trouble (
        id INTEGER PRIMARY KEY, code TEXT NOT NULL, subject TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL, hint TEXT NOT NULL DEFAULT '', since TEXT NOT NULL,
        last_seen TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 1, dismissed_at TEXT,
        UNIQUE (code, subject)
    ) STRICT
    """,
)

# A head is known by its revision's number, so that adding one touches no page of the file but the last,
# however many there are; lists are read in pages in that order. `tally` counts the heads of each form,
# so that how many entries there are is known without looking at them.
_VERSION_4 = (
    "ALTER TABLE head RENAME TO head_before",
    """
    CREATE TABLE head (
        place INTEGER PRIMARY KEY, entry TEXT NOT NULL, digest TEXT NOT NULL, form TEXT NOT NULL
    ) STRICT
    """,
    "INSERT INTO head SELECT r.id, r.entry, r.digest, r.form FROM revision AS r "
    "WHERE (r.entry, r.digest) IN (SELECT entry, digest FROM head_before) ORDER BY r.id",
    "DROP TABLE head_before",
    "CREATE INDEX revision_void ON revision (entry) WHERE operation = 'void'",
    "CREATE TABLE tally (form TEXT PRIMARY KEY, heads INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO tally SELECT form, count(*) FROM head GROUP BY form",
    """
    CREATE TRIGGER head_added AFTER INSERT ON head BEGIN
        INSERT INTO tally (form, heads) VALUES (NEW.form, 1)
        ON CONFLICT (form) DO UPDATE SET heads = heads + 1;
    END
    """,
    """
    CREATE TRIGGER head_removed AFTER DELETE ON head BEGIN
        UPDATE tally SET heads = heads - 1 WHERE form = OLD.form;
    END
    """,
    """
    CREATE TRIGGER revision_removed AFTER DELETE ON revision BEGIN
        DELETE FROM head WHERE place = OLD.id;
        DELETE FROM conflict WHERE entry = OLD.entry;
    END
    """,
)

# What the server had said of a revision before it lost what it had, and is to be asked again.
_VERSION_5 = ("ALTER TABLE revision ADD COLUMN said_before TEXT",)

MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
