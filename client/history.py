"""The history of an entry: all its revisions, who made them, and what each says otherwise.

* The newest comes first: nothing stands before what followed it.
* A revision that cannot be read (damaged on the disk, taken off this device) is listed all the same,
with nothing said of its answers.
"""

from collections.abc import Mapping
from typing import Any

from client.db import Row
from client.definitions import Definitions
from client.errors import ClientError, InputError, NotFoundError
from client.labels import Labels
from client.replica import Replica
from client.views import VOID
from forms.definition import Form
from forms.kinds import kinds_of
from sync.difference import differences
from sync.errors import SyncError
from sync.revision import Revision

Json = dict[str, Any]

SHORTEST_DIGEST = 6


class Revised:
    """Who revised an entry, and when, as JSON; `names` are the members that are known here."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def of(self, row: Row) -> Json:
        """Return what the tables say of a revision."""
        return {
            "digest": row["digest"],
            "made_at": row["made_at"],
            "author": row["author"],
            "member_name": self._names.get(row["author"]),
            "device": row["device"],
            "is_own": bool(row["is_own"]),
            "state": row["state"],
            "operation": row["operation"],
        }


class History:
    """The histories of the entries on this device."""

    def __init__(self, replica: Replica, definitions: Definitions) -> None:
        self._replica = replica
        self._definitions = definitions

    def of(self, entry: str, language: str, *, diff: bool = False) -> list[Json]:
        """Return the revisions of an entry, the newest first; with `diff`, what each changed.

        Raises:
            NotFoundError: there is no such entry.
        """
        told = Revised(self._replica.names())
        heads = {head["digest"] for head in self._replica.heads_of(entry)}
        parents = self._replica.parents(entry)
        listed = []
        for row in self._replica.revisions(entry):
            revision = self._read(row["digest"])
            above = parents.get(row["digest"], [])
            item = {
                **told.of(row),
                "parents": above,
                "is_head": row["digest"] in heads,
                "is_readable": revision is not None,
                "version": self._version(row["definition"]),
                "reason": None if revision is None else revision.reason,
                "code": row["code"],
                "message": row["message"],
            }
            if diff:
                item["differences"] = [
                    {"parent": parent, "changes": self._changes(parent, revision, language)}
                    for parent in (above or (None,))
                ]
            listed.append(item)
        return listed

    def between(self, entry: str, old: str, new: str, language: str) -> Json:
        """Return what one revision of an entry says otherwise than another: `{"from", "to", "changes"}`.

        Both are named by their digests, or the beginnings of them.

        Raises:
            NotFoundError: there is no such entry or revision, or its answers are not here any more.
            InputError: the beginning of a digest is too short, or of several.
            StorageError: the disk gave other bytes back than were saved.
        """
        before, after = (self._find(entry, digest) for digest in (old, new))
        one, other = self._replica.revision(before), self._replica.revision(after)
        return {"from": before, "to": after, "changes": self._compare(one, other, language)}

    def _find(self, entry: str, digest: str) -> str:
        wanted = digest.removeprefix("sha256:")
        if len(wanted) < SHORTEST_DIGEST:
            raise InputError(f"{digest!r} is too short to name a revision.", code="digest")
        found = [
            row["digest"]
            for row in self._replica.revisions(entry)
            if row["digest"].removeprefix("sha256:").startswith(wanted)
        ]
        if len(found) > 1:
            raise InputError(f"Several revisions begin with {digest}.", code="digest")
        if not found:
            raise NotFoundError(
                f"This entry has no revision {digest}.",
                code="unknown_revision",
                hint=f"See: tianbao history {entry}",
            )
        return str(found[0])

    def _changes(
        self, parent: str | None, revision: Revision | None, language: str
    ) -> list[Json] | None:
        """Return what a revision changed; None where one of the two cannot be read."""
        before = None if parent is None else self._read(parent)
        if revision is None or (parent is not None and before is None):
            return None
        if revision.operation == VOID:  # it says nothing of the answers, but why
            return []
        return self._compare(before, revision, language)

    def _compare(self, one: Revision | None, other: Revision, language: str) -> list[Json]:
        forms = self._forms(one, other)
        kinds = {path: kind for form in forms for path, kind in kinds_of(form).items()}
        labels = [Labels(form, language) for form in forms] or [Labels(None, language)]
        old_answers = {} if one is None else one.answers
        found = differences(
            None if one is None else old_answers,
            other.answers,
            kinds,
            old_reasons={} if one is None else one.reasons,
            new_reasons=other.reasons,
        )
        return [
            {
                "path": each.path,
                "label": labels[-1].path(
                    each.path, old_answers if each.kind == "removed" else other.answers
                ),
                "kind": str(each.kind),
                "before": each.before,
                "after": each.after,
                "before_text": labels[0].value(each.path, each.before),
                "after_text": labels[-1].value(each.path, each.after),
            }
            for each in found
        ]

    def _forms(self, *revisions: Revision | None) -> list[Form]:
        """Return the versions of the form that revisions were made with, as far as they are here."""
        made_with = [each.definition for each in revisions if each is not None]
        forms = [self._definitions.form(digest) for digest in made_with]
        return [form for form in forms if form is not None]

    def _read(self, digest: str) -> Revision | None:
        try:
            return self._replica.revision(digest)
        except (ClientError, SyncError):
            return None

    def _version(self, definition: str) -> str | None:
        form = self._definitions.form(definition)
        return None if form is None else form.version
