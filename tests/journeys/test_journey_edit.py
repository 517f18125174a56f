"""Edits after delivery: two devices of one unit, one entry, and what becomes of it at the server."""

import json


def patch(reporter, entry, **answers):
    done = reporter.call("edit", entry, "-", input=json.dumps(answers, ensure_ascii=False))
    return done.stdout.strip()


def shown(reporter, entry):
    return json.loads(reporter.call("show", entry, "--json").stdout)


def test_two_devices_edit_one_entry_and_a_person_decides(
    organiser, enrolled, colleague, examples, until
):
    entry = enrolled.add("attachment-2", examples[:1])[0]
    enrolled.sync()
    colleague.sync()
    row = shown(colleague, entry)["answers"]["contests"][0]["_row"]

    first = patch(enrolled, entry, contests=[{"_row": row, "project": "甲工程"}])
    second = patch(
        colleague,
        entry,
        contests=[{"_row": row, "project": "乙工程"}],
        approver="丙",
    )
    colleague.sync()
    enrolled.sync()

    seen = shown(enrolled, entry)
    assert seen["heads"] == 2
    assert seen["contested"] == [f"contests[{row}]/project"]
    assert enrolled.status()["conflicts"] == 1
    listed = json.loads(enrolled.call("merge", entry, "--json").stdout)
    assert {each["head"] for each in listed["contested"][0]["contenders"]} == {first, second}
    assert enrolled.call("sync", check=False).returncode == 0

    path = f"contests[{row}]/project"
    enrolled.call("merge", entry, "--take", f"{path}=theirs")
    enrolled.sync()
    colleague.sync()

    for reporter in (enrolled, colleague):
        seen = shown(reporter, entry)
        assert (seen["heads"], seen["contested"], seen["state"]) == (1, [], "delivered")
        assert seen["answers"]["contests"][0]["project"] == "乙工程"
        assert seen["answers"]["approver"] == "丙"
        assert reporter.status()["conflicts"] == 0
    until(
        lambda: (
            organiser.audit(
                'SELECT project FROM "attachment-2-contests" WHERE _entry = ? AND _row = ?',
                entry,
                row,
            )
            == [("乙工程",)]
        ),
        "what was decided in the auditors' database",
    )
    revisions = json.loads(colleague.call("history", entry, "--diff", "--json").stdout)
    assert len(revisions) == 4
    assert set(revisions[0]["parents"]) == {first, second}


def test_what_was_taken_back_is_no_submission_any_more(organiser, enrolled, examples, until):
    entry = enrolled.add("attachment-2", examples[:1])[0]
    enrolled.sync()

    enrolled.call("void", entry, "--reason", "重复填报")
    enrolled.sync()

    seen = shown(enrolled, entry)
    assert (seen["state"], seen["operation"], seen["reason"]) == ("delivered", "void", "重复填报")
    assert len(json.loads(enrolled.call("history", entry, "--json").stdout)) == 2
