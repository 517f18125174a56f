"""Count how often the disk is asked to flush when attachment 2 with five rows is saved.

    python tests/benchmarks/flushes.py

`strace` counts in a process of its own, between two calls that are there only to be seen.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from finalize import _filled_draft
from stage import examples, stage

from client.services import open_services

LIMIT = 7
RUNS = 5
CALLS = "fsync,fdatasync,sync_file_range,msync,rmdir"
MARK = "tianbao-mark"


def main() -> None:
    """Run the benchmark and print its figures."""
    if len(sys.argv) > 1:
        _save(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stage(folder):
            pass
        trace = folder / "trace"
        subprocess.run(
            [
                "strace",
                "-f",
                "-qq",
                "-e",
                f"trace={CALLS}",
                "-o",
                str(trace),
                sys.executable,
                __file__,
                str(folder / "home"),
            ],
            check=True,
        )
        counts = flushes_between_marks(trace.read_text())
    print(f"flushes: {counts[-1]} a saving ({counts[0]} with a new segment), limit {LIMIT}")


def flushes_between_marks(trace: str) -> list[int]:
    """Return how many flushes stand between each mark and the next, every other stretch left out."""
    stretches = re.split(rf".*{MARK}.*\n", trace)[1::2]
    return [
        len(re.findall(r"(?:fsync|fdatasync|sync_file_range|msync)\(", each)) for each in stretches
    ]


def _save(home: Path) -> None:
    with open_services(home) as services:
        for answers in map(json.loads, examples(RUNS)):
            draft = _filled_draft(services, answers)
            _mark()
            outcome = services.finalize(draft)
            _mark()
            if outcome.get("state") != "saved":
                raise SystemExit(f"not saved: {outcome}")


def _mark() -> None:
    try:
        Path(MARK).rmdir()
    except FileNotFoundError:
        return


if __name__ == "__main__":
    main()
