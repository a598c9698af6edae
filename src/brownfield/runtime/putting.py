"""Putting: a prepared file is given to the job, once, whatever is killed on the way.

Staged beside its place, then noted as leaving, then released: see `brownfield.contract.input`. Only this opens the
write side of such a connection.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Connection

from brownfield.contract import Failure, Unavailable
from brownfield.contract.input import InputAdapter, InputFile, Whereabouts
from brownfield.ledger.audit import search
from brownfield.ledger.conflict import Moved
from brownfield.ledger.halt import active_halts, blocking
from brownfield.ledger.input import Input, Place, advance, bytes_of, has_left, note_reason, records_of, unfinished
from brownfield.ledger.proposal import Proposal, move
from brownfield.rules.access import Identity
from brownfield.rules.input import Step, is_open
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event, State
from brownfield.runtime.approval import changed_since, flaw
from brownfield.runtime.connection import InputConnection
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.lane import Lane
from brownfield.runtime.opening import open_inputs
from brownfield.runtime.preparing import input_entry
from brownfield.runtime.proposing import proposal_entry
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.manifest import AcknowledgementTable

WIDTH = 32
"""Places at which something is put at once. One that hangs keeps its thread, and must not keep other work waiting."""

_LEFT = frozenset({Whereabouts.THERE, Whereabouts.TAKEN})


class Putting:
    """Puts prepared files in their places.

    Args:
        kernel: What is open for reading.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._writers: dict[str, Mapping[str, InputConnection]] = {}
        self._lane = Lane("put", WIDTH)

    def places(self) -> list[Place]:
        """The places of files that have not left."""
        with self._kernel.ledger.read() as connection:
            return list(dict.fromkeys(file.place for file in unfinished(connection, self._kernel.environment)))

    async def finish(self, place: Place) -> None:
        """Put every file of a place that has not left, in the order of their numbers. One call at a time."""
        for file in await self._lane.run(self._unfinished, place):
            await self._put(file)

    def withdraw(self, file: Input, who: Identity, note: str) -> Input:
        """Take back a file that has not left: its proposals are approved again, the next file has its number.

        One that was to go again is as it was before. Do not call it while `finish` is at work on the place.

        Raises:
            Problem: `conflict`: it has left, or may have.
        """
        if file.step not in {Step.PREPARED, Step.RESENDING}:
            raise Problem("conflict", f"{file.name} is {file.step}; nothing was changed")
        with self._kernel.ledger.write() as connection:
            try:
                gone = self._back(connection, file, Back(f"{file.name} was withdrawn before it left"), who, note=note)
            except Moved as error:
                raise Problem("conflict", f"{error}; nothing was changed") from error
        self._discard(gone)
        return gone

    def close(self) -> None:
        """Close the write side."""
        for connections in self._writers.values():
            for one in connections.values():
                one.close()

    async def _put(self, file: Input) -> None:
        """Put one file. What keeps it from leaving is noted, and it is tried again."""
        try:
            file = await self._lane.run(self._found, file)
            if file.step in {Step.PREPARED, Step.RESENDING}:
                changed = await self._changed(file)
                await self._lane.run(self._leave, file, changed)
        except (Failure, Moved, Problem) as why:
            await self._lane.run(self._kept, file, str(why))

    def _unfinished(self, place: Place) -> list[Input]:
        with self._kernel.ledger.read() as connection:
            return unfinished(connection, place.environment, place)

    def _found(self, file: Input) -> Input:
        """Of one that was leaving, find out whether it has left. What is staged still has not: it begins again."""
        if file.step is not Step.LEAVING:
            return file
        ready, far = self._ready(file), self._far(file)
        with far.alone() as adapter:
            found = adapter.where(ready)
            if found in _LEFT:
                adapter.release(ready)
        if found in _LEFT:
            return self._sent(file, before=True)
        if found is Whereabouts.GONE:
            return self._lost(file)
        with self._kernel.ledger.write() as connection:
            before = Step.RESENDING if file.resent else Step.PREPARED
            return advance(connection, file, before, reason=file.reason)

    async def _changed(self, file: Input) -> dict[str, str]:
        """Which proposals would not do any more what was approved, by id."""
        with self._kernel.ledger.read() as connection:
            records = records_of(connection, file.id)
        opened = self._opened(file)
        found: dict[str, str] = {}
        for proposal in records.values():
            operation = opened.bundle.operations.get(proposal.operation)
            gone = f"{proposal.operation} is declared no longer"
            why = await changed_since(opened, operation, proposal) if operation else gone
            found |= {proposal.id: why} if why else {}
        return found

    def _leave(self, file: Input, changed: Mapping[str, str]) -> None:
        ready, far = self._ready(file), self._far(file)
        with self._kernel.ledger.read() as connection:
            known = has_left(connection, file.place)
        with far.alone() as adapter:
            if not known:
                adapter.adopt()
            adapter.stage(ready)
            leaving = self._leaving(file, changed)
            if leaving.step is not Step.LEAVING:
                with suppress(Failure):  # it stays, hidden, for nobody
                    adapter.discard(ready)
                return
            try:
                self._sent(leaving, before=_left_before(adapter, ready))
            except (Failure, Moved) as why:
                self._kept(leaving, str(why))

    def _leaving(self, file: Input, changed: Mapping[str, str]) -> Input:
        """Note that it is leaving; or take it back, where it is not any more what people approved.

        Halts are asked in the same transaction.

        Raises:
            Problem: A halt stands in the way.
        """
        with self._kernel.ledger.write() as connection:
            halts, records = active_halts(connection), records_of(connection, file.id)
            for proposal in records.values():
                halt = blocking(halts, proposal.proposer, proposal.wrapper, proposal.operation)
                if halt:
                    raise Problem("halted", f"{halt.by} has halted {halt.scope}")
            back = self._unfit(connection, file, records, changed)
            if back:
                return self._back(connection, file, back)
            return advance(connection, file, Step.LEAVING, reason=file.reason)

    def _unfit(self, connection: Connection, file: Input, records: Mapping[int, Proposal],
               changed: Mapping[str, str]) -> "Back | None":  # fmt: skip
        """Why a file may not leave as it is, asked as the worker asks at the claim; None when it may."""
        wrong = {one.id: why for one in records.values() if (why := changed.get(one.id) or flaw(connection, one))}
        if not _as_prepared(connection, file):
            return Back(f"the bytes of {file.name} are not those that were prepared", wrong)
        if file.step is Step.RESENDING:
            told = [number for number, one in records.items() if not is_open(one.state, one.result)]
            if told:
                return Back(f"what became of record {told[0]} of {file.name} was said meanwhile")
        else:
            late = [one.id for one in records.values() if one.expires_at <= self._kernel.clock.now()]
            if late:
                return Back(f"{late[0]} expired before {file.name} left", wrong)
        return Back(f"{next(iter(wrong))}: {next(iter(wrong.values()))}", wrong) if wrong else None

    def _back(self, connection: Connection, file: Input, back: "Back", who: Identity | None = None,
              **more: object) -> Input:  # fmt: skip
        """Take back what has not left; what had left before is as it was."""
        kernel, now = self._kernel, self._kernel.clock.now()
        if file.step is Step.RESENDING:
            gone = advance(connection, file, Step.SENT if file.sent_at else Step.UNKNOWN, resent=file.resent - 1)
        else:
            gone = advance(connection, file, Step.WITHDRAWN)
            for proposal in records_of(connection, file.id).values():
                why = back.wrong.get(proposal.id)
                event, word = (Event.DENY, "write.denied") if why else (Event.RELEASE, "write.released")
                details: Any = {"outcome": why} if why else {}
                freed = move(connection, proposal.id, event, now, fence=proposal.fence, **details)
                kernel.journal.add(connection, proposal_entry(kernel, None, word, freed, cause=why or back.why))
        told = more if who else {"cause": back.why}
        kernel.journal.add(connection, input_entry(kernel, "input.withdrawn", gone, who, **told))
        return gone

    def _lost(self, file: Input) -> Input:
        """Nothing of it is there, and nobody saw it leave: an answer tells, or a person. It is not put again."""
        kernel, now = self._kernel, self._kernel.clock.now()
        why = f"{file.name} was about to leave, and nothing of it is there: whether it has left is not known"
        with kernel.ledger.write() as connection:
            lost = note_reason(connection, advance(connection, file, Step.UNKNOWN), why)
            for number, proposal in records_of(connection, file.id).items():
                if proposal.state is State.EXECUTING:
                    result = {"file": file.name, "sequence": file.sequence, "record": number}
                    moved = move(connection, proposal.id, Event.LOSE, now, fence=proposal.fence, outcome=why,
                                 result=result)  # fmt: skip
                    entry = proposal_entry(kernel, None, "write.unanswered", moved, cause=why, result=result)
                    kernel.journal.add(connection, entry)
            kernel.journal.add(connection, input_entry(kernel, "input.unknown", lost, cause=why))
        kernel.recent.forget(file.place.wrapper)
        return lost

    def _ready(self, file: Input) -> InputFile:
        with self._kernel.ledger.read() as connection:
            return InputFile(file.name, bytes_of(connection, file.id))

    def _sent(self, file: Input, *, before: bool) -> Input:
        kernel, now = self._kernel, self._kernel.clock.now()
        with kernel.ledger.write() as connection:
            sent = advance(connection, file, Step.SENT, sent_at=now, due_at=now + self._within(file))
            for number, proposal in records_of(connection, file.id).items():
                if proposal.state is State.EXECUTING:
                    self._note(connection, sent, number, proposal)
            more: dict[str, Any] = {"again": sent.resent} if sent.resent else {}
            more |= {"note": "it had left before this process was started"} if before else {}
            kernel.journal.add(connection, input_entry(kernel, "input.sent", sent, **more))
        kernel.recent.forget(file.place.wrapper)
        return sent

    def _note(self, connection: Connection, file: Input, number: int, proposal: Proposal) -> None:
        kernel = self._kernel
        result = {"file": file.name, "sequence": file.sequence, "record": number}
        outcome = f"it left in {file.name} as record {number}; nobody has answered yet"
        sent = move(connection, proposal.id, Event.SEND, kernel.clock.now(), fence=proposal.fence, result=result,
                    outcome=outcome)  # fmt: skip
        kernel.journal.add(connection, proposal_entry(kernel, None, "write.sent", sent, result=result))

    def _kept(self, file: Input, why: str) -> None:
        """Note why it could not leave; people are told once of each reason."""
        if why == file.reason:
            return
        kernel = self._kernel
        with kernel.ledger.write() as connection:
            try:
                kept = note_reason(connection, file, why)
            except Moved:
                return
            kernel.journal.add(connection, input_entry(kernel, "input.blocked", kept, cause=why))

    def _discard(self, file: Input) -> None:
        """Take away what was staged of a file that was withdrawn; where that fails it stays, hidden, for nobody.

        Where it takes longer than somebody waits, nothing is put there until it has ended: see `alone`.
        """
        try:
            far = self._far(file)
            far.asked(far.adapter.discard, InputFile(file.name, b""))
        except (Failure, Problem):
            return

    def _opened(self, file: Input) -> OpenWrapper:
        opened = self._kernel.wrappers.get(file.place.wrapper)
        if opened is None or file.place.connection not in opened.inputs:
            raise Unavailable(f"{file.place.wrapper}.{file.place.connection} is declared no longer")
        return opened

    def _far(self, file: Input) -> InputConnection:
        opened = self._opened(file)
        if opened.bundle.manifest.mode == "read-only" and file.step is not Step.LEAVING:
            raise Unavailable(f"{opened.id} is read-only")
        return self._write_side(opened)[file.place.connection]

    def _write_side(self, opened: OpenWrapper) -> Mapping[str, InputConnection]:
        if opened.id not in self._writers:
            try:
                self._writers[opened.id] = open_inputs(opened.bundle, "write", self._kernel.around)
            except BundleError as error:
                raise Unavailable(f"the write side cannot be opened: {error}") from error
        return self._writers[opened.id]

    def _within(self, file: Input) -> timedelta:
        table = self._kernel.wrappers[file.place.wrapper].bundle.manifest.connections[file.place.connection]
        answered = cast("AcknowledgementTable", table.acknowledgement)  # nothing starts without it: `check_inputs`
        return answered.within


@dataclass(frozen=True, slots=True)
class Back:
    """Why a file does not leave.

    Attributes:
        why: In one sentence.
        wrong: The proposals that cannot be made any more, with why, by id. The others may be in another file.
    """

    why: str
    wrong: Mapping[str, str] = field(default_factory=dict)


def _left_before(adapter: InputAdapter, ready: InputFile) -> bool:
    """Whether a file had left before; where it had not, it leaves now.

    Raises:
        Unavailable: It has not left, as far as can be seen, and it cannot now.
    """
    if adapter.release(ready):
        return False
    if adapter.where(ready) not in _LEFT:
        raise Unavailable(f"what was staged of {ready.name} was not found when it was to leave; it is looked for again")
    return True


def _as_prepared(connection: Connection, file: Input) -> bool:
    """Whether the audit says that these bytes were prepared: it is chained, the file's row is not."""
    told = search(connection, wrapper=file.place.wrapper, operation=file.place.connection,
                  events=("input.prepared",), since=file.prepared_at)  # fmt: skip
    made = [entry.body["file"]["sha256"] for entry in told if entry.body["file"]["sequence"] == file.sequence]
    return made[-1:] == [file.sha256]
