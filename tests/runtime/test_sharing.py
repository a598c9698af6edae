"""Cached answers and single flight, through the guard."""

import asyncio
import threading
from datetime import timedelta

import pytest
from stage import EVERYTHING, HOLD, until

from brownfield.contract import Adapter, Drifted, Rejected, Unavailable, Uncertain
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.testing.canned import CannedCalls, CannedSystem
from brownfield.testing.canned.system import CannedSettings

pytestmark = pytest.mark.anyio
GET_STOCK = 'call = "GetStock"\neffect = "read"\n'
CACHE = 'cache = { fresh = "30s", stale_if_error = "10m" }\n'
FLIGHT = "single_flight = true\n"
SKU = {"Sku": "A-100"}


@pytest.fixture
def cached(put_up):
    return put_up({GET_STOCK: GET_STOCK + CACHE})


@pytest.fixture
def shared(put_up):
    return put_up({GET_STOCK: GET_STOCK + FLIGHT})


def asked(stage):
    return [fields for name, fields in stage.system.calls if name == "GetStock"]


async def test_an_answer_is_given_again_while_it_is_fresh(cached):
    """R24: with the moment at which the system was asked, and said to come from the cache."""
    agent = cached.agent
    first = await cached.call(agent, "get_stock", SKU)
    cached.system.stock["A-100"]["OnHand"] = 7
    cached.clock.move(timedelta(seconds=30))
    again = await cached.call(agent, "get_stock", SKU)
    assert (again.data, again.as_of) == (first.data, first.as_of)
    assert (first.body()["source"].get("cache"), again.body()["source"]["cache"]) == (None, "fresh")
    cached.clock.move(timedelta(seconds=1))
    assert (await cached.call(agent, "get_stock", SKU)).data["OnHand"] == 7
    assert len(asked(cached)) == 2


async def test_without_a_word_in_the_manifest_nothing_is_cached(stage):
    agent = stage.agent
    for _ in range(2):
        await asyncio.gather(*(stage.call(agent, "get_stock", SKU) for _ in range(3)))
    assert len(asked(stage)) == 6


async def test_other_arguments_are_another_question(cached):
    agent = cached.agent
    for sku in ("A-100", "B-200", "A-100"):
        assert (await cached.call(agent, "get_stock", {"Sku": sku})).data["Sku"] == sku
    assert len(asked(cached)) == 2


@pytest.mark.parametrize(("down", "code"), [(Unavailable("closed"), None), (Rejected("no"), "rejected"),
                                            (Uncertain("lost"), "uncertain"), (Drifted("odd"), "drifted")])  # fmt: skip
async def test_a_stale_answer_stands_in_only_when_the_system_is_unavailable(cached, down, code):
    """R24: and says that it is stale. A system that answers is believed, whatever it says."""
    agent = cached.agent
    first = await cached.call(agent, "get_stock", SKU)
    cached.clock.move(timedelta(seconds=31))
    cached.system.fails["GetStock"] = down
    if code:
        with pytest.raises(Problem) as problem:
            await cached.call(agent, "get_stock", SKU)
        assert problem.value.code == code
        return
    stale = await cached.call(agent, "get_stock", SKU)
    assert (stale.data, stale.as_of, stale.source["cache"]) == (first.data, first.as_of, "stale")
    cached.clock.move(timedelta(minutes=10))
    with pytest.raises(Problem) as problem:
        await cached.call(agent, "get_stock", SKU)
    assert problem.value.code == "unavailable"


async def test_an_error_is_not_cached(cached):
    agent = cached.agent
    cached.system.fails["GetStock"] = Rejected("no")
    with pytest.raises(Problem):
        await cached.call(agent, "get_stock", SKU)
    cached.system.fails.clear()
    assert (await cached.call(agent, "get_stock", SKU)).source.get("cache") is None


async def test_every_answer_has_its_entry(cached):
    """R98: from whom, when, and that the system was not asked."""
    agent = cached.agent
    for _ in range(3):
        await cached.call(agent, "get_stock", SKU)
    done = cached.entries("read.done")
    assert [entry.body.get("cache") for entry in done] == [None, "fresh", "fresh"]
    assert all(entry.body["arguments"] == SKU for entry in done)


async def test_the_guard_stands_before_the_cache(cached):
    """R49, R53: grant, validity, key and halts are asked of everybody, whatever is kept."""
    await cached.call(cached.agent, "get_stock", SKU)
    other = cached.caller("other", Role.AGENT, "list_stock")
    with pytest.raises(Problem) as problem:
        await cached.call(other, "get_stock", SKU)
    assert problem.value.code == "not-found"
    operator = cached.operator
    cached.assembly.control.halt(operator, "wrapper:canned", "stop")
    third = cached.caller("third", Role.AGENT, *EVERYTHING)
    with pytest.raises(Problem) as problem:
        await cached.call(third, "get_stock", SKU)
    assert problem.value.code == "halted"


async def test_what_one_caller_changes_in_his_answer_is_his(cached):
    agent = cached.agent
    first = await cached.call(agent, "get_stock", SKU)
    first.data["OnHand"] = -1
    assert (await cached.call(agent, "get_stock", SKU)).data["OnHand"] == 140


async def test_a_write_is_seen_by_the_next_read(cached):
    """R23: what was kept before it is forgotten, and what it looks at is never what was kept."""
    agent = cached.agent
    await cached.call(agent, "get_stock", SKU)
    before = len(asked(cached))
    id_ = await cached.approved(agent)
    assert len(asked(cached)) == before + 1  # the state that the approver sees
    await cached.work()
    assert cached.state(id_) == "done"
    now = len(asked(cached))
    answer = await cached.call(agent, "get_stock", SKU)
    assert answer.source.get("cache") is None
    assert (answer.data["OnHand"], len(asked(cached))) == (140 - HOLD["Units"], now + 1)


async def test_a_read_that_began_before_a_write_is_not_kept(cached):
    """R23: it says nothing of what the write did."""
    agent = cached.agent
    cached.system.delays["GetStock"] = 0.5
    early = asyncio.create_task(cached.call(agent, "get_stock", SKU))
    await until(lambda: cached.under_way)
    cached.assembly.kernel.recent.forget("canned")
    await early
    assert (await cached.call(agent, "get_stock", SKU)).source.get("cache") is None


async def test_one_flight_answers_all_who_ask_at_once(shared):
    """And each has an entry."""
    agent = shared.agent
    shared.system.delays["GetStock"] = 0.1
    answers = await asyncio.gather(*(shared.call(agent, "get_stock", SKU) for _ in range(20)),
                                   shared.call(agent, "get_stock", {"Sku": "B-200"}))  # fmt: skip
    assert {answer.data["Sku"] for answer in answers[:20]} == {"A-100"}
    assert len(asked(shared)) == 2
    assert len(shared.entries("read.done")) == 21
    await shared.call(agent, "get_stock", SKU)
    assert len(asked(shared)) == 3


async def test_an_error_is_shared(shared):
    agent = shared.agent
    shared.system.delays["GetStock"] = 0.1
    shared.system.fails["GetStock"] = Rejected("no", code="CAN-1")
    told = await asyncio.gather(*(shared.call(agent, "get_stock", SKU) for _ in range(5)), return_exceptions=True)
    assert [problem.code for problem in told] == ["rejected"] * 5
    assert len(asked(shared)) == 1
    assert len(shared.entries("read.failed")) == 5


async def test_who_hangs_up_takes_nothing_away_from_the_others(shared):
    agent = shared.agent
    shared.system.delays["GetStock"] = 0.5
    calls = [asyncio.create_task(shared.call(agent, "get_stock", SKU)) for _ in range(4)]
    await until(lambda: shared.under_way)
    calls[0].cancel()  # the one whose question began the flight
    calls[2].cancel()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in done] == [True, False, True, False]
    assert len(asked(shared)) == 1
    assert len(shared.entries()) == 4


async def test_a_flight_that_nobody_waits_for_harms_nobody(shared):
    agent = shared.agent
    shared.system.delays["GetStock"] = 0.1
    shared.system.fails["GetStock"] = Rejected("no")
    call = asyncio.create_task(shared.call(agent, "get_stock", SKU))
    await until(lambda: shared.under_way)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await asyncio.sleep(0.2)
    shared.system.fails.clear()
    assert (await shared.call(agent, "get_stock", SKU)).data["Sku"] == "A-100"


async def test_each_caller_has_his_own_deadline(put_up):
    """Who came late waits no longer than anybody; who came first is not kept by those who came later."""
    let = threading.Event()

    class Stuck(CannedCalls):
        def invoke(self, operation, fields):
            let.wait(10)
            return super().invoke(operation, fields)

    adapter = Adapter("canned", "call", CannedSettings, lambda opening: Stuck(CannedSystem(), opening))
    stage = put_up({GET_STOCK: GET_STOCK + FLIGHT, 'deadline = "5s"': 'deadline = "300ms"'},
                   adapters={"canned": adapter})  # fmt: skip
    agent = stage.agent
    first = asyncio.create_task(stage.call(agent, "get_stock", SKU))
    await until(lambda: stage.under_way)
    await asyncio.sleep(0.2)
    told = await asyncio.gather(first, stage.call(agent, "get_stock", SKU), return_exceptions=True)
    assert [problem.code for problem in told] == ["deadline"] * 2
    assert stage.under_way == 1, "the flight is not over"
    let.set()


async def test_after_a_write_nobody_joins_a_flight_from_before_it(shared):
    """R23."""
    agent = shared.agent
    shared.system.delays["GetStock"] = 0.5
    early = asyncio.create_task(shared.call(agent, "get_stock", SKU))
    await until(lambda: shared.under_way)
    shared.assembly.kernel.recent.forget("canned")
    await asyncio.gather(early, shared.call(agent, "get_stock", SKU))
    assert len(asked(shared)) == 2
