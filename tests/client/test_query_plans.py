"""What is done again and again looks things up: no statement goes through all that is held."""

import re
from pathlib import Path

import pytest

import client.db
from client.enrol import Invitation, enrol
from client.listing import LANGUAGE
from client.selecting import COUNTED, Wish
from client.services import open_services
from client.web.overview import overview

# Tables that hold what was held before; the others hold what is open, waits, or was published.
GROWING = {"revision", "head", "parent", "attachment", "attachment_use"}
# Indexes that hold nothing of what was delivered, or only what was taken back.
PARTIAL = {"revision_pending", "attachment_waiting", "revision_void"}


class Traced:
    """The statements that every connection runs while something is done."""

    def __init__(self, monkeypatch):
        self.statements = []
        connect = client.db._connect

        def traced(path):
            connection = connect(path)
            connection.set_trace_callback(self.statements.append)
            return connection

        monkeypatch.setattr(client.db, "_connect", traced)

    def scans(self, services, do):
        """Return what goes through a growing table, of all statements that something runs."""
        self.statements.clear()
        do()
        statements = [each for each in dict.fromkeys(self.statements) if is_query(each)]
        assert statements
        return [found for each in statements for found in scans_of(services.db, each)]


def is_query(statement):
    return statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))


def scans_of(db, statement):
    tables = {name: table for table, name in re.findall(r"(?:FROM|JOIN) (\w+) AS (\w+)", statement)}
    for row in db.rows(f"EXPLAIN QUERY PLAN {statement}"):
        match = re.match(r"SCAN (\w+)(?:.* INDEX (\w+))?", row["detail"])
        if match is None:
            continue
        table = tables.get(match[1], match[1])
        if table in GROWING and match[2] not in PARTIAL:
            yield f"{row['detail']}: {statement[:200]}"


@pytest.fixture
def traced(monkeypatch):
    return Traced(monkeypatch)


@pytest.fixture
def held(traced, services, mate, tmp_path):
    """A home with entries of its own and of others, files, edits, a conflict: all delivered."""
    entry = add(services, tmp_path, paper=b"first")
    services.rounds.run()
    mate.edit(entry, title="theirs")
    services.patcher.edit(entry, {"title": "ours"}, Path())
    mate.add(title="another")
    services.void(add(services, tmp_path), "twice")
    services.rounds.run()
    return services


def add(services, folder, paper=b""):
    answers = {"title": "a"}
    if paper:
        (folder / "paper.pdf").write_bytes(paper)
        answers["paper"] = "paper.pdf"
    return services.adder.add("visit", answers, folder)["entry"]


def test_saving_scans_nothing_that_is_held(traced, held, tmp_path):
    entry = add(held, tmp_path)
    draft = held.filling.open_blank("visit")

    def save():
        add(held, tmp_path, paper=b"second")
        held.patcher.edit(entry, {"title": "b"}, Path())
        held.filling.answer(draft, "title", "c", LANGUAGE)
        held.filling.save_changed()
        held.void(entry, "twice")
        assert "revision" in held.finalize(draft)

    assert traced.scans(held, save) == []


def test_a_round_that_pushes_scans_nothing_that_is_held(traced, held, tmp_path):
    for content in (b"second", b"third"):
        add(held, tmp_path, paper=content)

    assert traced.scans(held, held.rounds.run) == []
    assert held.status()["saved"] == 0


def test_a_round_that_pulls_scans_nothing_that_is_held(traced, held, mate, tmp_path):
    entry = mate.add(title="b")
    mate.edit(entry, title="c")

    assert traced.scans(held, held.rounds.run) == []
    assert held.replica.view(entry).answers["title"] == "c"


def test_a_round_without_work_scans_nothing_that_is_held(traced, held):
    assert traced.scans(held, held.rounds.run) == []


@pytest.mark.parametrize("show", ["all", *COUNTED])
def test_the_first_page_scans_nothing_that_is_held(traced, held, tmp_path, show):
    add(held, tmp_path, paper=b"second")
    wish = Wish(show=show, limit=2)

    assert traced.scans(held, lambda: overview(held, wish, LANGUAGE, "")) == []


def test_a_start_scans_nothing_that_is_held(traced, home, office, hands, tmp_path):
    with open_services(home, hands.clock()) as services:
        enrol(services, Invitation(office.url, office.invite()))
        services.rounds.run()
        add(services, tmp_path, paper=b"first")
        services.rounds.run()
        add(services, tmp_path)

    traced.statements.clear()
    with open_services(home, hands.clock()) as services:
        statements = list(traced.statements)
        assert traced.scans(services, lambda: traced.statements.extend(statements)) == []


def test_a_search_is_seen_to_scan(traced, held):
    found = traced.scans(held, lambda: held.listing.page(Wish(find="a")))

    assert any("head" in each or " h" in each for each in found)
