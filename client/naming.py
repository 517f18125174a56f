"""The names of entries that came from other devices, as their forms word them.

A name is computed once, when the revision comes, and kept beside it. Where that cannot be (the
definition has not come yet, or is too new), there is none, and the form's title stands for it.
"""

from client.db import Database
from client.definitions import Definitions
from client.errors import ClientError
from client.profile import read_profile
from client.revisions import Revisions
from client.views import VOID
from forms.environment import Environment
from forms.errors import FormError
from forms.naming import name_of
from sync.revision import Revision


class Naming:
    """Names the revisions that come."""

    def __init__(self, db: Database, definitions: Definitions) -> None:
        self._db = db
        self._definitions = definitions
        self._revisions = Revisions(db)

    def name(self, revision: Revision) -> str:
        """Return what an entry is called by a revision; one that is taken back, as it was before."""
        if revision.operation == VOID:
            return self._revisions.name(revision.parents)
        profile = read_profile(self._db)
        environment = Environment(
            now=lambda: revision.made_at.local,
            properties={} if profile is None else profile.properties,
            uuid=str,
            row_id=str,
            own_entries=lambda _: [],
        )
        try:
            compiled = self._definitions.compiled(revision.definition)
            name = name_of(compiled, environment, revision.answers)
        except (ClientError, FormError):
            return ""
        return name.encode(errors="replace").decode()
