"""How old an answer may be."""

import pytest

from brownfield.rules.freshness import is_fresh, may_stand_in


@pytest.mark.parametrize(("age", "given", "stands_in"), [
    (0, True, True), (29.9, True, True), (30, True, True), (30.1, False, True), (630, False, True),
    (630.1, False, False), (-0.1, False, False),
])  # fmt: skip
def test_an_answer_is_fresh_then_stale_then_nothing(age, given, stands_in):
    """R24: at the borders; what was read in the future was read by another clock."""
    assert (is_fresh(age, 30), may_stand_in(age, 30, 600)) == (given, stands_in)


def test_without_stale_if_error_nothing_stands_in():
    assert not may_stand_in(30.1, 30, 0)
