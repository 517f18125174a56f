"""Where the server's processor time goes for one pushed entry, part by part, beside the floor.

    python tests/benchmarks/parts.py [COUNT]

The parts of the product are called one after the other on the same revisions, in one process and
without HTTP. The floor is what SQLite alone takes to insert the same bytes under their digests, as
durably, in as many commits.
"""

import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from people import frames_of, new_device
from stage import CAMPAIGN

from server.checks import Arrival, Checks, judge
from server.config import DataFolder
from server.founding import init_data
from server.members import Device as Member
from server.projection.projector import Projector
from server.services import Services, open_services
from server.storing import store
from sync.answer import sign_answer
from sync.frames import Frame, format_frames, parse_frames
from sync.keys import REVISION_TYPE, verify
from sync.messages import ItemState, PushAnswer
from sync.revision import parse_revision
from sync.runs import shorten

BATCH = 100
_NONCE = "0" * 32
_REQUEST = "sha256:" + "0" * 64

T = TypeVar("T")


class Meter:
    """Adds up the processor time of named parts, of all threads of this process."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def measure(self, name: str, do: Callable[[], T]) -> T:
        """Do something on account of a part."""
        began = time.process_time()
        done = do()
        self.seconds[name] += time.process_time() - began
        return done


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    report(measured(count), count)


def report(meter: Meter, count: int) -> None:
    """Print what each part took for an entry."""
    for name, seconds in meter.seconds.items():
        print(f"parts: {name:<11} {1e6 * seconds / count:7.1f} us an entry")
    total = sum(seconds for name, seconds in meter.seconds.items() if name != "floor")
    print(f"parts: {'in all':<11} {1e6 * total / count:7.1f} us an entry, without HTTP")


def measured(count: int) -> Meter:
    """Return what each part took for so many entries."""
    meter = Meter()
    with tempfile.TemporaryDirectory() as name:
        folder = DataFolder(Path(name) / "data")
        init_data(folder, CAMPAIGN)
        with (
            open_services(folder) as services,
            closing(Projector(folder.log_db, folder.audit_db)) as projector,
            _bare_database(Path(name)) as bare,
        ):
            projector.catch_up()
            frames = _frames(services, count)
            for start in range(0, count, BATCH):
                batch = frames[start : start + BATCH]
                _push(meter, services, batch)
                meter.measure("projection", projector.catch_up)
                meter.measure("floor", lambda batch=batch: _insert(bare, batch))
    return meter


def _frames(services: Services, count: int) -> list[Frame]:
    device = new_device("the device")
    code = services.invite("jungar", "reporter", name="李工").code
    known, _ = services.enrol(device.enrol_request(code, _NONCE))
    device.log, device.member = services.log, known.member
    return list(frames_of(device, count))


def _push(meter: Meter, services: Services, frames: Sequence[Frame]) -> None:
    body = format_frames(frames)
    meter.measure("frames", lambda: list(parse_frames(body)))
    meter.measure("digest", lambda: [frame.is_intact for frame in frames])
    revisions = meter.measure("parse", lambda: [parse_revision(each.payload) for each in frames])
    member = services.directory.device(revisions[0].device)
    assert member is not None
    meter.measure("signature", lambda: [_verify(member, each) for each in frames])
    meter.measure("rules", lambda: [judge(each, member, services.forms.find) for each in revisions])
    checks = Checks(services.log, services.directory.device, services.forms.find)
    arrivals = [item for item in map(checks.examine, frames) if isinstance(item, Arrival)]
    now = datetime.now(UTC)
    results = meter.measure(
        "log", lambda: services.writer.run(lambda connection: store(connection, arrivals, now))
    )
    if any(result.state is not ItemState.LOGGED for result in results):
        raise SystemExit(f"not logged: {results[0]}")
    runs, others = shorten(results)
    answer = PushAnswer(_NONCE, _REQUEST, now, services.log_size(), others, runs=runs)
    meter.measure("answer", lambda: sign_answer(answer, services.keys.answer))


def _verify(member: Member, frame: Frame) -> None:
    verify(member.public_key, REVISION_TYPE, frame.payload, frame.signature)


@contextmanager
def _bare_database(folder: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE object(digest TEXT PRIMARY KEY, bytes BLOB, signature BLOB)")
        yield db
    finally:
        db.close()


def _insert(db: sqlite3.Connection, frames: Sequence[Frame]) -> Any:
    db.execute("BEGIN IMMEDIATE")
    rows = [(frame.digest, frame.payload, frame.signature) for frame in frames]
    db.executemany("INSERT INTO object VALUES (?, ?, ?)", rows)
    db.execute("COMMIT")


if __name__ == "__main__":
    main()
