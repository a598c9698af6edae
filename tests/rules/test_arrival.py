"""When a file is complete, and what it is: tables, with the time as an argument."""

from datetime import UTC, datetime, timedelta

import pytest

from brownfield.contract.watched import Sighting
from brownfield.rules.arrival import (
    NEXT,
    WATCHED,
    Kind,
    Known,
    Step,
    identify,
    is_given_up,
    number_of,
    waits_for,
    watch,
)
from brownfield.wrapper.manifest import FeedTable, ReadyTable

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
READY = ReadyTable(polls=2, age="10s", patience="5m")


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def lying(stamp="1", modified=NOW, marked=None):
    return Sighting("STK1.DAT", 80, modified, stamp, marked)


def watched(*listings):
    """A file as it is known after these listings, each (second, sighting)."""
    seen = None
    for second, sighting in listings:
        seen = watch(seen, sighting, after(second))
    return seen


def feed(**policy):
    return FeedTable(via="drop", emits="x.y.v1", key="sku", **policy)


def test_every_way_ends_and_none_goes_back_to_a_file_that_is_ours():
    """R20: a claimed file is never looked at as one that lies in the drop."""
    assert set(NEXT) == set(Step)
    for step, following in NEXT.items():
        assert following <= set(Step)
        assert step in WATCHED or not following & WATCHED


def test_a_file_is_complete_when_it_was_seen_unchanged_often_enough_and_left_alone_long_enough():
    """R20: both; each alone is a writer that paused."""
    assert waits_for(watched((60, lying())), READY, after(60)) == "seen 1 of 2 times without a change"
    fresh = watched((1, lying()), (2, lying()))
    assert waits_for(fresh, READY, after(2)) == "left alone for 2 s of 10 s"
    assert waits_for(fresh, READY, after(10)) == ""


def test_a_change_begins_the_watch_again_by_our_own_clock():
    """R20: replaced by a file of an older time, grown, shrunk: the far side's time says nothing any more."""
    replaced = lying("2", modified=NOW - timedelta(days=3))
    seen = watched((20, lying()), (21, replaced), (22, replaced))
    assert waits_for(seen, READY, after(22)) == "left alone for 1 s of 10 s"
    assert waits_for(seen, READY, after(31)) == ""


@pytest.mark.parametrize("modified", [None, NOW + timedelta(hours=2)], ids=["untold", "ahead"])
def test_a_time_that_says_nothing_is_replaced_by_our_own(modified):
    """R20: neither hides a file for ever nor delivers it too soon."""
    seen = watched((0, lying(modified=modified)), (5, lying(modified=modified)))
    assert waits_for(seen, READY, after(5)) == "left alone for 5 s of 10 s"
    assert waits_for(seen, READY, after(10)) == ""


def test_a_marker_decides_alone():
    """R20: with it at once, without it never, however old."""
    assert waits_for(watched((0, lying(marked=True))), READY, NOW) == ""
    old = watched((0, lying(marked=False)), (9000, lying(marked=False)))
    assert waits_for(old, READY, after(9000)) == "its marker is not there"


def test_what_is_visibly_not_whole_is_waited_for_as_long_as_the_feed_says():
    """R20: a transfer that stalls is complete by no clock; one with a marker is as whole as it will be."""
    seen = watched((0, lying()), (20, lying()))
    assert not is_given_up(seen, READY, after(299))
    assert is_given_up(seen, READY, after(300))
    assert is_given_up(watched((0, lying(marked=True))), READY, NOW)


@pytest.mark.parametrize(
    ("number", "known", "policy", "kind", "treatment"),
    [
        (None, Known(), {}, Kind.NEW, "take"),
        (None, Known(same="old.dat"), {}, Kind.DUPLICATE, "archive"),
        (None, Known(same="old.dat", named=True), {"on_duplicate": "hold"}, Kind.DUPLICATE, "hold"),
        (None, Known(named=True), {}, Kind.CORRECTION, "take"),
        (None, Known(named=True), {"on_correction": "refuse"}, Kind.CORRECTION, "refuse"),
        (7, Known(last=7), {"on_correction": "hold"}, Kind.CORRECTION, "hold"),
        (6, Known(last=7), {}, Kind.LATE, "hold"),
        (6, Known(last=7), {"on_late": "take"}, Kind.LATE, "take"),
        (8, Known(last=7), {}, Kind.NEW, "take"),
        (None, Known(last=7), {}, Kind.NEW, "take"),
    ],
)
def test_what_a_file_is_and_what_the_feed_does_with_it(number, known, policy, kind, treatment):
    """R20: the content comes before the name, the name before the number."""
    found = identify(number, known, feed(**policy))
    assert (found.kind, found.treatment) == (kind, treatment)
    assert bool(found.reason) == (kind is not Kind.NEW)


@pytest.mark.parametrize(
    ("name", "number"), [("STK20261120.DAT", 20261120), ("a/STK2026-11-20.DAT", 20261120), ("OTHER", None)]
)
def test_the_number_stands_in_the_name(name, number):
    """R20: where the feed says so, and nowhere else."""
    assert number_of(name, feed(sequence="STK([0-9-]{8,10})")) == number
    assert number_of(name, feed()) is None
