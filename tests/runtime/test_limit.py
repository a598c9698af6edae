"""Limits: what one system's slowness costs the others, and what too much is answered with."""

import asyncio
import threading
import time

import pytest
from stage import staged, until

from brownfield.contract import Adapter, Limits, Reply, Unavailable
from brownfield.rules.problem import Problem
from brownfield.runtime.connection import QUEUE, CallConnection
from brownfield.wrapper.manifest import Calls

pytestmark = pytest.mark.anyio


class Far:
    """Answers when it is let."""

    def __init__(self):
        self.calls, self.let, self.under_way, self.most = 0, threading.Event(), 0, 0
        self._lock = threading.Lock()

    def invoke(self, _operation, _fields):
        with self._lock:
            self.calls, self.under_way = self.calls + 1, self.under_way + 1
            self.most = max(self.most, self.under_way)
        self.let.wait(5)
        with self._lock:
            self.under_way -= 1
        return Reply({})

    def close(self):
        self.let.set()


@pytest.fixture
def connect():
    opened = []

    def connect(far, **limits):
        opened.append(CallConnection("far", far, Limits(**({"per_second": 1e6} | limits)), Calls(read=("Look",))))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


async def test_no_more_calls_are_under_way_than_allowed(connect):
    """R82: the rest wait in line."""
    far = Far()
    connection = connect(far, concurrency=2)
    calls = [asyncio.create_task(connection.run(lambda: connection.reader()("Look"))) for _ in range(8)]
    await until(lambda: far.calls == 2)
    await asyncio.sleep(0.1)
    assert (far.calls, far.most) == (2, 2)
    far.let.set()
    await asyncio.gather(*calls)
    assert (far.calls, far.most) == (8, 2)


async def test_a_line_that_is_too_long_is_not_joined(connect):
    """R82: busy at once, with the time to wait; who is in line is served."""
    far = Far()
    connection = connect(far, concurrency=1)
    calls = [asyncio.create_task(connection.run(lambda: connection.reader()("Look"))) for _ in range(QUEUE + 3)]
    await asyncio.sleep(0.1)
    far.let.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    busy = [one for one in results if isinstance(one, Problem)]
    assert [(one.code, one.kind.retry, bool(one.retry_after)) for one in busy] == [("busy", True, True)] * 3
    assert far.calls == QUEUE


async def test_a_call_is_under_way_until_its_thread_is_free(connect):
    """R92: who asked has been told `deadline`; the far side is still busy."""
    far = Far()
    connection = connect(far, concurrency=1, deadline=0.1)
    with pytest.raises(Problem):
        await connection.run(lambda: connection.reader()("Look"))
    assert connection.under_way == 1
    far.let.set()
    await until(lambda: connection.under_way == 0)


async def test_a_slow_connection_does_not_delay_another(connect):
    """R92: each has its own threads."""
    slow, quick = Far(), Far()
    quick.let.set()
    stuck, free = connect(slow, concurrency=1), connect(quick, concurrency=1)
    waiting = [asyncio.create_task(stuck.run(lambda: stuck.reader()("Look"))) for _ in range(4)]
    await until(lambda: slow.calls == 1)
    for _ in range(20):
        await free.run(lambda: free.reader()("Look"))
    assert (slow.under_way, stuck.under_way) == (1, 4)
    slow.let.set()
    await asyncio.gather(*waiting)


async def test_calls_begin_at_the_pace_that_is_declared(connect):
    """R82: after the burst of one second, one each 1/rate."""
    far = Far()
    far.let.set()
    connection = connect(far, concurrency=8, per_second=20)
    began = time.monotonic()
    await asyncio.gather(*(connection.run(lambda: connection.reader()("Look")) for _ in range(30)))
    assert 0.4 < time.monotonic() - began < 1.5


async def test_a_turn_that_comes_after_the_deadline_is_not_waited_for(connect):
    """R82."""
    far = Far()
    far.let.set()
    connection = connect(far, per_second=0.5, deadline=0.2)
    await connection.run(lambda: connection.reader()("Look"))
    with pytest.raises(Problem) as problem:
        await connection.run(lambda: connection.reader()("Look"))
    assert problem.value.code == "busy"
    assert far.calls == 1


async def test_what_waits_past_its_deadline_is_never_called(connect):
    """Nobody would read the answer."""
    far = Far()
    connection = connect(far, concurrency=1, deadline=0.2)
    calls = [asyncio.create_task(connection.run(lambda: connection.reader()("Look"))) for _ in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [one.code for one in results] == ["deadline"] * 3
    far.let.set()
    await asyncio.sleep(0.1)
    assert far.calls == 1


async def test_a_deadline_is_told_and_audited(put_up):
    """R97: 504, and an entry that says so."""
    stage = put_up({'deadline = "5s"': 'deadline = "200ms"'}, adapters={"canned": slow_adapter()})
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert (problem.value.code, problem.value.kind.status) == ("deadline", 504)
    (entry,) = stage.entries()
    assert (entry.event, entry.body["code"]) == ("read.failed", "deadline")


def slow_adapter():
    """One that does not keep its own deadline."""
    from brownfield.testing.canned import CannedCalls, CannedSystem
    from brownfield.testing.canned.system import CannedSettings

    class Slow(CannedCalls):
        def invoke(self, operation, fields):
            time.sleep(0.5)
            return super().invoke(operation, fields)

    return Adapter("canned", "call", CannedSettings, lambda opening: Slow(CannedSystem(), opening))


def test_staged_assemblies_do_not_share(tmp_path):
    """R13: two homes are two brownfields."""
    with staged(tmp_path / "a") as first, staged(tmp_path / "b") as second:
        assert first.assembly.kernel.home != second.assembly.kernel.home


async def test_a_reader_that_is_given_up_begins_no_call(connect):
    """R102: the far side is not asked any more for somebody who was answered."""
    far = Far()
    reader = connect(far).reader()
    reader.give_up()
    with pytest.raises(Unavailable):
        reader("Look")
    assert far.calls == 0
