"""S3: each k-th call to the system fails; no promise is broken, and what can go on goes on."""

import shutil

import pytest
from faultkit.running import run_kit

KNOWN_ERRORS = ("client.errors.", "server.errors.")

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="the faults are strace's")


@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"])
@pytest.mark.parametrize("work", ["ServerWork", "ClientWork"])
def test_no_call_that_fails_breaks_a_promise(work, fault, cheap_folder, budget, counts):
    seed, stride = budget.chance(work, fault).randrange(2**32), budget.of(9, 1)

    found = run_kit("injecting", work, cheap_folder, seed, fault, 1 + seed % stride, stride)

    counts.add(f"lives with failing calls ({work}, {fault})", found["calls"])
    assert found["broken"] == []
    assert found["calls"] > 0
    assert [name for name in found["errors"] if not name.startswith(KNOWN_ERRORS)] == []
