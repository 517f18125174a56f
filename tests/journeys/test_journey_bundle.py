"""A device that meets a network once, to be enrolled, and never again: a stick goes to and fro."""

import json
import random

import pytest


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def offline(organiser, enrolled):
    """Return a reporter whose server is not to be reached any more."""
    organiser.stop()
    return enrolled


@pytest.fixture
def plans(examples, tmp_path, campaign):
    """Return answers to a form that takes a file, each with a file of its own."""
    source = random.Random(11)

    def make(count):
        found = []
        for number in range(count):
            document = tmp_path / f"plan-{number}.pdf"
            document.write_bytes(b"%PDF-1.4\n" + source.randbytes(1_500_000))
            found.append(plan(document))
        return found

    return make


def plan(document):
    return {
        "head": {"filled_on": "2019-03-01"},
        "plan": {
            "document": str(document),
            "categories": ["skills"],
            "planned_contests": 2,
            "summary": "已建立台账，专人负责，定期检查。组织职工广泛参与，进展顺利。",
        },
        "period": {"starts": "2019-03-13", "ends": "2019-05-31"},
        "contact": {
            "leader": "责任人",
            "phone": "17764093050",
            "approver": "审批人",
            "reporter": "填报人",
        },
    }


def imported(organiser, path, *options, check=True):
    done = organiser.call("import", path, "--json", *options, check=check)
    return done.returncode, json.loads(done.stdout)


def seen_by_auditors(organiser, form):
    return {row[0] for row in organiser.audit(f'SELECT _entry FROM "{form}"')}  # noqa: S608 - a form of the sample


def test_entries_go_by_stick_and_their_answers_come_back(
    organiser, offline, examples, plans, stick
):
    entries = offline.add("attachment-2", examples[:3])
    documents = offline.add("implementation-plan", plans(2))

    copied = offline.call("export", stick / "office.bundle")
    _, done = imported(organiser, stick / "office.bundle", "--answer", stick / "office.answer")
    taken = offline.call("import", stick / "office.answer")

    assert f"Copied: 5 entries, 2 files to {stick / 'office.bundle'}" in copied.stdout
    assert (done["logged"], done["files"], done["is_whole"]) == (5, 2, True)
    assert "5 of them are delivered" in taken.stdout
    assert set(offline.entries().values()) == {"delivered"}
    assert seen_by_auditors(organiser, "attachment-2") == set(entries)
    assert seen_by_auditors(organiser, "implementation-plan") == set(documents)


def test_a_running_server_takes_a_stick_too_and_only_once(organiser, offline, examples, stick):
    (entry,) = offline.add("attachment-2", examples[:1])
    offline.call("export", stick / "office.bundle")
    organiser.start()

    _, first = imported(organiser, stick / "office.bundle")
    _, second = imported(organiser, stick / "office.bundle")
    offline.sync()

    assert (first["known"], second["known"]) == (0, 1)
    assert first["log_size"] == second["log_size"]
    assert offline.entries() == {entry: "delivered"}
    assert organiser.audit('SELECT count(*) FROM "attachment-2"') == [(1,)]


def test_of_a_damaged_stick_all_that_is_intact_arrives_and_the_rest_the_next_time(
    organiser, offline, examples, plans, stick
):
    entries = offline.add("attachment-2", examples[:4])
    documents = offline.add("implementation-plan", plans(1))
    offline.call("export", stick / "office.bundle")
    content = (stick / "office.bundle").read_bytes()
    place = content.index(entries[1].encode())
    (stick / "damaged").write_bytes(content[:place] + b"X" + content[place + 1 : -700_000])

    code, done = imported(
        organiser, stick / "damaged", "--answer", stick / "office.answer", check=False
    )
    offline.call("import", stick / "office.answer")

    assert code == 1
    assert (done["logged"], done["files"], done["is_whole"]) == (4, 0, False)
    kept = {entry for entry, state in offline.entries().items() if state == "saved"}
    assert kept == {entries[1], *documents}
    assert seen_by_auditors(organiser, "attachment-2") == {entries[0], entries[2], entries[3]}

    offline.call("export", stick / "office.bundle")
    imported(organiser, stick / "office.bundle", "--answer", stick / "office.answer")
    offline.call("import", stick / "office.answer")

    assert set(offline.entries().values()) == {"delivered"}


def test_whoever_carries_the_stick_cannot_say_delivered(organiser, offline, examples, stick):
    offline.add("attachment-2", examples[:1])
    offline.call("export", stick / "office.bundle")
    imported(organiser, stick / "office.bundle", "--answer", stick / "office.answer")
    answer = bytearray((stick / "office.answer").read_bytes())
    answer[-1] ^= 1
    (stick / "office.answer").write_bytes(answer)

    forged = offline.call("import", stick / "office.answer", check=False)
    bundle = offline.call("import", stick / "office.bundle", check=False)

    assert (forged.returncode, bundle.returncode) == (1, 1)
    assert "not signed by the server" in forged.stderr
    assert "no answer to a bundle" in bundle.stderr
    assert set(offline.entries().values()) == {"saved"}
