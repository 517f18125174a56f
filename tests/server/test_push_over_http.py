"""Pushing over real HTTP: who may, how much, and what comes back."""

import gzip
import random
from dataclasses import replace

import pytest
import requests

from sync.answer import open_answer, read_answer
from sync.digest import digest_of
from sync.errors import SignatureError
from sync.frames import format_frame, format_frames, parse_frames
from sync.messages import ItemState, ProblemAnswer, PushAnswer
from sync.packing import pack
from sync.parcel import format_parcel
from sync.request import Request, authorize
from sync.runs import lengthen


def test_a_pushed_revision_is_logged_and_answered_with_its_index(http, device):
    frame = device.frame()

    reply = http.push(device, frame)

    assert reply.status == 200
    (result,) = reply.answer.results
    assert (result.digest, result.state) == (frame.digest, ItemState.LOGGED)
    assert reply.answer.log_size == result.index + 1


def test_pushing_the_same_bytes_again_gives_the_same_index(http, device):
    frame = device.frame()
    first = http.push(device, frame)

    second = http.push(device, frame, device.frame(), frame)

    assert second.answer.results[0] == second.answer.results[2] == first.answer.results[0]
    assert second.answer.log_size == first.answer.log_size + 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["gzip", "identity", "br"])
def test_an_encoding_that_was_changed_on_the_way_spoils_no_push(http, device, pack, encoding):
    frame = device.frame()

    pushed = http.call(
        device, "POST", "/v1/push", pack(format_frame(frame)), {"Content-Encoding": encoding}
    )

    (result,) = pushed.answer.results
    assert (result.digest, result.state) == (frame.digest, ItemState.LOGGED)


def test_a_request_without_credentials_is_refused_before_anything_is_parsed(http):
    request = Request("POST", "/v1/push", "0" * 32, digest_of(b"no frame"))

    sent = http.send(request, b"no frame", {"Content-Encoding": "gzip"})

    assert sent.status_code == 401


def test_a_device_that_is_not_enrolled_gets_a_signed_401(http, stranger):
    reply = http.push(stranger("nobody"), stranger("nobody").frame())

    assert (reply.status, reply.answer.code) == (401, "unknown_device")


def test_a_body_that_is_not_the_signed_one_is_refused(http, device):
    request = Request("POST", "/v1/push", "1" * 32, digest_of(b"one body"), device=device.key.id)

    sent = http.send(request, b"another body", {"Authorization": authorize(request, device.key)})

    assert sent.status_code == 401


def test_a_relays_own_device_gets_no_answer_that_another_device_believes(http, device, enrolled):
    relay, target = enrolled("relay", unit="south"), "/v1/changes?after=0&limit=200"
    asked = Request("GET", target, device.next_nonce(), digest_of(b""), device=device.key.id)
    stolen = replace(asked, device=relay.key.id)

    sent = http.send(stolen, b"", {"Authorization": authorize(stolen, relay.key)})

    assert sent.status_code == 200
    with pytest.raises(SignatureError, match="another request"):
        open_answer(next(parse_frames(sent.content)), http.services.keys.answer.public, asked)


def test_a_damaged_tail_takes_nothing_else_with_it(http, device):
    whole, cut = device.frame(), format_frame(device.frame())

    reply = http.call(device, "POST", "/v1/push", format_frame(whole) + cut[:-7])

    assert [result.digest for result in reply.answer.results] == [whole.digest]


def test_a_damaged_gzip_gives_what_stands_before_the_damage(http, device):
    # Random digits, so that the frames lie behind one another in the compressed bytes too.
    text = random.Random(1).randbytes(100_000).hex()  # the same each time
    frames = [device.frame(device.revision({"title": text + str(n)})) for n in range(2)]
    packed = gzip.compress(format_frames(frames))

    reply = http.call(device, "POST", "/v1/push", packed[:-1000], {"Content-Encoding": "gzip"})

    assert [result.digest for result in reply.answer.results] == [frames[0].digest]


def parcel_of(*frames):
    return format_parcel([(frame.payload, frame.signature) for frame in frames])


@pytest.mark.parametrize("is_line_slow", [True, False], ids=["xz", "gzip"])
def test_a_parcel_is_taken_like_frames_and_answered_in_runs(http, device, is_line_slow):
    frames = [device.frame() for _ in range(3)]
    body = pack(parcel_of(*frames), is_line_slow=is_line_slow)

    answer = http.call(device, "POST", "/v1/push", body).answer
    again = http.push(device, *frames).answer

    assert (len(answer.runs), answer.results) == (1, ())
    assert lengthen(answer.runs, [frame.digest for frame in frames]) == again.results


def test_what_is_not_plainly_logged_is_said_in_full(http, device):
    good, bad = device.frame(), device.frame(device.revision({"title": ""}))

    answer = http.call(device, "POST", "/v1/push", parcel_of(good, bad)).answer

    assert [run[:2] for run in answer.runs] == [(0, 1)]
    assert [(each.digest, each.code) for each in answer.results] == [(bad.digest, "rules")]


def test_a_parcel_that_is_not_whole_is_refused_whole(http, device):
    reply = http.call(device, "POST", "/v1/push", parcel_of(device.frame())[:-1])

    assert (reply.status, reply.answer.code) == (400, "bad_frame")


@pytest.mark.parametrize("content", [b"\0" * (8 * 1024 * 1024 + 1), b"\0" * 50_000_000])
def test_a_body_that_expands_beyond_the_limit_is_refused(http, device, content):
    reply = http.push_gzip(device, content)

    assert (reply.status, reply.answer.code) == (413, "too_large")


def test_a_body_beyond_the_limit_is_refused_with_a_signed_answer(http, device):
    reply = http.call(device, "POST", "/v1/push", b"\0" * (8 * 1024 * 1024 + 1))

    assert (reply.status, reply.answer.code) == (413, "too_large")


def test_nothing_of_a_huge_body_is_read_for_whoever_names_a_known_device(http, device, stranger):
    body, nonce = bytes(10 * 1024 * 1024), "4" * 32
    request = Request("POST", "/v1/push", nonce, digest_of(body), device=device.key.id)
    forged = f"Tianbao {device.key.id}:{authorize(request, stranger('x').key).split(':')[1]}"

    sent = http.send(request, body, {"Authorization": forged})

    assert sent.status_code == 413
    unread = replace(request, body_digest=digest_of(b""))
    assert read_answer(next(parse_frames(sent.content)), unread).code == "too_large"


def test_more_revisions_than_a_push_may_have_are_refused_as_a_whole(http, device):
    frames = [device.frame() for _ in range(101)]

    reply = http.push(device, *frames)

    assert (reply.status, reply.answer.code) == (413, "too_large")
    assert http.push(device, *frames[:100]).status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"<html>", b"TBF1" * 20, b"\x1f\x8b\x08" + b"\xff" * 40],
)
def test_rubbish_is_an_empty_push(http, device, body):
    plain = http.call(device, "POST", "/v1/push", body)
    packed = http.call(device, "POST", "/v1/push", body, {"Content-Encoding": "gzip"})

    assert isinstance(plain.answer, PushAnswer)
    assert plain.answer.results == packed.answer.results == ()


@pytest.mark.parametrize("version", [3, 99])
def test_a_version_too_far_away_is_refused_with_the_reason(http, device, version):
    request = Request("POST", "/v1/push", "2" * 32, digest_of(b""), version, device.key.id)

    sent = http.send(request, b"", {"Authorization": authorize(request, device.key)})

    assert sent.status_code == 400
    assert b'"code":"version"' in sent.content


def test_a_version_beside_ours_is_understood(http, device):
    request = Request("POST", "/v1/push", "2" * 32, digest_of(b""), 2, device.key.id)

    sent = http.send(request, b"", {"Authorization": authorize(request, device.key)})

    assert sent.status_code == 200


def test_a_missing_nonce_is_a_bad_request(http, device):
    request = Request("POST", "/v1/push", "0" * 32, digest_of(b""), device=device.key.id)
    credentials = authorize(request, device.key)

    sent = requests.post(http.url + "/v1/push", headers={"Authorization": credentials}, timeout=30)

    assert sent.status_code == 400


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/v1/push", 405)])
def test_what_is_not_there_is_a_signed_problem(http, device, path, status):
    reply = http.call(device, "GET", path)

    assert isinstance(reply.answer, ProblemAnswer)
    assert (reply.status, reply.answer.status) == (status, status)


def test_attachments_that_are_waited_for_are_named(http, device):
    photo = {"name": "a.jpg", "type": "image/jpeg", "size": 3, "sha256": "ab" * 32}

    reply = http.push(device, device.frame(device.revision({"title": "一", "photo": photo})))

    assert reply.answer.missing == ("ab" * 32,)


def test_a_full_disk_gives_507_and_goes_on_when_there_is_room(http, device, services):
    before = http.push(device, device.frame())
    pages = services.writer.run(
        lambda connection: connection.execute("PRAGMA page_count").fetchone()[0]
    )
    services.writer.run(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    )
    big = [device.frame(device.revision({"title": "长" * 200_000})) for _ in range(3)]

    full = http.push(device, *big)

    assert (full.status, full.answer.code) == (507, "storage_full")
    assert full.headers["Retry-After"] == "60"
    services.writer.run(
        lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchall()
    )
    after = http.push(device, *big)
    assert [result.index for result in after.answer.results] == [
        before.answer.log_size + n for n in range(3)
    ]


def test_the_frames_of_an_answer_are_one_when_there_is_no_content(http, device):
    request = Request("POST", "/v1/push", "3" * 32, digest_of(b""), device=device.key.id)

    sent = http.send(request, b"", {"Authorization": authorize(request, device.key)})

    assert len(list(parse_frames(sent.content))) == 1
    assert sent.headers["Content-Type"] == "application/vnd.tianbao.frames"
