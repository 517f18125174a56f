"""Editing by a patch: what stays, what goes, rows by their ids, and what is refused."""

import pytest

from client.errors import EntryStateError


@pytest.fixture
def entry(services):
    rows = [{"_row": "a1", "what": "沙子", "amount": 2}, {"_row": "a2", "what": "水"}]
    answers = {"title": "一", "people": 3, "rows": rows}
    return services.adder.add("visit", answers, services.home.path)["entry"]


@pytest.fixture
def edit(services, entry, tmp_path):
    def edit(**patch):
        return services.patcher.edit(entry, patch, tmp_path)

    return edit


@pytest.fixture
def answers(services, entry):
    return lambda: services.entry(entry)["answers"]


def codes(outcome):
    return [(each["path"], each["code"]) for each in outcome["violations"]]


def test_what_is_not_named_stays_and_null_takes_back(edit, answers):
    before = answers()

    edit(title="二", people=None)

    after = answers()
    assert after["title"] == "二"
    assert "people" not in after
    assert after["rows"] == before["rows"]


def test_rows_match_by_their_id_come_at_the_end_and_go(edit, answers):
    edit(rows=[{"_row": "a2", "what": "石"}, {"what": "木"}, {"_row": "a1", "_delete": True}])

    rows = answers()["rows"]
    assert [(row["what"], row["amount"], row["number"]) for row in rows] == [
        ("石", 1, 1),
        ("木", 1, 2),
    ]
    assert rows[0]["_row"] == "a2"
    assert answers()["total"] == 2


def test_null_takes_all_rows_away(edit, answers):
    edit(rows=None)

    assert "rows" not in answers()


def test_a_row_that_is_not_there_is_told(edit, answers):
    before = answers()

    outcome = edit(rows=[{"_row": "zz", "what": "石"}, {"_row": 5}])

    assert codes(outcome) == [("rows[zz]", "unknown_row"), ("rows", "row_id")]
    assert answers() == before


def test_a_row_that_goes_makes_room_for_one_that_comes(edit, answers):
    edit(rows=[{"what": str(number)} for number in range(3)])

    edit(rows=[{"what": "新"}, {"_row": "a1", "_delete": True}])

    assert [row["what"] for row in answers()["rows"]] == ["水", "0", "1", "2", "新"]


def test_more_rows_than_there_may_be_are_told_by_their_place(edit):
    assert codes(edit(rows=[{"what": "新"}] * 4)) == [("rows[4]", "max_rows")]


def test_a_broken_rule_of_a_new_row_is_told_by_its_place(edit):
    assert codes(edit(rows=[{"what": "好"}, {"amount": 1}])) == [("rows[2]/what", "required")]


def test_what_the_form_does_not_know_or_computes_itself(edit, answers):
    outcome = edit(nothing=1, unit_name="别的", rows=[{"_row": "a1", "number": 9, "_delete": "x"}])

    assert codes(outcome) == [
        ("nothing", "unknown_question"),
        ("unit_name", "read_only"),
        ("rows", "type"),
    ]
    edit(total=99, title="二")
    assert answers()["total"] == 3


def test_a_file_is_named_by_its_path(edit, answers, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")

    edit(paper="a.pdf")

    assert answers()["paper"]["name"] == "a.pdf"
    assert codes(edit(paper="b.pdf")) == [("paper", "file")]


def test_a_soft_constraint_is_passed_with_a_reason(edit, answers, services, entry):
    assert codes(edit(people=2000)) == [("people", "soft_constraint")]

    edit(people=2000, _reasons={"people": "庙会"})

    assert services.entry(entry)["reasons"] == {"people": "庙会"}


def test_a_patch_that_changes_nothing_makes_no_revision(edit, services, entry):
    before = services.entry(entry)["revision"]

    assert edit(title="一") == {
        "entry": entry,
        "revision": before,
        "state": "saved",
        "unchanged": True,
    }


def test_an_entry_whose_draft_is_open_is_not_patched(edit, services, entry):
    services.editing.open(entry)

    with pytest.raises(EntryStateError) as caught:
        edit(title="二")

    assert caught.value.code == "draft_open"
    services.filling.discard(entry)
    edit(title="二")


def test_a_patch_has_to_decide_what_is_contested(edit, services, entry, mate):
    services.rounds.run()
    mate.edit(entry, title="二")
    edit(title="三")
    services.rounds.run()

    with pytest.raises(EntryStateError) as caught:
        edit(people=5)

    assert caught.value.code == "contested"
    edit(people=5, title="三")
    assert services.replica.conflicts() == {}


def test_a_draft_that_a_page_opens_while_a_file_is_copied_is_not_taken_away(
    services, entry, tmp_path, monkeypatch
):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1")
    real = services.blobs.keep

    def slow(*asked):
        services.editing.open(entry, "zh-CN")
        services.filling.answer(entry, "people", 99, "zh-CN")
        services.filling.save_changed()
        return real(*asked)

    monkeypatch.setattr(services.blobs, "keep", slow)
    with pytest.raises(EntryStateError, match="draft"):
        services.patcher.edit(entry, {"paper": "a.pdf"}, tmp_path)

    assert services.status()["drafts"] == 1
    services.finalize(entry)
    assert services.entry(entry)["answers"]["people"] == 99


def test_an_unchanged_patch_leaves_the_draft_that_a_page_opened_meanwhile(
    services, entry, tmp_path, monkeypatch
):
    real = services.editing.resume

    def resume(view, language=""):
        monkeypatch.setattr(services.editing, "resume", real)
        services.editing.open(entry)
        return real(view, language)

    monkeypatch.setattr(services.editing, "resume", resume)

    services.patcher.edit(entry, {"title": "一"}, tmp_path)

    assert services.status()["drafts"] == 1


def test_of_two_patches_at_once_none_overwrites_the_other(services, entry, tmp_path, monkeypatch):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1")
    real = services.blobs.keep

    def slow(*asked):
        services.patcher.edit(entry, {"people": 99}, tmp_path)
        return real(*asked)

    monkeypatch.setattr(services.blobs, "keep", slow)
    with pytest.raises(EntryStateError, match="meanwhile"):
        services.patcher.edit(entry, {"paper": "a.pdf"}, tmp_path)

    assert services.entry(entry)["answers"]["people"] == 99
