"""How far, and how long still."""

from datetime import timedelta

import pytest

from brownfield.rules.progress import Progress


@pytest.mark.parametrize(
    ("done", "whole", "percent", "left"),
    [(0, 100, 0, None), (25, 100, 25, 180), (999, 1000, 99, 0.06), (100, 100, 100, 0), (0, 0, 100, None)],
)
def test_the_rest_takes_as_long_as_the_pace_so_far_says(done, whole, percent, left):
    """R97: and nothing is said where there is no pace."""
    progress = Progress(done, whole, timedelta(seconds=60))
    assert progress.percent == percent
    assert left is None or abs(progress.left.total_seconds() - left) < 0.01
    assert (progress.left is None) == (left is None)


def test_nothing_is_estimated_before_any_time_has_passed():
    """R97."""
    assert Progress(10, 100, timedelta()).left is None
