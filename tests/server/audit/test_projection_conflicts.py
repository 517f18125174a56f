"""Entries that two people changed at once: shown as merged, with what somebody has to decide."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from server.projection import merging, sides
from server.projection.source import LogSource
from server.verdict import quarantined

FORMS = Path(__file__).parents[3] / "forms" / "ordos-2019"
ENTRY = 'select * from "attachment-2"'
ROWS = 'select * from "attachment-2-contests" order by _position'


class Edits:
    """One entry, and what becomes of it."""

    def __init__(self, book, contests):
        self.book = book
        self.contests = contests
        self.first = book.revision("attachment-2", contests("供水", "铁路"))
        self.digest = book.store(self.first)
        self.sequence = 100

    def edit(self, *, parents=None, **changes):
        """Store an edit of the first revision, or of others; return its digest."""
        self.sequence += 1
        parents = (self.digest,) if parents is None else parents
        changed = replace(self.first, parents=parents, sequence=self.sequence, **changes)
        return self.book.store(changed)

    def answers(self, **changes):
        """Return the answers of the first revision with changes."""
        return {**self.first.answers, **changes}

    def rows(self, **changes):
        """Return the answers with changes of the first row."""
        first, *others = self.first.answers["contests"]
        return self.answers(contests=[{**first, **changes}, *others])


@pytest.fixture
def edits(book, contests):
    return Edits(book, contests)


def test_an_entry_edited_after_delivery_shows_its_newest_state(book, edits):
    edits.edit(answers=edits.contests("机场"))

    (row,) = book.audit(ENTRY)
    assert (row["_revisions"], row["_heads"], row["_conflicts"]) == (2, 1, 0)
    assert [each["project"] for each in book.audit(ROWS)] == ["机场"]


def test_edits_of_different_answers_are_shown_as_one(book, edits):
    edits.edit(answers=edits.answers(unit_name="东胜区总工会"))
    edits.edit(answers=edits.rows(project="供水二期"))

    (row,) = book.audit(ENTRY)
    assert (row["unit_name"], row["_heads"], row["_conflicts"]) == ("东胜区总工会", 2, 0)
    assert [each["project"] for each in book.audit(ROWS)] == ["供水二期", "铁路"]
    assert book.audit("select * from conflicts") == []


def test_rows_that_two_people_added_are_counted_together(book, edits):
    for name in ("甲", "乙"):
        (row,) = edits.contests(name)["contests"]
        added = {**row, "_row": f"{name}".encode().hex()[:16].rjust(16, "0")}
        rows = [*edits.first.answers["contests"], {**added, "number": 3}]
        edits.edit(answers=edits.answers(contests=rows, contest_count=3))

    (row,) = book.audit(ENTRY)
    assert row["contest_count"] == 4
    assert [each["number"] for each in book.audit(ROWS)] == [1, 2, 3, 4]
    assert row["_conflicts"] == 0


def test_an_answer_that_two_people_changed_is_listed_with_both_values(book, edits):
    sides = {
        edits.edit(answers=edits.rows(project=project), **more): project
        for project, more in (("甲", {}), ("乙", _second_device(book)))
    }

    (row,) = book.audit(ENTRY)
    (conflict,) = book.audit("select * from conflicts")
    contenders = conflict["_contenders"].split("\n")
    assert (row["_heads"], row["_conflicts"]) == (2, 1)
    assert contenders == sorted(sides, reverse=True)
    assert conflict["_values"].split("\n") == [sides[digest] for digest in contenders]
    assert conflict["_path"] == "contests[0000000000000001]/project"
    assert conflict["_place"].startswith("重大项目")
    names = {"甲": "张三", "乙": "李四"}
    assert conflict["_members"].split("\n") == [names[sides[digest]] for digest in contenders]
    assert (conflict["_entry"], conflict["_unit_name"]) == (row["_entry"], "东胜区")
    assert [each["project"] for each in book.audit(ROWS)] == [sides[contenders[0]], "铁路"]
    assert row["_revision"] == contenders[0]


def _second_device(book):
    """Enrol another device of the unit, and keep the first one."""
    first = book.devices["dongsheng"]
    second = book.enrol("dongsheng", "李四")
    book.devices |= {"dongsheng": first, "second": second}
    return {"device": second.id, "author": second.member}


def test_a_decided_conflict_is_gone(book, edits):
    sides = [edits.edit(answers=edits.rows(project=project)) for project in "甲乙"]
    assert len(book.audit("select * from conflicts")) == 1

    edits.edit(answers=edits.rows(project="丙"), parents=tuple(sorted(sides)))

    (row,) = book.audit(ENTRY)
    assert book.audit("select * from conflicts") == []
    assert (row["_heads"], row["_conflicts"], row["_revisions"]) == (1, 0, 4)
    assert book.audit(ROWS)[0]["project"] == "丙"


def test_a_row_taken_away_that_another_changed_is_kept_and_listed(book, edits):
    edits.edit(answers=edits.rows(project="甲"))
    rest = edits.first.answers["contests"][1:]
    edits.edit(answers=edits.answers(contests=[{**rest[0], "number": 1}], contest_count=1))

    (conflict,) = book.audit("select * from conflicts")
    assert conflict["_path"] == "contests[0000000000000001]"
    assert conflict["_values"].split("\n")[1] == "（无） · (nothing)"
    assert json.loads(conflict["_values"].split("\n")[0])["project"] == "甲"
    assert conflict["_place"].endswith("一行 · a row")
    assert [each["project"] for each in book.audit(ROWS)] == ["甲", "铁路"]


def test_rows_moved_differently_are_listed(book, edits):
    one, two = edits.first.answers["contests"]
    three = {**two, "_row": "0000000000000003", "project": "机场"}
    base = edits.edit(answers=edits.answers(contests=[one, two, three]))
    for rows in ([two, one, three], [one, three, two]):
        edits.edit(answers=edits.answers(contests=rows), parents=(base,))

    (conflict,) = book.audit("select * from conflicts")
    assert conflict["_path"] == "contests#order"
    assert conflict["_place"].endswith("行的顺序 · order of the rows")


def test_an_entry_made_void_that_another_changed_stands_and_is_listed(book, edits):
    edits.edit(operation="void", reason="重复", answers={}, attachments=())
    edits.edit(answers=edits.rows(project="甲"))

    (row,) = book.audit(ENTRY)
    (conflict,) = book.audit("select * from conflicts")
    assert (row["_operation"], row["_void_reason"], row["_conflicts"]) == ("put", None, 1)
    assert (conflict["_path"], conflict["_place"]) == ("", "整份填报记录 · the entry as a whole")
    assert conflict["_values"] == "有效 · it stands\n作废 · void（重复）"


def test_an_entry_made_void_that_another_left_alone_is_void(book, edits):
    edits.edit(operation="void", reason="重复", answers={}, attachments=())
    edits.edit(answers=edits.answers())

    (row,) = book.audit(ENTRY)
    assert (row["_operation"], row["_void_reason"], row["_conflicts"]) == ("void", "重复", 0)
    assert book.audit(ROWS) == []


def test_a_quarantined_edit_makes_no_second_head(book, edits):
    edits.edit(answers=edits.rows(project="甲"))
    revision = replace(
        edits.first, parents=(edits.digest,), sequence=500, answers=edits.rows(project="乙")
    )
    book.store(revision, quarantined("rules"))

    (row,) = book.audit(ENTRY)
    assert (row["_heads"], row["_conflicts"]) == (1, 0)


def test_heads_of_two_versions_of_a_form_show_the_answers_of_both(book, edits):
    definition = json.loads((FORMS / "attachment-2.json").read_bytes())
    definition["settings"]["version"] = "2019061501"
    label = {"zh-CN": "备注", "en": "Remark"}
    definition["survey"].append({"type": "text", "name": "remark", "label": label})
    book.services.publish(json.dumps(definition).encode())
    edits.edit(answers=edits.rows(project="甲"))
    newer = book.definition("attachment-2")
    edits.edit(answers=edits.answers(remark="已核对"), definition=newer)

    (row,) = book.audit(ENTRY)
    assert (row["remark"], row["_heads"], row["_conflicts"]) == ("已核对", 2, 0)
    assert book.audit(ROWS)[0]["project"] == "甲"


def test_a_renamed_unit_is_renamed_among_the_conflicts(book, edits):
    for project in "甲乙":
        edits.edit(answers=edits.rows(project=project))
    book.project()
    units = json.loads((FORMS / "units.json").read_bytes())
    for unit in units:
        unit["name"] += "（新）" if unit["code"] == "dongsheng" else ""
    book.services.import_units(json.dumps(units).encode())

    (conflict,) = book.audit("select * from conflicts")
    assert conflict["_unit_name"] == "东胜区（新）"


def test_what_cannot_be_merged_is_shown_as_its_preferred_head(book, edits, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("no")

    monkeypatch.setattr(merging, "merge", fail)
    sides = {edits.edit(answers=edits.rows(project=project)): project for project in "甲乙"}

    (row,) = book.audit(ENTRY)
    assert row["_heads"] == 2
    assert book.audit(ROWS)[0]["project"] == sides[max(sides)]
    assert "cannot be merged" in caplog.text


def test_what_cannot_be_calculated_anew_keeps_the_preferred_heads_results(
    book, edits, monkeypatch, caplog
):
    def fail(*_):
        raise ValueError("no")

    monkeypatch.setattr(merging, "recalculate", fail)
    for project in "甲乙":
        edits.edit(answers=edits.rows(project=project))

    (row,) = book.audit(ENTRY)
    assert (row["contest_count"], row["_conflicts"]) == (2, 1)
    assert "cannot be calculated" in caplog.text


def test_one_row_id_in_two_rows_is_shown_as_the_preferred_head_has_it(book, edits, monkeypatch):
    def refuse(tables):
        rows = tables["attachment-2-contests"]
        if rows[0]["project"] == "甲" and rows[1]["project"] == "乙":
            raise ValueError("twice")

    monkeypatch.setattr("server.projection.entries.check_row_ids", refuse)
    one, two = edits.first.answers["contests"]
    edits.edit(answers=edits.answers(contests=[{**one, "project": "甲"}, two]))
    edits.edit(answers=edits.answers(contests=[one, {**two, "project": "乙"}]))

    (row,) = book.audit(ENTRY)
    assert row["_heads"] == 2
    assert [each["project"] for each in book.audit(ROWS)] in (["甲", "铁路"], ["供水", "乙"])
    (other,) = book.audit("select * from quarantine")
    assert (other["_code"], row["_conflicts"]) == ("not_merged", 1)
    assert other["_revision"] != row["_revision"]


def hidden(book):
    """Return the heads that are named as left out, and those that quarantine shows."""
    named = book.audit("select _contenders from conflicts where _path = '#heads'")
    shown = book.audit("select _revision, _answers from quarantine where _code = 'not_merged'")
    return (
        {digest for row in named for digest in row["_contenders"].split("\n")},
        {row["_revision"]: row["_answers"] for row in shown},
    )


def test_of_very_many_heads_none_is_hidden(book, edits, monkeypatch):
    monkeypatch.setattr(sides, "MOST_HEADS", 3)
    heads = {edits.edit(answers=edits.rows(project=f"项目{number}")): number for number in range(6)}

    (row,) = book.audit(ENTRY)
    (conflict,) = book.audit("select * from conflicts where _path != '#heads'")
    merged = set(conflict["_contenders"].split("\n"))
    named, shown = hidden(book)
    assert (row["_heads"], row["_conflicts"]) == (6, 2)
    assert len(merged) == 3
    assert named == set(shown) == set(heads) - merged
    assert all(f"项目{heads[digest]}" in answers for digest, answers in shown.items())


def test_one_edit_after_all_heads_leaves_nothing_of_those_that_were_not_merged(
    book, edits, monkeypatch
):
    monkeypatch.setattr(sides, "MOST_HEADS", 3)
    heads = [edits.edit(answers=edits.rows(project=f"项目{number}")) for number in range(6)]
    assert len(hidden(book)[0]) == 3

    edits.edit(answers=edits.rows(project="丙"), parents=tuple(sorted(heads)))

    assert hidden(book) == (set(), {})


def test_heads_that_are_too_large_together_are_not_hidden_either(book, edits, monkeypatch):
    monkeypatch.setattr(sides, "MOST_BYTES", 4000)
    heads = [edits.edit(answers=edits.rows(project=f"项目{number}")) for number in range(9)]

    (row,) = book.audit(ENTRY)
    named, shown = hidden(book)
    assert row["_revision"] == max(heads)
    assert 0 < len(named) < 9
    assert named == set(shown)


def test_where_the_bases_are_too_large_the_preferred_head_is_shown_and_the_other_named(
    book, edits, monkeypatch
):
    long = "长" * 2000
    base = edits.edit(answers=edits.rows(content=long))
    heads = [edits.edit(answers=edits.rows(project=each), parents=(base,)) for each in "甲乙"]
    monkeypatch.setattr(sides, "MOST_BYTES", 5000)

    assert [row["_revision"] for row in book.audit(ENTRY)] == [max(heads)]
    assert hidden(book)[0] == {min(heads)}


def test_beyond_some_bytes_what_is_set_apart_is_named_without_its_content(book, edits, monkeypatch):
    monkeypatch.setattr(sides, "MOST_HEADS", 1)
    monkeypatch.setattr("server.projection.entries.MOST_APART", 2000)
    for number in range(6):
        edits.edit(answers=edits.rows(project=f"项目{number}"))

    book.audit(ENTRY)
    named, shown = hidden(book)
    assert len(named) == len(shown) == 5
    assert {answers is None for answers in shown.values()} == {True, False}


def test_of_a_long_history_only_the_heads_and_their_bases_are_read(book, edits, monkeypatch):
    latest = edits.digest
    for number in range(20):
        latest = edits.edit(answers=edits.rows(project=f"项目{number}"), parents=(latest,))
    book.project()
    read, real = [], LogSource.content
    monkeypatch.setattr(
        LogSource, "content", lambda source, digest: read.append(digest) or real(source, digest)
    )

    other = edits.edit(answers=edits.rows(project="另"), parents=(edits.digest,))
    book.project()

    entry = {latest, other, edits.digest}
    assert entry <= set(read)
    assert len(entry.union(read)) == 4  # and the units, for calculating


def test_in_whatever_portions_rows_are_inserted_they_are_the_same(
    book, contests, edits, monkeypatch
):
    edits.edit(answers=edits.rows(project="甲"))
    for number in range(5):
        book.hand_in("attachment-2", contests(f"项目{number}"))
    whole = [book.audit(query) for query in (ENTRY, ROWS)]

    monkeypatch.setattr("server.projection.entries.MOST_GATHERED", 1)
    book.projector.rebuild()

    assert [book.audit(query) for query in (ENTRY, ROWS)] == whole


def test_an_entry_with_one_head_is_neither_merged_nor_calculated(book, edits, monkeypatch):
    def fail(*_):
        raise AssertionError("merged")

    monkeypatch.setattr("server.projection.entries.merged_view", fail)
    edits.edit(answers=edits.contests("机场"))

    assert book.audit('select _heads from entries join "attachment-2" using (_entry)') == [
        {"_heads": 1}
    ]
