"""The canned adapters pass the suites that real adapters pass."""

from datetime import UTC, datetime, timedelta

import pytest
from canned_case import bundle_case, call_case, feed_case

from brownfield.contract import Rejected, Uncertain
from brownfield.rules.problem import Problem
from brownfield.testing import (
    BundleContract,
    CallAdapterContract,
    CannedDrop,
    CannedSystem,
    FeedAdapterContract,
    FrozenClock,
    canned_registry,
)


class TestCannedCalls(CallAdapterContract):
    @pytest.fixture
    def connection(self):
        return call_case()


class TestCannedFeed(FeedAdapterContract):
    @pytest.fixture
    def connection(self):
        return feed_case()


class TestCannedBundle(BundleContract):
    @pytest.fixture
    def case(self, tmp_path):
        return bundle_case(tmp_path)


def test_a_canned_write_is_in_its_log_even_when_the_answer_gets_lost():
    system = CannedSystem(fails_after={"PlaceHold": Uncertain("the answer got lost")})
    with pytest.raises(Uncertain):
        system.answer("PlaceHold", {"Sku": "A-100", "Units": 5, "Order": "SO-1"})
    assert [operation for operation, _ in system.writes] == ["PlaceHold"]
    assert system.stock["A-100"]["OnHand"] == 135


def test_a_canned_hold_can_be_undone_once():
    system = CannedSystem()
    hold = system.answer("PlaceHold", {"Sku": "A-100", "Units": 5, "Order": "SO-1"})
    system.answer("ReleaseHold", {"Id": hold["Id"]})
    assert system.stock["A-100"]["OnHand"] == 140
    with pytest.raises(Rejected):
        system.answer("ReleaseHold", {"Id": hold["Id"]})


def test_a_canned_registry_knows_no_installed_adapter():
    registry = canned_registry(CannedSystem(), CannedDrop())
    assert registry.names == ["canned", "canned_feed"]
    with pytest.raises(Problem):
        registry.get("soap")


def test_a_frozen_clock_moves_when_told():
    clock = FrozenClock(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert clock.now() == clock.now()
    began = clock.ticks()
    assert clock.move(timedelta(hours=1)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert clock.ticks() - began == 3600.0


def test_a_frozen_clock_is_never_naive_and_never_goes_back():
    with pytest.raises(ValueError, match="zone"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="forward"):
        FrozenClock().move(timedelta(seconds=-1))
