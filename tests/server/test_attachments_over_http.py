"""Attached files: whole, checked, flushed, and only for those they concern."""

import hashlib
import os
import random
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from server.config import DataFolder
from server.errors import StorageFullError
from server.listener import MAX_STRANGERS_BODY
from server.uploads import Chunk
from sync.digest import digest_of
from sync.messages import AttachmentAnswer
from sync.request import CONTENT_DIGEST_HEADER, Request, authorize, format_content_digest

CONTENT = random.Random(1).randbytes(300_000)
NAME = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"another file"
PATH = f"/v1/attachments/{NAME}"


def photo(content: bytes = CONTENT) -> dict:
    name = hashlib.sha256(content).hexdigest()
    return {"name": "a.jpg", "type": "image/jpeg", "size": len(content), "sha256": name}


def left_over(folder: DataFolder) -> list:
    return list(folder.incoming.iterdir())


def send(http, device, chunk, target, signed=None):
    """Send a chunk as a device does: the digest that it signs stands in a header."""
    digest = digest_of(chunk if signed is None else signed)
    request = Request("PATCH", target, device.next_nonce(), digest, device=device.key.id)
    headers = {
        CONTENT_DIGEST_HEADER: format_content_digest(digest),
        "Authorization": authorize(request, device.key),
    }
    return http.send(request, chunk, headers)


def put(http, device, content=CONTENT):
    """Send a whole file as one chunk."""
    name = hashlib.sha256(content).hexdigest()
    return send(http, device, content, f"/v1/attachments/{name}?offset=0&size={len(content)}")


def patch(http, device, offset, end):
    """Send a part of the file; return the verified answer."""
    chunk = CONTENT[offset:end]
    return http.call(
        device,
        "PATCH",
        f"{PATH}?offset={offset}&size={len(CONTENT)}",
        chunk,
        {CONTENT_DIGEST_HEADER: format_content_digest(digest_of(chunk))},
    )


def status(http, device):
    return http.call(device, "GET", PATH + "/status").answer


@pytest.fixture(autouse=True)
def entry(http, device):
    """An entry of the unit that names the file; nothing names the other one."""
    http.push(device, device.frame(device.revision({"title": "一", "photo": photo()})))


def put_other(http, device):
    return put(http, device, OTHER)


def test_a_file_is_stored_under_its_digest_and_logged_once(http, device, folder):
    first = patch(http, device, 0, len(CONTENT))
    second = patch(http, device, 0, len(CONTENT))

    assert (first.status, first.answer.complete, first.answer.offset) == (200, True, len(CONTENT))
    assert second.answer.index == first.answer.index
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT
    assert left_over(folder) == []


def test_a_file_comes_in_chunks_and_each_answer_tells_how_far(http, device, folder):
    offsets = [patch(http, device, at, at + 100_000).answer.offset for at in (0, 100_000, 200_000)]

    assert offsets == [100_000, 200_000, 300_000]
    assert status(http, device).complete
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT


def test_the_status_tells_how_much_of_a_file_is_here(http, device):
    before = status(http, device)
    patch(http, device, 0, 70_000)
    between = status(http, device)
    patch(http, device, 70_000, len(CONTENT))
    after = status(http, device)

    assert [each.offset for each in (before, between, after)] == [0, 70_000, len(CONTENT)]
    assert [each.complete for each in (before, between, after)] == [False, False, True]
    assert (before.index, between.index) == (None, None)


def test_a_chunk_that_came_before_is_answered_with_the_offset_and_not_written_again(http, device):
    patch(http, device, 0, 100_000)
    patch(http, device, 100_000, 150_000)

    again = patch(http, device, 0, 100_000)

    assert isinstance(again.answer, AttachmentAnswer)
    assert again.answer.offset == 150_000


def test_a_chunk_that_leaves_a_gap_is_refused(http, device):
    patch(http, device, 0, 100_000)

    ahead = patch(http, device, 200_000, len(CONTENT))

    assert (ahead.status, ahead.answer.code) == (409, "offset")
    assert status(http, device).offset == 100_000


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (f"{PATH}?offset=0&size=299999", b"other_size"),
        (f"{PATH}?offset=0&size={513 * 1024 * 1024}", b"other_size"),
        (f"{PATH}?offset=299999&size=300000", b"malformed"),
        (f"{PATH}?offset=0", b"malformed"),
        (f"{PATH}?offset=-1&size=300000", b"malformed"),
        (PATH, b"malformed"),
    ],
)
def test_a_chunk_of_no_file_that_an_entry_names_is_refused(http, device, folder, target, code):
    sent = send(http, device, CONTENT[:5000], target)

    assert sent.status_code in {400, 409}
    assert b'"code":"' + code + b'"' in sent.content
    assert left_over(folder) == []


def test_a_chunk_of_a_few_bytes_is_refused_where_it_is_not_the_last(http, device):
    small = patch(http, device, 0, 100)

    assert (small.status, small.answer.code) == (400, "malformed")


def test_a_chunk_beyond_the_limit_is_refused(http, device, folder):
    large = bytes(1024 * 1024 + 1)
    http.push(device, device.frame(device.revision({"title": "一", "photo": photo(large)})))

    sent = put(http, device, large)

    assert sent.status_code == 413
    assert b'"code":"too_large"' in sent.content
    assert left_over(folder) == []


def test_a_file_beyond_the_limit_is_refused(http, device, folder):
    size = 512 * 1024 * 1024 + 1
    named = {**photo(OTHER), "size": size}
    http.push(device, device.frame(device.revision({"title": "一", "photo": named})))

    sent = send(
        http, device, bytes(5000), f"/v1/attachments/{named['sha256']}?offset=0&size={size}"
    )

    assert sent.status_code in {404, 413}
    assert left_over(folder) == []


def test_a_chunk_changed_on_the_way_is_refused_and_not_kept(http, device, folder):
    changed = CONTENT[:4999] + b"?"

    sent = send(http, device, changed, f"{PATH}?offset=0&size=300000", signed=CONTENT[:5000])

    assert sent.status_code == 400
    assert b'"code":"bad_chunk"' in sent.content
    assert left_over(folder) == []


def test_bytes_that_are_not_those_of_the_name_are_refused_and_not_kept(http, device, folder):
    wrong = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])

    sent = send(http, device, wrong, f"{PATH}?offset=0&size={len(wrong)}")

    assert sent.status_code == 409
    assert b'"code":"bad_digest"' in sent.content
    assert left_over(folder) == []
    assert status(http, device).offset == 0
    assert patch(http, device, 0, len(CONTENT)).answer.complete


def test_there_is_no_way_to_send_a_whole_file_at_once(http, device):
    assert http.call(device, "PUT", PATH, OTHER).status == 405


def test_a_push_names_a_file_until_it_is_here(http, device):
    frame = device.frame(device.revision({"title": "一", "photo": photo()}))
    before = http.push(device, frame).answer
    put(http, device)

    assert before.missing == (NAME,)
    assert http.push(device, frame).answer.missing == ()


def test_a_file_is_for_units_whose_revisions_name_it(http, device, enrolled):
    put(http, device)
    colleague, other = enrolled("colleague"), enrolled("other", unit="south")

    def get(who):
        request = Request("GET", PATH, who.next_nonce(), digest_of(b""), device=who.key.id)
        return http.send(request, b"", {"Authorization": authorize(request, who.key)})

    assert get(colleague).content == CONTENT
    assert get(colleague).headers["Content-Type"] == "application/octet-stream"
    assert get(other).status_code == 404


def test_a_stranger_can_neither_put_nor_ask(http, stranger):
    nobody = stranger("nobody")

    assert put(http, nobody).status_code == 401
    assert http.call(nobody, "GET", PATH + "/status").status == 401


@pytest.mark.parametrize("headers", ["", "Transfer-Encoding: chunked\r\n"])
def test_a_strangers_chunk_is_refused_before_any_of_it_is_kept(http, stranger, headers):
    nobody, size = stranger("nobody"), MAX_STRANGERS_BODY + 1
    head = head_of(nobody, bytes(size)) + (headers or f"Content-Length: {size}\r\n")
    body = f"{size:x}\r\n".encode() + bytes(size) if headers else b""

    assert answered(http, head.encode() + b"\r\n" + body).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("named", [b"other", None])
def test_a_chunk_needs_a_signature_that_fits_its_head(http, device, named):
    head = head_of(device, bytes(MAX_STRANGERS_BODY), named)

    sent = f"{head}Content-Length: {MAX_STRANGERS_BODY + 1}\r\n\r\n"

    assert answered(http, sent.encode()).startswith(b"HTTP/1.1 401")


def head_of(device, chunk, named=None):
    """Return the head of a request for a chunk, whose header names another one, or none."""
    target = f"{PATH}?offset=0&size={len(CONTENT)}"
    request = Request("PATCH", target, device.next_nonce(), digest_of(chunk), device=device.key.id)
    digest = f"Content-Digest: {format_content_digest(digest_of(named))}\r\n" if named else ""
    return (
        f"PATCH {target} HTTP/1.1\r\nHost: x\r\nTianbao-Nonce: {request.nonce}\r\n{digest}"
        f"Tianbao-Version: 1\r\nAuthorization: {authorize(request, device.key)}\r\n"
    )


def answered(http, sent):
    """Return the beginning of what comes back for raw bytes, of which no more will come."""
    host, port = http.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(sent)
        return wire.recv(100)


def test_a_revoked_device_hands_in_only_the_files_of_what_is_in_quarantine(http, device, services):
    services.revoke(device.key.id)
    assert put_other(http, device).status_code == 403

    http.push(device, device.frame(device.revision({"title": "一", "photo": photo(OTHER)})))

    assert put_other(http, device).status_code == 200


@pytest.mark.parametrize("name", ["x", "AB" * 32, "ab" * 33, "keys"])
def test_only_digests_name_files(http, device, name):
    reply = http.call(device, "GET", f"/v1/attachments/{name}/status")

    assert reply.status == 404


def test_a_device_cannot_fill_the_disk_with_files_that_no_entry_names(http, device, folder):
    sent = put_other(http, device)

    assert sent.status_code == 404
    assert b'"code":"unknown_attachment"' in sent.content
    assert list(folder.blobs.glob("??")) == left_over(folder) == []


def test_whether_a_file_is_here_is_told_to_no_other_unit(http, device, enrolled):
    other = enrolled("other", unit="south")
    before = http.call(other, "GET", PATH + "/status")
    put(http, device)

    after = http.call(other, "GET", PATH + "/status")

    assert (before.status, before.answer.code) == (404, "unknown_attachment")
    assert (after.status, after.answer.code) == (404, "unknown_attachment")


@pytest.mark.parametrize("loss", [Path.unlink, partial(os.truncate, length=9)], ids=["gone", "cut"])
def test_a_file_lost_after_a_restore_is_not_called_complete_and_taken_again(
    http, device, folder, loss
):
    first = patch(http, device, 0, len(CONTENT))
    loss(folder.blobs / NAME[:2] / NAME)

    without = http.call(device, "GET", PATH + "/status")
    pushed = http.push(device, device.frame(device.revision({"title": "二", "photo": photo()})))
    again = patch(http, device, 0, len(CONTENT))

    assert not without.answer.complete
    assert pushed.answer.missing == (NAME,)
    assert (again.answer.complete, again.answer.index) == (True, first.answer.index)
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT


def test_the_media_type_is_the_one_that_the_entry_names(http, device, services):
    put(http, device)

    with services.readers.read() as connection:
        assert connection.execute("SELECT type FROM attachment").fetchone()["type"] == "image/jpeg"


def upload(http, device, size):
    """Send the file as a device does that is told how far it has come."""
    offset = 0
    while offset < len(CONTENT):
        offset = patch(http, device, offset, offset + size).answer.offset


def test_uploads_of_one_file_at_once_end_with_one(http, device, enrolled, folder, services):
    devices = [device, enrolled("second"), enrolled("third")]
    threads = [
        threading.Thread(target=upload, args=(http, item, size))
        for item, size in zip(devices, (7_000, 11_000, len(CONTENT)), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with services.readers.read() as connection:
        leaves = connection.execute("SELECT count(*) FROM leaf WHERE kind = 'attachment'")
        assert leaves.fetchone()[0] == 1
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT
    assert left_over(folder) == []


def test_a_file_that_got_its_name_just_before_a_crash_is_logged_without_a_byte_sent_again(
    http, device, folder, services
):
    part = folder.incoming / "whole"
    part.write_bytes(CONTENT)
    services.blobs.place(part, NAME)

    before = status(http, device)
    after = patch(http, device, before.offset, before.offset).answer

    assert (before.offset, before.complete) == (len(CONTENT), False)
    assert after.complete


def test_a_part_longer_than_the_file_is_begun_anew(http, device, services):
    services.uploads.add(Chunk(NAME, 0, 2 * len(CONTENT), bytes(400_000)))

    assert status(http, device).offset == 0
    assert patch(http, device, 0, len(CONTENT)).answer.complete


def test_where_room_is_scarce_no_chunk_is_taken_and_the_offset_stays(
    http, device, services, monkeypatch
):
    patch(http, device, 0, 100_000)

    def no_room(*_, **__):
        raise StorageFullError("The disk is nearly full.", code="low_space")

    with monkeypatch.context() as patched:
        patched.setattr("server.services.require_room", no_room)
        full = patch(http, device, 100_000, len(CONTENT))
        kept = status(http, device).offset

    assert (full.status, full.answer.code, kept) == (507, "low_space", 100_000)
    assert patch(http, device, 100_000, len(CONTENT)).answer.complete


def test_a_wrong_size_that_another_unit_says_takes_no_offset_back(http, device, enrolled):
    south = enrolled("south", "south")
    patch(http, device, 0, 200_000)
    wrong = south.frame(south.revision({"title": "乙", "photo": photo() | {"size": 1}}))
    http.push(south, wrong)
    refused = send(http, south, b"x", f"{PATH}?offset=0&size=1")

    assert refused.status_code == 409
    assert status(http, device).offset == 200_000


def test_many_wrong_sizes_shut_no_file_out(http, device):
    sizes = [*range(100, 140), len(OTHER)]
    photos = [photo(OTHER) | {"size": size} for size in sizes]
    http.push(device, *[device.frame(device.revision({"photo": each})) for each in photos])

    assert put(http, device, OTHER).status_code == 200


def test_where_a_unit_says_two_sizes_the_file_comes_all_the_same(http, device):
    wrong = device.frame(device.revision({"photo": photo() | {"size": 1_000_000}}))
    patch(http, device, 0, 200_000)
    http.push(device, wrong)

    before = status(http, device).offset
    reached = patch(http, device, before, before + 100_000).answer.offset

    assert reached == 200_000
    assert patch(http, device, reached, len(CONTENT)).answer.complete
