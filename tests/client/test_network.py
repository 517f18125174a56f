"""A network that comes up, and a computer that wakes, are noticed once each."""

from datetime import UTC, datetime, timedelta

import pytest

from client.clock import Clock
from client.network import NetworkWatch, local_route

EVERY = 5.0


class World:
    """The addresses and clocks of a computer, as a test sets them."""

    def __init__(self):
        self.route = ("10.0.0.7",)
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.ticks = 100.0
        clock = Clock(lambda: self.now, lambda: self.ticks)
        self.watch = NetworkWatch(clock, lambda: self.route)

    def pass_by(self, seconds, *, ticks=None):
        self.now += timedelta(seconds=seconds)
        self.ticks += seconds if ticks is None else ticks

    def asks(self):
        return self.watch.has_come_up(EVERY)


@pytest.fixture
def world():
    return World()


def test_time_that_passes_is_no_network(world):
    for _ in range(3):
        world.pass_by(EVERY)
        assert not world.asks()


def test_another_address_is_noticed_once(world):
    world.route = ("192.168.1.4",)
    assert [world.asks(), world.asks()] == [True, False]


def test_a_network_that_goes_is_not_noticed_and_one_that_comes_back_is(world):
    world.route = ()
    assert not world.asks()
    world.route = ("10.0.0.7",)
    assert world.asks()


@pytest.mark.parametrize("ticks", [0.0, 3600.0], ids=["clock stood still", "clock went on"])
def test_a_computer_that_was_asleep_is_noticed_once(world, ticks):
    world.pass_by(3600, ticks=ticks)
    assert [world.asks(), world.asks()] == [True, False]


def test_a_clock_that_is_set_back_counts_as_waking(world):
    world.pass_by(-86_400, ticks=EVERY)
    assert world.asks()


def test_this_computer_can_be_asked():
    assert all(isinstance(address, str) for address in local_route())
