"""What pushing and projecting an entry costs with 1,000 and with 50,000 entries in the log.

python tests/benchmarks/growth.py [LARGE]
"""

import sys
import tempfile
from pathlib import Path

from push import GROWTH_LIMIT, _push
from stage import stage

SMALL = 1_000
PROBE = 1_000


def main() -> None:
    """Run the benchmark and print its figures."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        _push(place, SMALL)
        first, first_cpu = _push(place, PROBE)
        _push(place, large - SMALL - PROBE)
        last, last_cpu = _push(place, PROBE)
    print(
        f"growth: at {SMALL} entries {1000 * first / PROBE:.2f} ms (CPU {1000 * first_cpu / PROBE:.2f} ms) an entry"
    )
    print(
        f"growth: at {large} entries {1000 * last / PROBE:.2f} ms (CPU {1000 * last_cpu / PROBE:.2f} ms) an entry"
    )
    print(
        f"growth: ratio {last / first:.2f} (CPU {last_cpu / first_cpu:.2f}), limit {GROWTH_LIMIT}"
    )


if __name__ == "__main__":
    main()
