"""A device with a backlog of filled tables, and its server, in one process and virtual time."""

import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from slow_line import ADDRESS, Passed, Profile, SlowLine, Watch

from client.enrol import Invitation, enrol
from client.errors import UnreachableError
from client.services import Services, open_services
from forms.example import Wish, examples
from server.app import create_app
from server.config import DataFolder
from server.founding import init_data
from server.services import open_services as open_server
from sync.packing import unpack
from sync.parcel import parse_parcel

CAMPAIGN = Path(__file__).parents[2] / "forms" / "ordos-2019"
FORM = "attachment-2"
FAST = Profile(bytes_per_second=1e9, round_trip=0, stalls=0)
PAUSE_SECONDS = 16
MOST_ROUNDS = 500


@dataclass
class Backlog:
    """An enrolled device that has its forms, and the line to its server."""

    services: Services
    line: SlowLine

    def add(self, count: int, rows: int = 5) -> None:
        """Save so many filled copies of attachment 2."""
        definitions = self.services.definitions
        compiled = definitions.compiled(definitions.latest(FORM))
        wish = Wish(seed=1, count=count, rows=rows)
        for answers in examples(compiled, wish, self.services.clock.now(), lambda _: []):
            outcome = self.services.adder.add(FORM, answers, None)
            assert "entry" in outcome, outcome

    @property
    def packed_size(self) -> int:
        """The size of all contents in one gzip."""
        rows = self.services.db.rows("SELECT content FROM revision ORDER BY id")
        return len(gzip.compress(b"".join(row["content"] for row in rows), 6, mtime=0))

    def deliver(self) -> int:
        """Do rounds until nothing is left to hand over; return how many it took."""
        for number in range(1, MOST_ROUNDS):
            with suppress(UnreachableError):
                if not self.services.rounds.run()["left"]:
                    return number
            self.line.watch.seconds += PAUSE_SECONDS
        raise AssertionError("the backlog is not delivered")


@contextmanager
def backlog(folder: Path, seed: int) -> Iterator[Backlog]:
    """Found a server and enrol a device over a fast line; from then on the line is slow."""
    watch, data = Watch(), DataFolder(folder / "data")
    init_data(data, CAMPAIGN)
    with open_server(data, watch.now) as server:
        line = SlowLine(create_app(server), watch, Random(seed), FAST)
        code = server.invite("jungar", "reporter", name="李工").code
        with open_services(
            folder / "home", watch.client(), connect=lambda _: line.transport()
        ) as services:
            enrol(services, Invitation(ADDRESS, code), line.transport())
            services.rounds.run()
            line.profile = Profile()
            line.passed.clear()
            yield Backlog(services, line)


def offers(passed: list[Passed]) -> tuple[Counter[str], Counter[str]]:
    """Return how often each revision was offered, and how often that broke."""
    offered: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for each in passed:
        if each.target == "/v1/push":
            digests = [frame.digest for frame in parse_parcel(unpack(each.body, 1 << 26))]
            offered.update(digests)
            if not each.is_whole:
                broken.update(digests)
    return offered, broken
