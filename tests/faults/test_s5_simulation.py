"""S5: years of many devices with every fault, in virtual time."""

import shutil

import pytest
from faultkit.simulation import World, seeded_randomness

DAYS = 73
DEVICES = 5  # 73 days of 5 devices: one device-year


@pytest.mark.parametrize("part", [0, 1])
def test_years_of_faults_lose_nothing_and_double_nothing(cheap_folder, budget, counts, part):
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
        counts.add("device-years", 1)
        counts.add("faults of the network in the simulation", world.network.faults)
        for name, number in world.life.befell.items():
            counts.add(f"simulated: {name}", number)
        shutil.rmtree(world.folder)


def check(world):
    """Compare what the devices called saved with what is in the log, and with what they say now."""
    with world.server.readers.read() as connection:
        rows = connection.execute("SELECT digest, state FROM revision").fetchall()
    logged = {row["digest"]: row["state"] for row in rows}
    assert len(rows) == len(logged), "something is in the log twice"
    assert logged.keys() - world.life.saved.keys() == set(), "something was never saved"
    assert world.life.saved.keys() - world.life.lost - logged.keys() == set(), "something is lost"
    assert set(logged.values()) == {"logged"}
    for device in world.devices:
        states = set(device.digests().values())
        assert states <= {"delivered"}, (device.name, states)
