"""S5: years of many devices with every fault, in virtual time."""

import pytest
from faultkit.running import run_kit
from faultkit.simulate import DEVICES

DAYS = 73  # of 5 devices: one device-year a world


@pytest.mark.parametrize("shares", ["usual", "harsh"])
def test_years_of_faults_lose_nothing_and_double_nothing(shares, cheap_folder, budget, counts):
    seed, worlds = budget.chance("simulation", shares).randrange(2**31), budget.of(10, 150)

    found = run_kit("simulate", cheap_folder, seed, worlds, DAYS, shares)

    counts.add("device-years", worlds * DAYS * DEVICES // 365)
    counts.add("faults of the network in the simulation", found["faults"])
    for name, number in found["befell"].items():
        counts.add(f"simulated: {name}", number)
    assert found["broken"] == {}
