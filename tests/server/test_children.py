import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from server.children import Child
from server.errors import ChildError

WATCHING = """
import sys
from threading import Event
from server.children import watch_parent
gone = Event()
watch_parent(gone.set)
print("ready on port 4711", flush=True)
gone.wait()
print("going", flush=True)
sys.exit(7)
"""

PARENT = """
import sys
from server.children import Child
child = Child([sys.executable, "-c", sys.argv[1]], name="child")
child.start()
child.wait_for_line("ready", 30)
print(child.pid, flush=True)
sys.stdin.read()
"""

ROOT = Path(__file__).parents[2]


def python(code, **kwargs):
    return Child([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, **kwargs)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed process whose parent has not asked for its end is dead all the same.
    status = Path(f"/proc/{pid}/stat").read_text() if Path(f"/proc/{pid}").exists() else ") Z"
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, seconds=20.0):
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come true"
        sleep(0.02)


def test_a_child_is_ready_when_it_has_printed_its_line():
    child = python(WATCHING)

    child.start()
    match = child.wait_for_line(r"port (\d+)", 30)
    child.stop()

    assert match[1] == "4711"


def test_a_stopped_child_ends_by_itself_with_its_own_exit_code():
    child = python(WATCHING)
    child.start()
    child.wait_for_line("ready", 30)

    code = child.stop()

    assert code == 7
    assert not child.is_running


def test_a_child_that_does_not_listen_is_ended_by_force():
    child = python("import time; print('ready', flush=True); time.sleep(600)")
    child.start()
    child.wait_for_line("ready", 30)

    code = child.stop(timeout=0.2)

    assert code != 0
    assert not child.is_running


def test_a_child_that_ends_before_it_is_ready_is_an_error():
    child = python("raise SystemExit(3)", name="auditors' pages")
    child.start()

    with pytest.raises(ChildError, match="auditors' pages ended before"):
        child.wait_for_line("ready", 30)
    assert child.stop() == 3


def test_the_last_words_of_a_child_that_ends_are_told():
    code = "import sys; print('Error: no room', file=sys.stderr); sys.exit(1)"
    child = python(code, stderr=subprocess.STDOUT)
    child.start()

    with pytest.raises(ChildError, match="It said: Error: no room"):
        child.wait_for_line("ready", 30)
    child.stop()


def test_a_child_that_says_nothing_is_an_error_after_the_time():
    child = python(WATCHING)
    child.start()

    with pytest.raises(ChildError, match="not ready"):
        child.wait_for_line("never printed", 0.05)
    child.stop()


def test_a_program_that_is_not_there_is_an_error():
    child = Child(["/nowhere/at-all"], name="client")

    with pytest.raises(ChildError, match="client cannot be started"):
        child.start()
    assert child.stop() is None


def test_a_child_that_prints_much_never_waits_for_us():
    child = python("print('ready', flush=True)\nfor n in range(20000): print('x' * 100)")
    child.start()

    wait_until(lambda: not child.is_running)

    assert child.wait_for_line("ready", 30)
    assert child.stop() == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_child_ends_when_its_parent_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, WATCHING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert is_alive(pid)

        parent.send_signal(signal.SIGKILL)
        parent.wait()

    wait_until(lambda: not is_alive(pid))
