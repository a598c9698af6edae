"""The worker: the only one that opens the write side, and the only one that makes a write.

It claims an approved proposal in a committed transaction, calls once, reads back, and says how it ended. Whoever
finds an `executing` that is not its own makes it `unknown`: there is never a second call. Writes that leave as a file
are `sending`'s.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import Failure, Fields, Unavailable
from brownfield.ledger.conflict import Moved
from brownfield.ledger.halt import active_halts, blocking
from brownfield.ledger.proposal import Proposal, claim, expired, move, orphans
from brownfield.rules.binding import Unbound
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event, NotPossible, after_attempt, judge
from brownfield.runtime.approval import changed_since, flaw
from brownfield.runtime.confirming import WORDS, Outcome, changed, look, read_back
from brownfield.runtime.connection import CallConnection, ReadCall, WriteCall
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.opening import open_calls
from brownfield.runtime.proposing import proposal_entry
from brownfield.runtime.reader import whole
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.hiding import hide, hushed

log = logging.getLogger("brownfield.worker")
MARGIN = timedelta(seconds=30)
"""How much longer than the call's deadline a claim is good: time for the read-back and the commit."""
BACKOFF = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))


class Held(Exception):
    """A halt came after the claim and before the write call."""


class Worker:
    """Executes approved proposals, one at a time.

    Args:
        kernel: What is open for reading.
        alone: This process holds the ledger's lock file, so an `executing` of another holder is a dead one's.
    """

    def __init__(self, kernel: Kernel, *, alone: bool) -> None:
        self._kernel = kernel
        self._alone = alone
        self._holder = f"worker-{secrets.token_hex(6)}"
        self._writers: dict[str, Mapping[str, CallConnection]] = {}
        self._ended: list[tuple[Proposal, Outcome]] = []
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    def wake(self) -> None:
        """Say that there may be something to do. From any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended since: nobody is left to be woken
                self._loop.call_soon_threadsafe(self._woken.set)

    def stop(self) -> None:
        """Claim nothing more. `run` returns once the write under way has ended and the ledger knows how."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Work until stopped."""
        self._loop = asyncio.get_running_loop()
        while not self._stopping:
            self._woken.clear()
            try:
                await self._tell()
                await self.sweep()
                while not self._stopping and await self.step():
                    pass
            except Exception:
                log.exception("the worker could not go on; it tries again")
            with contextlib.suppress(TimeoutError):
                patience = 0 if self._stopping else self._kernel.settings.poll.total_seconds()
                await asyncio.wait_for(self._woken.wait(), patience)

    async def sweep(self) -> None:
        """Let what waited too long expire, and make what a dead worker left behind `unknown`."""
        late, left = await asyncio.to_thread(self._overdue)
        for proposal in late:
            self._ended.append((proposal, Outcome(Event.EXPIRE, "nobody decided or executed it in time")))
        for proposal in left:
            why = "the worker ended before it knew what the call did"
            self._ended.append((proposal, Outcome(Event.LOSE, why, reading=await self._found_out(proposal))))
        await self._tell()

    async def step(self) -> bool:
        """Claim and execute the oldest approved proposal. False when there is none."""
        proposal = await asyncio.to_thread(self._claim)
        if proposal is None:
            return False
        self._ended.append((proposal, await self._attempted(proposal)))
        await self._tell()
        return True

    def close(self) -> None:
        """Close the write side."""
        for connections in self._writers.values():
            for connection in connections.values():
                connection.close()

    def _claim(self) -> Proposal | None:
        kernel = self._kernel
        read_only = [w.id for w in kernel.wrappers.values() if w.bundle.manifest.mode == "read-only"]
        aside = [f"{w.id}.{one.name}" for w in kernel.wrappers.values() for one in w.filed]
        known = [c.limits.deadline for w in kernel.wrappers.values() for c in w.calls.values()]
        lease = timedelta(seconds=max(known, default=30.0)) + MARGIN
        with kernel.ledger.write() as connection:
            take = partial(claim, connection, self._holder, kernel.clock.now(), lease, read_only=read_only, aside=aside,
                           environment=kernel.environment)  # fmt: skip
            proposal = take()
            while proposal:
                wrong = flaw(connection, proposal)
                if not wrong:
                    kernel.journal.add(connection, proposal_entry(kernel, None, "write.executing", proposal))
                    return proposal
                denied = move(connection, proposal.id, Event.DENY, kernel.clock.now(), fence=proposal.fence,
                              outcome=wrong)  # fmt: skip
                kernel.journal.add(connection, proposal_entry(kernel, None, WORDS[Event.DENY], denied, cause=wrong))
                proposal = take()
        return None

    def _overdue(self) -> tuple[list[Proposal], list[Proposal]]:
        now = self._kernel.clock.now()
        with self._kernel.ledger.read() as connection:
            return expired(connection, now), orphans(connection, self._holder, now, alone=self._alone)

    async def _tell(self) -> None:
        """Tell the ledger how attempts ended. While it cannot be written they wait here: what is known is not lost."""
        while self._ended:
            proposal, outcome = self._ended[0]
            try:
                await asyncio.to_thread(self._settle, proposal, outcome)
            except TypeError as error:
                lost = Outcome(Event.LOSE, f"it ended, but how cannot be stored: {error}")
                await asyncio.to_thread(self._settle, proposal, lost)
            self._ended.pop(0)

    async def _attempted(self, proposal: Proposal) -> Outcome:
        try:
            return await self._attempt(proposal)
        except Exception as error:
            log.exception("a defect while %s was executed", proposal.id)
            return Outcome(Event.LOSE, f"a defect in brownfield while it was executed: {type(error).__name__}")

    async def _attempt(self, proposal: Proposal) -> Outcome:
        try:
            opened, operation = self._kernel.operation(proposal.wrapper, proposal.operation)
            change = await changed_since(opened, operation, proposal)
            if change:
                return Outcome(Event.DENY, change)
            result = await self._write(opened, operation, proposal)
        except Held as held:
            return Outcome(Event.RELEASE, str(held), held=True)
        except Problem as problem:
            return Outcome(Event.DENY, problem.cause)
        except Failure as failure:
            event = after_attempt(failure, proposal.attempts)
            reading = await self._reconcile(opened, operation, proposal) if event is Event.LOSE else None
            return Outcome(event, failure.message, reading=reading, failure=failure)
        return await read_back(opened, operation, proposal, result)

    async def _write(self, opened: OpenWrapper, operation: Operation, proposal: Proposal) -> dict[str, Any]:
        """Make the one call, on the write side.

        Raises:
            Failure: The system's, or `Uncertain` whenever the call may have been made.
            Problem: The call was not made, and would not be next time either.
            Held: A halt stands in the way; the call was not made.
        """
        connections = self._write_side(opened)
        call = WriteCall(connections[operation.table.via], partial(self._halted, proposal))
        readers: dict[str, ReadCall] = {}
        result, error = None, None
        try:
            work = partial(_write, opened, connections, operation, proposal.arguments, call, readers)
            result = await connections[operation.table.via].run(partial(self._kernel.recent.around, opened.id, work))
            opened.validators[operation.name].check_result(result)
        except Exception as caught:  # noqa: BLE001  judged right below
            error = caught
        begun = call.give_up()
        if call.under_way:
            self._kernel.writing[proposal.id] = call
        for reader in readers.values():
            reader.give_up()
        if call.held and not begun:
            raise Held(call.held) from error
        verdict = judge(error, begun=begun, answered=call.answered, ending=call.ending)
        if isinstance(verdict, Failure):
            verdict = hushed(verdict, operation.table.hide)
        if verdict:
            raise verdict from error
        return result or {}

    def _halted(self, proposal: Proposal) -> str:
        """Which halt stands in the way of a write now; empty when none does."""
        try:
            with self._kernel.ledger.read() as connection:
                halt = blocking(active_halts(connection), proposal.proposer, proposal.wrapper, proposal.operation)
        except SQLAlchemyError:
            return "the halts could not be read"  # not known to be free is halted
        return f"{halt.by} has halted {halt.scope}" if halt else ""

    def _write_side(self, opened: OpenWrapper) -> Mapping[str, CallConnection]:
        if opened.id not in self._writers:
            try:
                self._writers[opened.id] = open_calls(opened.bundle, "write", self._kernel.around, opened.stops)
            except BundleError as error:
                raise Unavailable(f"the write side cannot be opened: {error}") from error
        return self._writers[opened.id]

    async def _reconcile(self, opened: OpenWrapper, operation: Operation, proposal: Proposal) -> dict[str, Any] | None:
        """What a person should see who has to find out what an uncertain write did; None when nothing tells."""
        if operation.table.reconcile is None:
            return None
        try:
            return await look(opened, operation.table.reconcile, {"arguments": proposal.arguments})
        except (Failure, Problem, Unbound):
            return None

    async def _found_out(self, proposal: Proposal) -> dict[str, Any] | None:
        try:
            opened, operation = self._kernel.operation(proposal.wrapper, proposal.operation)
        except Problem:
            return None  # the wrapper is gone: a person has to look without it
        if await asyncio.to_thread(self._halted, proposal):
            return None  # a halt stops this look as any other
        return await self._reconcile(opened, operation, proposal)

    def _settle(self, proposal: Proposal, outcome: Outcome) -> None:
        kernel, now = self._kernel, self._kernel.clock.now()
        details: Any = {"outcome": outcome.why}
        details |= {"result": outcome.result} if outcome.result is not None else {}
        details |= {"reading": outcome.reading} if outcome.reading is not None else {}
        if outcome.held:
            details["attempts"] = proposal.attempts - 1  # the claim finds the halt itself: no need to wait besides
        elif outcome.event is Event.RELEASE:
            details["not_before"] = now + BACKOFF[min(proposal.attempts, len(BACKOFF)) - 1]
        fence = proposal.fence if proposal.holder == self._holder else None
        more = {"cause": outcome.why, "after": outcome.after, "result": outcome.result, "reading": outcome.reading,
                "changed": changed(proposal.before, outcome.after),
                "code": outcome.failure.code if outcome.failure else None,
                "undeclared": (outcome.failure.undeclared[:80] or None) if outcome.failure else None}  # fmt: skip
        try:
            with kernel.ledger.write() as connection:
                settled = move(connection, proposal.id, outcome.event, now, fence=fence, **details)
                kernel.journal.add(connection, proposal_entry(kernel, None, WORDS[outcome.event], settled, **more))
        except (Moved, NotPossible):
            log.warning("%s was settled by somebody else", proposal.id)


def _write(opened: OpenWrapper, connections: Mapping[str, CallConnection], operation: Operation, arguments: Fields,
           call: WriteCall, readers: dict[str, ReadCall]) -> dict[str, Any]:  # fmt: skip
    handler, table = operation.handler, operation.table
    if handler is None:
        reply = call(table.call or "", **arguments)
        document = whole(reply, opened.bundle.contracts[table.via].operations[table.call or ""].rows)
    else:
        readers |= {name: connections[name].reader() for name in handler.connections if name != table.via}
        before = [readers.get(name, call) for name in handler.connections]
        document = handler.document(handler.function(*before, **handler.arguments(arguments)))
    return dict(hide(document, table.hide))
