"""S1: the power fails at any moment; what was promised is there, and nothing that was never sent.

Real writes and flushes of the real product are recorded, then replayed with any subset of those
that were not flushed (`faultkit.disk` says by which model). A virtual file system below SQLite would
see the database alone, and another SQLite than the one that is shipped; the recording sees the
journal, the attached files and their folders too, in the order in which they really happened.
"""

import shutil

import pytest
from faultkit.power_loss import Setting, under_device, under_server

LIVES = {under_server: 70, under_device: 30}  # at full length, each part: a million disks in all

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="the recording is strace's")


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("under", [under_server, under_device])
def test_every_promise_is_kept_through_any_loss_of_power(
    under, part, tmp_path, cheap_folder, budget, counts
):
    lives, disks = budget.of(1, LIVES[under]), budget.of(2_600, 5_200)
    for life in range(lives):
        chance = budget.chance(under.__name__, part, life)
        work = tmp_path / str(life)
        work.mkdir()
        setting = Setting(work, cheap_folder / "after", length=8, disks=disks)
        for broken in under(setting, chance):
            counts.add(f"power-loss states ({under.__name__})")
            assert broken == []
        shutil.rmtree(work)
