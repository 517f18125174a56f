"""S4: a network that cuts, doubles, delays, reorders, replays, falsifies, and answers by itself.

The real client and the real server speak over real sockets, with a proxy between them that does to
what they say whatever a network may do (`faultkit.proxy`). Whatever it does, each revision stands in
the log once, and nothing is called delivered that the server has not got.
"""

import hashlib
import io
import socket
import threading
from contextlib import ExitStack, contextmanager

import pytest
from faultkit.befalling import PAGES, Befalling
from faultkit.exchanging import Exchanging
from faultkit.office import Office, enrolled
from faultkit.proxy import NOTHING, Fault, FaultProxy
from field_device import FieldDevice

import client.transport
from client.errors import ClientError, NotTheServerError, UnreachableError
from client.transport import HttpTransport
from sync.errors import SyncError

MOST_ROUNDS = 12
IMPATIENT_SECONDS = 0.25
TOGETHER = 600  # one entry is cut at an offset and at all that lie so many further on
HANDSHAKES = {
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "a page without TLS": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "half a record": b"\x16\x03\x03\x40\x00\x02",
    "nothing": b"",
}


@contextmanager
def field(folder, homes=1):
    """A server, a proxy before it, and devices of one unit that go by the proxy."""
    with ExitStack() as stack:
        office = stack.enter_context(Office(folder))
        proxy = FaultProxy(office.port)
        stack.callback(proxy.close)
        devices = [
            stack.enter_context(enrolled(office, proxy.url, folder / f"home-{number}"))
            for number in range(homes)
        ]
        for device in devices:
            device.rounds.run()
        yield office, proxy, devices


def save(device, title, content=None):
    """Save an entry, with a photo if there is one."""
    draft = device.filling.open_blank("visit")
    device.filling.answer(draft, "title", title, "")
    if content is not None:
        device.filling.attach(draft, "photo", io.BytesIO(content), "a.jpg", "image/jpeg")
    return device.finalize(draft)["revision"]


def try_round(device):
    """Do a round; say whether nothing kept it from going well."""
    try:
        return device.rounds.run()["problem"] is None
    except (ClientError, SyncError):
        return False


def tells_the_truth(device, office):
    """Compare what a device says of the server with what the server has."""
    logged, files = office.logged(), office.files()
    for row in device.db.rows("SELECT digest, state, server_state, log_index FROM revision"):
        if row["server_state"] == "logged":
            assert logged[row["digest"]] == row["log_index"]
        if row["state"] == "delivered":
            assert row["digest"] in logged
    for row in device.db.rows("SELECT sha256 FROM attachment WHERE acknowledged_at IS NOT NULL"):
        assert row["sha256"] in files


def test_a_cut_at_any_byte_of_an_exchange_loses_and_doubles_nothing(cheap_folder, counts):
    with field(cheap_folder, homes=2) as (office, proxy, (giver, taker)):
        exchanging = Exchanging(office, proxy, giver, taker, TOGETHER)
        for offset in range(TOGETHER):
            photo = f"photo {offset:05}".encode()
            exchanging.bring(offset, save(giver, f"entry {offset:05}", photo))

        made, shortest = exchanging.cuts.made, exchanging.cuts.shortest
        assert {kind for kind, _ in made} == {"push", "status", "chunk", "changes"}
        assert [each for each in made if not made[each] >= set(range(shortest[each]))] == []
        counts.add("byte offsets of an exchange, cut there", sum(map(len, made.values())))
        assert len(office.logged()) == len(office.files()) == TOGETHER
        assert giver.status()["saved"] == 0
        tells_the_truth(giver, office)


@pytest.mark.parametrize("part", range(2))
def test_no_schedule_of_faults_loses_doubles_or_invents_anything(
    part, cheap_folder, tmp_path, budget, counts, monkeypatch
):
    chance = budget.chance("schedules", part)
    with ExitStack() as stack:
        office, proxy, devices = stack.enter_context(field(cheap_folder, homes=2))
        other = stack.enter_context(Office(tmp_path))
        for device in devices:  # it takes what they send, and signs with a key of its own
            code = other.services.invite("north", "reporter").code
            known = FieldDevice(device.device.key, other.services.log)
            other.services.enrol(known.enrol_request(code))
        befalling = Befalling(proxy, chance, other.port)
        monkeypatch.setattr(client.transport, "NO_PROGRESS_SECONDS", IMPATIENT_SECONDS)
        saved, files = set(), set()
        for number in range(budget.of(60, 4000)):
            device = chance.choice(devices)
            photo = chance.randbytes(chance.randrange(1, 5000)) if chance.random() < 0.3 else None
            saved.add(save(device, f"{part} {number}", photo))
            files |= set() if photo is None else {hashlib.sha256(photo).hexdigest()}
            try_round(device)
            tells_the_truth(device, office)

        befalling.is_healed = True
        monkeypatch.setattr(client.transport, "NO_PROGRESS_SECONDS", 60.0)
        come_to_rest(devices)

        counts.add("requests on a line that does anything", befalling.requests)
        assert befalling.befell.keys() == befalling.ways.keys()
        assert office.logged().keys() == saved
        assert office.files() == files
        for device in devices:
            tells_the_truth(device, office)
            rows = device.db.rows("SELECT digest, server_state FROM revision")
            assert {row["digest"] for row in rows} == saved
            assert device.status()["saved"] == 0


def come_to_rest(devices):
    for _ in range(MOST_ROUNDS):
        outcomes = [device.rounds.run() for device in devices]
        if not any(done["left"] or done["pulled"] or done["problem"] for done in outcomes):
            return
    raise AssertionError("The devices never come to rest.")


@pytest.mark.parametrize("page", PAGES)
def test_whatever_answers_in_the_place_of_the_server_changes_nothing(page, cheap_folder):
    with field(cheap_folder) as (office, proxy, (device,)):
        digest = save(device, "one", b"photo")
        before = device.db.rows("SELECT * FROM revision"), device.rounds._puller.cursor
        proxy.plan = lambda _: Fault(times=0, answer=lambda _: PAGES[page], ends=True)

        with pytest.raises(NotTheServerError if page != "endless" else UnreachableError) as raised:
            device.rounds.run()

        assert raised.value.hint or raised.value.code == "too_large"
        after = device.db.rows("SELECT * FROM revision"), device.rounds._puller.cursor
        assert said_of(before) == said_of(after)
        assert office.logged() == {}
        proxy.plan = lambda _: NOTHING
        assert device.rounds.run()["left"] is False
        assert office.logged().keys() == {digest}


def said_of(found):
    """What is known of the server's mind; how often it was tried, and why not yet, may change."""
    rows, cursor = found
    changing = {"attempts", "code", "message"}
    return [{**dict(row), **dict.fromkeys(changing)} for row in rows], cursor


@pytest.mark.parametrize("said", HANDSHAKES)
def test_a_handshake_that_is_none_is_no_connection_to_the_server(said):
    with speaker(HANDSHAKES[said]) as port:
        transport = HttpTransport(f"https://127.0.0.1:{port}")

        with pytest.raises(UnreachableError) as raised:
            transport.send("GET", "/v1/changes?after=0", headers={})

        transport.close()
        assert raised.value.hint


@contextmanager
def speaker(said):
    """Something that listens, and says the same to everybody, whatever they say."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak():
            near, _ = listening.accept()
            with near:
                near.recv(1024)
                near.sendall(said)

        thread = threading.Thread(target=speak)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
