"""The rate limit makes a queue."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.limit import Bucket, take


def test_a_burst_goes_at_once_and_the_rest_in_order():
    """R82: calls queue; each waits one interval longer than the one before it."""
    bucket, waits = Bucket(tokens=2.0, at=0.0), []
    for _ in range(5):
        bucket, wait = take(bucket, per_second=10, now_seconds=0.0, burst=2)
        waits.append(round(wait, 6))
    assert waits == [0, 0, 0.1, 0.2, 0.3]


def test_who_will_not_wait_takes_nothing():
    """R82: a caller that gives up keeps the old bucket and makes nobody wait."""
    bucket = Bucket(tokens=0.0, at=0.0)
    _, wait = take(bucket, per_second=1, now_seconds=0.0, burst=1)
    assert wait == 1.0
    assert take(bucket, per_second=1, now_seconds=1.0, burst=1)[1] == 0.0


def test_a_clock_that_runs_backwards_gives_nothing():
    """R82: the limit holds when the clock does not."""
    bucket = Bucket(tokens=0.0, at=100.0)
    after, wait = take(bucket, per_second=1, now_seconds=0.0, burst=5)
    assert (after.at, wait) == (100.0, 1.0)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=60), st.floats(0.5, 50), st.integers(1, 10))
def test_no_window_holds_more_calls_than_the_limit(gaps, rate, burst):
    """R82: in any stretch of t seconds at most burst + rate * t calls begin."""
    bucket, now, begun = Bucket(tokens=float(burst), at=0.0), 0.0, []
    for gap in gaps:
        now += gap
        bucket, wait = take(bucket, rate, now, burst)
        begun.append(now + wait)
    assert all(after > before - 1e-6 for before, after in itertools.pairwise(begun))
    for first, start in enumerate(begun):
        for last in range(first, len(begun)):
            assert last - first + 1 <= burst + rate * (begun[last] - start) + 1e-6


@pytest.mark.parametrize("quiet", [1, 10, 1000])
def test_a_quiet_time_saves_up_no_more_than_the_burst(quiet):
    """R82: a night of silence is no licence for a storm."""
    after, _ = take(Bucket(tokens=0.0, at=0.0), per_second=100, now_seconds=float(quiet), burst=3)
    assert after.tokens == 2.0
