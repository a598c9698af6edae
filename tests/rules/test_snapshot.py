"""What is tolerated before the difference of two extracts becomes events."""

import pytest

from brownfield.rules.snapshot import Counts, Tolerance, suspicion


@pytest.mark.parametrize(
    ("before", "after", "updated", "deleted", "suspicious"),
    [
        (0, 100, 0, 0, False),  # the first time
        (1000, 900, 0, 100, False),
        (1000, 899, 0, 101, True),
        (1000, 0, 0, 1000, True),
        (5, 0, 0, 5, True),  # an empty one is never believed
        (19, 1, 0, 18, False),  # of so few a percentage says nothing
        (20, 17, 0, 3, True),
        (1000, 1000, 500, 0, False),
        (1000, 1000, 501, 0, True),
    ],
)
def test_tolerance_is_a_table(before, after, updated, deleted, suspicious):
    counts = Counts(before, after, 0, updated, deleted)
    assert bool(suspicion(Tolerance(most_deleted=10, most_changed=50), counts)) is suspicious


def test_the_reason_has_the_numbers_a_person_needs():
    reason = suspicion(Tolerance(), Counts(1000, 700, 0, 0, 300))
    assert reason == "300 of 1000 keys are gone, more than the 10 % allowed; the extract has 700"


def test_without_a_limit_everything_may_change():
    assert suspicion(Tolerance(most_deleted=100), Counts(1000, 1000, 1000, 0, 0)) == ""
