"""Heads: which revisions of an entry stand on this device, kept in tables beside the revisions.

A head is a revision that counts and that no other counting one descends from:
 * what this device made counts in whatever state, so that nobody loses sight of their own work;
   what the server refused only as long as this device has made nothing of that entry since;
 * what came from other devices counts once it is in the log: neither quarantined nor held, nor so
   when the server was last asked, before it lost what it had;
 * where nothing counts, everything does: an entry that is all in quarantine is still listed.

The order of arrival does not matter: a revision that is known to have a child is never a head, and
histories grow longer when a parent comes after its child. `conflict` has a row for each entry with
contested paths, or with several heads of which that is still to be found out (`paths` is null).
"""

from collections.abc import Mapping, Sequence

from client.db import Database, Row
from client.states import State
from sync.history import ancestors

UNSETTLED = "null"
_TAKEN = {(state, said) for state in (State.SAVED, State.DELIVERED) for said in (None, "logged")}


class Heads:
    """The tables of heads and of conflicts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, entry: str) -> tuple[str, ...]:
        """Return the heads of an entry, the one that is shown first: longest history, then digest."""
        rows = self._db.rows(
            "SELECT r.digest FROM revision AS r JOIN head AS h ON h.place = r.id "
            "WHERE r.entry = ? ORDER BY r.depth DESC, r.digest DESC",
            (entry,),
        )
        return tuple(row["digest"] for row in rows)

    def place(self, digest: str, entry: str) -> None:
        """Find the heads anew after a revision came, within a transaction."""
        self._lengthen(digest)
        self.refresh(entry)

    def refresh(self, entry: str) -> None:
        """Find the heads of an entry anew, within a transaction."""
        revisions = self._db.rows(
            "SELECT r.id, r.digest, r.form, r.depth, r.is_own, r.state, r.server_state, "
            "r.said_before, h.place "
            "FROM revision AS r LEFT JOIN head AS h ON h.place = r.id WHERE r.entry = ?",
            (entry,),
        )
        heads = heads_among(revisions, self.parents(entry) if len(revisions) > 1 else {})
        known = {row["digest"] for row in revisions if row["place"] is not None}
        if heads == known and len(heads) == 1:
            return
        for row in revisions:
            if row["digest"] in known - heads:
                self._db.write("DELETE FROM head WHERE place = ?", (row["id"],))
            elif row["digest"] in heads - known:
                self._db.write(
                    "INSERT INTO head (place, entry, digest, form) VALUES (?, ?, ?, ?)",
                    (row["id"], entry, row["digest"], row["form"]),
                )
        self._db.write("DELETE FROM conflict WHERE entry = ?", (entry,))
        if len(heads) > 1:
            self._db.write("INSERT INTO conflict (entry, paths) VALUES (?, ?)", (entry, UNSETTLED))

    def parents(self, entry: str) -> dict[str, list[str]]:
        """Return the parents of each revision of an entry; some may not be here."""
        rows = self._db.rows(
            "SELECT p.revision, p.parent FROM revision AS r "
            "JOIN parent AS p ON p.revision = r.digest WHERE r.entry = ?",
            (entry,),
        )
        parents: dict[str, list[str]] = {}
        for row in rows:
            parents.setdefault(row["revision"], []).append(row["parent"])
        return parents

    def _lengthen(self, digest: str) -> None:
        """Tell the descendants that came earlier how long their history is."""
        waiting = [digest]
        while waiting:
            parent = waiting.pop()
            longer = self._db.rows(
                "SELECT child.digest, above.depth + 1 AS depth FROM parent AS p "
                "JOIN revision AS child ON child.digest = p.revision "
                "JOIN revision AS above ON above.digest = p.parent "
                "WHERE p.parent = ? AND child.depth <= above.depth",
                (parent,),
            )
            for child in longer:
                self._db.write(
                    "UPDATE revision SET depth = ? WHERE digest = ?",
                    (child["depth"], child["digest"]),
                )
                waiting.append(child["digest"])


def heads_among(revisions: Sequence[Row], parents: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the heads among an entry's revisions; `parents` may name unknown ones."""
    last_own = max((each["id"] for each in revisions if each["is_own"]), default=None)
    counting = [each for each in revisions if _counts(each, last_own)] or revisions
    below = ancestors((each["digest"] for each in counting), parents)
    return {each["digest"] for each in counting} - below


def _counts(revision: Row, last_own: int | None) -> bool:
    if revision["is_own"]:
        return bool(revision["state"] != State.SET_ASIDE or revision["id"] == last_own)
    # What the server said before it lost what it had holds until it says something anew.
    return (revision["state"], revision["server_state"] or revision["said_before"]) in _TAKEN
