"""S3: each k-th call to the system fails; no promise is broken, and what can go on goes on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KNOWN_ERRORS = ("client.errors.", "server.errors.")

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="the faults are strace's")


@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"])
@pytest.mark.parametrize("work", ["ServerWork", "ClientWork"])
def test_no_call_that_fails_breaks_a_promise(work, fault, cheap_folder, budget, counts):
    seed, stride = budget.chance(work, fault).randrange(2**32), budget.of(9, 1)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "faultkit.injecting", work, cheap_folder),
            *(str(seed), fault, str(1 + seed % stride), str(stride)),
        ],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    counts.add(f"lives with failing calls ({work}, {fault})", found["calls"])
    assert found["broken"] == []
    assert found["calls"] > 0
    assert [name for name in found["errors"] if not name.startswith(KNOWN_ERRORS)] == []
