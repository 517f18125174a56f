"""How often a saving asks the disk to flush, counted by strace in a process of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 7
FLUSH = re.compile(r"(?:fsync|fdatasync|sync_file_range|msync)\(")
SAVING = """
import os, sys
from pathlib import Path
from client.services import open_services

def mark():
    try:
        os.rmdir("tianbao-mark")
    except FileNotFoundError:
        pass

with open_services(Path(sys.argv[1])) as services:
    for number in range(3):
        draft = services.filling.open_blank("visit", "zh-CN")
        services.filling.answer(draft, "title", "第一次", "zh-CN")
        services.filling.save_changed()
        mark()
        assert services.finalize(draft)["state"] == "saved"
        mark()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_saving_flushes_both_copies_and_no_more_than_it_has_to(enrolled_home, tmp_path):
    trace = tmp_path / "trace"
    calls = "fsync,fdatasync,sync_file_range,msync,rmdir"
    command = ["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, "-c", SAVING, str(enrolled_home)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    if done.returncode and "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr

    counts = [
        len(FLUSH.findall(each))
        for each in re.split(r".*tianbao-mark.*\n", trace.read_text())[1::2]
    ]

    assert len(counts) == 3
    assert max(counts) <= LIMIT
    assert min(counts) >= 3  # the journal, SQLite's own journal, the database
