"""The audit's writer: it outlives everything, and nothing is answered that it could not write."""

import asyncio
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest

from brownfield.ledger.audit import search
from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio


@contextmanager
def unwritable(stage):
    """A ledger in which every write fails, as on a full disk."""
    path = stage.folder / "home" / "ledger.db"
    with closing(sqlite3.connect(path)) as other, other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    ledger = stage.assembly.kernel.ledger

    def full(connection, *_):
        connection.execute(f"PRAGMA max_page_count={pages}")

    from sqlalchemy import event

    ledger.close()  # it opens again when it is asked
    event.listen(ledger.engine, "connect", full)
    yield
    event.remove(ledger.engine, "connect", full)
    ledger.close()


async def test_nothing_is_answered_that_the_ledger_does_not_have(stage):
    """R49, R98: fail closed; the same calls are answered when there is room again."""
    agent = stage.agent
    with unwritable(stage):
        told = []
        for number in range(200):
            told += await asyncio.gather(stage.call(agent, "get_stock", {"Sku": "A-100"}),
                                         stage.proposed(agent, {"Sku": "A-100", "Units": 1, "Order": f"S{number}" * 9}),
                                         return_exceptions=True)  # fmt: skip
            if sum(isinstance(one, Problem) for one in told) >= 4:
                break
        refused = [one for one in told if isinstance(one, Exception)]
        assert {one.code for one in refused} == {"ledger"}
        answered = [one for one in told if not isinstance(one, Exception)]
        assert len(stage.entries()) == len(answered)
    assert (await stage.call(agent, "get_stock", {"Sku": "A-100"})).data


async def test_an_entry_that_cannot_be_stored_takes_no_other_with_it(stage):
    """R98: what JSON cannot hold is one caller's problem."""
    kernel = stage.assembly.kernel
    entries = [kernel.entry("read.done", {"n": 10**30 if number == 2 else number}) for number in range(5)]
    results = await asyncio.gather(*(kernel.journal.write(one) for one in entries), return_exceptions=True)
    assert [isinstance(one, Problem) for one in results] == [False, False, True, False, False]
    await asyncio.wait_for(kernel.journal.write(kernel.entry("read.done", {})), 5)
    assert len(stage.entries()) == 5


async def test_a_waiter_that_goes_does_not_stop_the_writer(stage):
    """R98: what happened is written, whoever still wants to know."""
    kernel = stage.assembly.kernel
    hold = threading.Event()
    with kernel.ledger.write():
        waiting = [asyncio.create_task(kernel.journal.write(kernel.entry("read.done", {"n": n}))) for n in range(3)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        hold.set()
    await asyncio.wait_for(asyncio.gather(*waiting[1:]), 5)
    await asyncio.wait_for(kernel.journal.write(kernel.entry("read.done", {"n": 3})), 5)
    with kernel.ledger.read() as connection:
        assert sorted(entry.body["n"] for entry in search(connection)) == [0, 1, 2, 3]


async def test_a_closed_writer_says_so(stage):
    """R98: it does not leave a caller waiting for ever."""
    kernel = stage.assembly.kernel
    kernel.journal.close()
    with pytest.raises(Problem) as problem:
        await asyncio.wait_for(kernel.journal.write(kernel.entry("read.done", {})), 5)
    assert problem.value.code == "ledger"


async def test_what_cannot_be_stored_of_a_call_is_left_out_of_its_entry(stage):
    """R98: that it happened is told all the same."""
    kernel = stage.assembly.kernel
    await kernel.journal.write(kernel.entry("call.denied", {"arguments": {"n": 10**30}}, about={"n": 10**30}))
    (entry,) = stage.entries()
    assert (entry.event, entry.body["arguments"]) == ("call.denied", {})
