"""Pushing files: in chunks, from where the server is, whatever the line does meanwhile."""

import io
import os

import pytest

from client.control import call
from client.errors import NotTheServerError, StorageError, UnreachableError
from client.services import open_services
from client.troubles import Troubles
from sync.messages import AttachmentAnswer, ProblemAnswer

LARGE = os.urandom(600_000)


@pytest.fixture
def save(services):
    def run(paper, title="一"):
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", title, "zh-CN")
        services.filling.attach(draft, "paper", io.BytesIO(paper), "方案.pdf")
        services.finalize(draft)
        return draft

    return run


def chunks_of(office, before=0):
    return [asked for asked in office.asked[before:] if asked.method == "PATCH"]


def of_files(office, handler):
    """Misbehave towards files alone; a handler that returns None lets the request through."""

    def reply(asked):
        office.asked.append(asked)
        is_file = asked.target.startswith("/v1/attachments/")
        found = handler(asked) if is_file else None
        return office.honest(asked) if found is None else found()

    office.reply = reply


def hang_up():
    return None


def refused(office, asked, status, code):
    return lambda: office.signed(
        ProblemAnswer(**office.stamp(asked), status=status, code=code, message="No.")
    )


def state(services, entry):
    return services.entry(entry)["state"]


def test_a_large_file_goes_in_chunks_that_follow_one_another(services, office, save):
    entry = save(LARGE)

    done = services.rounds.run()

    sizes = [len(asked.body) for asked in chunks_of(office)]
    assert len(sizes) > 1
    assert sum(sizes) == len(LARGE)
    assert list(office.files.values()) == [LARGE]
    assert state(services, entry) == "delivered"
    assert done["attachments"] == [
        {"sha256": next(iter(office.files)), "size": len(LARGE), "offset": len(LARGE)}
    ]


def test_after_a_break_it_goes_on_in_the_same_round_from_where_the_server_is(
    services, office, save
):
    entry = save(LARGE)
    seen = []

    def break_each_ninth(asked):
        seen.append(asked)
        return hang_up if len(seen) % 9 == 0 else None

    of_files(office, break_each_ninth)
    services.rounds.run()

    lost = [asked for asked in seen[8::9] if asked.method == "PATCH"]
    assert lost
    assert sum(len(asked.body) for asked in chunks_of(office)) == len(LARGE) + sum(
        len(asked.body) for asked in lost
    )
    assert state(services, entry) == "delivered"


def test_a_chunk_whose_answer_is_lost_is_not_sent_again(services, office, save):
    save(LARGE)
    lost = []

    def lose_one_answer(asked):
        if asked.method == "PATCH" and not lost:
            lost.append(asked)
            office.honest(asked)
            return hang_up
        return None

    of_files(office, lose_one_answer)
    services.rounds.run()

    assert lost
    assert sum(len(asked.body) for asked in chunks_of(office)) == len(LARGE)


def test_two_breaks_in_a_row_that_bring_nothing_end_the_round(services, office, save):
    entry = save(LARGE)
    of_files(office, lambda asked: hang_up if asked.method == "PATCH" else None)

    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert 1 <= len(chunks_of(office)) <= 3
    shown = services.entry(entry)
    assert (shown["state"], shown["text_delivered"]) == ("saved", True)


def test_the_next_round_sends_the_rest_alone(services, office, save):
    entry = save(LARGE)
    arrived = []

    def break_after_three(asked):
        if asked.method == "PATCH":
            arrived.append(asked)
            return hang_up if len(arrived) > 3 else None
        return None

    of_files(office, break_after_three)
    with pytest.raises(UnreachableError):
        services.rounds.run()
    (waiting,) = services.entry(entry)["files"]
    before = len(office.asked)
    office.reply = type(office).reply.__get__(office)

    services.rounds.run()

    sent = sum(len(asked.body) for asked in chunks_of(office, before))
    assert 0 < waiting["offset"] == len(LARGE) - sent
    assert (waiting["name"], waiting["entry"], waiting["size"]) == ("方案.pdf", entry, len(LARGE))
    assert state(services, entry) == "delivered"
    assert services.entry(entry)["files"] == []


def test_what_was_signed_for_is_still_known_when_no_answer_comes(services, office, save):
    save(LARGE)
    with services.db.transaction():
        services.db.write("UPDATE attachment SET offset_acknowledged = 500000")
    of_files(office, lambda _: hang_up)

    with pytest.raises(UnreachableError):
        services.rounds.run()

    (waiting,) = services.rounds._outbox.progress()
    assert waiting["offset"] == 500_000


def test_an_offset_is_believed_of_the_server_alone(services, office, save):
    """What this device noted is for the screen: a server that was restored may have less."""
    save(LARGE)
    with services.db.transaction():
        services.db.write("UPDATE attachment SET offset_acknowledged = 500000")

    services.rounds.run()

    assert list(office.files.values()) == [LARGE]


@pytest.mark.parametrize("code", ["offset", "bad_chunk"])
def test_a_chunk_that_is_refused_for_its_place_or_its_bytes_is_sent_again(
    services, office, save, code
):
    entry = save(LARGE)
    said = []

    def refuse_one(asked):
        if asked.method == "PATCH" and not said:
            said.append(asked)
            return refused(office, asked, 409, code)
        return None

    of_files(office, refuse_one)
    services.rounds.run()

    assert said
    assert state(services, entry) == "delivered"


def test_a_server_that_never_moves_on_is_given_up_for_this_round(services, office, save):
    entry = save(b"%PDF")

    def stand_still(asked):
        name = asked.target.split("/")[3][:64]
        return lambda: office.signed(
            AttachmentAnswer(**office.stamp(asked), sha256=name, offset=0, complete=False)
        )

    of_files(office, stand_still)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert len(chunks_of(office)) <= 2
    assert state(services, entry) == "saved"


@pytest.mark.parametrize(("name", "offset"), [("0" * 64, 0), (None, 1 << 40)])
def test_an_answer_about_another_file_is_not_taken(services, office, save, name, offset):
    entry = save(b"%PDF")

    def mistake(asked):
        sha256 = name or asked.target.split("/")[3][:64]
        return lambda: office.signed(
            AttachmentAnswer(**office.stamp(asked), sha256=sha256, offset=offset, complete=True)
        )

    of_files(office, mistake)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert state(services, entry) == "saved"


def test_bytes_that_arrived_otherwise_are_sent_again_in_the_next_round(services, office, save):
    entry = save(LARGE)
    of_files(
        office,
        lambda asked: (
            refused(office, asked, 409, "bad_digest") if asked.method == "PATCH" else None
        ),
    )

    done = services.rounds.run()

    assert done["problem"]["code"] == "bad_digest"
    assert Troubles(services.db).open() == []
    office.reply = type(office).reply.__get__(office)
    services.rounds.run()
    assert state(services, entry) == "delivered"


def test_a_copy_that_the_disk_changed_is_kept_back_and_told_until_it_is_whole_again(
    services, office, save
):
    entry, other = save(LARGE), save(b"%PDF", "二")
    place = services.blob(services.entry(entry)["answers"]["paper"]["sha256"])
    place.write_bytes(LARGE[:-1] + b"?")

    with pytest.raises(StorageError):
        services.rounds.run()

    assert all(LARGE[:100] not in asked.body for asked in chunks_of(office))
    assert (state(services, entry), state(services, other)) == ("saved", "delivered")
    (trouble,) = Troubles(services.db).open()
    assert (trouble.code, trouble.subject) == ("damaged_file", place.name)
    assert "Attach the same file again" in trouble.hint

    place.write_bytes(LARGE)
    services.rounds.run()
    assert state(services, entry) == "delivered"
    assert Troubles(services.db).open() == []


def test_a_copy_that_changes_while_it_is_sent_is_told_when_the_server_finds_out(
    services, office, save
):
    entry = save(LARGE)
    place = services.blob(services.entry(entry)["answers"]["paper"]["sha256"])

    def spoil(asked):
        if asked.method != "PATCH":
            return None
        place.write_bytes(bytes(len(LARGE)))
        return refused(office, asked, 409, "bad_digest")

    of_files(office, spoil)
    with pytest.raises(StorageError):
        services.rounds.run()

    assert [trouble.code for trouble in Troubles(services.db).open()] == ["damaged_file"]


def test_a_server_without_room_is_not_sent_the_other_files(services, office, save):
    entries = [save(bytes([number]) * 9000, str(number)) for number in range(3)]
    of_files(
        office,
        lambda asked: refused(office, asked, 507, "low_space") if asked.method == "PATCH" else None,
    )

    done = services.rounds.run()

    assert done["problem"]["code"] == "low_space"
    assert len(chunks_of(office)) == 1
    assert {state(services, entry) for entry in entries} == {"saved"}


def test_a_chunk_that_a_proxy_finds_too_large_is_made_smaller(services, office, save):
    entry = save(LARGE)

    def refuse_large(asked):
        if len(asked.body) <= 20_000:
            return None
        return lambda: (413, {"Content-Type": "text/html"}, b"<html>Too Large</html>")

    of_files(office, refuse_large)
    for _ in range(8):
        try:
            services.rounds.run()
        except NotTheServerError:
            continue

    assert state(services, entry) == "delivered"


def test_a_file_is_compared_with_its_name_once_in_a_round(services, office, save, monkeypatch):
    save(LARGE)
    compared = []
    verify = services.blobs.verify
    monkeypatch.setattr(services.blobs, "verify", lambda *of: compared.append(of) or verify(*of))
    seen = []
    of_files(office, lambda asked: seen.append(asked) or (hang_up if len(seen) % 9 == 0 else None))

    services.rounds.run()

    assert len(compared) == 1


def test_progress_is_told_as_it_comes_and_the_outcome_last(enrolled_home, office, tmp_path):
    with open_services(enrolled_home) as services:
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", "一", "zh-CN")
        services.filling.attach(draft, "paper", io.BytesIO(LARGE), "方案.pdf")
        services.finalize(draft)

    *steps, done = call(enrolled_home, "sync", {"progress": True})

    told = [step["attachment"] for step in steps]
    assert {each["name"] for each in told} == {"方案.pdf"}
    assert [each["offset"] for each in told] == sorted(each["offset"] for each in told)
    assert told[-1]["offset"] == told[-1]["size"] == len(LARGE)
    assert (done["files"], done["left"]) == (1, False)


def test_a_round_that_fails_while_it_is_watched_tells_why(enrolled_home, office):
    office.next_reply(lambda _: None)

    with pytest.raises(UnreachableError):
        list(call(enrolled_home, "sync", {"progress": True}))


def test_sync_tells_how_far_a_large_file_is(tianbao, enrolled_home, office, tmp_path):
    (tmp_path / "plan.pdf").write_bytes(b"%PDF" + bytes(2_000_000))
    answers = tmp_path / "answers.json"
    answers.write_text('{"title": "一", "paper": "plan.pdf"}')
    added = tianbao("add", "visit", str(answers))
    assert added.returncode == 0, added.stderr

    done = tianbao("sync", "--json")

    assert done.returncode == 0
    assert "plan.pdf: 100 % of 2.0 MB" in done.stderr
    assert "plan.pdf: 0 %" in done.stderr
    assert '"offset": 2000004' in done.stdout


def test_a_file_that_is_refused_leaves_the_reason_with_it(services, office, save):
    save(b"%PDF")
    of_files(office, lambda asked: refused(office, asked, 409, "other_size"))

    done = services.rounds.run()

    (waiting,) = services.rounds._outbox.progress()
    assert waiting["message"] == "No."
    assert done["problem"]["code"] == "other_size"
