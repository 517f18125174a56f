"""S4, attached files: the line breaks anywhere, and what arrived is never sent again.

The real client and the real server, with a line between them that breaks (`breaking_line`).
"""

import hashlib
import io
from contextlib import ExitStack, contextmanager

import pytest
from breaking_line import FOR_EVER, BreakingLine
from field_device import write_campaign

from client.enrol import Invitation, enrol
from client.errors import ClientError
from client.push import Pushed
from client.services import open_services
from server.admission import body_limits
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.listener import Listener, bind
from server.services import open_services as open_server

MOST_EXTRA = 1.10
EVERY = 300_000


class Office:
    """The server, which can be stopped and started again at the same address."""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self._running = ExitStack()

    def start(self):
        self.services = self._running.enter_context(open_server(self.folder))
        bound = self._running.enter_context(bind("127.0.0.1", self.port))
        limits = body_limits(self.services)
        listener = Listener(create_app(self.services), bound, threads=4, body_limit=limits)
        listener.start()
        self.port = listener.port
        self._running.callback(listener.stop, drain=1)

    def stop(self):
        self._running.close()

    def has(self, content):
        sha256 = hashlib.sha256(content).hexdigest()
        place = self.services.blobs.path(sha256)
        is_logged = self.services.find_attachment(sha256) is not None
        return is_logged and place.read_bytes() == content

    def left_over(self):
        return list(self.folder.incoming.iterdir())


@pytest.fixture
def office(tmp_path):
    write_campaign(tmp_path / "campaign")
    folder = DataFolder(tmp_path / "data")
    init_data(folder, tmp_path / "campaign")
    office = Office(folder)
    office.start()
    yield office
    office.stop()


@pytest.fixture
def line(office):
    line = BreakingLine(office.port)
    yield line
    line.close()


@contextmanager
def enrolled(office, line, home):
    code = office.services.invite("north", "reporter", name="张三").code
    with open_services(home) as services:
        enrol(services, Invitation(line.url, code))
        services.rounds.run()
        yield services


@pytest.fixture
def device(office, line, tmp_path):
    with enrolled(office, line, tmp_path / "home") as services:
        yield services


def save(device, content, title="一"):
    draft = device.filling.open_blank("visit")
    device.filling.answer(draft, "title", title, "zh-CN")
    device.filling.attach(draft, "photo", io.BytesIO(content), "a.jpg")
    assert "revision" in device.finalize(draft)
    return draft


def hand_over_text(device):
    """Push what waits but the files; return how to push those."""
    device.rounds._transport.close()
    exchange = device.rounds._exchange(device.profile)
    device.rounds._pusher.push_revisions(exchange, Pushed())

    def push_files():
        device.rounds._transport.close()  # a line of its own
        pushed = Pushed()
        device.rounds._files.push_files(exchange, pushed)
        return pushed.files

    return push_files


def state(device, entry):
    return device.entry(entry)["state"]


def test_a_line_that_breaks_costs_at_most_a_tenth(office, line, device, budget, counts):
    content = budget.chance("ratio").randbytes(budget.of(4_000_000, 40_000_000))
    entry = save(device, content)
    push_files = hand_over_text(device)
    before, line.share = line.carried, lambda: EVERY

    push_files()

    carried = line.carried - before
    counts.add("breaks of the line under an attached file", line.breaks)
    assert line.breaks > len(content) // EVERY
    assert carried <= MOST_EXTRA * len(content), carried / len(content)
    assert office.has(content)
    assert state(device, entry) == "delivered"


def test_a_break_at_any_byte_of_an_exchange_loses_and_doubles_nothing(
    office, line, device, budget, counts
):
    chance = budget.chance("offsets")
    size = 5_000
    step = budget.of(97, 1)
    for offset in range(1, size + 3_500, step):
        content = chance.randbytes(size)
        entry = save(device, content, str(offset))
        push_files = hand_over_text(device)
        before = line.carried
        line.break_once_after(offset)

        assert push_files() == 1

        counts.add("byte offsets of the exchange of a file")
        assert office.has(content)
        assert state(device, entry) == "delivered"
        assert line.carried - before <= 2 * size + 8_000
        line.share = lambda: FOR_EVER
    assert office.left_over() == []


def test_a_device_that_ends_in_the_middle_goes_on_where_the_server_is(
    office, line, device, tmp_path, budget
):
    content = budget.chance("restart").randbytes(1_000_000)
    entry = save(device, content)
    push_files = hand_over_text(device)
    shares = iter((500_000,))
    line.share = lambda: next(shares, 1)
    with pytest.raises(ClientError):
        push_files()
    (waiting,) = device.rounds._outbox.progress()
    assert (waiting["name"], waiting["entry"], waiting["size"]) == ("a.jpg", entry, len(content))
    assert 250_000 < waiting["offset"] < 500_000
    before, line.share = line.carried, lambda: FOR_EVER

    device.rounds.run()

    assert line.carried - before < 1.1 * (len(content) - waiting["offset"]) + 10_000
    assert office.has(content)
    assert device.rounds._outbox.progress() == []


def test_a_server_that_starts_anew_in_the_middle_goes_on_where_it_was(office, line, device, budget):
    content = budget.chance("server restart").randbytes(1_000_000)
    save(device, content)
    push_files = hand_over_text(device)
    shares = iter((500_000,))
    line.share = lambda: next(shares, 1)
    with pytest.raises(ClientError):
        push_files()
    (part,) = office.folder.incoming.glob("*.part")
    held = part.stat().st_size
    office.stop()
    office.start()
    before, line.share = line.carried, lambda: FOR_EVER

    device.rounds.run()

    assert held > 250_000
    assert line.carried - before < 1.1 * (len(content) - held) + 10_000
    assert office.has(content)


def test_two_devices_that_send_one_file_end_with_one_and_share_the_work(
    office, line, device, tmp_path, budget
):
    content = budget.chance("two").randbytes(1_000_000)
    save(device, content)
    push_files = hand_over_text(device)
    shares = iter((500_000,))
    line.share = lambda: next(shares, 1)
    with pytest.raises(ClientError):
        push_files()
    line.share = lambda: FOR_EVER

    with enrolled(office, line, tmp_path / "second") as second:
        entry = save(second, content)
        before = line.carried
        second.rounds.run()

        assert line.carried - before < 0.8 * len(content)
        assert state(second, entry) == "delivered"
    device.rounds.run()

    assert device.status()["saved"] == 0
    assert office.has(content)
    with office.services.readers.read() as connection:
        leaves = connection.execute("SELECT count(*) FROM leaf WHERE kind = 'attachment'")
        assert leaves.fetchone()[0] == 1


@pytest.mark.parametrize("size", [1, 4_096, 65_536, 65_537])
def test_a_file_of_any_size_arrives(office, device, budget, size):
    content = budget.chance("sizes", size).randbytes(size)
    entry = save(device, content)

    device.rounds.run()

    assert office.has(content)
    assert state(device, entry) == "delivered"
