"""What the suites of faults share."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - where files cost nothing; each test has a folder of its own


@pytest.fixture
def cheap_folder(tmp_path):
    """Return a folder where files cost nothing, if the system has one; it is gone afterwards."""
    if not MEMORY.is_dir():
        yield tmp_path / "after"
        return
    with TemporaryDirectory(prefix="tianbao-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
