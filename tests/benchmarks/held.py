"""What things cost with 1,000 and with 100,000 delivered entries held: saving, pushing, pulling, starting.

    python tests/benchmarks/held.py [LARGE [FOLDER]]

The two devices take turns, so that a busy machine hits both; what the server does within a round is
taken off. In FOLDER what was made is kept, and used again.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from finalize import _filled_draft
from full_home import FullHome, Spent, full_home
from people import FORM
from stage import examples

from client.listing import LANGUAGE
from client.selecting import Wish
from client.web.overview import overview
from forms.definition import OwnEntries

SMALL = 1_000
LIMIT = 1.3
SAVED = 50
PUSHED = 100
PULLED = 200
UNDELIVERED = 500
ROUNDS = 5
STARTS = 7
LOOKS = 20
_CHOICES = OwnEntries("rows", (FORM,), "contests", ("project",))

Measure = Callable[[FullHome], Spent]


def main() -> None:
    """Run the benchmark and print its figures."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with _folder() as folder, ExitStack() as stack:
        began = time.monotonic()
        homes = [
            stack.enter_context(full_home(folder / str(count), count)) for count in (SMALL, large)
        ]
        held = " and ".join(str(home.held) for home in homes)
        print(f"held: {held} entries, ready after {time.monotonic() - began:.0f} s")
        _compare("start with nothing undelivered", homes, _start, STARTS, LIMIT)
        drafts = [_drafts(home) for home in homes]
        saves = {id(home): prepared for home, prepared in zip(homes, drafts, strict=True)}
        _compare("save", homes, lambda home: _save(home, saves[id(home)].pop()), SAVED, LIMIT)
        _deliver_all(homes)
        _compare(f"push of {PUSHED}", homes, _push, ROUNDS, LIMIT)
        _compare(f"pull of {PULLED}", homes, _pull, ROUNDS, LIMIT)
        _compare("round without work", homes, _deliver, ROUNDS, LIMIT)
        for home in homes:
            home.save(UNDELIVERED)
        _compare(f"start with {UNDELIVERED} undelivered", homes, _start, STARTS, LIMIT)
        _compare("status", homes, _look_at(lambda home: home.services.status()), LOOKS)
        _compare("first page", homes, _look_at(_first_page), LOOKS)
        _deliver_all(homes)
        _compare("search by a word", homes, _look_at(_search), 3)
        _compare("all entries", homes, _look_at(lambda home: home.services.entries()), 1)
        _compare("list to choose from", homes, _look_at(_choices), 1)


@contextmanager
def _folder() -> Iterator[Path]:
    if len(sys.argv) > 2:
        yield Path(sys.argv[2])
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _compare(
    what: str, homes: list[FullHome], measure: Measure, times: int, limit: float | None = None
) -> None:
    """Measure both in turns, and print the medians and how much more the large one takes."""
    found: list[list[Spent]] = [[] for _ in homes]
    for _ in range(times):
        for home, spent in zip(homes, found, strict=True):
            spent.append(measure(home))
    small, large = (Spent(_median(s.wall for s in x), _median(s.cpu for s in x)) for x in found)
    print(
        f"held: {what:<30} {1000 * small.wall:9.2f} → {1000 * large.wall:9.2f} ms, "
        f"CPU {1000 * small.cpu:8.2f} → {1000 * large.cpu:8.2f} ms: ratio {large.wall / small.wall:.2f} "
        f"(CPU {large.cpu / small.cpu:.2f})" + (f", limit {limit}" if limit else "")
    )


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)


def _start(home: FullHome) -> Spent:
    spent = Spent()
    home.close()
    with spent.measured():
        home.open()
    return spent


def _drafts(home: FullHome) -> list[str]:
    return [_filled_draft(home.services, json.loads(text)) for text in examples(SAVED)]


def _save(home: FullHome, draft: str) -> Spent:
    spent = Spent()
    with spent.measured():
        outcome = home.services.finalize(draft)
    if outcome.get("state") != "saved":
        raise SystemExit(f"not saved: {outcome}")
    return spent


def _push(home: FullHome) -> Spent:
    home.save(PUSHED)
    return _deliver(home)


def _pull(home: FullHome) -> Spent:
    home.hand_in(PULLED)
    return _deliver(home)


def _deliver(home: FullHome) -> Spent:
    home.way.server = Spent()
    spent = Spent()
    with spent.measured():
        home.deliver()
    return spent.without(home.way.server)


def _deliver_all(homes: list[FullHome]) -> None:
    for home in homes:
        home.deliver()


def _look_at(look: Callable[[FullHome], object]) -> Measure:
    """Return what measures a look at a home that has just changed."""

    def measure(home: FullHome) -> Spent:
        spent = Spent()
        home.services.db.generation += 1  # nothing is remembered
        with spent.measured():
            look(home)
        return spent

    return measure


def _first_page(home: FullHome) -> str:
    return json.dumps(overview(home.services, Wish(limit=100), LANGUAGE, ""))


def _search(home: FullHome) -> object:
    return home.services.listing.page(Wish(find="no such name"))


def _choices(home: FullHome) -> object:
    return home.services.replica.items(_CHOICES)


if __name__ == "__main__":
    main()
