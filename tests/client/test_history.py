"""Histories: every revision, the newest first, what it changed, and any two beside one another."""

import pytest

from client.errors import InputError, NotFoundError


@pytest.fixture
def entry(services):
    answers = {"title": "一", "kind": "a", "rows": [{"_row": "a1", "what": "沙子"}]}
    return services.adder.add("visit", answers, services.home.path)["entry"]


@pytest.fixture
def edit(services, entry):
    def edit(**patch):
        return services.patcher.edit(entry, patch, services.home.path)["revision"]

    return edit


def changes(item):
    (difference,) = item["differences"]
    return {
        each["path"]: (each["before_text"], each["after_text"]) for each in difference["changes"]
    }


def test_the_newest_revision_comes_first_and_says_who_made_it(services, entry, edit):
    first = services.entry(entry)["revision"]
    second = edit(title="二")
    services.void(entry, "重复")

    void, edited, made = services.history.of(entry, "zh-CN")

    assert (void["operation"], void["reason"], void["is_head"]) == ("void", "重复", True)
    assert (edited["digest"], edited["parents"], edited["is_head"]) == (second, [first], False)
    assert (made["digest"], made["parents"], made["version"]) == (first, [], "1")
    assert (made["member_name"], made["is_own"], made["state"]) == ("张三", True, "saved")


def test_the_differences_to_what_came_before_are_told_in_words(services, entry, edit):
    edit(kind="b", more="补", rows=[{"_row": "a1", "what": "石"}, {"what": "木"}])

    edited, made = services.history.of(entry, "zh-CN", diff=True)

    told = changes(edited)
    assert told["kind"] == ("甲", "乙")
    assert told["rows[a1]/what"] == ("沙子", "石")
    labels = {each["path"]: each["label"] for each in edited["differences"][0]["changes"]}
    assert labels["rows[a1]/what"] == "行 1 › 内容"
    assert labels["kind"] == "类别"
    assert changes(made)["title"] == ("", "一")
    (added,) = [
        each
        for each in edited["differences"][0]["changes"]
        if each["kind"] == "added" and "[" in each["path"] and "/" not in each["path"]
    ]
    assert "木" in added["after_text"]


def test_a_revision_with_two_parents_is_compared_with_both(services, entry, edit, mate):
    services.rounds.run()
    mate.edit(entry, title="他")
    edit(people=4)
    services.rounds.run()

    edit(kind="b")

    merged = services.history.of(entry, "en", diff=True)[0]
    assert len(merged["parents"]) == 2
    told = {each["path"] for diff in merged["differences"] for each in diff["changes"]}
    assert {"title", "people", "kind"} <= told


def test_any_two_are_compared_named_by_the_beginnings_of_their_digests(services, entry, edit):
    first = services.entry(entry)["revision"]
    edit(title="二")
    last = edit(title="三")

    found = services.history.between(entry, first[:15], last.removeprefix("sha256:")[:8], "en")

    assert (found["from"], found["to"]) == (first, last)
    assert [(each["before"], each["after"]) for each in found["changes"]] == [("一", "三")]


def test_a_digest_that_is_too_short_or_of_no_revision_is_refused(services, entry):
    digest = services.entry(entry)["revision"]

    with pytest.raises(InputError):
        services.history.between(entry, digest, "sha256:12", "en")
    with pytest.raises(NotFoundError) as caught:
        services.history.between(entry, digest, "0" * 64, "en")

    assert caught.value.code == "unknown_revision"


def test_a_damaged_revision_is_listed_and_nothing_is_said_of_its_answers(services, entry, edit):
    first = services.entry(entry)["revision"]
    edit(title="二")
    with services.db.transaction():
        services.db.write(
            "UPDATE revision SET content = ? WHERE digest = ?", (b'{"answers":{}}', first)
        )

    edited, made = services.history.of(entry, "en", diff=True)

    assert (made["is_readable"], made["differences"][0]["changes"]) == (False, None)
    assert edited["differences"][0]["changes"] is None


def test_an_entry_that_is_not_there_has_no_history(services):
    with pytest.raises(NotFoundError):
        services.history.of("6f1c2a9e-0000-4000-8000-000000000000", "en")
