"""Hand over a large file over a line that breaks every 300 kB.

    python tests/benchmarks/attachment.py [MEGABYTES] [KILOBYTES]

Prints the bytes that the line carried, both directions and headers included, as a ratio to the file,
beside the limit; by how much the memory of server and client grew at its highest; and the time.
`KILOBYTES` is how much a connection carries before it breaks; with `~` before it, only on average.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from stage import ROOT, Stage, command, run, stage

sys.path.append(str(ROOT / "tests" / "support"))

from breaking_line import BreakingLine

LIMIT = 1.10
_PIECE = 1 << 20
_SMALL = 10_000


def main() -> None:
    """Run the benchmark and print its figures."""
    size = 1_000_000 * int(sys.argv[1] if len(sys.argv) > 1 else 500)
    words = sys.argv[2] if len(sys.argv) > 2 else "300"
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        line = BreakingLine(int(place.url.rstrip("/").rpartition(":")[2]))
        try:
            _measure(place, line, size, words)
        finally:
            line.close()


def _measure(place: Stage, line: BreakingLine, size: int, words: str) -> None:
    client = _Client(place, line.url)
    client.save(_SMALL)
    small = client.sync()  # what both sides need anyway
    server = _peak_megabytes(place.server.pid)
    client.save(size)
    before, line.share = line.carried, _share(words)
    began = time.monotonic()
    large = client.sync()
    seconds, ratio = time.monotonic() - began, (line.carried - before) / size
    print(
        f"attachment: {size / 1e6:.0f} MB, a break every {words} kB ({line.breaks} in all): "
        f"{ratio:.4f} of its bytes on the line, {ratio / LIMIT:.3f} of the limit of {LIMIT}"
    )
    grown = _peak_megabytes(place.server.pid) - server
    print(
        f"attachment: memory grew by {grown:.1f} MB in the server, {large - small:.1f} MB in the client"
    )
    print(f"attachment: {seconds:.0f} s, {size / 1e6 / seconds:.2f} MB/s")


def _share(words: str) -> Callable[[], int]:
    every = 1000 * int(words.removeprefix("~"))
    if not words.startswith("~"):
        return lambda: every
    chance = random.Random(1)
    return lambda: 1 + round(chance.expovariate(1 / every))


class _Client:
    """A client that reaches the server over the line."""

    def __init__(self, place: Stage, url: str) -> None:
        self._folder = place.folder
        self._home = str(place.folder / "far")
        invitation = json.loads(
            place.admin("invite", "jungar", "reporter", "--name", "李", "--json")
        )
        self._tianbao("enrol", url, invitation["code"])
        self._tianbao("sync")

    def save(self, size: int) -> None:
        """Save a plan with a file of so many bytes."""
        path = self._folder / "plan.pdf"
        with path.open("wb") as file:
            for done in range(0, size, _PIECE):
                file.write(os.urandom(min(_PIECE, size - done)))
        form = str(ROOT / "forms" / "ordos-2019" / "implementation-plan.json")
        example = run(command("tianbao", "form", "example", form, "--count", "1", "--seed", "1"))
        plan = json.loads(example)
        plan["plan"]["document"] = path.name
        answers = self._folder / "answers.json"
        answers.write_text(json.dumps(plan), "utf-8")
        self._tianbao("add", "implementation-plan", str(answers))
        path.unlink()

    def sync(self) -> float:
        """Hand it over, in as many rounds as it takes; return the most memory it took, in MB."""
        most, code = 0.0, 1
        while code:
            code, used = self._run("sync")
            most = max(most, used)
        return most

    def _tianbao(self, *words: str) -> None:
        code, _ = self._run(*words)
        if code:
            raise SystemExit(f"tianbao {words[0]} failed.")

    def _run(self, *words: str) -> tuple[int, float]:
        """Run a command; return its exit code, and the most memory that it took, in MB."""
        started = subprocess.Popen(
            command("tianbao", "--home", self._home, *words), stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        return started.returncode, usage.ru_maxrss / 1024


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        / 1024
    )


if __name__ == "__main__":
    main()
