"""Proposals: a write is asked for here, and people decide on it here. Nothing here can make the write."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from brownfield.contract import Failure, Fields, fingerprint
from brownfield.contract.input import InputFile, InputRecord, Whereabouts
from brownfield.ledger.audit import Entry
from brownfield.ledger.conflict import Moved
from brownfield.ledger.halt import active_halts, blocking
from brownfield.ledger.input import bytes_of, file_of
from brownfield.ledger.proposal import (
    Decision,
    Proposal,
    binding,
    decisions,
    get,
    insert,
    listing,
    move,
    record_decision,
)
from brownfield.rules.access import Ability, Role, person
from brownfield.rules.binding import Unbound, bind
from brownfield.rules.input import OUTSIDE, UNFINISHED
from brownfield.rules.problem import Problem, from_failure
from brownfield.rules.proposal import Event, NotPossible, State
from brownfield.rules.tier import decide
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.personal import committed
from brownfield.runtime.reader import read_before
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.money import Money


@dataclass(frozen=True, slots=True)
class Seen:
    """A proposal as a person or agent sees it: with the decisions on it."""

    proposal: Proposal
    decisions: list[Decision]


class Proposing:
    """Takes proposals and decisions.

    Args:
        kernel: What is open.
        wake: Tells the worker that there may be something to do.
    """

    def __init__(self, kernel: Kernel, wake: Callable[[], None]) -> None:
        self._kernel = kernel
        self._wake = wake

    async def propose(self, caller: Caller, opened: OpenWrapper, operation: Operation, arguments: Fields, *,
                      reason: str = "", undo_of: str | None = None) -> Seen:  # fmt: skip
        """Ask for a write. The same idempotency key with the same arguments gives the same proposal again.

        Raises:
            Problem: The state before could not be read, the key stands for other arguments, or no record could hold
                these exactly.
        """
        _demand_writable(opened, operation, arguments)
        before = await self._before(opened, operation, arguments)
        impact = await asyncio.to_thread(_impact, operation, deepcopy(arguments), deepcopy(before))
        proposal = self._make(caller, opened, operation, arguments, before, impact, reason, undo_of)
        seen = await asyncio.to_thread(self._store, caller, operation, proposal)
        self._wake()
        return seen

    def list(self, caller: Caller, states: Collection[State] | None = None, limit: int = 100,
             after: str | None = None) -> list[Seen]:  # fmt: skip
        """Proposals, latest first: every one for who oversees, one's own for an agent.

        Args:
            caller: Who asks.
            states: Only these.
            limit: At most so many.
            after: Only those that follow this one in the list.

        Raises:
            Problem: `not-found`: there is no proposal `after`.
        """
        proposer = None if caller.may(Ability.OVERSEE) else caller.identity.name
        with self._kernel.ledger.read() as connection:
            if after is not None:
                self._seen(connection, caller, after)
            found = listing(connection, states=states, proposer=proposer, limit=limit, after=after)
            return [Seen(proposal, decisions(connection, proposal.id)) for proposal in found]

    def get(self, caller: Caller, id: str) -> Seen:  # noqa: A002
        """One proposal.

        Raises:
            Problem: `not-found`, also for one that is somebody else's.
        """
        with self._kernel.ledger.read() as connection:
            return self._seen(connection, caller, id)

    def decide(self, caller: Caller, id: str, decision: Literal["approved", "declined"], hash: str,  # noqa: A002
               note: str = "") -> Seen:  # fmt: skip
        """Approve or decline what `hash` stands for.

        Raises:
            Problem: `denied` for who proposed it, `stale` for another hash, `conflict` when it is decided already.
        """
        with self._refusals(caller, id), self._kernel.ledger.write() as connection:
            proposal = self._seen(connection, caller, id).proposal
            self._may_decide(caller, proposal, hash)
            who, now = caller.identity, self._kernel.clock.now()
            if proposal.expires_at <= now:
                raise Problem("conflict", f"{id} expired at {proposal.expires_at:%Y-%m-%d %H:%M} UTC")
            if decision == "approved" and proposal.state is not State.PROPOSED:
                raise Problem("conflict", f"{id} is {proposal.state} already")
            if not record_decision(connection, id, person=who.person, identity=who.name, decision=decision,
                                   hash_=hash, note=note, now=now):  # fmt: skip
                raise Problem("conflict", f"{who.person} has decided on {id} already")
            decided = self._decided(connection, proposal, decision, now)
            self._kernel.journal.add(
                connection, proposal_entry(self._kernel, caller, f"write.{decision}", decided, note=note, hash=hash)
            )
            seen = Seen(decided, decisions(connection, id))
        self._wake()
        return seen

    async def undo(self, caller: Caller, id: str, reason: str = "") -> Seen:  # noqa: A002
        """Propose the operation that reverses a write that was done.

        Raises:
            Problem: It was not done, or it cannot be undone.
        """
        with self._refusals(caller, id):
            opened, reverse, arguments = await asyncio.to_thread(self._reversal, caller, id)
            return await self.propose(caller, opened, reverse, arguments, reason=reason, undo_of=id)

    def _reversal(self, caller: Caller, id: str) -> tuple[OpenWrapper, Operation, dict[str, Any]]:  # noqa: A002
        """The write that would reverse one that was done."""
        caller.demand(Ability.UNDO)
        proposal = self.get(caller, id).proposal
        opened, operation = self._kernel.operation(proposal.wrapper, proposal.operation)
        if proposal.state is not State.DONE:
            raise Problem("conflict", f"{id} is {proposal.state}; only a write that was done can be undone")
        if operation.table.undo is None:
            raise Problem("conflict", f"{operation.name} cannot be undone: {operation.table.irreversible}")
        scopes = {"arguments": proposal.arguments, "result": proposal.result or {}, "before": proposal.before or {}}
        try:
            arguments = bind(operation.table.undo.args, scopes)
        except Unbound as error:
            raise Problem("conflict", f"{id} cannot be undone: {error.message}") from error
        _, reverse = self._kernel.operation(proposal.wrapper, operation.table.undo.operation)
        caller.demand(Ability.UNDO, opened.id, reverse.name)
        opened.validators[reverse.name].check_arguments(arguments)
        return opened, reverse, arguments

    def by_hand(self, caller: Caller, id: str, reference: str) -> Seen:  # noqa: A002
        """Say that a person made an approved write by hand, and under which reference the system knows it."""
        outcome = f"done by hand by {caller.identity.person}, reference {reference}"
        return self._settle(caller, id, Event.HAND, "write.done_by_hand", outcome, reference)

    def resolve(self, caller: Caller, id: str, outcome: Literal["done", "failed"], note: str) -> Seen:  # noqa: A002
        """Say what an uncertain write did, after looking.

        Raises:
            Problem: `conflict`: it is not unknown. While it is executed its worker will say. Nor is it said to have
                failed while the call may still write.
        """
        call = self._kernel.writing.get(id)
        if outcome == "failed" and call and call.under_way:
            with self._refusals(caller, id):
                raise Problem("conflict", f"the call of {id} is still under way: it may write yet",
                              next="Wait until it has ended, then look again.")  # fmt: skip
        if outcome == "failed":
            with self._refusals(caller, id):
                caller.demand(Ability.SETTLE)
                self._demand_taken(id)
        event, word = (Event.CONFIRM, "write.done") if outcome == "done" else (Event.RULE_OUT, "write.failed")
        return self._settle(caller, id, event, word, f"reconciled by {caller.identity.person}: {note}", None)

    def body(self, seen: Seen) -> dict[str, Any]:
        """A proposal as every door gives it."""
        proposal = seen.proposal
        shown = {
            "proposal": proposal.id, "state": proposal.state.value, "hash": proposal.hash,
            "url": f"/v1/proposals/{proposal.id}", "operation": f"{proposal.wrapper}.{proposal.operation}",
            "environment": proposal.environment, "arguments": proposal.arguments, "before": proposal.before,
            "impact": proposal.impact, "tier": proposal.tier, "needed": proposal.needed,
            "decisions": [{"person": d.person, "decision": d.decision, "note": d.note, "at": _time(d.at)}
                          for d in seen.decisions],
            "proposer": proposal.proposer, "person": proposal.person, "reason": proposal.reason,
            "created_at": _time(proposal.created_at), "expires_at": _time(proposal.expires_at),
            "undo_of": proposal.undo_of, "result": proposal.result, "reading": proposal.reading,
            "outcome": proposal.outcome, "reference": proposal.reference,
        }  # fmt: skip
        return {name: value for name, value in shown.items() if value is not None}

    async def _before(self, opened: OpenWrapper, operation: Operation, arguments: Fields) -> dict[str, Any] | None:
        try:
            return await read_before(opened, operation, arguments)
        except Failure as failure:
            raise from_failure(failure, system=opened.title) from failure

    def _make(self, caller: Caller, opened: OpenWrapper, operation: Operation, arguments: Fields,
              before: dict[str, Any] | None, impact: Money | None, reason: str,
              undo_of: str | None) -> Proposal:  # fmt: skip
        decision = decide(self._kernel.settings.policy, impact, source_class=opened.source_class)
        key = arguments.get(operation.table.key) if operation.table.key else None
        now, who = self._kernel.clock.now(), caller.identity
        proposal = Proposal(
            id=f"p-{secrets.token_hex(16)}", environment=self._kernel.environment, wrapper=opened.id,
            operation=operation.name, arguments=dict(arguments), surface=opened.bundle.pledge(operation),
            before_hash=fingerprint(before), hash="", before=before, key=None if key is None else str(key),
            impact=impact.model_dump() if impact else None, tier=decision.tier, needed=decision.needed,
            origin="agent" if who.role is Role.AGENT else "person", proposer=who.name, person=who.person,
            reason=reason, undo_of=undo_of, created_at=now, expires_at=now + decision.expires,
        )  # fmt: skip
        return replace(proposal, hash=binding(proposal))

    def _store(self, caller: Caller, operation: Operation, proposal: Proposal) -> Seen:
        with self._kernel.ledger.write() as connection:
            stored, created = insert(connection, proposal)
            if not created:
                return self._again(connection, stored, proposal, operation)
            self._kernel.journal.add(
                connection, proposal_entry(self._kernel, caller, "write.proposed", stored, reason=stored.reason)
            )
            if stored.needed == 0:
                stored = move(connection, stored.id, Event.APPROVE, self._kernel.clock.now())
                why = {"note": "below the threshold that the policy sets"}
                self._kernel.journal.add(
                    connection, proposal_entry(self._kernel, None, "write.approved", stored, **why)
                )
            return Seen(stored, [])

    def _again(self, connection: Connection, stored: Proposal, asked: Proposal, operation: Operation) -> Seen:
        key = f"{operation.table.key}={stored.key}"
        if stored.proposer != asked.proposer:
            raise Problem("conflict", f"{key} is taken by somebody else's proposal",
                          next=f"Use another {operation.table.key}.")  # fmt: skip
        if stored.arguments != asked.arguments:
            raise Problem("conflict", f"{key} stands for other arguments already ({stored.id}, {stored.state})",
                          next=f"Use another {operation.table.key} for another write.")  # fmt: skip
        return Seen(stored, decisions(connection, stored.id))

    def _seen(self, connection: Connection, caller: Caller, id: str) -> Seen:  # noqa: A002
        proposal = get(connection, id)
        own = proposal is not None and proposal.proposer == caller.identity.name
        if proposal is None or not (own or caller.may(Ability.OVERSEE)):
            raise Problem("not-found", f"there is no proposal {id}")
        return Seen(proposal, decisions(connection, id))

    def _may_decide(self, caller: Caller, proposal: Proposal, hash: str) -> None:  # noqa: A002
        caller.demand(Ability.DECIDE, proposal.wrapper, proposal.operation)
        demand_another(caller, proposal, "decides")
        if hash != proposal.hash:
            raise Problem("stale", f"the hash is not that of {proposal.id}: what you saw is not what it is")

    def _decided(self, connection: Connection, proposal: Proposal, decision: str, now: datetime) -> Proposal:
        made = decisions(connection, proposal.id)
        event = Event.DECLINE if decision == "declined" else Event.APPROVE
        try:
            if event is Event.APPROVE and sum(d.decision == "approved" for d in made) < proposal.needed:
                return proposal
            return move(connection, proposal.id, event, now)
        except (NotPossible, Moved) as error:
            raise Problem("conflict", f"{proposal.id}: {error}") from error

    @contextmanager
    def _refusals(self, caller: Caller, id: str) -> Iterator[None]:  # noqa: A002
        """A decision that is refused is an entry too, in a transaction of its own: the refused one is void."""
        try:
            yield
        except Problem as problem:
            with self._kernel.ledger.write() as connection:
                proposal = get(connection, id)
                if proposal:
                    more = {"code": problem.code, "cause": problem.cause, "refused_on": id}
                    entry = proposal_entry(self._kernel, caller, "call.denied", proposal, **more)
                    # It is no part of the proposal's life: nothing has happened to the proposal.
                    self._kernel.journal.add(connection, replace(entry, proposal=None))
            raise

    def _settle(self, caller: Caller, id: str, event: Event, word: str, outcome: str,  # noqa: A002
                reference: str | None) -> Seen:  # fmt: skip
        details: Any = {"outcome": outcome} | ({"reference": reference} if reference else {})
        with self._refusals(caller, id), self._kernel.ledger.write() as connection:
            caller.demand(Ability.SETTLE)
            present = self._seen(connection, caller, id).proposal
            caller.demand(Ability.SETTLE, present.wrapper, present.operation)
            demand_another(caller, present, "settles it")
            if event is Event.HAND:
                self._demand_idle(connection, present)
            elif present.state is not State.UNKNOWN:
                raise Problem("conflict", f"{id} is {present.state}; only a write whose outcome is unknown is resolved")
            elif event is Event.RULE_OUT:
                _demand_still(connection, present)
            try:
                proposal = move(connection, id, event, self._kernel.clock.now(), **details)
            except (NotPossible, Moved) as error:
                raise Problem("conflict", f"{id}: {error}") from error
            self._kernel.journal.add(connection, proposal_entry(self._kernel, caller, word, proposal, **details))
            self._kernel.recent.forget(proposal.wrapper)  # somebody has written, by hand or nobody knew when
            return Seen(proposal, decisions(connection, id))

    def _demand_taken(self, id_: str) -> None:
        """Return when the file that a write left in lies in its place no more, or nobody can tell."""
        with self._kernel.ledger.read() as connection:
            file = file_of(connection, id_)
            data = bytes_of(connection, file.id) if file and file.step in OUTSIDE else b""
        opened = self._kernel.wrappers.get(file.place.wrapper) if file else None
        far = opened.inputs.get(file.place.connection) if file and opened else None
        if file is None or far is None or not data:
            return
        with suppress(Failure):
            if far.asked(far.adapter.where, InputFile(file.name, data)) in {Whereabouts.STAGED, Whereabouts.THERE}:
                raise Problem("conflict", f"{file.name} lies in its place still: a job may take it and write {id_} yet",
                              next="Take the file away first, with its marker, then look again.")  # fmt: skip

    def _demand_idle(self, connection: Connection, proposal: Proposal) -> None:
        """Return when the worker will not make this write besides: two of them would be two writes."""
        opened = self._kernel.wrappers.get(proposal.wrapper)
        halt = blocking(active_halts(connection), proposal.proposer, proposal.wrapper, proposal.operation)
        if opened and opened.bundle.manifest.mode == "live" and halt is None:
            raise Problem("conflict", f"{proposal.wrapper} is live: the worker makes {proposal.id}, nobody by hand",
                          next="Halt it first, if a person is to make it.")  # fmt: skip


def _demand_still(connection: Connection, proposal: Proposal) -> None:
    """Return when the file that a write was in does not go again: what is ruled out may be proposed once more."""
    file = file_of(connection, proposal.id)
    if file and file.step in UNFINISHED:
        raise Problem("conflict", f"{file.name} is about to be sent again: it may write {proposal.id} yet",
                      next="Withdraw it first (brownfield inputs withdraw), or wait for its answer.")  # fmt: skip


def demand_another(caller: Caller, proposal: Proposal, does: str) -> None:
    """Return when this is somebody else than who proposed.

    Raises:
        Problem: `denied`: the same person, or one of them is written so that nobody can tell.
    """
    try:
        same = person(caller.identity.person) == person(proposal.person)
    except ValueError as error:
        raise Problem("denied", f"{error}; nobody can tell whether another person {does}",
                      next="Make the identity anew, its person in plain letters.") from error  # fmt: skip
    if same:
        raise Problem("denied", f"{caller.identity.person} proposed this; another person {does}",
                      next="Ask somebody else who may.")  # fmt: skip


def _demand_writable(opened: OpenWrapper, operation: Operation, arguments: Fields) -> None:
    """Return when a write that leaves in a file could be a record of it: nobody is asked to approve what cannot be."""
    far = opened.inputs.get(operation.table.via)
    flaw = far.adapter.flaw(InputRecord(operation.table.call or "", arguments)) if far else ""
    if flaw:
        raise Problem("invalid", f"{flaw}; nothing was proposed", next="Change the value: it is never cut to fit.")


def proposal_entry(kernel: Kernel, caller: Caller | None, event: str, proposal: Proposal, **more: Any) -> Entry:
    """An audit entry of a proposal: what every one of them says, and what this one adds."""
    opened = kernel.wrappers.get(proposal.wrapper)
    operation = opened.bundle.operations.get(proposal.operation) if opened else None
    personal = operation.table.personal if operation else ()
    body = {
        # Of an operation that is gone nobody says any more which arguments are personal, so none is kept.
        "arguments": proposal.arguments if operation else {},
        "before": proposal.before, "impact": proposal.impact, "tier": proposal.tier, "needed": proposal.needed,
        "hash": proposal.hash, "undo_of": proposal.undo_of, "origin": proposal.origin,
        "proposer": proposal.proposer, **more,
    }  # fmt: skip
    known = {name: value for name, value in body.items() if value is not None}
    told = committed(known, proposal.arguments, personal, kernel.journal.commitment)
    return kernel.entry(event, told, caller.identity if caller else None, trace=caller.trace if caller else "",
                        about=proposal.arguments, wrapper=proposal.wrapper, operation=proposal.operation,
                        proposal=proposal.id)  # fmt: skip


def _impact(operation: Operation, arguments: Fields, before: dict[str, Any] | None) -> Money | None:
    """What the author's function says. One that fails leaves it unknown, which is the highest tier."""
    if operation.impact is None:
        return None
    try:
        worth = operation.impact(arguments, before or {})
    except Exception:  # noqa: BLE001  the author's code: unknown is the safe answer
        return None
    return worth if isinstance(worth, Money) else None


def _time(value: datetime) -> str:
    return value.isoformat(timespec="seconds")
