"""Hand over a backlog of filled tables over a GPRS line, in virtual time, and count the bytes.

    python tests/benchmarks/gprs.py [COUNT [RUNS]]

The line carries 500 bytes a second, an answer takes 2 seconds, and 15 % of the exchanges stall at a
moment drawn evenly. Prints the bytes on the wire (both ways, HTTP's headers included) as a ratio to
the gzip size of the revisions themselves, beside the limit of 1.3, for several draws of the stalls.
"""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from backlog import backlog, offers

LIMIT = 1.3


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    ratios = [_run(count, seed) for seed in range(runs)]
    mean, worst = statistics.mean(ratios), max(ratios)
    print(
        f"gprs: {count} entries, {runs} runs: {mean:.3f} of the packed size on average, "
        f"{worst:.3f} at worst, limit {LIMIT}: {mean / LIMIT:.2f} of it"
    )


def _run(count: int, seed: int) -> float:
    with tempfile.TemporaryDirectory() as folder, backlog(Path(folder), seed) as device:
        device.add(count)
        packed = device.packed_size
        rounds = device.deliver()
        line = device.line
        lost = [each.sent + each.received for each in line.passed if not each.is_whole]
        offered, broken = offers(line.passed)
        twice = sum(times - 1 - broken[digest] for digest, times in offered.items())
        ratio = line.bytes / packed
        print(
            f"gprs: seed {seed}: {line.bytes:,} bytes, {ratio:.3f}; {len(line.passed)} exchanges in "
            f"{rounds} rounds, {len(lost)} stalled and lost {sum(lost):,} bytes; "
            f"{twice} sent twice beyond those; {line.watch.seconds / 60:.0f} minutes"
        )
        return ratio


if __name__ == "__main__":
    main()
