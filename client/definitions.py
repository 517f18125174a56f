"""What the organiser published: forms in all their versions, the campaign, the units.

* A definition is kept for ever, as its exact bytes, named by their SHA-256.
* The newest version of a form is the one that came last in the server's log.
* A definition that this program cannot read (it may be newer than the program) is kept all the
same, and refused with the reason only when somebody wants to fill it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

from client.db import Database
from client.errors import NotFoundError
from forms.campaign import Campaign, parse_campaign
from forms.catalogue import load_form
from forms.compiled import CompiledForm
from forms.definition import Form
from forms.errors import DefinitionError
from sync.digest import digest_of

CAMPAIGN = "campaign"
UNITS = "units"


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a form, as listed."""

    form: str
    version: str
    digest: str


class Definitions:
    """The published definitions on this device; compiled ones are kept in memory."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._compiled: dict[str, CompiledForm] = {}
        self._campaign: tuple[str, Campaign] | None = None

    def add(self, content: bytes, log_index: int) -> None:
        """Keep a definition, within a transaction; the same bytes again change nothing."""
        form, version = _name_of(content)
        self._db.write(
            "INSERT INTO definition (digest, form, version, log_index, content) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
            "log_index = max(log_index, excluded.log_index)",
            (digest_of(content), form, version, log_index, content),
        )

    def publish(self, kind: str, content: bytes, log_index: int) -> None:
        """Keep the campaign or the units, within a transaction; what came later in the log wins."""
        self._db.write(
            "INSERT INTO published (kind, digest, log_index, content) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind) DO UPDATE SET digest = excluded.digest, "
            "log_index = excluded.log_index, content = excluded.content "
            "WHERE excluded.log_index >= published.log_index",
            (kind, digest_of(content), log_index, content),
        )

    def newest(self) -> list[Published]:
        """Return the newest version of each form, in the order the forms were first published."""
        rows = self._db.rows(
            "SELECT form, version, digest, max(log_index), "
            "(SELECT min(log_index) FROM definition AS d WHERE d.form = definition.form) AS first "
            "FROM definition GROUP BY form ORDER BY first"
        )
        return [Published(row["form"], row["version"], row["digest"]) for row in rows]

    def latest(self, form: str) -> str:
        """Return the digest of the newest version of a form.

        Raises:
            NotFoundError: this device has no such form.
        """
        row = self._db.row(
            "SELECT digest FROM definition WHERE form = ? ORDER BY log_index DESC LIMIT 1", (form,)
        )
        if row is None:
            known = ", ".join(each.form for each in self.newest()) or "none yet; run: tianbao sync"
            raise NotFoundError(
                f"There is no form {form!r} on this device.",
                code="unknown_form",
                hint=f"Forms here: {known}.",
            )
        return str(row["digest"])

    def newest_first(self, digests: Collection[str]) -> list[str]:
        """Return several definitions in order, the one that was published last first."""
        return sorted(digests, key=lambda each: (self._log_index(each), each), reverse=True)

    def compiled(self, digest: str) -> CompiledForm:
        """Return a form that can be filled.

        Raises:
            NotFoundError: this device has no such definition.
            DefinitionError: the definition cannot be read by this version of the program.
        """
        if digest not in self._compiled:
            self._compiled[digest] = load_form(self._content(digest), digest)
        return self._compiled[digest]

    def form(self, digest: str) -> Form | None:
        """Return a form if it is here and can be read; lists pass over what cannot."""
        try:
            return self.compiled(digest).form
        except (NotFoundError, DefinitionError):
            return None

    def campaign(self) -> Campaign | None:
        """Return the campaign, if it is here and can be read."""
        row = self._db.row("SELECT digest, content FROM published WHERE kind = ?", (CAMPAIGN,))
        if row is None:
            return None
        if self._campaign is None or self._campaign[0] != row["digest"]:
            try:
                self._campaign = (row["digest"], parse_campaign(row["content"]))
            except DefinitionError:
                return None
        return self._campaign[1]

    def _log_index(self, digest: str) -> int:
        row = self._db.row("SELECT log_index FROM definition WHERE digest = ?", (digest,))
        return -1 if row is None else int(row["log_index"])

    def _content(self, digest: str) -> bytes:
        row = self._db.row("SELECT content FROM definition WHERE digest = ?", (digest,))
        if row is None:
            raise NotFoundError(
                "The definition of this entry's form has not come to this device yet.",
                code="unknown_definition",
                hint="It comes with the next sync.",
            )
        content: bytes = row["content"]
        return content


def _name_of(content: bytes) -> tuple[str, str]:
    """Return the form's id and version without reading all of it: it may be newer than we are."""
    try:
        settings = json.loads(content)["settings"]
        return str(settings["form_id"]), str(settings["version"])
    except (ValueError, KeyError, TypeError):
        return "", ""
