"""Sending, as doors and the scheduler ask for it: approved writes leave as a file, followed until it is answered.

A schedule may do it without anybody's standing approval: what it sends is what people have approved, each by itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from brownfield.contract import Sight
from brownfield.ledger.conflict import Moved
from brownfield.ledger.input import (
    Contradiction,
    Input,
    Place,
    advance,
    bytes_of,
    contradictions,
    find_input,
    listed_inputs,
    records_of,
    standing,
)
from brownfield.ledger.proposal import Proposal
from brownfield.rules.access import Ability, Identity
from brownfield.rules.input import Step, is_open
from brownfield.rules.problem import Problem
from brownfield.runtime.acknowledging import Acknowledging
from brownfield.runtime.caller import Caller
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.preparing import Preparing, input_entry
from brownfield.runtime.proposing import demand_another
from brownfield.runtime.putting import Putting
from brownfield.runtime.refusal import audited
from brownfield.runtime.repeating import every, repeat

TICK = 2.0
"""Seconds between two looks for acknowledgements, and for files that have not left."""
PATIENCE = 5.0
"""Seconds that anybody waits for one place; it goes on meanwhile, and holds no other back."""


class Sending:
    """Has approved writes leave as files.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._preparing = Preparing(kernel)
        self._putting = Putting(kernel)
        self._acknowledging = Acknowledging(kernel)
        self._stopping = asyncio.Event()
        self._turns: defaultdict[Place, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._under_way: dict[Place, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """Begin nothing more. Call it on the loop that `run` is on."""
        self._stopping.set()

    def close(self) -> None:
        """Close the write side."""
        self._putting.close()

    async def run(self) -> None:
        """Put what has not left and look for acknowledgements, until stopped."""
        if any(opened.inputs for opened in self._kernel.wrappers.values()):
            await repeat(self.tick, every(TICK), self._stopping, "what leaves as files could not be seen to")

    async def tick(self) -> None:
        """Put every file that has not left, then settle what was acknowledged and what should have been."""
        places = await asyncio.to_thread(self._putting.places)
        await asyncio.gather(*(self._put(place) for place in places))
        await self._acknowledging.look()

    async def send(self, caller: Caller, wrapper: str, name: str) -> dict[str, Any]:
        """Make a file of what is approved, and put it.

        Raises:
            Problem: `not-found`; `conflict`: an earlier file has not left; `invalid`: it cannot be written.
        """
        opened = await asyncio.to_thread(self._demand, caller, wrapper, name)
        return await self.make(opened, name, caller.identity)

    async def make(self, opened: OpenWrapper, name: str, who: Identity | None = None) -> dict[str, Any]:
        """The same without a caller, for the scheduler."""
        place = self._preparing.place(opened, name)
        async with self._turns[place]:
            found = await self._preparing.candidates(opened, name)
            made = await asyncio.to_thread(self._preparing.prepare, opened, name, found, who)
            if made:
                await self._put(place)
        told = {"denied": _told(found.denied), "left": _told(found.left)}
        return {"file": await asyncio.to_thread(self._body, made) if made else None, **told}

    async def plan(self, caller: Caller, wrapper: str, name: str) -> dict[str, Any]:
        """What `send` would do now: the file, field by field beside its bytes. Nothing is claimed, denied or put.

        Raises:
            Problem: As `send`, but for what stands in the way of the file.
        """
        opened = await asyncio.to_thread(self._demand, caller, wrapper, name)
        found = await self._preparing.candidates(opened, name)
        sequence, file = await asyncio.to_thread(self._preparing.rehearse, opened, name, found.fit)
        await asyncio.to_thread(self._note, caller, wrapper, name, planned=True)
        told = {"denied": _told(found.denied), "left": _told(found.left)}
        if file is None:
            return {"file": None, **told}
        shown = {"connection": f"{wrapper}.{name}", "sequence": sequence, "name": file.name, "state": "planned",
                 "records": len(found.fit), "size": len(file.data)}  # fmt: skip
        return {"file": shown, "fields": _fields(opened.inputs[name].adapter.look(file.data)), **told}

    def listing(self, caller: Caller, connection: str | None = None, limit: int = 50,
                after: int | None = None) -> list[dict[str, Any]]:  # fmt: skip
        """Files, latest first; of one connection (`orders.entry`) or of all; those that follow the one of this `id`."""
        caller.demand(Ability.OVERSEE)
        wrapper, _, name = (connection or "").partition(".")
        with self._kernel.ledger.read() as ledger:
            found = listed_inputs(ledger, self._kernel.environment, wrapper=wrapper or None, name=name or None,
                                  limit=limit, before=after)  # fmt: skip
            states = standing(ledger, [file.id for file in found])
            against = contradictions(ledger, [file.id for file in found])
        opened = self._kernel.wrappers.get(wrapper)
        if connection and not found and not (opened and (not name or name in opened.inputs)):
            raise _no_place(connection)
        self._note(caller, wrapper, name, files=len(found))
        return [input_body(file, states.get(file.id, {}), against.get(file.id, ())) for file in found]

    def show(self, caller: Caller, wrapper: str, name: str, sequence: int) -> dict[str, Any]:
        """One file: its records with their proposals, and its fields beside their bytes.

        Raises:
            Problem: `not-found`.
        """
        caller.demand(Ability.OVERSEE)
        file = self._file(wrapper, name, sequence)
        with self._kernel.ledger.read() as connection:
            records, data = records_of(connection, file.id), bytes_of(connection, file.id)
            against = {one.number: one.line for one in contradictions(connection, [file.id]).get(file.id, ())}
        opened = self._kernel.wrappers.get(wrapper)
        far = opened.inputs.get(name) if opened else None
        self._note(caller, wrapper, name, file={"name": file.name, "sequence": sequence, "sha256": file.sha256})
        return {
            "file": self._body(file),
            "records": [{"record": number, "proposal": one.id, "state": one.state.value, "outcome": one.outcome,
                         "arguments": one.arguments, "contradiction": against.get(number, "")}
                        for number, one in records.items()],
            "fields": _fields(far.adapter.look(data)) if far else [],
        }  # fmt: skip

    async def resend(self, caller: Caller, wrapper: str, name: str, sequence: int, note: str) -> dict[str, Any]:
        """Put a file once more, the same to the byte: a person knows that the job never took it.

        Raises:
            Problem: `not-found`; `conflict`: it has not left, or a record of it is answered: then the job has taken it;
                `invalid`: nothing is said of why; `denied`: who asks has proposed a record of it.
        """
        opened = await asyncio.to_thread(self._demand, caller, wrapper, name)
        await asyncio.to_thread(self._demand_another, caller, wrapper, name, sequence, note)
        place = self._preparing.place(opened, name)
        async with self._turns[place]:
            file = await asyncio.to_thread(self._again, caller, wrapper, name, sequence, note)
            await self._put(place)
        return await asyncio.to_thread(self._body, self._file(wrapper, name, file.sequence))

    async def withdraw(self, caller: Caller, wrapper: str, name: str, sequence: int, note: str) -> dict[str, Any]:
        """Take back a file that has not left; what is in it is approved again. One that was to go again is as before.

        Raises:
            Problem: `not-found`; `conflict`: it has left, or may have, or is being put now.
        """
        opened = await asyncio.to_thread(self._demand, caller, wrapper, name)
        _demand_reason(note)
        place = self._preparing.place(opened, name)
        async with self._turns[place]:
            if place in self._under_way:
                raise Problem("conflict", f"a file of {wrapper}.{name} is being put now; nothing was changed",
                              next="Ask again when its place has answered.")  # fmt: skip
            file = await asyncio.to_thread(self._file, wrapper, name, sequence)
            gone = await asyncio.to_thread(self._putting.withdraw, file, caller.identity, note)
        return input_body(gone, {})

    async def _put(self, place: Place) -> None:
        """Put what has not left, one at a time in a place. One that does not answer goes on by itself."""
        if place in self._under_way:
            await asyncio.wait({self._under_way[place]}, timeout=PATIENCE)
        if place in self._under_way:
            return
        task = self._under_way[place] = asyncio.create_task(self._putting.finish(place))
        task.add_done_callback(lambda _: self._under_way.pop(place, None))
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        for one in done:
            if error := one.exception():
                report(f"files of {place.wrapper}.{place.connection} could not be put, it is tried again", error)

    def _again(self, caller: Caller, wrapper: str, name: str, sequence: int, note: str) -> Input:
        file, kernel = self._file(wrapper, name, sequence), self._kernel
        with kernel.ledger.write() as connection:
            records = records_of(connection, file.id)
            told = [number for number, one in records.items() if not is_open(one.state, one.result)]
            if file.step in {Step.SENT, Step.UNKNOWN} and told:
                raise Problem("conflict", f"not every record of {file.name} is open: of record {told[0]} it is said"
                              " what became of it; it is not sent again",
                              next="What was not done is proposed again, and leaves in another file.")  # fmt: skip
            try:
                again = advance(connection, file, Step.RESENDING, resent=file.resent + 1)
            except Moved as error:
                raise Problem("conflict", f"{file.name} has not left yet: it is {file.step}") from error
            kernel.journal.add(connection, input_entry(kernel, "input.resent", again, caller.identity, note=note))
        return again

    def _demand(self, caller: Caller, wrapper: str, name: str) -> OpenWrapper:
        with audited(self._kernel, caller, name, wrapper):
            caller.demand(Ability.SEND, wrapper, name)
            if not any(granted in (wrapper, "*") for granted, _ in caller.grants):
                raise Problem("denied", f"{caller.identity.name} has no grant of {wrapper}: nothing of it is sent")
            opened = self._kernel.wrappers.get(wrapper)
            if opened is None or name not in opened.inputs:
                raise _no_place(f"{wrapper}.{name}")
            return opened

    def _demand_another(self, caller: Caller, wrapper: str, name: str, sequence: int, note: str) -> None:
        """Return when it is said why, by somebody who proposed nothing of what is in the file."""
        _demand_reason(note)
        file = self._file(wrapper, name, sequence)
        with audited(self._kernel, caller, name, wrapper):
            with self._kernel.ledger.read() as connection:
                records = records_of(connection, file.id)
            for proposal in records.values():
                demand_another(caller, proposal, "sends it again")

    def _note(self, caller: Caller, wrapper: str, name: str, **what: object) -> None:
        """Have the audit tell who looked, before anything is given."""
        entry = self._kernel.entry("inputs.read", what, caller.identity, trace=caller.trace, wrapper=wrapper or None,
                                   operation=name or None)  # fmt: skip
        self._kernel.journal.commit(entry)

    def _file(self, wrapper: str, name: str, sequence: int) -> Input:
        with self._kernel.ledger.read() as connection:
            found = find_input(connection, Place(self._kernel.environment, wrapper, name), sequence)
        if found is None:
            raise Problem("not-found", f"{wrapper}.{name} has made no file {sequence}",
                          next="`brownfield inputs` lists them.")  # fmt: skip
        return found

    def _body(self, file: Input) -> dict[str, Any]:
        """A file as it is now, with how far its records are."""
        with self._kernel.ledger.read() as connection:
            now = find_input(connection, file.place, file.sequence) or file
            against = contradictions(connection, [file.id]).get(file.id, ())
            return input_body(now, standing(connection, [file.id]).get(file.id, {}), against)


def _no_place(name: str) -> Problem:
    return Problem("not-found", f"there is no connection {name} whose writes leave as a file",
                   next="Name the connection that its write operations go by, as WRAPPER.CONNECTION.")  # fmt: skip


def _demand_reason(note: str) -> None:
    if not note.strip():
        raise Problem("invalid", "nothing is said of why; nothing was changed", next="Say what you know, in `note`.")


def input_body(file: Input, states: dict[str, int], against: Sequence[Contradiction] = ()) -> dict[str, Any]:
    """A file as every door gives it. One that was withdrawn has no number: the next file has it."""
    withdrawn = file.step is Step.WITHDRAWN
    shown = {
        "id": file.id, "connection": f"{file.place.wrapper}.{file.place.connection}", "name": file.name,
        "sequence": None if withdrawn else file.sequence, "gave_back": file.sequence if withdrawn else None,
        "state": file.step.value, "reason": file.reason, "records": file.records, "proposals": states,
        "sha256": file.sha256, "resent": file.resent or None, "contradicted": len(against) or None,
        "prepared_at": file.prepared_at.isoformat(timespec="seconds"),
        "sent_at": file.sent_at.isoformat(timespec="seconds") if file.sent_at else None,
        "due_at": file.due_at.isoformat(timespec="seconds") if file.due_at else None,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _told(sorted_out: Iterable[tuple[Proposal, str]]) -> list[dict[str, str]]:
    return [{"proposal": one.id, "operation": f"{one.wrapper}.{one.operation}", "reason": why}
            for one, why in sorted_out]  # fmt: skip


def _fields(sights: Iterable[Sight]) -> list[dict[str, Any]]:
    return [{"record": one.record, "kind": one.kind, "field": one.name, "offset": one.offset, "length": one.length,
             "picture": one.picture, "bytes": one.raw.hex(), "value": one.value} for one in sights]  # fmt: skip
