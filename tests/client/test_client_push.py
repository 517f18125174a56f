"""Pushing: what the server says of each item, and what may go wrong on the way."""

import contextlib
import io
import secrets
import socket

import pytest

from client.batch_size import LARGEST_BATCH, BatchSize
from client.errors import (
    NoConnectionError,
    NotTheServerError,
    StorageError,
    UnreachableError,
)
from sync.messages import ItemResult, ItemState, ProblemAnswer, RuleViolation
from sync.packing import unpack
from sync.parcel import parse_parcel


@pytest.fixture
def save(services):
    def run(title="一", paper=None):
        draft = services.filling.open_blank("visit")
        services.filling.answer(draft, "title", title, "zh-CN")
        if paper is not None:
            services.filling.attach(draft, "paper", io.BytesIO(paper), "方案.pdf")
        services.finalize(draft)
        return draft

    return run


def states(services, entries):
    return [services.entry(entry)["state"] for entry in entries]


def test_a_saved_entry_is_delivered(services, office, save):
    entry = save()

    done = services.rounds.run()

    assert done == {
        "pushed": 1,
        "files": 0,
        "pulled": 0,
        "left": False,
        "attachments": [],
        "problem": None,
        "retry_after": None,
    }
    assert services.entry(entry)["state"] == "delivered"
    assert services.status()["oldest_undelivered"] is None


def test_many_entries_go_in_batches_of_a_hundred(services, office, save):
    for number in range(101):
        save(str(number))
    before = len(office.asked)

    services.rounds.run()

    pushes = [asked for asked in office.asked[before:] if asked.target == "/v1/push"]
    assert len(pushes) == 2
    assert len(office.revisions) == 101


def test_an_answer_that_is_lost_doubles_nothing(services, office, save):
    entry = save()
    office.next_reply(lambda asked: office.honest(asked) and None)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    services.rounds.run()

    assert len(office.revisions) == 1
    assert services.entry(entry)["state"] == "delivered"


def test_the_batch_shrinks_when_an_answer_does_not_come(services, office, save):
    for number in range(12):
        save(str(number))
    office.next_reply(lambda _: None)
    before = len(office.asked)

    assert services.rounds.run()["left"] is False

    assert sizes_of(office.asked[before:]) == [12, 6, 6]
    assert len(office.revisions) == 12


def sizes_of(asked):
    return [len(digests_in(each)) for each in asked if each.target == "/v1/push"]


def test_two_silences_in_a_row_end_the_round_and_the_next_begins_smaller(services, office, save):
    for number in range(12):
        save(str(number))
    for _ in range(2):
        office.next_reply(lambda _: None)
    before = len(office.asked)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    services.rounds.run()

    assert sizes_of(office.asked[before:]) == [12, 6, 3, 6, 3]
    assert len(office.revisions) == 12


def test_a_new_process_goes_on_with_the_batch_that_got_through_lately(services, save):
    save()
    BatchSize(services.db).shrink(20, 100_000)

    found = BatchSize(services.db)

    assert (found.count, found.bytes) == (10, 50_000)


def test_a_quarantined_entry_shows_why_and_does_not_wait(services, office, save):
    entry = save()
    office.verdict = lambda digest: ItemResult(
        digest,
        ItemState.QUARANTINED,
        code="rules",
        message="Rules are broken.",
        violations=(RuleViolation("title", "constraint", "太短"),),
    )

    done = services.rounds.run()

    shown = services.entry(entry)
    assert shown["state"] == "quarantined"
    assert shown["violations"] == [{"path": "title", "code": "constraint", "message": "太短"}]
    assert done["left"] is False


def test_a_held_entry_counts_as_delivered(services, office, save):
    entry = save()
    office.verdict = lambda digest: ItemResult(digest, ItemState.HELD, code="definition_unknown")

    services.rounds.run()

    assert services.entry(entry)["state"] == "delivered"


def test_a_refused_entry_is_set_aside_and_does_not_wait(services, office, save):
    entry = save()
    office.verdict = lambda digest: ItemResult(digest, ItemState.REFUSED, code="malformed")

    assert services.rounds.run()["left"] is False
    assert services.entry(entry)["state"] == "set_aside"
    assert services.status()["set_aside"] == 1


def test_what_is_refused_for_now_stays_saved_and_is_tried_again(services, office, save):
    entry = save()
    office.verdict = lambda digest: ItemResult(digest, ItemState.REFUSED, temporary=True)
    assert services.rounds.run()["left"] is True
    assert services.entry(entry)["state"] == "saved"

    office.verdict = lambda _: None
    services.rounds.run()

    assert services.entry(entry)["state"] == "delivered"


def test_a_refusal_does_not_undo_what_is_in_the_log(services, office, save):
    entry = save()
    services.rounds.run()
    digest = services.entry(entry)["revision"]
    with services.db.transaction():
        services.rounds._pusher._revisions.apply(ItemResult(digest, ItemState.REFUSED, code="x"))

    assert services.entry(entry)["state"] == "delivered"


def test_what_the_answer_says_of_others_is_ignored(services, office, save):
    first, second = save("一"), save("二")
    other = services.entry(second)["revision"]
    services.rounds._pusher._size.count = 1

    def meddle(asked):
        answer = office._push(asked)
        results = (ItemResult(other, ItemState.LOGGED, index=7),)
        return office.signed(type(answer)(**{**fields(answer), "results": results}))

    office.next_reply(meddle)
    office.next_reply(lambda _: None)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert states(services, (first, second)) == ["delivered", "saved"]


def fields(answer):
    return {name: getattr(answer, name) for name in answer.__dataclass_fields__}


def test_an_entry_that_spoils_its_batch_is_found_and_set_aside(services, office, save):
    entries = [save(str(number)) for number in range(5)]
    bad = services.entry(entries[3])["revision"]

    def refuse(asked):
        if asked.target != "/v1/push" or bad not in digests_in(asked):
            return None
        return ProblemAnswer(
            **office.stamp(asked), status=413, code="too_large", message="Too large."
        )

    office.problem = refuse
    services.rounds.run()

    assert states(services, entries) == ["delivered"] * 3 + ["set_aside", "delivered"]


def digests_in(asked):
    return {frame.digest for frame in parse_parcel(unpack(asked.body, 8 * 1024 * 1024))}


def test_what_is_cut_off_on_the_way_is_offered_again(services, office, save):
    entries = [save(str(number)) for number in range(3)]

    def cut(asked):
        answer = office._push(asked)
        ((_, _, index),) = answer.runs
        return office.signed(type(answer)(**{**fields(answer), "runs": ((0, 1, index),)}))

    office.next_reply(cut)
    services.rounds.run()

    assert states(services, entries) == ["delivered"] * 3


def test_an_unknown_device_keeps_everything(services, office, save):
    entry = save()
    office.problem = lambda asked: ProblemAnswer(
        **office.stamp(asked), status=401, code="unauthorized", message="Unknown device."
    )

    assert services.rounds.run()["problem"]["code"] == "unauthorized"

    assert services.entry(entry)["state"] == "saved"


def test_a_revoked_device_still_pushes(services, office, save):
    entry = save()
    office.verdict = lambda digest: ItemResult(digest, ItemState.QUARANTINED, code="author_revoked")
    office.problem = lambda asked: (
        ProblemAnswer(**office.stamp(asked), status=403, code="revoked", message="Revoked.")
        if asked.target.startswith("/v1/changes")
        else None
    )

    services.rounds.run()

    assert services.entry(entry)["state"] == "quarantined"
    assert services.status()["problem"]["code"] == "revoked"


def test_an_entry_with_a_file_is_delivered_with_its_file(services, office, save):
    entry = save(paper=b"%PDF")

    done = services.rounds.run()

    assert done["files"] == 1
    assert list(office.files.values()) == [b"%PDF"]
    assert services.entry(entry)["state"] == "delivered"


def test_until_the_file_is_there_the_text_alone_is_delivered(services, office, save):
    entry = save(paper=b"%PDF")
    office.next_reply(office.honest)
    office.next_reply(lambda _: None)
    office.next_reply(lambda _: None)
    with pytest.raises(UnreachableError):
        services.rounds.run()

    shown = services.entry(entry)
    assert (shown["state"], shown["text_delivered"], shown["files_waiting"]) == ("saved", True, 1)
    services.rounds.run()
    assert services.entry(entry)["state"] == "delivered"


def test_a_file_that_the_server_has_is_not_sent_again(services, office, save):
    save("一", paper=b"%PDF")
    services.rounds.run()
    before = len(office.asked)

    entry = save("二", paper=b"%PDF")
    services.rounds.run()

    assert all(asked.method != "PATCH" for asked in office.asked[before:])
    assert services.entry(entry)["state"] == "delivered"


def test_an_entry_with_an_empty_file_is_not_saved(services, office, save):
    entry = save(paper=b"")

    services.rounds.run()

    assert services.entry(entry)["state"] == "draft"
    assert office.revisions == []


def test_a_damaged_file_does_not_keep_others_back(services, office, save):
    first, second = save("一", paper=b"one"), save("二", paper=b"two")
    damaged = services.entry(first)["answers"]["paper"]["sha256"]
    services.blob(damaged).write_bytes(b"ohe")

    with pytest.raises(Exception, match="read back"):
        services.rounds.run()

    assert states(services, (first, second)) == ["saved", "delivered"]


def test_an_entry_is_not_set_aside_by_a_header_that_was_added_on_the_way(services, office, save):
    entries = [save(str(number)) for number in range(5)]
    office.problem = lambda asked: (
        ProblemAnswer(**office.stamp(asked), status=400, code="encoding", message="No such thing.")
        if asked.target == "/v1/push"
        else None
    )
    services.rounds.run()

    assert states(services, entries) == ["saved"] * 5
    assert services.status()["problem"]["code"] == "encoding"

    office.problem = lambda _: None
    services.rounds.run()
    assert states(services, entries) == ["delivered"] * 5


def test_an_entry_that_a_proxy_finds_too_large_does_not_hold_up_the_others(services, office, save):
    large = save(secrets.token_hex(5000))
    small = [save(str(number)) for number in range(3)]
    office.reply = too_large_for_the_proxy(office, "POST", 3000)

    for _ in range(3):
        with pytest.raises(NotTheServerError):
            services.rounds.run()

    assert states(services, [large, *small]) == ["saved", *["delivered"] * 3]


def test_a_file_that_a_proxy_finds_too_large_does_not_hold_up_the_others(
    services, office, save, visit_form
):
    large = [save(str(number), paper=bytes(5000 + number)) for number in range(3)]
    small = save("小", paper=b"small")
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)
    office.reply = too_large_for_the_proxy(office, "PATCH", 3000)

    for _ in range(2):
        with pytest.raises(NotTheServerError):
            services.rounds.run()

    assert states(services, [*large, small]) == [*["saved"] * 3, "delivered"]
    assert services.forms()[0]["version"] == "2"


def too_large_for_the_proxy(office, method, limit):
    def reply(asked):
        office.asked.append(asked)
        if asked.method == method and len(asked.body) > limit:
            return 413, {"Content-Type": "text/html"}, b"<html>Request Entity Too Large</html>"
        return office.honest(asked)

    return reply


def test_without_a_connection_batches_stay_large(services, save, monkeypatch):
    save()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setattr(services.rounds._transport, "_server", nobody)

    with pytest.raises(NoConnectionError):
        services.rounds.run()

    assert services.rounds._pusher._size.count == LARGEST_BATCH


def test_an_entry_that_rots_on_the_disk_is_neither_sent_nor_shown(
    services, office, save, visit_form
):
    rotten, sound = save("abcdefgh"), save("一")
    rot(services)
    visit_form["settings"]["version"] = "2"
    office.publish(visit_form)

    services.rounds.run()

    listed = {each["entry"]: (each["state"], each["code"]) for each in services.entries()}
    assert listed == {rotten: ("set_aside", "damaged"), sound: ("delivered", None)}
    assert len(office.revisions) == 1
    assert services.forms()[0]["version"] == "2"
    with pytest.raises(StorageError) as caught:
        services.entry(rotten)
    assert caught.value.code == "damaged_entry"


def test_rows_of_an_entry_that_rots_on_the_disk_are_no_choices(services):
    services.adder.add("visit", {"title": "一", "rows": [{"what": "abcdefgh"}]}, None)
    report = services.filling.open_blank("report")
    choices = services.filling.view(report, "zh-CN")["states"][0]["choices"]
    assert [choice["label"] for choice in choices] == ["abcdefgh"]

    rot(services)

    report = services.filling.open_blank("report")
    assert services.filling.view(report, "zh-CN")["states"][0]["choices"] == []


def rot(services):
    """Change one letter of the answers in the database, as a failing disk may."""
    with services.db.transaction():
        services.db.write(
            "UPDATE revision SET content = "
            "CAST(replace(CAST(content AS TEXT), 'abcdefgh', 'abcdefgX') AS BLOB)"
        )


def proxy_that_fails_on(office, *poison):
    """Answer with a proxy's error whatever holds one of these, as if it brought the server down."""

    def reply(asked):
        office.asked.append(asked)
        if asked.target == "/v1/push" and digests_in(asked) & set(poison):
            return 502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>"
        return office.honest(asked)

    return reply


@pytest.mark.parametrize("place", [0, 40, 63])
def test_an_item_that_spoils_its_batch_stands_alone_after_few_requests(
    services, office, save, place
):
    entries = [save(str(number)) for number in range(64)]
    office.reply = proxy_that_fails_on(office, services.entry(entries[place])["revision"])
    before = len(office.asked)

    with pytest.raises(NotTheServerError):
        services.rounds.run()

    assert len(sizes_of(office.asked[before:])) <= 2 * 6 + 1
    assert states(services, entries) == [
        "saved" if number == place else "delivered" for number in range(64)
    ]
    assert services.entry(entries[place])["code"] == "not_the_server"


def test_what_is_held_back_is_told_and_tried_again_less_and_less_often(services, office, save):
    entry = save("坏")
    poison = services.entry(entry)["revision"]
    office.reply = proxy_that_fails_on(office, poison)
    tried = []
    for number in range(16):
        save(str(number))
        before = len(office.asked)
        with contextlib.suppress(NotTheServerError):
            services.rounds.run()
        tried.append(any(poison in digests_in(each) for each in pushes_in(office, before)))

    (trouble,) = services.rounds._pusher._holding._troubles.open()
    assert (trouble.code, trouble.subject) == ("held_back", poison)
    assert "export" in trouble.hint
    assert [number for number, is_tried in enumerate(tried) if is_tried] == [0, 1, 2, 4, 8]
    assert len(office.revisions) == 16


def pushes_in(office, begin):
    return [each for each in office.asked[begin:] if each.target == "/v1/push"]


def test_what_was_held_back_and_gets_through_is_told_no_more(services, office, save):
    entries = [save("坏"), save("一")]
    office.reply = proxy_that_fails_on(office, services.entry(entries[0])["revision"])
    with pytest.raises(NotTheServerError):
        services.rounds.run()
    del office.reply

    services.rounds.run()

    assert states(services, entries) == ["delivered"] * 2
    assert services.entry(entries[0])["message"] is None
    assert services.rounds._pusher._holding._troubles.open() == []


def test_while_nothing_gets_through_nothing_is_held_back(services, office, save):
    entries = [save(str(number)) for number in range(5)]
    office.reply = lambda _: (502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>")
    for _ in range(3):
        with pytest.raises(NotTheServerError):
            services.rounds.run()
    del office.reply

    services.rounds.run()

    assert states(services, entries) == ["delivered"] * 5
    assert services.rounds._pusher._holding._troubles.counts("held_back") == {}


def test_a_good_round_counts_though_the_disk_does_not_take_when_it_was(
    services, office, save, monkeypatch
):
    save()

    def refuse(*_):
        raise StorageError("the disk is away", code="storage")

    with monkeypatch.context() as patch:
        patch.setattr("client.rounds.note_contact", refuse)
        done = services.rounds.run()

    assert (done["pushed"], done["problem"]["code"]) == (1, "storage")
    assert services.rounds.problem["code"] == "storage"
    services.rounds.run()
    assert services.rounds.problem is None
