"""What the page and the command line show: forms, entries, one entry, and how things stand.

Everything here is plain JSON, the same whether it is asked for here or by another process. An entry
with an edit open is listed once, as it stands, with `"draft": true`. Entries come in pages: drafts
first, all of them with the first page, then the newest.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from client.db import Database, Row, list_in
from client.definitions import Definitions, Published
from client.drafts import Drafts
from client.outbox import Outbox
from client.replica import Head, Replica, state_of
from client.selecting import Selecting, Wish
from client.states import State
from client.views import VOID
from forms.campaign import Campaign, item_of
from forms.definition import text_in
from sync.digest import is_named

Json = dict[str, Any]

Names = Mapping[str, str]

LANGUAGE = "zh-CN"
PAGE = 200


class Listing:
    """Views of this device's data."""

    def __init__(self, db: Database, definitions: Definitions, replica: Replica) -> None:
        self._db = db
        self._definitions = definitions
        self._replica = replica
        self._drafts = Drafts(db)
        self._outbox = Outbox(db)
        self._selecting = Selecting(db, replica)

    def forms(self) -> list[Json]:
        """Return the forms to fill, each in its newest version, as the campaign orders them.

        `problem` stands where this version of the program cannot read a form; `filled` is how many
        entries of it are here, without drafts and what was taken back.
        """
        campaign = self._definitions.campaign()
        filled = self._selecting.filled()
        listed = [
            {**self._form(each, campaign), "filled": filled.get(each.form, 0)}
            for each in self._definitions.newest()
        ]
        if campaign is not None:
            order = {item.form: number for number, item in enumerate(campaign.items)}
            listed.sort(key=lambda form: order.get(form["form_id"], len(order)))
        return listed

    def page(self, wish: Wish, language: str = LANGUAGE) -> Json:
        """Return the entries of a page: `{"entries", "total", "more", "next"}`.

        `total` is how many fit the wish, drafts left out; `next` is the `before` of the page that
        follows, None where there is none.
        """
        selected = self._selecting.select(wish, lambda digest: self._title(digest, language))
        drafts = self._open_drafts(language) if wish.before is None else []
        return {
            "entries": drafts + self._entries(selected.entries, language),
            "total": selected.total,
            "more": selected.following is not None,
            "next": selected.following,
        }

    def pages(self, language: str = LANGUAGE) -> Iterator[list[Json]]:
        """Yield the entries that are on this device now, each as it stands when its page is made."""
        entries = self._selecting.all()
        yield self._open_drafts(language) + self._entries(entries[:PAGE], language)
        for place in range(PAGE, len(entries), PAGE):
            yield self._entries(entries[place : place + PAGE], language)

    def counts(self) -> dict[str, int]:
        """Return how many entries a page would list for each `show` of a wish, drafts left out."""
        return self._selecting.counts()

    def entry(self, entry: str, language: str = LANGUAGE) -> Json:
        """Return one entry with its answers.

        Raises:
            NotFoundError: there is no such entry.
        """
        draft = self._drafts.get(entry)
        if draft is not None and not self._replica.has(entry):
            row = next(row for row in self._drafts.all() if row["entry"] == entry)
            listed = self._draft(row, language)
            return {**listed, "files": [], "answers": draft.answers, "reasons": draft.reasons}
        heads = self._replica.heads_of(entry)
        view = self._replica.shown(entry)
        return {
            **self._entry(heads, language, self._replica.names()),
            "contested": [each.path for each in view.contested],
            "draft": draft is not None,
            "files": self._outbox.progress(entry),
            "answers": view.answers,
            "reasons": view.reasons,
        }

    def _open_drafts(self, language: str) -> list[Json]:
        """Return the drafts that are no edits: an entry with an edit open is listed as it stands."""
        drafts = self._drafts.all()
        return [self._draft(row, language) for row in drafts if not self._replica.has(row["entry"])]

    def _entries(self, entries: Sequence[str], language: str) -> list[Json]:
        names, drafts = self._replica.names(), {row["entry"] for row in self._drafts.all()}
        return [
            {
                **self._entry(heads, language, names),
                "contested": list(self._contested(heads)),
                "draft": heads[0]["entry"] in drafts,
            }
            for heads in self._replica.heads_of_each(entries)
        ]

    def _contested(self, heads: Sequence[Head]) -> tuple[str, ...]:
        return self._replica.contested(heads[0]["entry"]) if len(heads) > 1 else ()

    def _form(self, published: Published, campaign: Campaign | None) -> Json:
        form = self._definitions.form(published.digest)
        listed: Json = {
            "form_id": published.form,
            "version": published.version,
            "digest": published.digest,
            "title": {"": published.form} if form is None else dict(form.title),
            "languages": [] if form is None else list(form.languages),
            "hint": {},
            "due": None,
            "owed_by": [],
            "problem": None,
        }
        if form is None:
            listed["problem"] = "This form needs a newer version of the program."
        item = None if campaign is None else item_of(campaign, published.form)
        if item is not None:
            listed["hint"] = dict(item.hint)
            listed["due"] = None if item.due is None else item.due.isoformat()
            listed["owed_by"] = list(item.owed_by)
        return listed

    def _draft(self, row: Row, language: str) -> Json:
        return {
            "entry": row["entry"],
            **self._titles(row, language),
            "state": State.DRAFT.value,
            "revision": None,
            "made_at": row["saved_at"],
            "is_own": True,
            "exported_at": None,
            "code": None,
            "message": None,
            "violations": [],
            "files_waiting": 0,
            "text_delivered": False,
            "operation": "put",
            "reason": None,
            "contested": [],
            "heads": 0,
            "draft": True,
            "member_name": None,
            "since": row["opened_at"],
        }

    def _entry(self, heads: Sequence[Head], language: str, names: Names) -> Json:
        shown = _shown(heads)
        state = state_of(heads)
        # What is not well with one of several heads is what is told of all.
        telling = next((head for head in heads if head["state"] == state), shown)
        waiting = [head["waiting_since"] for head in heads if head["waiting_since"]]
        return {
            "entry": shown["entry"],
            **self._titles(shown, language),
            "state": state,
            "revision": shown["digest"],
            "made_at": shown["made_at"],
            "is_own": bool(shown["is_own"]),
            "exported_at": shown["exported_at"],
            "code": telling["code"],
            "message": telling["message"],
            "violations": list_in(telling["violations"]) or [],
            "files_waiting": max(head["files_waiting"] for head in heads),
            # The server has the text, and waits for files: the screen says so.
            "text_delivered": not any(head["texts_waiting"] for head in heads)
            and all(head["server_state"] in {"logged", "held"} for head in heads),
            "operation": shown["operation"],
            "reason": _reason(shown),
            "heads": len(heads),
            "member_name": names.get(shown["author"]),
            "since": min(waiting) if state == State.SAVED else shown["made_at"],
        }

    def _titles(self, row: Row, language: str) -> Mapping[str, str]:
        form = self._definitions.form(row["definition"])
        title = self._title(row["definition"], language) or row["form"]
        return {
            "form": row["form"],
            "version": "" if form is None else form.version,
            "title": title,
            "name": row["name"] if form is None else row["name"] or title,
        }

    def _title(self, definition: str, language: str) -> str:
        form = self._definitions.form(definition)
        return "" if form is None else text_in(form.title, language, form.default_language)


def _shown(heads: Sequence[Head]) -> Head:
    """Return the head that an entry is listed by: of several, one that does not take it back."""
    return next((head for head in heads if head["operation"] != VOID), heads[0])


def _reason(head: Head) -> str | None:
    """Return why an entry was taken back."""
    if head["operation"] != VOID:
        return None
    if not is_named(head["void_content"], head["digest"]):
        return None  # damaged on the disk, or taken off this device
    return str(json.loads(head["void_content"])["reason"])
