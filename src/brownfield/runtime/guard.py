"""The one pipeline that every call passes: identity, grant, validation, shape, limit, deadline, audit.

A read is made and answered; a write becomes a proposal. The audit entry is durable before the answer leaves.
"""

import asyncio
import secrets
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from brownfield.contract import Failure, Fields, canonical
from brownfield.ledger.audit import Entry
from brownfield.rules.access import Ability, Role
from brownfield.rules.problem import Problem
from brownfield.runtime.caller import Caller, recognise, recognise_again
from brownfield.runtime.defect import problem_of
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.personal import committed
from brownfield.runtime.proposing import Proposing, Seen
from brownfield.runtime.reader import Document, read
from brownfield.runtime.sharing import Sharing
from brownfield.wrapper.bundle import Operation


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read gives.

    Attributes:
        data: The result, as the operation's output schema describes it.
        as_of: When the system was asked, UTC.
        source: Which system, what class of source, through which connection; `cache` when it was not asked for this.
        trace: The request's id in the audit.
    """

    data: Document
    as_of: datetime
    source: dict[str, str]
    trace: str

    def body(self) -> dict[str, Any]:
        """The answer as every door gives it."""
        return {"data": self.data, "as_of": self.as_of.isoformat(timespec="milliseconds"), "source": self.source}


class Guard:
    """Stands in front of every operation.

    Args:
        kernel: What is open.
        proposing: Where writes go.
    """

    def __init__(self, kernel: Kernel, proposing: Proposing) -> None:
        self._kernel = kernel
        self._proposing = proposing
        self._sharing = Sharing(kernel)

    def admit(self, key: str | None) -> Caller:
        """The caller behind a key.

        Raises:
            Problem: `unauthenticated`.
        """
        return recognise(self._kernel, key, secrets.token_hex(8))

    def again(self, caller: Caller) -> Caller:
        """The same caller as of now, for requests that last: grants, halts and keys may have changed.

        Raises:
            Problem: `unauthenticated`: the key is no longer good.
        """
        return recognise_again(self._kernel, caller)

    def visible(self, caller: Caller, wrapper: str) -> list[Operation]:
        """The operations of a wrapper that this caller may call, in the order of their names."""
        opened = self._kernel.wrappers.get(wrapper)
        operations = opened.bundle.operations.values() if opened else ()
        return sorted((o for o in operations if self._allowed(caller, o)), key=lambda o: o.name)

    async def call(
        self, caller: Caller, wrapper: str, operation: str, arguments: Any, *, reason: str = ""
    ) -> Answer | Seen:
        """Answer a read, or turn a write into a proposal.

        The caller is recognised again first: since he was admitted, something was waited for.

        Raises:
            Problem: Whatever kept it from happening; the audit has it too.
        """
        return await self.call_now(self.again(caller), wrapper, operation, arguments, reason=reason)

    async def call_now(
        self, caller: Caller, wrapper: str, operation: str, arguments: Any, *, reason: str = ""
    ) -> Answer | Seen:
        """The same for a caller who was admitted just now, with nothing awaited since.

        Raises:
            Problem: See `call`.
        """
        given = arguments if isinstance(arguments, dict) else {}
        # Begun by the thread that has the answer, or cancelled by us: whoever comes first leaves the call's one entry.
        ending: Future[None] = Future()
        try:
            opened, found = self._admit(caller, wrapper, operation, arguments)
            if found.effect == "write":
                return await self._proposing.propose(caller, opened, found, given, reason=reason)
            if found.table.shared:
                return await self._share(caller, opened, found, given, ending)
            as_of, began = self._kernel.clock.now(), self._kernel.clock.ticks()
            data = await read(opened, found, given, partial(self._answered, caller, found, given, began, ending))
        except asyncio.CancelledError:
            # Nobody waits any more, and the system may have been asked: the audit has it all the same.
            body = {"code": "cancelled", "cause": "the caller hung up before the answer"}
            if ending.cancel():
                self._kernel.journal.post(self._entry(caller, "read.failed", wrapper, operation, given, body))
            raise
        except Exception as error:
            problem = problem_of(error, system=wrapper, trace=caller.trace)
            event = "read.failed" if problem.code in _FAR_SIDE else "call.denied"
            body = {"code": problem.code, "cause": problem.cause, **_strange(error)}
            if ending.cancel():
                await self._kernel.journal.write(self._entry(caller, event, wrapper, operation, given, body))
            else:
                # The answer came too late and its entry is under way: durable, as any, before he is told.
                await asyncio.wrap_future(ending)
            raise problem from error
        return Answer(data, as_of, _source(opened, found), caller.trace)

    def _admit(self, caller: Caller, wrapper: str, name: str, arguments: Any) -> tuple[OpenWrapper, Operation]:
        opened, operation = self._find(caller, wrapper, name)
        caller.demand(_ability(operation), wrapper, name)
        opened.validators[name].check_arguments(arguments)
        if opened.stopped(operation):
            raise Problem("drifted", f"the shape of {operation.table.call} is not the locked one; {name} is stopped")
        return opened, operation

    def _find(self, caller: Caller, wrapper: str, name: str) -> tuple[OpenWrapper, Operation]:
        opened, operation = self._kernel.operation(wrapper, name)
        if not self._allowed(caller, operation):
            # The same words as for a name that is not there: what is hidden must not be told by its refusal.
            raise Problem("not-found", f"there is no operation {wrapper}.{name}")
        return opened, operation

    def _allowed(self, caller: Caller, operation: Operation) -> bool:
        if caller.identity.role is Role.AGENT and not operation.table.agents:
            return False
        return caller.may(_ability(operation), operation.wrapper, operation.name)

    def _answered(self, caller: Caller, operation: Operation, arguments: Fields, began: float, ending: Future[None],
                  _: Document) -> None:  # fmt: skip
        """Have the audit know of an answer, on the thread that has it: durable before anybody is told."""
        entry = self._done(caller, operation, arguments, began)
        if not ending.set_running_or_notify_cancel():
            return
        try:
            self._kernel.journal.commit(entry)
        except BaseException as error:
            ending.set_exception(error)
            raise
        ending.set_result(None)

    async def _share(self, caller: Caller, opened: OpenWrapper, operation: Operation, arguments: Fields,
                     ending: Future[None]) -> Answer:  # fmt: skip
        """Answer with what was read for others too. The audit knows of each caller, and where his answer came from."""
        began = self._kernel.clock.ticks()
        shared = await self._sharing.read(opened, operation, arguments)
        entry = self._done(caller, operation, arguments, began, **shared.told)
        ending.set_running_or_notify_cancel()
        try:
            await self._kernel.journal.write(entry)
        finally:
            ending.set_result(None)  # whatever became of it, there is no other
        return Answer(shared.data, shared.as_of, _source(opened, operation) | shared.told, caller.trace)

    def _done(self, caller: Caller, operation: Operation, arguments: Fields, began: float, **more: str) -> Entry:
        body = {"seconds": round(self._kernel.clock.ticks() - began, 4), **more}
        return self._entry(caller, "read.done", operation.wrapper, operation.name, arguments, body)

    def _entry(self, caller: Caller, event: str, wrapper: str, operation: str, arguments: Fields,
               body: Fields) -> Entry:  # fmt: skip
        opened = self._kernel.wrappers.get(wrapper)
        found = opened.bundle.operations.get(operation) if opened else None
        # Of an operation that is not there nobody said which arguments are personal, so none is kept.
        kept = _kept(arguments) if found else {}
        # A refused call is about nothing: whoever may call nothing would choose what the index has to hold. One that a
        # halt stopped was granted and is valid, and whoever asks about its subject should hear of it.
        about = arguments if event != "call.denied" or body.get("code") == "halted" else {}
        personal = found.table.personal if found else ()
        told = committed({**body, "arguments": kept}, about or kept, personal, self._kernel.journal.commitment)
        return self._kernel.entry(event, told, caller.identity, trace=caller.trace, about=about, wrapper=wrapper,
                                  operation=operation)  # fmt: skip


_FAR_SIDE = frozenset({"rejected", "unavailable", "unconfigured", "uncertain", "drifted", "deadline", "busy",
                       "internal"})  # fmt: skip


def _strange(error: Exception) -> dict[str, str]:
    """The refusal that no contract declares, if it is one."""
    return {"undeclared": error.undeclared[:80]} if isinstance(error, Failure) and error.undeclared else {}


KEPT = 16 * 1024
"""Bytes of arguments that an entry keeps."""


def _kept(arguments: Fields) -> Fields:
    """The arguments as the audit keeps them: of very large ones only how large they were."""
    try:
        size = len(canonical(arguments))
    except TypeError:
        return arguments  # the journal knows what to do with what cannot be stored
    return arguments if size <= KEPT else {"too_large": size}


def _source(opened: OpenWrapper, operation: Operation) -> dict[str, str]:
    return {"system": opened.title, "class": opened.source_class, "connection": operation.table.via}


def _ability(operation: Operation) -> Ability:
    return Ability.CALL if operation.effect == "read" else Ability.PROPOSE
