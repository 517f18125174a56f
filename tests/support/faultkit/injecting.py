"""Has each k-th call to the system fail, for every k, in a real process.

python -m faultkit.injecting WORK FOLDER SEED FAULT FIRST STRIDE

FAULT is what strace injects: `error=EIO`, `error=ENOSPC`, `signal=KILL` … into the calls that write,
flush, cut, rename and remove. Each life is a fork of a process that has everything imported, with
strace attached before it begins. A life without faults follows, and has to find all that was promised.
Prints {"calls", "promises", "errors": {name: count}, "broken": […]}; `calls` counts the lives with a fault.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from faultkit import works

CALLS = (
    "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,link,linkat,mkdir"
)
_ATTACH_SECONDS = 20.0
_STEPS = 2


def main(work, folder, seed, fault, first, stride):
    life = getattr(works, work)(Path(folder))
    life.prepare()
    memory, errors, calls = works.Memory(), Counter(), 0
    when = first
    while not memory.broken:
        log = Path(folder) / "strace.log"
        error = _live(life, memory, seed + when, _STEPS, (fault, when, log))
        # A killed process leaves no mark in strace's log, but did not come to its end.
        was_injected = not memory.was_whole or "(INJECTED)" in log.read_text(errors="replace")
        if error:
            errors[error] += 1
        left = _live(life, memory, seed, 0, None)
        if left:
            memory.broken.append(f"after {fault} at {when}: {left}")
        if not was_injected:
            break
        calls += 1
        when += stride
    return {
        "calls": calls,
        "promises": memory.promises,
        "errors": errors,
        "broken": memory.broken[:5],
    }


def _live(life, memory, seed, steps, injected):
    """Let a life run to its end, or to the fault's; return the name of the error that ended it."""
    ready_reading, ready_writing = os.pipe()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        os.close(ready_writing)
        os.read(ready_reading, 1)
        _run(life, writing, seed, steps)
    for each in (writing, ready_reading):
        os.close(each)
    tracer = None if injected is None else _attach(process, *injected)
    os.write(ready_writing, b"1")
    os.close(ready_writing)
    told = b""
    while chunk := os.read(reading, 65536):
        told += chunk
    os.close(reading)
    os.waitpid(process, 0)
    if tracer is not None:
        tracer.wait()
    return _take(memory, told)


def _take(memory, told):
    lines = told.split(b"\n")
    ends = [line for line in lines if line.startswith((b"ended", b"failed"))]
    memory.was_whole = ends == [b"ended"]
    memory.take(b"".join(line + b"\n" for line in lines[:-1] if line not in ends))
    memory.end_life()
    return None if memory.was_whole or not ends else ends[0].decode().removeprefix("failed ")


def _attach(process, fault, when, log):
    tracer = subprocess.Popen(
        [
            *("strace", "-f", "-qq", "-p", str(process), "-o", str(log)),
            *("-e", f"trace={CALLS}", "-e", f"inject={CALLS}:{fault}:when={when}"),
        ],
        stderr=subprocess.DEVNULL,
    )
    status = Path(f"/proc/{process}/status")
    deadline = time.monotonic() + _ATTACH_SECONDS
    while "TracerPid:\t0\n" in status.read_text() and time.monotonic() < deadline:
        time.sleep(0.001)  # what attaches gives no other sign
    return tracer


def _run(life, writing, seed, steps):
    def tell(line):
        os.writev(writing, [line.encode() + b"\n"])  # a call into which nothing is injected

    try:
        life.live(tell, random.Random(seed), steps)
        tell("ended")
    except BaseException as error:
        tell(f"failed {type(error).__module__}.{type(error).__name__} {error}".replace("\n", " "))
    os._exit(0)


if __name__ == "__main__":
    work, folder, seed, fault, first, stride = sys.argv[1:]
    print(json.dumps(main(work, folder, int(seed), fault, int(first), int(stride))))  # noqa: T201 - its result
