"""Putting: a prepared file is given to the job, once, whatever is killed on the way.

Staged beside its place, then noted as leaving, then released: see `brownfield.contract.input`. Only this opens the
write side of such a connection.
"""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Connection

from brownfield.contract import Failure, Unavailable
from brownfield.contract.input import InputFile
from brownfield.ledger.conflict import Moved
from brownfield.ledger.halt import active_halts, blocking
from brownfield.ledger.input import Input, advance, bytes_of, note_reason, records_of, unfinished
from brownfield.ledger.proposal import Proposal, move
from brownfield.rules.access import Identity
from brownfield.rules.input import Step
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event, State
from brownfield.runtime.connection import InputConnection
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.opening import open_inputs
from brownfield.runtime.preparing import input_entry
from brownfield.runtime.proposing import proposal_entry
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.manifest import AcknowledgementTable


class Putting:
    """Puts prepared files in their places.

    Args:
        kernel: What is open for reading.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._writers: dict[str, Mapping[str, InputConnection]] = {}
        self._turn = threading.Lock()

    def finish(self) -> None:
        """Put every file that has not left, in the order of their numbers."""
        with self._turn:
            with self._kernel.ledger.read() as connection:
                found = unfinished(connection, self._kernel.environment)
            for file in found:
                self._put(file)

    def withdraw(self, file: Input, who: Identity, note: str) -> Input:
        """Take back a file that has not left: its proposals are approved again, the next file has its number.

        Raises:
            Problem: `conflict`: it has left, or may have.
        """
        kernel = self._kernel
        with self._turn:
            with kernel.ledger.write() as connection:
                try:
                    gone = advance(connection, file, Step.WITHDRAWN)
                except Moved as error:
                    raise Problem("conflict", f"{error}; nothing was changed") from error
                for proposal in records_of(connection, file.id).values():
                    freed = move(connection, proposal.id, Event.RELEASE, kernel.clock.now(), fence=proposal.fence)
                    cause = f"{file.name} was withdrawn before it left"
                    kernel.journal.add(connection, proposal_entry(kernel, None, "write.released", freed, cause=cause))
                kernel.journal.add(connection, input_entry(kernel, "input.withdrawn", gone, who, note=note))
            self._discard(gone)
        return gone

    def close(self) -> None:
        """Close the write side."""
        for connections in self._writers.values():
            for one in connections.values():
                one.close()

    def _put(self, file: Input) -> None:
        """Put one file. What keeps it from leaving is noted, and it is tried again."""
        try:
            with self._kernel.ledger.read() as connection:
                ready = InputFile(file.name, bytes_of(connection, file.id))
            far = self._far(file)
            if file.step is not Step.LEAVING:
                far.adapter.stage(ready)
                file = self._leaving(file)
            self._sent(file, before=not far.adapter.release(ready))
        except (Failure, Moved, Problem) as why:
            self._kept(file, str(why))

    def _leaving(self, file: Input) -> Input:
        """Note that it is leaving. Halts are asked in the same transaction.

        Raises:
            Problem: A halt stands in the way.
        """
        with self._kernel.ledger.write() as connection:
            halts = active_halts(connection)
            for proposal in records_of(connection, file.id).values():
                halt = blocking(halts, proposal.proposer, proposal.wrapper, proposal.operation)
                if halt:
                    raise Problem("halted", f"{halt.by} has halted {halt.scope}")
            return advance(connection, file, Step.LEAVING)

    def _sent(self, file: Input, *, before: bool) -> None:
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
        """Take away what was staged of a file that was withdrawn; where that fails it stays, hidden, for nobody."""
        try:
            self._far(file).adapter.discard(InputFile(file.name, b""))
        except (Failure, Problem):
            return

    def _far(self, file: Input) -> InputConnection:
        opened = self._kernel.wrappers.get(file.place.wrapper)
        if opened is None or file.place.connection not in opened.inputs:
            raise Unavailable(f"{file.place.wrapper}.{file.place.connection} is declared no longer")
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
