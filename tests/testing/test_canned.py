"""The canned adapters pass the suites that real adapters pass."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from canned_case import bundle_case, call_case, feed_case

from brownfield.contract import Rejected, Uncertain
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import first_operator, open_assembly
from brownfield.testing import BundleContract, CallAdapterContract, FeedAdapterContract, FrozenClock, canned_registry
from brownfield.testing.canned import CannedDrop, CannedSystem, write_canned_bundle


class TestCannedCalls(CallAdapterContract):
    @pytest.fixture
    def connection(self):
        return call_case()


class TestCannedFeed(FeedAdapterContract):
    @pytest.fixture
    def connection(self):
        return feed_case()


class TestCannedBundle(BundleContract):
    """R11, R52: no read writes, reaches a call that is not declared a read, or asks for a write secret."""

    @pytest.fixture
    def case(self, tmp_path):
        return bundle_case(tmp_path)


async def read_and_propose(assembly):
    caller = assembly.guard.admit(first_operator(assembly.kernel))
    read = await assembly.guard.call(caller, "canned", "get_stock", {"Sku": "A-100"})
    hold = {"Sku": "A-100", "Units": 5, "Order": "SO-1"}
    return read, await assembly.guard.call(caller, "canned", "place_hold", hold)


@pytest.mark.requirement("R92")
def test_one_process_and_a_file_are_enough(tmp_path):
    """A read and a proposed write through the whole house: no broker, no server, no second process."""
    system, clock, home = CannedSystem(), FrozenClock(), tmp_path / "home"
    folder = write_canned_bundle(tmp_path)
    (tmp_path / "brownfield.toml").write_text('environment = "sandbox"\n')
    with open_assembly(
        folder, {"BROWNFIELD_HOME": str(home)}, clock=clock, registry=canned_registry(system)
    ) as assembly:
        read, proposed = asyncio.run(read_and_propose(assembly))
    assert read.data["OnHand"] == 140
    assert read.as_of == clock.now()
    assert proposed.proposal.state == "proposed"
    assert system.writes == []
    assert (home / "ledger.db").stat().st_size > 0


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
