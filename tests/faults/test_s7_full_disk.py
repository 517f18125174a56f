"""S7: disks of any size, full at any moment; nothing that was promised is lost, and all goes on.

Real file systems in memory, so small that the work does not go in. The watermarks below which nothing
new is begun are set to nothing here: what is tested is what happens where they did not help.
"""

from collections import Counter
from contextlib import contextmanager
from itertools import pairwise

import pytest
from faultkit.full_device import FullDevice
from faultkit.full_server import FullServer
from faultkit.small_disk import all_but, can_mount, small_disk
from faultkit.way import Network
from field_device import write_campaign

import client.room
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services

SMALLEST, AMPLE, ROOMY = 100, 16 * 1024, 64 * 1024
LARGEST_DEVICE, LARGEST_SERVER = 320, 900


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder to mount small disks on, with the watermarks out of the way."""
    if not can_mount(tmp_path / "disk"):
        pytest.skip("this account may not mount file systems")
    monkeypatch.setattr(client.room, "LOW", 0)
    monkeypatch.setenv("TIANBAO_ROOM", "0,0,0")
    return tmp_path / "disk"


def sizes(budget, largest):
    """Return the sizes of disks in KiB, one by chance of each of so many equal ranges."""
    count = budget.of(40, 200)
    chance = budget.chance("sizes", largest)
    step = (largest - SMALLEST) / count
    edges = [SMALLEST + step * number for number in range(count + 1)]
    return [chance.randint(int(a), int(b)) for a, b in pairwise(edges)]


@contextmanager
def serving(folder):
    write_campaign(folder / "campaign")
    init_data(DataFolder(folder / "data"), folder / "campaign")
    with open_services(DataFolder(folder / "data")) as server:
        yield server, Network(create_app(server), None, is_healed=True)


def test_a_device_on_a_full_disk_keeps_its_promises_and_goes_on_with_more_room(
    place, cheap_folder, tmp_path, budget, counts
):
    met = Counter()
    for kib in sizes(budget, LARGEST_DEVICE):
        with serving(cheap_folder / str(kib)) as served, small_disk(place, kib) as resize:
            device = FullDevice(place, *served, budget.chance("device", kib))
            device.live(5)
            device.close()
            assert device.unclear == []
            assert device.broken(tmp_path) == []
            met += device.met

            resize(AMPLE)

            assert device.live(2), device.last
            device.close()
            assert device.broken(tmp_path) == []
            assert device.promises.saved.keys() == device.promises.delivered
    tell(counts, "device", met)
    assert met.keys() >= {"open", "enrol", "type", "attach", "finalize"}


def test_a_server_on_a_full_disk_keeps_its_promises_and_goes_on_with_more_room(
    place, tmp_path, budget, counts
):
    met = Counter()
    for kib in sizes(budget, LARGEST_SERVER):
        with small_disk(place, kib) as resize:
            server = FullServer(place, tmp_path, budget.chance("server", kib))
            server.live(3)
            server.close()
            assert server.unclear == []
            assert server.broken(tmp_path) == []
            met += server.met

            resize(AMPLE)

            assert server.live(2), server.last
            server.close()
            assert server.broken(tmp_path) == []
    tell(counts, "server", met)
    assert met.keys() >= {"found", *FullServer.STEPS}


def test_each_step_of_a_device_meets_a_full_disk_and_is_done_once_there_is_room(
    place, cheap_folder, tmp_path, budget, counts
):
    with serving(cheap_folder) as served, small_disk(place, ROOMY):
        device = FullDevice(place, *served, budget.chance("steps of a device"))
        assert device.open()
        for kib in budget.chance("left").choices(range(0, 60, 4), k=budget.of(20, 200)):
            each_step_twice(place, device, kib)
        assert device.broken(tmp_path) == []
        device.close()
    assert device.unclear == []
    assert device.promises.saved.keys() == device.promises.delivered
    tell(counts, "device", device.met)
    assert device.met.keys() >= set(FullDevice.STEPS) - {"look"}


def test_each_step_of_a_server_meets_a_full_disk_and_is_done_once_there_is_room(
    place, tmp_path, budget, counts
):
    with small_disk(place, ROOMY):
        server = FullServer(place, tmp_path, budget.chance("steps of a server"))
        assert server.open()
        for kib in budget.chance("left").choices(range(0, 60, 4), k=budget.of(20, 200)):
            each_step_twice(place, server, kib)
        server.close()
        assert server.broken(tmp_path) == []
    assert server.unclear == []
    tell(counts, "server", server.met)
    assert server.met.keys() >= set(FullServer.STEPS)


def each_step_twice(place, worker, kib):
    """Do each step on a disk that is full but for a little, then with all the room there is."""
    for step in worker.STEPS:
        with all_but(place, kib):
            worker.do(step)
        assert worker.do(step), (step, worker.last)


def tell(counts, who, met):
    for step, number in met.items():
        counts.add(f"full disks met by a {who} ({step})", number)
