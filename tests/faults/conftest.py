"""What the suites of faults share."""

import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - where files cost nothing; each test has a folder of its own


@pytest.fixture
def cheap_folder(tmp_path):
    """Return a folder where files cost nothing, if the system has one; it is gone afterwards."""
    if not MEMORY.is_dir():
        yield tmp_path / "after"
        return
    folder = MEMORY / "-".join(("tianbao", *tmp_path.parts[-2:]))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
