"""Push many filled tables over loopback until they stand in the audit database.

    python tests/benchmarks/push.py [COUNT]

Prints entries/s as a ratio to the limit of 500/s, the server's processor time an entry beside the
15 ms of the field's leading server, and what an entry costs when much is there already.
"""

import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

from stage import Stage, cpu_seconds, examples, stage

LIMIT_PER_SECOND = 500
PEER_CPU_MS = 15
GROWTH_LIMIT = 1.3


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        seconds, cpu = _push(place, count)
        rate = count / seconds
        print(
            f"push: {count} entries in {seconds:.1f} s: {rate:.0f}/s, {rate / LIMIT_PER_SECOND:.2f} of the limit of {LIMIT_PER_SECOND}/s"
        )
        per_entry = 1000 * cpu / count
        print(
            f"push: server CPU {per_entry:.2f} ms an entry, {per_entry / PEER_CPU_MS:.3f} of the peer's {PEER_CPU_MS} ms"
        )


def _push(place: Stage, count: int) -> tuple[float, float]:
    """Add and push entries; return the seconds until all are projected, and the server's CPU."""
    place.client("add", "attachment-2", "-", stdin="\n".join(examples(count)))
    wanted = _projected(place) + count
    cpu = cpu_seconds(place.server.pid)
    began = time.monotonic()
    push = threading.Thread(target=place.client, args=("sync",))
    push.start()
    while _projected(place) < wanted:
        time.sleep(0.02)
    seconds = time.monotonic() - began
    push.join()
    return seconds, cpu_seconds(place.server.pid) - cpu


def _projected(place: Stage) -> int:
    db = sqlite3.connect(f"{place.audit_db.as_uri()}?mode=ro", uri=True)
    try:
        count: int = db.execute('SELECT count(*) FROM "attachment-2"').fetchone()[0]
    finally:
        db.close()
    return count


if __name__ == "__main__":
    main()
