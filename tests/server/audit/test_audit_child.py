"""The Datasette process: it comes back, it ends with us, and it is small."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.audit.agreement import SECRET_VARIABLE
from server.audit.child import DatasetteChild, metadata_path

SECONDS = 60


def wait_for(condition, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_while_it_starts_auditors_get_503_and_are_asked_to_wait(book, site):
    with site.auditor() as browser:
        answer = site.get("/", browser)
        while answer.status_code == 503:
            assert answer.headers["Retry-After"] == "2"
            assert "正在启动" in answer.text
            assert site.child.wait_until_ready(SECONDS)
            answer = site.get("/", browser)

    assert answer.status_code == 200


def test_after_a_kill_it_is_started_again(site):
    assert site.child.wait_until_ready(SECONDS)
    first = site.child.pid
    os.kill(first, 9)
    wait_for(lambda: site.child.pid not in {first, None} and site.child.address is not None)

    with site.auditor() as browser:
        assert site.get("/", browser).status_code == 200


def test_stopping_leaves_no_process(book):
    book.project()
    child = DatasetteChild(book.services.folder.audit_db, book.services.folder.cookie_key)
    child.start()
    assert child.wait_until_ready(SECONDS)
    pid = child.pid

    child.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_when_its_parent_is_gone(book):
    book.project()
    folder = book.services.folder
    args = [sys.executable, "-m", "server.audit.run"]
    places = [str(folder.audit_db), str(folder.cookie_key), str(metadata_path())]
    process = subprocess.Popen(
        [*args, *places],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {SECRET_VARIABLE: "secret"},
    )
    assert process.stdout.readline().startswith(b"ready ")

    process.stdin.close()  # what the system does when the parent is killed

    assert process.wait(SECONDS) == 0
    process.stdout.close()


def test_it_opens_the_database_for_reading_alone(site):
    assert site.child.wait_until_ready(SECONDS)
    with site.auditor() as browser:
        told = site.get("/-/databases.json", browser).json()

    assert [each["name"] for each in told] == ["audit"]
    assert site.get("/audit.db").status_code == 403


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads the memory of a process from /proc")
def test_server_and_datasette_together_stay_below_150_mb(site):
    assert site.child.wait_until_ready(SECONDS)
    with site.auditor() as browser:
        for path in ("/", "/audit", "/audit/attachment-2", "/audit/attachment-2.csv"):
            assert site.get(path, browser).status_code == 200

    assert _resident_mb(site.child.pid) < 80


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
