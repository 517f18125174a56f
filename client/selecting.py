"""Which of many entries a list shows: those that fit, the newest first, in pages, with counts of all.

* A page without a wish is read from an index, and counts are kept beside the heads: neither costs more
where more is held. Wishes cost what fits them; only a search by words looks at the names of all.
* An entry stands where its newest head came. What came while somebody reads page after page is not on
the later ones: it is on the first.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from client.db import Database
from client.drafts import Drafts
from client.replica import Replica
from client.states import State

ALL, WAITING, ATTENTION, CONFLICT, DRAFT = "all", "waiting", "attention", "conflict", "draft"
COUNTED = (WAITING, ATTENTION, CONFLICT, DRAFT)
_STATES = {WAITING: {State.SAVED}, ATTENTION: {State.QUARANTINED, State.SET_ASIDE}}
_ENDLESS = 2**63 - 1
_AT_ONCE = 500

TitleOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be listed: `show` is one of the names above, `find` words of the entry's names."""

    show: str = ALL
    find: str = ""
    limit: int = 200
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """A page of entries, how many fit in all, and the `before` of the page that follows."""

    entries: list[str]
    total: int
    following: int | None


class Selecting:
    """Selects among the entries that were finalized."""

    def __init__(self, db: Database, replica: Replica) -> None:
        self._db = db
        self._replica = replica
        self._drafts = Drafts(db)

    def all(self) -> list[str]:
        """Return every entry."""
        rows = self._db.rows("SELECT entry FROM head ORDER BY place DESC")
        return list(dict.fromkeys(row["entry"] for row in rows))

    def select(self, wish: Wish, title_of: TitleOf) -> Selected:
        """Return the entries that fit a wish; `title_of` a definition, words may be found in, too."""
        words = wish.find.casefold().split()
        if words:
            places = dict(self._named(words, title_of))
            if wish.show != ALL:
                fitting = self._fitting(wish.show)
                places = {entry: place for entry, place in places.items() if entry in fitting}
        elif wish.show in COUNTED:
            places = self._places(sorted(self._fitting(wish.show)))
        else:
            return self._next(wish)
        return _page(places, wish)

    def counts(self) -> dict[str, int]:
        """Return how many entries each `show` would list."""
        counts = {ALL: sum(self._replica.counts().values())}
        return counts | {show: len(self._fitting(show)) for show in COUNTED}

    def filled(self) -> dict[str, int]:
        """Return how many entries there are of each form, without those that were taken back."""
        rows = self._db.rows(
            "SELECT form, sum(count) AS count FROM "
            "(SELECT form, heads AS count FROM tally UNION ALL "
            # Of an entry with several heads, and `conflict` has those, one counts.
            "SELECT max(h.form), 1 - count(*) FROM conflict AS c CROSS JOIN revision AS r "
            "USING (entry) CROSS JOIN head AS h ON h.place = r.id GROUP BY c.entry UNION ALL "
            "SELECT max(h.form), -1 FROM revision AS r CROSS JOIN head AS h ON h.place = r.id "
            "WHERE r.entry IN (SELECT entry FROM revision WHERE operation = 'void') "
            "GROUP BY r.entry HAVING min(r.operation = 'void') = 1) GROUP BY form"
        )
        return {row["form"]: row["count"] for row in rows if row["count"]}

    def _next(self, wish: Wish) -> Selected:
        end = _ENDLESS if wish.before is None else wish.before
        rows = self._db.rows(
            "SELECT entry, place FROM head WHERE place < ? ORDER BY place DESC LIMIT ?",
            (end, wish.limit + 1),
        )
        entries = list(dict.fromkeys(row["entry"] for row in rows[: wish.limit]))
        places = self._places(entries)  # one with several heads may have been on a page before
        following = rows[wish.limit - 1]["place"] if len(rows) > wish.limit else None
        total = sum(self._replica.counts().values())
        return Selected([each for each in entries if places[each] < end], total, following)

    def _fitting(self, show: str) -> Collection[str]:
        if show in _STATES:
            undelivered = self._replica.undelivered()
            return {entry for entry, state in undelivered.items() if state in _STATES[show]}
        if show == CONFLICT:
            return self._replica.conflicts().keys()
        return {row["entry"] for row in self._drafts.all() if self._replica.has(row["entry"])}

    def _places(self, entries: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for place in range(0, len(entries), _AT_ONCE):
            some = tuple(entries[place : place + _AT_ONCE])
            rows = self._db.rows(
                "SELECT r.entry, max(h.place) AS place "  # noqa: S608 - marks
                "FROM revision AS r CROSS JOIN head AS h ON h.place = r.id "
                f"WHERE r.entry IN ({', '.join('?' * len(some))}) GROUP BY r.entry",
                some,
            )
            found |= {row["entry"]: row["place"] for row in rows}
        return found

    def _named(self, words: Sequence[str], title_of: TitleOf) -> Iterator[tuple[str, int]]:
        left: dict[
            str, list[str]
        ] = {}  # of each definition, the words that its title does not have
        for row in self._db.rows(
            "SELECT h.entry, h.place, r.name, r.definition "
            "FROM head AS h JOIN revision AS r ON r.id = h.place ORDER BY h.place"
        ):
            definition = row["definition"]
            if definition not in left:
                title = title_of(definition).casefold()
                left[definition] = [word for word in words if word not in title]
            name = row["name"].casefold()
            if all(word in name for word in left[definition]):
                yield row["entry"], row["place"]


def _page(places: dict[str, int], wish: Wish) -> Selected:
    end = _ENDLESS if wish.before is None else wish.before
    ordered = sorted(places, key=lambda entry: -places[entry])
    coming = [entry for entry in ordered if places[entry] < end]
    page = coming[: wish.limit]
    following = places[page[-1]] if page and len(coming) > len(page) else None
    return Selected(page, len(places), following)
