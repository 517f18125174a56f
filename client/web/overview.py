"""What the first page shows: the entries that it asks for, and counts of all.

* Every blank draft is told; of what was finalized, at most as many as are asked for.
* What the page has seen already is not told again: nothing changes without a commit to the database.
"""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from client.outbox import Outbox
from client.selecting import Wish
from client.services import Services

Json = dict[str, Any]

_START = token_hex(4)  # generations are counted anew in each process


def overview(services: Services, wish: Wish, language: str, last_seen: str) -> Json:
    """Return everything that the first page shows; only the status where it has seen the rest."""
    seen = f"{_START}-{services.db.generation}"
    status = services.status()
    if last_seen == seen:
        return {"seen": seen, "status": status}
    page = services.listing.page(wish, language)
    _add_progress(Outbox(services.db), page["entries"])
    forms = services.forms()
    return {
        "seen": seen,
        "status": status,
        "forms": forms,
        **page,
        "counts": services.listing.counts(),
        "filled": {form["form_id"]: form["filled"] for form in forms},
    }


def _add_progress(outbox: Outbox, entries: Sequence[Json]) -> None:
    for entry in entries:
        entry["files"] = outbox.progress(entry["entry"]) if entry["files_waiting"] else []
