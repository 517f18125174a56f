"""S2: real processes killed at any instruction, again and again; every promise holds in the next life."""

import os

import pytest
from faultkit.running import run_kit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the kills are forks")


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("work", ["ServerWork", "ClientWork"])
def test_what_was_promised_outlives_any_kill(work, part, cheap_folder, budget, counts):
    seed, kills = budget.chance(work, part).randrange(2**32), budget.of(250, 2_500)

    found = run_kit("killing", work, cheap_folder, seed, kills)

    counts.add(f"kills ({work})", found["kills"])
    counts.add(f"promises before a kill ({work})", found["promises"])
    assert found["broken"] == []
