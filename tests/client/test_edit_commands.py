"""The commands for entries that were finalized: what they print, and how they end."""

import json

import pytest

from client.enrol import Invitation, enrol
from client.services import open_services


@pytest.fixture
def entry(tianbao, enrolled_home, tmp_path):
    answers = {"title": "一", "people": 3, "rows": [{"_row": "a1", "what": "沙子"}]}
    (tmp_path / "a.json").write_text(json.dumps(answers), "utf-8")
    return tianbao("add", "visit", str(tmp_path / "a.json")).stdout.strip()


@pytest.fixture
def show(tianbao, entry):
    return lambda: json.loads(tianbao("show", entry, "--json").stdout)


@pytest.fixture
def contested(tianbao, entry, office, tmp_path):
    """Let another device change the title, and this one too."""
    tianbao("sync")
    with open_services(tmp_path / "mate") as services:
        enrol(services, Invitation(office.url, office.invite()))
        services.rounds.run()
        services.patcher.edit(entry, {"title": "他", "people": 9}, tmp_path)
        services.rounds.run()
    tianbao("edit", entry, "-", input='{"title": "我"}')
    tianbao("sync")


def test_edit_prints_the_new_revision(tianbao, entry, show, tmp_path):
    patch = tmp_path / "patch.json"
    patch.write_text('{"title": "二", "rows": [{"what": "水"}]}', "utf-8")

    done = tianbao("edit", entry, str(patch))

    assert done.returncode == 0
    assert done.stdout.strip() == show()["revision"]
    assert [row["what"] for row in show()["answers"]["rows"]] == ["沙子", "水"]


def test_edit_tells_broken_rules_and_keeps_the_entry(tianbao, entry, show):
    before = show()

    done = tianbao("edit", entry, "-", input='{"title": null, "nothing": 1}')
    as_json = tianbao("edit", entry, "-", "--json", input='{"title": null}')

    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing: The form has no such question. [unknown_question]" in done.stderr
    assert [(each["path"], each["code"]) for each in json.loads(as_json.stderr)] == [
        ("title", "required")
    ]
    assert show() == before


def test_edit_takes_reasons_and_says_what_stays_as_it_is(tianbao, entry, show):
    asked = tianbao("edit", entry, "-", input='{"people": 2000}')
    given = tianbao("edit", entry, "-", "--reason", "people=庙会", input='{"people": 2000}')
    same = tianbao("edit", entry, "-", "--json", input='{"people": 2000}')

    assert (asked.returncode, given.returncode) == (1, 0)
    assert show()["reasons"] == {"people": "庙会"}
    assert json.loads(same.stdout)["unchanged"] is True


def test_edit_of_no_json_or_no_entry_says_so(tianbao, entry):
    broken = tianbao("edit", entry, "-", input="{")
    unknown = tianbao("edit", "6f1c2a9e-0000-4000-8000-000000000000", "-", input="{}")

    assert (broken.returncode, unknown.returncode) == (1, 1)
    assert "There is no entry" in unknown.stderr


def test_merge_lists_and_decides(tianbao, entry, show, contested):
    assert json.loads(tianbao("status", "--json").stdout)["conflicts"] == 1
    listed = tianbao("merge", entry)
    assert "ours" in listed.stdout
    found = json.loads(tianbao("merge", entry, "--json").stdout)
    assert [each["path"] for each in found["contested"]] == ["title"]

    done = tianbao("merge", entry, "--take", "title=ours")

    assert (done.returncode, done.stdout.strip()) == (0, show()["revision"])
    assert (show()["answers"]["title"], show()["answers"]["people"]) == ("我", 9)
    assert "Nothing is contested." in tianbao("merge", entry).stdout
    assert json.loads(tianbao("status", "--json").stdout)["conflicts"] == 0


def test_merge_takes_plain_text_and_refuses_what_is_not_contested(tianbao, entry, show, contested):
    assert tianbao("merge", entry, "--take", "people=1").returncode == 1
    assert tianbao("merge", entry, "--take", "title").returncode == 2

    assert tianbao("merge", entry, "--take", "title=12").returncode == 0

    assert show()["answers"]["title"] == "12"


def test_history_tells_revisions_and_differences(tianbao, entry):
    tianbao("edit", entry, "-", input='{"title": "二"}')

    listed = json.loads(tianbao("history", entry, "--diff", "--json").stdout)
    told = tianbao("history", entry, "--diff", env={"LANG": "zh_CN.UTF-8"})
    between = tianbao("history", entry, "--between", listed[1]["digest"], listed[0]["digest"])

    assert [each["is_head"] for each in listed] == [True, False]
    assert "题目 [title]: 一 → 二" in told.stdout
    assert "[title]: 一 → 二" in between.stdout


def test_void_takes_back_and_everything_says_so(tianbao, entry, show):
    done = tianbao("void", entry, "--reason", "重复填报")

    assert done.stdout.strip() == show()["revision"]
    assert show()["operation"] == "void"
    assert "taken back: 重复填报" in tianbao("show", entry).stdout
    assert "saved, void" in tianbao("entries").stdout
    refused = tianbao("edit", entry, "-", input='{"title": "二"}')
    assert (refused.returncode, refused.stderr.startswith("Error: ")) == (1, True)


def test_upgrade_tells_first_and_moves_then(tianbao, enrolled_home, office, visit_form):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit")
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    tianbao("sync")

    told = tianbao("upgrade", draft)
    moved = tianbao("upgrade", draft, "--yes", "--json")
    again = tianbao("upgrade", draft)

    assert "would move from version 1 to 2" in told.stdout
    assert json.loads(moved.stdout)["applied"] is True
    assert "newest version" in again.stdout
