"""Push many filled tables over loopback until they stand in the audit database.

    python tests/benchmarks/push.py [COUNT] [CLIENTS]

Prints entries/s as a ratio to the limit of 1,500/s, and the server's processor time an entry as a
ratio to the limit of 0.6 ms and beside the 15 ms of the field's leading server; then where that time
goes, part by part, as `parts.py` measures it.
"""

import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parts import measured, report
from stage import Stage, children_seconds, cpu_seconds, examples, stage

LIMIT_PER_SECOND = 1_500
LIMIT_CPU_MS = 0.6
PARTS_OF = 4_000
PEER_CPU_MS = 15
GROWTH_LIMIT = 1.3


@dataclass(frozen=True)
class Pushed:
    """What a push took: seconds until all was projected, and the processor time of both sides."""

    seconds: float
    server: float
    client: float


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as place:
        homes = ["home", *(f"home-{number}" for number in range(1, clients))]
        for home in homes[1:]:
            place.add_client(home)
        _report(push(place, count, homes), count, clients)
    report(measured(PARTS_OF), PARTS_OF)


def push(place: Stage, count: int, homes: Sequence[str] = ("home",)) -> Pushed:
    """Add entries on devices, and push them all at once until they are projected."""
    filled = examples(count)
    for number, home in enumerate(homes):
        lines = "\n".join(filled[number :: len(homes)])
        place.client("add", "attachment-2", "-", stdin=lines, home=home)
    wanted = _projected(place) + count
    server, client, began = cpu_seconds(place.server.pid), children_seconds(), time.monotonic()
    pushes = [threading.Thread(target=_sync, args=(place, home)) for home in homes]
    for each in pushes:
        each.start()
    while _projected(place) < wanted:
        time.sleep(0.02)
    seconds = time.monotonic() - began
    for each in pushes:
        each.join()
    return Pushed(seconds, cpu_seconds(place.server.pid) - server, children_seconds() - client)


def _sync(place: Stage, home: str) -> None:
    place.client("sync", home=home)


def _report(took: Pushed, count: int, clients: int) -> None:
    rate = count / took.seconds
    server, client = (1000 * seconds / count for seconds in (took.server, took.client))
    print(
        f"push: {count} entries of {clients} devices in {took.seconds:.1f} s: {rate:.0f}/s, {rate / LIMIT_PER_SECOND:.2f} of the limit of {LIMIT_PER_SECOND}/s"
    )
    print(
        f"push: server CPU {server:.2f} ms an entry, {server / LIMIT_CPU_MS:.2f} of the limit of {LIMIT_CPU_MS} ms, {server / PEER_CPU_MS:.3f} of the peer's {PEER_CPU_MS} ms"
    )
    print(f"push: client CPU {client:.2f} ms an entry")


def _projected(place: Stage) -> int:
    db = sqlite3.connect(f"{place.audit_db.as_uri()}?mode=ro", uri=True)
    try:
        count: int = db.execute('SELECT count(*) FROM "attachment-2"').fetchone()[0]
    finally:
        db.close()
    return count


if __name__ == "__main__":
    main()
