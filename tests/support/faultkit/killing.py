"""Kills real processes at any instruction, again and again, and compares what is left.

python -m faultkit.killing WORK FOLDER SEED KILLS [BUG]

Everything is imported once, and each life is a fork of that: so a kill costs milliseconds. A life
first tells what it finds, then works on and tells each promise as it is made, over a pipe; then it is
killed at a random moment. What the next life finds has to hold every promise of all lives before.
Prints {"kills", "promises", "broken": […]}.
"""

import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from faultkit import works, zoo

_SLOWEST_START = 60.0
_LONGEST_LIFE = 0.060


def main(work, folder, seed, kills, bug=None):
    chance = random.Random(seed)
    memory = works.Memory()
    work = getattr(works, work)(Path(folder))
    work.prepare()
    if bug is not None:
        zoo.BUGS[bug](setattr)
    for _ in range(kills):
        if memory.broken:
            break
        _live_once(work, memory, chance)
    _live_once(work, memory, chance)
    return {"kills": kills, "promises": memory.promises, "broken": memory.broken[:5]}


def _live_once(work, memory, chance):
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _run(work, writing, chance.random())
    os.close(writing)
    try:
        _listen(reading, memory, chance)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        _drain(reading, memory)
        os.close(reading)


def _run(work, writing, seed):
    try:
        work.live(lambda line: os.write(writing, line.encode() + b"\n"), random.Random(seed))
    except BaseException as error:  # told to the parent, which has the test fail
        os.write(
            writing,
            f"failed {type(error).__name__}: {error}\n".encode().replace(b"\n", b" ") + b"\n",
        )
    os._exit(0)


def _listen(reading, memory, chance):
    """Hear what a life finds and, for a random while, what it promises."""
    deadline = time.monotonic() + _SLOWEST_START
    has_begun = False
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0]:
            return
        chunk = os.read(reading, 65536)
        if not chunk:
            return
        memory.take(chunk)
        if memory.is_working and not has_begun:
            has_begun = True
            deadline = time.monotonic() + chance.random() * _LONGEST_LIFE


def _drain(reading, memory):
    while chunk := os.read(reading, 65536):
        memory.take(chunk)
    memory.end_life()


if __name__ == "__main__":
    found = main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
    print(json.dumps(found))  # noqa: T201 - its result
