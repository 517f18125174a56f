"""Lets simulated worlds live, each from a seed that replays it exactly, in a process of its own.

python -m faultkit.simulate FOLDER FIRST_SEED WORLDS DAYS usual|harsh [BUG]

The order of sets depends on PYTHONHASHSEED, which whoever starts this sets. Prints
{"worlds", "faults", "befell": {…}, "broken": {seed: what}}.
"""

import json
import logging
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

from faultkit import zoo
from faultkit.randomness import seeded_randomness
from faultkit.simulation import HARSH, Shares, World
from faultkit.simulation_oracle import check

DEVICES = 5
SHARES = {"usual": Shares(), "harsh": HARSH}


def main(folder, first, worlds, days, shares, bug=None):
    logging.disable(logging.CRITICAL)  # faults are told all the time
    befell, faults, broken = Counter(), 0, {}
    if bug is not None:
        zoo.BUGS[bug](setattr)
    for seed in range(first, first + worlds):
        with seeded_randomness(seed):
            world = World(
                folder / str(seed), random.Random(seed), devices=DEVICES, shares=SHARES[shares]
            )
            try:
                world.live(days)
                world.come_to_rest()
                check(world)
            except Exception as error:  # whatever it is, this seed shows it again
                broken[seed] = f"{type(error).__name__}: {str(error)[:2000]}"
            finally:
                world.close()
        befell.update(world.life.befell)
        faults += world.network.faults
        shutil.rmtree(world.folder)
        if broken:
            break
    return {"worlds": worlds, "faults": faults, "befell": befell, "broken": broken}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:5]), *sys.argv[5:])))  # noqa: T201 - its result
