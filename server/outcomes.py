"""Decides what was held, once what it waited for is there.

A revision is held for a definition that was not published yet, or because a newer program made it.
It is looked at again when a definition is published, and at each start; the decision is a leaf of
its own in the log, and goes out with the changes. Revoking takes effect from its index on: what
was held before is decided as if its device were not revoked.
"""

import logging
from dataclasses import replace
from datetime import datetime

from forms.compiled import CompiledForm
from server.checks import Arrival, FindForm, judge
from server.db import Connection
from server.definitions import compiled_form
from server.facts import Facts
from server.members import find_device
from server.revisions import HeldRevision, decide, held_revisions
from server.storing import verdict_in_place
from server.verdict import Verdict, held
from sync.errors import MessageError
from sync.revision import parse_revision

_LOGGER = logging.getLogger(__name__)


def decide_held(connection: Connection, now: datetime) -> int:
    """Decide every held revision that can be decided; return how many."""
    forms: dict[str, CompiledForm | None] = {}

    def find_form(digest: str) -> CompiledForm | None:
        if digest not in forms:
            forms[digest] = compiled_form(connection, digest)
        return forms[digest]

    decided = 0
    for waiting in held_revisions(connection):
        verdict = _verdict(connection, waiting, find_form)
        if not verdict.is_held:
            decide(connection, waiting.digest, verdict, now)
            decided += 1
    return decided


def _verdict(connection: Connection, waiting: HeldRevision, find_form: FindForm) -> Verdict:
    device = find_device(connection, waiting.device)
    try:
        revision = parse_revision(waiting.content)
    except MessageError as error:
        _LOGGER.error("The held revision %s cannot be read: %s", waiting.digest, error)  # noqa: TRY400  # expected where only a newer program can read it
        return held(waiting.code)
    if device is None:
        return held(waiting.code)
    device = replace(device, revoked_at=None)
    verdict = judge(revision, device, find_form)
    arrival = Arrival(waiting.digest, waiting.content, b"", revision, device, verdict)
    return verdict_in_place(Facts(connection, [revision.entry]), arrival, verdict)
