import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from server.errors import LockedError
from server.lock import hold

ROOT = Path(__file__).parents[2]
HOLDING = """
import sys
from pathlib import Path
from server.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_held_by_another_process_is_refused_by_name(tmp_path, other_process):
    with pytest.raises(LockedError, match=str(tmp_path)), hold(tmp_path / "lock"):
        pass


def test_a_killed_process_holds_nothing(tmp_path, other_process):
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()

    with hold(tmp_path / "lock"):
        pass


def test_within_one_process_the_lock_is_held_once(tmp_path):
    with hold(tmp_path / "lock"), pytest.raises(LockedError), hold(tmp_path / "lock"):
        pass


def test_the_lock_can_be_taken_again(tmp_path):
    for _ in range(2):
        with hold(tmp_path / "lock"):
            pass


def test_a_patient_process_gets_the_lock_when_it_is_given_back(tmp_path, other_process):
    timer = Timer(0.2, other_process.stdin.close)
    timer.start()

    with hold(tmp_path / "lock", patience=20):
        timer.join()
