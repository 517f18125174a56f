"""Waiting before the next try: random, doubling, capped."""

from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import FIRST_SECONDS, LONGEST_SECONDS, delay_seconds

FRACTIONS = st.floats(0, 1, exclude_max=True)


@given(st.integers(0, 10_000), FRACTIONS)
def test_a_wait_is_between_nothing_and_a_quarter_of_an_hour(failures: int, share: float) -> None:
    assert 0 <= delay_seconds(failures, lambda: share) <= LONGEST_SECONDS


def test_the_bound_doubles_until_it_is_capped() -> None:
    bounds = [delay_seconds(failures, lambda: 1.0) for failures in range(12)]

    assert bounds[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert bounds[-1] == LONGEST_SECONDS
    assert bounds == sorted(bounds)


def test_a_lucky_device_tries_again_at_once() -> None:
    assert delay_seconds(20, lambda: 0.0) == 0


@given(st.floats(0, LONGEST_SECONDS), FRACTIONS)
def test_what_the_server_asks_for_is_the_least(asked: float, share: float) -> None:
    assert delay_seconds(3, lambda: share, retry_after=asked) >= asked


def test_no_server_can_silence_a_device_for_days() -> None:
    assert delay_seconds(0, lambda: 0.0, retry_after=1e9) == LONGEST_SECONDS
