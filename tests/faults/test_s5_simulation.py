"""S5: years of many devices with every fault, in virtual time."""

import shutil
from collections import defaultdict

import pytest
from faultkit.simulation import World, seeded_randomness

DAYS = 73
DEVICES = 5  # 73 days of 5 devices: one device-year


@pytest.mark.parametrize("part", [0, 1])
def test_years_of_faults_lose_nothing_and_double_nothing(part, cheap_folder, budget, counts):
    for life in range(budget.of(10, 150)):
        chance = budget.chance("simulation", part, life)
        with seeded_randomness(chance.random()):
            world = World(cheap_folder / str(life), chance, devices=DEVICES)
            try:
                world.live(DAYS)
                world.come_to_rest()
                check(world)
            finally:
                world.close()
        counts.add("device-years")
        counts.add("faults of the network in the simulation", world.network.faults)
        for name, number in world.life.befell.items():
            counts.add(f"simulated: {name}", number)
        shutil.rmtree(world.folder)


def check(world):
    """Compare what the devices called saved with what is in the log, and with what they say now."""
    logged = world.logged()
    assert logged.keys() - world.life.saved.keys() == set(), "something was never saved"
    assert world.life.saved.keys() - world.life.lost - logged.keys() == set(), "something is lost"
    assert set(logged.values()) == {"logged"}
    for device in world.devices:
        held = device.held()
        assert set(held.values()) <= {"delivered"}, device.name
        assert held.keys() <= logged.keys(), device.name
    check_views(world)


def check_views(world):
    """Compare how the devices of a unit see each entry, and whether they hide anything."""
    seen = defaultdict(dict)
    for device in world.devices:
        replica = device.services.replica
        for entry in {each["entry"] for each in device.services.entries()}:
            view = replica.view(entry)
            seen[device.unit].setdefault(entry, []).append(view)
            check_nothing_is_hidden(replica, view)
    for views in (each for unit in seen.values() for each in unit.values()):
        assert all(
            (one.answers, one.contested, one.operation, one.heads)
            == (views[0].answers, views[0].contested, views[0].operation, views[0].heads)
            for one in views
        )
        # Every device of the unit has pulled every entry.
        assert len(views) == sum(
            device.unit == unit
            for unit in [next(u for u, entries in seen.items() if views[0].entry in entries)]
            for device in world.devices
        )


def check_nothing_is_hidden(replica, view):
    """Every head's answer is in the view, is contested, or is one that the head did not change."""
    contested = {each.path for each in view.contested}
    for digest in view.heads:
        head = replica.revision(digest)
        before = [replica.revision(each).answers for each in ancestors(replica, head)]
        for path in ("title", "count"):
            value = head.answers.get(path)
            assert (
                value == view.answers.get(path)
                or contested & {path, ""}
                or any(value == each.get(path) for each in before)
            ), (view.entry, path)


def ancestors(replica, revision):
    waiting, found = list(revision.parents), set()
    while waiting:
        digest = waiting.pop()
        if digest not in found:
            found.add(digest)
            waiting.extend(replica.revision(digest).parents)
    return found
