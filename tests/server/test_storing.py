"""Storing the arrivals of a push together leaves what storing each alone leaves."""

import base64
import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.checks import Arrival, Checks
from server.db import open_writer
from server.storing import store, store_alone, store_together
from sync.digest import digest_of
from sync.messages import ItemState
from sync.revision import MadeAt

NOW = datetime(2026, 11, 22, 10, 0, 0, 5000, tzinfo=UTC)
TABLES = ("object", "leaf", "revision", "parent", "attachment_use")
ENTRIES = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(4)]


@pytest.fixture
def people(services, enrolled, stranger):
    """Devices of two units, one that is revoked, and one that nobody knows."""
    known = [enrolled("one"), enrolled("two", "south"), enrolled("revoked")]
    services.revoke(known[2].key.id)
    return [*known, known[0], known[1], stranger("unknown")]


@pytest.fixture
def checks(services):
    return Checks(services.log, services.directory.device, services.forms.find)


def arrival_of(rng, people, checks):
    """Return a sound arrival that may be refused a place for any reason there is."""
    device = rng.choice(people)
    photo = {"name": "a.png", "type": "image/png", "size": 3, "sha256": digest_of(b"a")[7:]}
    answers = rng.choice([{"title": "好"}, {"title": "好"}, {"title": "好", "photo": photo}, {}])
    changes = {
        "entry": rng.choice(ENTRIES),
        "parents": tuple(digest_of(b"%d" % rng.randrange(3)) for _ in range(rng.randrange(3))),
        "made_at": MadeAt(NOW, rng.choice(["+08:00", "-03:30"]), 1, "boot"),
        "salt": base64.b64encode(rng.randbytes(16)).decode(),
    }
    if rng.random() < 0.2:
        changes["definition"] = digest_of(b"not published")
    arrival = checks.examine(device.frame(device.revision(answers, **changes)))
    assert isinstance(arrival, Arrival)
    return arrival


def rows(connection):
    return {
        table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]  # noqa: S608  # a constant
        for table in TABLES
    }


def outcome(connection, put):
    """Return what storing gives and leaves, and take it back."""
    connection.execute("BEGIN IMMEDIATE")
    results = put()
    left = rows(connection)
    connection.execute("ROLLBACK")
    return results, left


@pytest.mark.parametrize("seed", range(30))
def test_together_and_alone_leave_the_same(folder, people, checks, seed):
    rng = random.Random(seed)
    earlier = [arrival_of(rng, people, checks) for _ in range(rng.randrange(4))]
    arrivals = [arrival_of(rng, people, checks) for _ in range(12)]
    if seed % 3 == 0:  # some are there already, or twice
        arrivals += [*earlier, rng.choice(arrivals)]
    with closing(open_writer(folder.log_db)) as connection:
        store(connection, earlier, NOW)

        together = outcome(connection, lambda: store(connection, arrivals, NOW))
        alone = outcome(
            connection, lambda: tuple(store_alone(connection, each, NOW) for each in arrivals)
        )

    assert together == alone


def test_the_seeds_meet_every_verdict(people, checks, folder):
    rng = random.Random(1)
    arrivals = [arrival_of(rng, people, checks) for _ in range(100)]
    with closing(open_writer(folder.log_db)) as connection:
        results, _ = outcome(connection, lambda: store_together(connection, arrivals, NOW))

    codes = Counter(result.code for result in results)
    assert codes.keys() >= {
        None,
        "rules",
        "author_unknown",
        "author_revoked",
        "entry_of_other_unit",
        "definition_unknown",
    }


def test_one_that_cannot_be_stored_does_not_spoil_the_others(folder, people, checks):
    rng = random.Random(2)
    arrivals = [arrival_of(rng, people, checks) for _ in range(6)]
    with closing(open_writer(folder.log_db)) as connection:
        broken = replace(arrivals[2], content=None)  # type: ignore[arg-type]  # breaks NOT NULL

        results, left = outcome(
            connection, lambda: store(connection, [*arrivals[:2], broken, *arrivals[3:]], NOW)
        )

    assert [result.state is ItemState.REFUSED for result in results] == [False] * 2 + [True] + [
        False
    ] * 3
    assert results[2].temporary
    assert len(left["revision"]) == len(arrivals) - 1


def test_nothing_is_stored_of_nothing(folder):
    with closing(open_writer(folder.log_db)) as connection:
        results, left = outcome(connection, lambda: store(connection, [], NOW))

    assert results == ()
    assert left["revision"] == []
