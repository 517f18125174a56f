"""Lists of entries: in pages, the newest first; what fits a wish; counts of all."""

from pathlib import Path

import pytest

from client.selecting import ALL, ATTENTION, CONFLICT, COUNTED, DRAFT, WAITING, Selecting, Wish
from sync.messages import ItemResult, ItemState


@pytest.fixture
def selecting(services):
    return Selecting(services.db, services.replica)


def add(services, title="标题"):
    return services.adder.add("visit", {"title": title}, Path())["entry"]


def edit(services, entry, **patch):
    return services.patcher.edit(entry, patch, Path())


def fork(services, mate):
    """Return an entry with two heads that contest its title."""
    entry = mate.add(title="a")
    services.rounds.run()
    edit(services, entry, title="ours")
    mate.edit(entry, title="theirs")
    services.rounds.run()
    return entry


def select(selecting, title="", **wish):
    return selecting.select(Wish(**wish), lambda _: title)


def listed(services):
    """Return what the tables say without counters: entries, newest first."""
    rows = services.db.rows(
        "SELECT h.entry, max(r.id) AS last FROM head AS h JOIN revision AS r USING (digest) "
        "GROUP BY h.entry ORDER BY last DESC"
    )
    return [row["entry"] for row in rows]


def pages_of(selecting, limit, **wish):
    before, found = None, []
    while True:
        page = select(selecting, limit=limit, before=before, **wish)
        found.append(page.entries)
        before = page.following
        if before is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("find", ["", "标"])
def test_pages_together_hold_each_entry_once(services, mate, selecting, limit, find):
    for _ in range(3):
        add(services)
    fork(services, mate)
    first = add(services)
    edit(services, listed(services)[-1], title="标 later")

    found = [entry for page in pages_of(selecting, limit, title="标", find=find) for entry in page]

    assert found == listed(services) == selecting.all()
    assert len(found) == len(set(found)) == 5
    assert first in found


def test_an_entry_that_was_edited_comes_to_the_front(services, selecting):
    first, second = add(services), add(services)
    edit(services, first, title="changed")

    assert select(selecting).entries == [first, second]


def test_the_last_page_says_that_it_is(services, selecting):
    for _ in range(4):
        add(services)

    assert [len(page) for page in pages_of(selecting, 2)] == [2, 2]
    assert select(selecting, limit=4).following is None


def test_no_entries_make_one_empty_page(selecting):
    assert pages_of(selecting, 2) == [[]]
    assert selecting.filled() == {}


def test_each_wish_lists_what_fits_it_and_counts_it(services, office, mate, selecting):
    contested = fork(services, mate)
    delivered = add(services)
    services.rounds.run()
    office.verdict = lambda digest: ItemResult(digest, ItemState.QUARANTINED, code="rules")
    quarantined = add(services)
    services.rounds.run()
    saved = add(services)
    services.editing.open(delivered)

    fitting = {show: select(selecting, show=show).entries for show in COUNTED}

    assert fitting == {
        WAITING: [saved],
        ATTENTION: [quarantined],
        CONFLICT: [contested],
        DRAFT: [delivered],
    }
    assert selecting.counts() == {ALL: 4} | {show: len(fitting[show]) for show in COUNTED}
    assert {show: select(selecting, show=show).total for show in COUNTED} == dict.fromkeys(
        COUNTED, 1
    )


def test_words_are_found_in_the_name_and_the_title(services, selecting):
    tea, _ = add(services, "Tea house"), add(services, "Coffee")

    assert select(selecting, find="HOUSE tea").entries == [tea]
    assert select(selecting, title="Visit", find="visit tea").entries == [tea]
    assert select(selecting, title="Visit", find="visit").total == 2
    assert select(selecting, find="tea", show=ATTENTION).entries == []


def test_what_was_taken_back_is_listed_and_not_counted_as_filled(services, mate, selecting):
    fork(services, mate)
    entry = add(services)
    services.void(entry, "twice")

    assert select(selecting).entries[0] == entry
    assert select(selecting).total == 2
    assert selecting.filled() == {"visit": 1}


def test_the_counters_are_those_of_the_heads(services, mate, selecting):
    for _ in range(2):
        fork(services, mate)
    services.merging.merge(listed(services)[0], {"title": {"choice": "ours"}})
    services.void(add(services), "twice")

    (row,) = services.db.rows("SELECT form, heads FROM tally")
    (heads,) = services.db.rows("SELECT form, count(*) AS heads FROM head GROUP BY form")
    assert tuple(row) == tuple(heads)
    assert sum(services.replica.counts().values()) == 3


def test_every_form_tells_how_often_it_was_filled(services, selecting):
    add(services)

    assert {form["form_id"]: form["filled"] for form in services.forms()} == {
        "visit": 1,
        "report": 0,
    }


def test_all_pages_together_are_all_entries_drafts_first(services, monkeypatch):
    monkeypatch.setattr("client.listing.PAGE", 2)
    entries = [add(services) for _ in range(5)]
    draft = services.filling.open_blank("visit")
    services.editing.open(entries[0])

    pages = list(services.listing.pages())

    assert [len(page) for page in pages] == [3, 2, 1]
    assert [each["entry"] for page in pages for each in page] == [draft, *entries[::-1]]
    assert [each["entry"] for page in pages for each in page if each["draft"]] == [
        draft,
        entries[0],
    ]
