"""One open connection: its own threads, its own pace, and only the calls that a person declared."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from brownfield.contract import (
    CallAdapter,
    Drifted,
    Failure,
    FeedAdapter,
    Limits,
    Rejected,
    Reply,
    Unavailable,
    Uncertain,
)
from brownfield.contract.input import InputAdapter, InputFile
from brownfield.rules.drift import Stop
from brownfield.rules.limit import Bucket, take
from brownfield.rules.problem import Problem
from brownfield.wrapper.manifest import Calls, Effect

Result = TypeVar("Result")
NONE: Mapping[str, Stop] = {}
QUEUE = 16
"""Calls that may wait for a thread, per thread. More are turned away at once: a queue that long helps nobody."""

PATIENCE = 5.0
"""Seconds that somebody who asks about a file waits for its place."""


class CallConnection:
    """A call adapter behind its bulkhead.

    Args:
        name: The connection's name.
        adapter: Opened.
        limits: Threads, pace and deadline.
        calls: What each far-side call does, as declared.
        drifted: Calls whose shape is not the locked one: they are stopped.
        stops: Calls that the live system stops, and whether reads of them too; it changes while the connection is open.
    """

    def __init__(
        self,
        name: str,
        adapter: CallAdapter,
        limits: Limits,
        calls: Calls,
        drifted: frozenset[str] = frozenset(),
        stops: Mapping[str, Stop] = NONE,
    ) -> None:
        self.name = name
        self.adapter = adapter
        self.limits = limits
        self.calls = calls
        self.drifted = drifted
        self.stops = stops
        self._pool = ThreadPoolExecutor(limits.concurrency, thread_name_prefix=f"connection-{name}")
        self._waiting = 0
        self._count = threading.Lock()
        self._bucket = Bucket(tokens=max(1.0, limits.per_second), at=time.monotonic())
        self._pace = threading.Lock()

    @property
    def under_way(self) -> int:
        """Calls that are running or wait for a thread now."""
        return self._waiting

    def stopped(self, call: str, effect: Effect) -> bool:
        """Whether drift stops a call, by the lock or by what the live system has become."""
        return (
            call in self.drifted or self.stops.get(call) == "everything" or (effect == "write" and call in self.stops)
        )

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run blocking work on one of the connection's threads, within its deadline.

        Raises:
            Problem: `busy` when too many wait already, `deadline` when it took too long.
        """
        if self._waiting >= self.limits.concurrency * QUEUE:
            raise Problem("busy", f"{self._waiting} calls wait for {self.name} already", retry_after=1.0)
        started = self._pool.submit(work)
        with self._count:
            self._waiting += 1
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Result] = loop.create_future()
        late = loop.call_later(self.limits.deadline, self._late, told)
        # It is over when its thread is free again, not when whoever asked has gone.
        started.add_done_callback(partial(self._over, loop, told))
        try:
            return await told
        finally:
            late.cancel()
            started.cancel()  # what has not begun is not begun for somebody who has gone

    def admit(self, call: str, effect: Effect) -> None:
        """Return when a call may be made now: declared to have this effect, of the locked shape, its turn come.

        It only admits: whoever asks makes the call itself, so that the way to the adapter stays short.

        Raises:
            Rejected: The manifest does not declare the call so.
            Drifted: The call's shape is not the locked one.
            Problem: `busy`: its turn would come after its deadline.
        """
        if call not in (self.calls.read if effect == "read" else self.calls.write):
            raise Rejected(f"{self.name} does not declare {call} a {effect}; it was not called", code="undeclared")
        if self.stopped(call, effect):
            raise Drifted(f"the shape of {call} is not the locked one; it was not called")
        self._wait_for_a_turn()

    def reader(self) -> "ReadCall":
        """What a read handler gets before the slash."""
        return ReadCall(self)

    def close(self) -> None:
        """Stop the threads and close the adapter; calls under way end by their own deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.adapter.close()

    def _over(self, loop: asyncio.AbstractEventLoop, told: asyncio.Future[Result], done: Future[Result]) -> None:
        with self._count:
            self._waiting -= 1
        with suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(_tell, told, done)

    def _late(self, told: asyncio.Future[Result]) -> None:
        if not told.done():
            words = f"{self.name} did not answer within {self.limits.deadline:g} s"
            told.set_exception(Problem("deadline", words))

    def _wait_for_a_turn(self) -> None:
        pace = self.limits.per_second
        with self._pace:
            bucket, wait = take(self._bucket, pace, time.monotonic(), max(1.0, pace))
            if wait <= self.limits.deadline:
                self._bucket = bucket
        if wait > self.limits.deadline:
            raise Problem("busy", f"{self.name} is asked faster than {pace:g} times a second", retry_after=wait)
        if wait > 0:
            time.sleep(wait)


def _tell(told: asyncio.Future[Result], done: Future[Result]) -> None:
    """Hand on how work ended: asyncio's own way between two futures takes twice as long."""
    if told.done():
        return
    if done.cancelled():
        told.cancel()
    elif error := done.exception():
        told.set_exception(error)
    else:
        told.set_result(done.result())


class ReadCall:
    """The `Call` of a read: any number of calls that are declared reads, until it is given up."""

    def __init__(self, connection: CallConnection) -> None:
        self._connection = connection
        self._given_up = False

    def __call__(self, call: str, /, **fields: Any) -> Reply:
        """See `brownfield.Call`."""
        self._connection.admit(call, "read")
        if self._given_up:
            raise Unavailable("its caller was answered already; the call was not made")
        return self._connection.adapter.invoke(call, fields)

    def give_up(self) -> None:
        """Let no call begin any more: whoever asked has been answered."""
        self._given_up = True


class WriteCall:
    """The `Call` of a write: reads, and one write call.

    Args:
        connection: The write side.
        stopped: Asked at the last moment before the write call: why it may not be made now, empty when it may.

    Attributes:
        made: Whether the write call was begun.
        answered: Whether the system answered it: then it is written, whatever the handler says afterwards.
        ending: The failure that the write call ended in; None while it runs, and when it was answered.
        held: Why the write call was held back; empty when it was not.
    """

    def __init__(self, connection: CallConnection, stopped: Callable[[], str] = str) -> None:
        self._connection = connection
        self._stopped = stopped
        self._turn = threading.Lock()
        self._given_up = False
        self.made = False
        self.answered = False
        self.ending: Failure | None = None
        self.held = ""

    def __call__(self, call: str, /, **fields: Any) -> Reply:
        """See `brownfield.Call`."""
        if call in self._connection.calls.read:
            self._connection.admit(call, "read")
            self._still_wanted()
            return self._connection.adapter.invoke(call, fields)
        self._connection.admit(call, "write")
        self._begin()
        return self._write(call, fields)

    @property
    def under_way(self) -> bool:
        """Whether the write call was begun and has not ended: it may still write."""
        return self.made and not self.answered and self.ending is None

    def give_up(self) -> bool:
        """Whether the write call was begun. If not, it never will be: its thread may still be on the way to it."""
        with self._turn:
            self._given_up = True
            return self.made

    def _write(self, call: str, fields: dict[str, Any]) -> Reply:
        try:
            reply = self._connection.adapter.invoke(call, fields)
        except Failure as failure:
            self.ending = failure
            raise
        except BaseException as error:
            self.ending = Uncertain(f"the adapter failed in the write call: {type(error).__name__}")
            raise
        self.answered = True
        return reply

    def _still_wanted(self) -> None:
        if self._given_up:
            raise Unavailable("the write has ended or its deadline has passed; the call was not made")

    def _begin(self) -> None:
        with self._turn:
            if self.made:
                raise Rejected("a write operation makes one write call; this would be the second", code="second-write")
            self._still_wanted()
            self.held = self._stopped()
            if self.held:
                raise Unavailable(f"{self.held}; the write call was not made")
            self.made = True


class InputConnection:
    """An input adapter: one file at a time is put, so it needs no pool.

    Args:
        name: The connection's name.
        adapter: Opened.
        drifted: Record types whose shape is not the locked one.
    """

    def __init__(self, name: str, adapter: InputAdapter, drifted: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.adapter = adapter
        self.drifted = drifted
        self._looking = threading.Lock()

    def stopped(self, call: str, _effect: Effect) -> bool:
        """Whether drift stops a record type."""
        return call in self.drifted

    def asked(self, verb: Callable[[InputFile], Result], file: InputFile) -> Result:
        """What a verb of the adapter says of a file, for whoever cannot wait for a place that hangs.

        Raises:
            Problem: `unavailable`: it has not answered in time; it goes on by itself, and holds one thread at most.
            Failure: As the verb.
        """
        done: Future[Result] = Future()
        if not self._looking.acquire(timeout=PATIENCE):
            raise _silent(self.name)
        try:
            threading.Thread(target=self._look, args=(verb, file, done), name=f"{self.name}-look", daemon=True).start()
        except RuntimeError:  # the machine gives no more threads
            self._looking.release()
            raise
        try:
            return done.result(PATIENCE)
        except TimeoutError:
            raise _silent(self.name) from None

    @contextmanager
    def alone(self) -> Iterator[InputAdapter]:
        """The adapter, for whoever puts a file: nothing that was asked before can meet what is put now.

        Raises:
            Unavailable: What was asked before has not ended: it may take away a file of the same name.
        """
        if not self._looking.acquire(blocking=False):
            raise Unavailable(f"what was asked of the place of {self.name} before is at work still, nothing is put"
                              " meanwhile; where the place does not come back, have its mount taken away")  # fmt: skip
        try:
            yield self.adapter
        finally:
            self._looking.release()

    def _look(self, verb: Callable[[InputFile], Result], file: InputFile, done: Future[Result]) -> None:
        try:
            tell = partial(done.set_result, verb(file))
        except BaseException as error:  # noqa: BLE001  whoever asked raises it
            tell = partial(done.set_exception, error)
        self._looking.release()  # whoever is told finds the place free
        tell()

    def close(self) -> None:
        """Close the adapter."""
        self.adapter.close()


def _silent(name: str) -> Problem:
    cause = f"the place of {name} does not answer within {PATIENCE:g} s: whether a file lies there cannot be seen"
    return Problem("unavailable", f"{cause}; nothing was changed",
                   next="Ask again when it answers, or have its mount taken away first.")  # fmt: skip


class FeedConnection:
    """A feed adapter; the collector takes one file at a time, so it needs no pool.

    Args:
        name: The connection's name.
        adapter: Opened.
        limits: As the manifest has them.
        stops: Record types that the live layout stops; it changes while the connection is open.
    """

    def __init__(self, name: str, adapter: FeedAdapter, limits: Limits, stops: Mapping[str, Stop] = NONE) -> None:
        self.name = name
        self.adapter = adapter
        self.limits = limits
        self.stops = stops

    def close(self) -> None:
        """Close the adapter."""
        self.adapter.close()
