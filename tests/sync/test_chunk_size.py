"""The size of chunks: what a line that breaks costs in the end, over lines of every kind."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chunk_size import LARGEST, OVERHEAD, SMALLEST, ChunkSize

STATUS = 1100


def carry(total, share):
    """Return how many bytes a line carries for a file, how often it broke, and the largest chunk."""
    chunks, offset, carried, breaks, largest, left = ChunkSize(), 0, 0, 0, 0, share()
    while offset < total:
        size = min(chunks.next(), total - offset)
        largest = max(largest, size)
        if size + OVERHEAD > left:
            carried += left + STATUS
            breaks, left = breaks + 1, share() - STATUS
            chunks.broke()
        else:
            carried, left, offset = carried + size + OVERHEAD, left - size - OVERHEAD, offset + size
            chunks.arrived(size)
    return carried, breaks, largest


@pytest.mark.parametrize("every", [200_000, 250_000, 277_000, 300_000, 310_000, 350_000, 10**6])
def test_a_line_that_breaks_at_the_same_point_each_time_costs_at_most_a_tenth(every):
    total = 40_000_000

    carried, breaks, _ = carry(total, lambda: every)

    assert breaks > 30
    assert carried <= 1.10 * total


def test_a_line_that_breaks_at_any_time_costs_little_more_than_the_best_there_is():
    chance, total, mean = random.Random(1), 100_000_000, 300_000

    carried, _, _ = carry(total, lambda: OVERHEAD + STATUS + chance.expovariate(1 / mean))

    best = (2 * OVERHEAD / mean) ** 0.5
    assert carried / total <= 1 + 1.35 * best


def test_a_line_that_never_breaks_costs_next_to_nothing():
    carried, _, largest = carry(100_000_000, lambda: 1 << 60)

    assert carried <= 1.01 * 100_000_000
    assert largest > 256 * 1024


def test_a_line_that_gets_better_is_found_out():
    shares = iter([60_000] * 20)

    carried, _, largest = carry(50_000_000, lambda: next(shares, 1 << 60))

    assert largest > 100_000
    assert carried <= 1.05 * 50_000_000


def test_chunks_shrink_while_nothing_gets_through():
    chunks = ChunkSize()
    sizes = []
    for _ in range(8):
        sizes.append(chunks.next())
        chunks.broke()

    assert max(sizes[1:]) < sizes[0] / 4


@given(st.lists(st.booleans(), max_size=300))
def test_a_chunk_is_always_within_its_bounds(outcomes):
    chunks = ChunkSize()
    for has_arrived in outcomes:
        size = chunks.next()
        assert SMALLEST <= size <= LARGEST
        if has_arrived:
            chunks.arrived(size)
        else:
            chunks.broke()


@given(st.lists(st.integers(SMALLEST + OVERHEAD + STATUS, 2_000_000), min_size=1, max_size=100))
def test_breaks_cost_at_most_a_chunk_and_a_question_each(shares):
    left = iter(shares)

    carried, breaks, largest = carry(3_000_000, lambda: next(left, 1 << 60))

    chunks = 3_000_000 // SMALLEST + 1
    assert carried <= 3_000_000 + chunks * OVERHEAD + breaks * (largest + OVERHEAD + STATUS)
