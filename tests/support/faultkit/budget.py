"""How long a suite of faults runs, from which seed, and what it counted.

A short slice with a fixed seed runs by itself. `make faults` runs everything at full length with a
seed drawn anew. Either way the seed stands in the header and beside every failure, and
`TIANBAO_SEED=N` replays it.
"""

import os
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

_SLICE_SEED = 20261122
_COUNT = "fault count"


@dataclass
class Budget:
    """What a suite may spend, and where its chance comes from."""

    is_full: bool
    seed: int

    def of(self, short, full):
        """Return how often: so often in the slice, so often at full length."""
        return full if self.is_full else short

    def chance(self, *names):
        """Return a source of chance of one's own, the same again for the same names and seed."""
        return random.Random("/".join(map(str, (self.seed, *names))))


@dataclass
class Counts:
    """What a test went through, by name; the summary at the end adds it up over all tests."""

    found: dict = field(default_factory=lambda: defaultdict(int))
    began: float = field(default_factory=time.monotonic)

    def add(self, name, number=1):
        self.found[name] += number


def pytest_configure(config):
    is_full = os.environ.get("TIANBAO_FAULTS") == "full"
    drawn = random.SystemRandom().randrange(2**32) if is_full else _SLICE_SEED
    # Workers of one run share the seed: the first process hands it on by its environment.
    seed = int(os.environ.setdefault("TIANBAO_SEED", str(drawn)))
    config.stash[_BUDGET] = Budget(is_full, seed)


_BUDGET = pytest.StashKey[Budget]()


def pytest_report_header(config):
    budget = config.stash[_BUDGET]
    return f"faults: {'full length' if budget.is_full else 'slice'}, TIANBAO_SEED={budget.seed}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and "/faults/" in item.nodeid:
        budget = item.config.stash[_BUDGET]
        length = "TIANBAO_FAULTS=full " if budget.is_full else ""
        report.sections.append(("replay", f"{length}TIANBAO_SEED={budget.seed} {item.nodeid}"))
    return report


@pytest.fixture(scope="session")
def budget(pytestconfig):
    return pytestconfig.stash[_BUDGET]


@pytest.fixture
def counts(record_property):
    """Count what a test goes through; printed at the end with the seconds it took."""
    found = Counts()
    yield found
    seconds = time.monotonic() - found.began
    for name, number in found.found.items():
        record_property(_COUNT, [name, number, seconds])


def pytest_terminal_summary(terminalreporter):
    numbers, seconds = defaultdict(int), defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _COUNT and getattr(report, "when", "") == "teardown":
                    numbers[value[0]] += value[1]
                    seconds[value[0]] += value[2]
    if numbers:
        terminalreporter.section("faults gone through")
    for name in sorted(numbers):
        terminalreporter.line(f"{numbers[name]:>12,}  {name}  ({seconds[name]:.0f} s)")
