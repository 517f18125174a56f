"""Attached files: whole, checked, flushed, and only for those they concern."""

import hashlib
import os
import resource
import signal
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from server.config import DataFolder
from server.listener import MAX_STRANGERS_BODY
from server.services import open_services
from sync.digest import digest_of
from sync.request import Request, authorize

CONTENT = os.urandom(300_000)
NAME = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"another file"
PATH = f"/v1/attachments/{NAME}"


def photo(content: bytes = CONTENT) -> dict:
    name = hashlib.sha256(content).hexdigest()
    return {"name": "a.jpg", "type": "image/jpeg", "size": len(content), "sha256": name}


def left_over(folder: DataFolder) -> list:
    return list(folder.incoming.iterdir())


def put(http, device, content=CONTENT, name=NAME):
    """Send a file as a device does: the digest it signs is the file's name."""
    request = Request(
        "PUT",
        f"/v1/attachments/{name}",
        device.next_nonce(),
        f"sha256:{name}",
        device=device.key.id,
    )
    return http.send(
        request,
        content,
        {"Authorization": authorize(request, device.key), "Content-Type": "image/jpeg"},
    )


@pytest.fixture(autouse=True)
def entry(http, device):
    """An entry of the unit that names the file; nothing names the other one."""
    http.push(device, device.frame(device.revision({"title": "一", "photo": photo()})))


def put_other(http, device):
    return put(http, device, OTHER, hashlib.sha256(OTHER).hexdigest())


def test_a_file_is_stored_under_its_digest_and_logged_once(http, device, folder):
    first = http.call(device, "PUT", PATH, CONTENT, {"Content-Type": "image/jpeg"})
    second = http.call(device, "PUT", PATH, CONTENT)

    assert (first.status, first.answer.complete, first.answer.offset) == (200, True, len(CONTENT))
    assert second.answer.index == first.answer.index
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT
    assert left_over(folder) == []


def test_the_status_tells_whether_a_file_is_here(http, device):
    before = http.call(device, "GET", PATH + "/status")
    put(http, device)
    after = http.call(device, "GET", PATH + "/status")

    assert (before.answer.complete, before.answer.offset, before.answer.index) == (False, 0, None)
    assert after.answer.complete


def test_bytes_that_are_not_those_of_the_name_are_refused_and_not_kept(http, device, folder):
    sent = put(http, device, CONTENT[:-1] + b"?")

    assert sent.status_code == 409
    assert b'"code":"bad_digest"' in sent.content
    assert left_over(folder) == []
    assert not http.call(device, "GET", PATH + "/status").answer.complete


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
def test_a_strangers_large_file_is_refused_before_any_of_it_is_kept(http, stranger, headers):
    nobody, size = stranger("nobody"), MAX_STRANGERS_BODY + 1
    request = Request("PUT", PATH, nobody.next_nonce(), f"sha256:{NAME}", device=nobody.key.id)
    head = (
        f"PUT {PATH} HTTP/1.1\r\nHost: x\r\nTianbao-Nonce: {request.nonce}\r\n"
        f"Tianbao-Version: 1\r\nAuthorization: {authorize(request, nobody.key)}\r\n"
        + (headers or f"Content-Length: {size}\r\n")
    )
    body = f"{size:x}\r\n".encode() + bytes(size) if headers else b""

    assert answered(http, head.encode() + b"\r\n" + body).startswith(b"HTTP/1.1 401")


def test_a_large_file_needs_a_signature_that_fits_its_head(http, device):
    other = Request("PUT", PATH, device.next_nonce(), digest_of(b"other"), device=device.key.id)
    head = (
        f"PUT {PATH} HTTP/1.1\r\nHost: x\r\nTianbao-Nonce: {other.nonce}\r\n"
        f"Tianbao-Version: 1\r\nAuthorization: {authorize(other, device.key)}\r\n"
        f"Content-Length: {MAX_STRANGERS_BODY}\r\n\r\n"
    )

    assert answered(http, head.encode()).startswith(b"HTTP/1.1 401")


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
    first = http.call(device, "PUT", PATH, CONTENT)
    loss(folder.blobs / NAME[:2] / NAME)

    without = http.call(device, "GET", PATH + "/status")
    pushed = http.push(device, device.frame(device.revision({"title": "二", "photo": photo()})))
    again = http.call(device, "PUT", PATH, CONTENT)

    assert not without.answer.complete
    assert pushed.answer.missing == (NAME,)
    assert (again.answer.complete, again.answer.index) == (True, first.answer.index)
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT


def test_a_media_type_changed_on_the_way_is_not_kept(http, device, services):
    http.call(device, "PUT", PATH, CONTENT, {"Content-Type": "text/html"})

    with services.readers.read() as connection:
        assert connection.execute("SELECT type FROM attachment").fetchone()["type"] == "image/jpeg"


def test_two_uploads_of_one_file_at_once_end_with_one(http, device, enrolled, folder, services):
    devices = [device, enrolled("second"), enrolled("third")]
    threads = [threading.Thread(target=put, args=(http, item)) for item in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with services.readers.read() as connection:
        leaves = connection.execute("SELECT count(*) FROM leaf WHERE kind = 'attachment'")
        assert leaves.fetchone()[0] == 1
    assert (folder.blobs / NAME[:2] / NAME).read_bytes() == CONTENT
    assert left_over(folder) == []


def test_a_disk_without_room_gives_507_and_takes_the_file_later(http, device, folder):
    # A limit on the size of files fails a write just as a full disk does.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        full = put(http, device)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)

    assert full.status_code == 507
    assert b'"code":"storage_full"' in full.content
    assert left_over(folder) == []
    assert put(http, device).status_code == 200


def test_what_a_killed_server_left_half_way_is_cleared_at_the_start(folder, clock):
    (folder.incoming / "half").write_bytes(b"half of a file")

    with open_services(folder, clock):
        assert left_over(folder) == []
