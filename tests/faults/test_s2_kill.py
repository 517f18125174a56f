"""S2: real processes killed at any instruction, again and again; every promise holds in the next life."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the kills are forks")


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("work", ["ServerWork", "ClientWork"])
def test_what_was_promised_outlives_any_kill(work, part, cheap_folder, budget, counts):
    seed, kills = budget.chance(work, part).randrange(2**32), budget.of(250, 2_500)

    done = subprocess.run(
        [sys.executable, "-m", "faultkit.killing", work, cheap_folder, str(seed), str(kills)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    counts.add(f"kills ({work})", found["kills"])
    counts.add(f"promises before a kill ({work})", found["promises"])
    assert found["broken"] == []
