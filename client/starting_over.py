"""What a device does when its server does not know what it knew: hand in everything again.

A server that was restored from an older backup has lost what came since. Devices may hold the only
copies, their own and those that they fetched. So nothing here counts as said any more: in one
transaction each revision waits again, each file is to be asked for again, and the log is read from
its beginning. What stood in quarantine elsewhere is not shown before the server says so. Handing in
what is there already changes nothing. What was pruned from this device cannot be handed in; it is
named.
"""

from client.bundle_nonce import renew_bundle_nonce
from client.clock import Clock
from client.db import Database
from client.heads import Heads
from client.settings import read_setting, write_setting
from client.troubles import Troubles

SERVER_WENT_BACK = "server_went_back"
CURSOR, LEAF = "cursor", "leaf"
_NAMED = 20
_HELD = "pruned_at IS NULL AND server_state IN ('logged', 'held', 'quarantined')"


def start_over(db: Database, clock: Clock, reason: str) -> None:
    """Let everything on this device wait for the server again.

    Raises:
        StorageError: nothing was changed.
    """
    with db.transaction():
        entries = db.rows(f"SELECT DISTINCT entry FROM revision WHERE {_HELD}")  # noqa: S608 - a constant of this module
        count = db.write(
            "UPDATE revision SET state = 'saved', said_before = server_state, "  # noqa: S608 - a constant of this module
            "server_state = NULL, log_index = NULL, "
            f"code = NULL, message = NULL, violations = '[]', attempts = 0 WHERE {_HELD}"
        )
        db.write(
            "UPDATE attachment SET acknowledged_at = NULL, offset_acknowledged = 0 "
            "WHERE sha256 IN (SELECT u.sha256 FROM attachment_use AS u "
            "JOIN revision AS r ON r.digest = u.revision WHERE r.pruned_at IS NULL)"
        )
        for row in entries:
            Heads(db).refresh(row["entry"])
        write_setting(db, CURSOR, "0")
        write_setting(db, LEAF, "")
        renew_bundle_nonce(db)
        Troubles(db).happened(
            SERVER_WENT_BACK,
            "",
            f"{reason} This device hands in again what it holds: {count} revisions.{_pruned(db)}",
            "Nothing on this device is lost. Tell the organiser that the server went back.",
            clock.now(),
        )


def read_again_from(db: Database, index: int) -> None:
    """Read the log again from an index on, within a transaction: something of it got lost here."""
    if index < int(read_setting(db, CURSOR) or "0"):
        write_setting(db, CURSOR, str(index))
        write_setting(db, LEAF, "")  # which one stands before it, nobody remembers


def _pruned(db: Database) -> str:
    rows = db.rows(
        "SELECT DISTINCT entry FROM revision WHERE pruned_at IS NOT NULL ORDER BY entry LIMIT ?",
        (_NAMED + 1,),
    )
    if not rows:
        return ""
    names = ", ".join(row["entry"] for row in rows[:_NAMED])
    more = " and others" if len(rows) > _NAMED else ""
    return f" What was pruned from it cannot be handed in: {names}{more}."
