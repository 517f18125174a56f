"""What pushing and projecting an entry costs with 1,000 and with 50,000 entries in the log.

python tests/benchmarks/growth.py [LARGE]
"""

import sys
import tempfile
from pathlib import Path

from push import GROWTH_LIMIT, push
from stage import stage

SMALL = 1_000
PROBE = 1_000


def main() -> None:
    """Run the benchmark and print its figures."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        push(place, SMALL)
        first = push(place, PROBE)
        push(place, large - SMALL - PROBE)
        last = push(place, PROBE)
    print(
        f"growth: at {SMALL} entries {1000 * first.seconds / PROBE:.2f} ms (CPU {1000 * first.server / PROBE:.2f} ms) an entry"
    )
    print(
        f"growth: at {large} entries {1000 * last.seconds / PROBE:.2f} ms (CPU {1000 * last.server / PROBE:.2f} ms) an entry"
    )
    print(
        f"growth: ratio {last.seconds / first.seconds:.2f} (CPU {last.server / first.server:.2f}), limit {GROWTH_LIMIT}"
    )


if __name__ == "__main__":
    main()
