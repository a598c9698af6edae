"""Preparing: approved writes become a file. Nothing of it can be seen outside before its bytes are in the ledger.

Claim, checks, number and bytes are one transaction. A write that cannot be made any more is denied alone, and the
others go.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from brownfield.contract import Rejected, Unavailable
from brownfield.contract.input import InputBatch, InputFile, InputRecord
from brownfield.ledger.audit import Entry
from brownfield.ledger.conflict import Moved
from brownfield.ledger.event import position
from brownfield.ledger.input import (
    Input,
    Place,
    add_input,
    next_sequence,
    position_of,
    set_position,
    unfinished,
)
from brownfield.ledger.proposal import Proposal, claim_these, move, waiting
from brownfield.rules.access import Identity
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event, NotPossible
from brownfield.runtime.approval import changed_since, flaw
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.proposing import proposal_entry


@dataclass(frozen=True, slots=True)
class Candidates:
    """Approved writes of one connection, and what is to be done with each now.

    Attributes:
        fit: Those that a file would hold, in its order.
        denied: Those that cannot be made any more, with why.
        left: Those that wait for another file, with why.
    """

    fit: list[Proposal]
    denied: list[tuple[Proposal, str]]
    left: list[tuple[Proposal, str]]


class Preparing:
    """Makes files of approved writes.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def candidates(self, opened: OpenWrapper, name: str) -> Candidates:
        """What would go into a file now: each is held against what was approved, and against the layout."""
        place, most = self.place(opened, name), opened.bundle.manifest.connections[name].batch.most
        operations = [one.name for one in opened.filed if one.table.via == name]
        with self._kernel.ledger.read() as connection:
            found = waiting(connection, place.environment, opened.id, operations, self._kernel.clock.now())
        sorted_ = Candidates([], [], [])
        for proposal in found:
            if len(sorted_.fit) == most:
                sorted_.left.append((proposal, f"a file holds {most} records"))
                continue
            try:
                why = await self._flaw(opened, proposal)
            except Unavailable as failure:
                sorted_.left.append((proposal, failure.message))
                continue
            if why:
                sorted_.denied.append((proposal, why))
            else:
                sorted_.fit.append(proposal)
        return await asyncio.to_thread(self._within_totals, opened, name, sorted_)

    def _within_totals(self, opened: OpenWrapper, name: str, found: Candidates) -> Candidates:
        """The same, with as many of the fit as one file can tell the totals of; the others wait for the next."""
        try:
            self.rehearse(opened, name, found.fit)
        except Problem as refusal:
            good, bad = 0, len(found.fit)
            while bad - good > 1:
                half = (good + bad) // 2
                good, bad = (half, bad) if self._renders(opened, name, found.fit[:half]) else (good, half)
            if not good:
                return found  # whoever makes the file is told why
            why = refusal.cause.removesuffix("; nothing was claimed")
            rest = [(proposal, why) for proposal in found.fit[good:]]
            return Candidates(found.fit[:good], found.denied, [*rest, *found.left])
        return found

    def _renders(self, opened: OpenWrapper, name: str, fit: Sequence[Proposal]) -> bool:
        try:
            return self.rehearse(opened, name, fit)[1] is not None
        except Problem:
            return False

    def rehearse(self, opened: OpenWrapper, name: str, fit: Sequence[Proposal]) -> tuple[int, InputFile | None]:
        """The number that the next file would have, and the file; None where nothing would go into it.

        Raises:
            Problem: `invalid`: it cannot be written.
        """
        with self._kernel.ledger.read() as connection:
            sequence = next_sequence(connection, self.place(opened, name), self._first(opened, name))
        return sequence, self._rendered(opened, name, sequence, fit) if fit else None

    def prepare(self, opened: OpenWrapper, name: str, found: Candidates, who: Identity | None) -> Input | None:
        """Claim what is fit and keep it as a file; None when nothing is left that could leave.

        Raises:
            Problem: `conflict`: an earlier file has not left, or nothing leaves from here now; `invalid`: the file
                cannot be written. Nothing was claimed.
        """
        self._deny(found.denied)
        if not found.fit:
            return None
        kernel, place = self._kernel, self.place(opened, name)
        with kernel.ledger.write() as connection:
            self._demand_free(connection, opened, place)
            records = self._claim(connection, found.fit)
            if not records:
                return None
            sequence = next_sequence(connection, place, self._first(opened, name))
            file = self._rendered(opened, name, sequence, records)
            if position_of(connection, place) is None:  # what was answered before the first file is about none
                set_position(connection, place, position(connection))
            ids = [proposal.id for proposal in records]
            made = add_input(connection, place, sequence, file.name, file.data, ids, kernel.clock.now())
            entries = [proposal_entry(kernel, None, "write.executing", one, file=file.name) for one in records]
            kernel.journal.add(connection, *entries, input_entry(kernel, "input.prepared", made, who))
        return made

    def place(self, opened: OpenWrapper, name: str) -> Place:
        """Where the files of a connection are numbered."""
        return Place(self._kernel.environment, opened.id, name)

    async def _flaw(self, opened: OpenWrapper, proposal: Proposal) -> str:
        operation = opened.bundle.operations[proposal.operation]
        if opened.stopped(operation):
            raise Unavailable(f"the shape of {operation.table.call} is not the locked one")
        change = await changed_since(opened, operation, proposal)
        return change or opened.inputs[operation.table.via].adapter.flaw(_record(opened, proposal))

    def _claim(self, connection: Connection, fit: Sequence[Proposal]) -> list[Proposal]:
        """Those that are still approved, and rightly so; the others are denied, or in somebody else's hands."""
        kernel, good = self._kernel, list[Proposal]()
        for proposal in claim_these(connection, [one.id for one in fit], "input", kernel.clock.now()):
            wrong = flaw(connection, proposal)
            if not wrong:
                good.append(proposal)
                continue
            denied = move(connection, proposal.id, Event.DENY, kernel.clock.now(), fence=proposal.fence, outcome=wrong)
            kernel.journal.add(connection, proposal_entry(kernel, None, "write.denied", denied, cause=wrong))
        return good

    def _deny(self, denied: Sequence[tuple[Proposal, str]]) -> None:
        kernel = self._kernel
        for proposal, why in denied:
            with kernel.ledger.write() as connection:
                try:
                    gone = move(connection, proposal.id, Event.DENY, kernel.clock.now(), outcome=why)
                except (Moved, NotPossible):
                    continue  # somebody declined it meanwhile, or it expired
                kernel.journal.add(connection, proposal_entry(kernel, None, "write.denied", gone, cause=why))

    def _demand_free(self, connection: Connection, opened: OpenWrapper, place: Place) -> None:
        if opened.bundle.manifest.mode == "read-only":
            raise Problem("conflict", f"{opened.id} is read-only: nothing leaves, its writes are made by hand")
        for earlier in unfinished(connection, place.environment, place):
            why = f": {earlier.reason}" if earlier.reason else ""
            raise Problem("conflict", f"file {earlier.sequence} has not left yet{why}; nothing was claimed",
                          next="Mend what keeps it, or withdraw it: brownfield inputs withdraw.")  # fmt: skip

    def _rendered(self, opened: OpenWrapper, name: str, sequence: int, records: Sequence[Proposal]) -> InputFile:
        batch = InputBatch(sequence, self._day(opened, name), [_record(opened, one) for one in records])
        try:
            return opened.inputs[name].adapter.render(batch)
        except Rejected as refusal:
            raise Problem("invalid", f"{refusal.message}; nothing was claimed",
                          next="Send fewer records (batch.most), or mend the layout.") from refusal  # fmt: skip

    def _day(self, opened: OpenWrapper, name: str) -> date:
        zone = opened.bundle.manifest.connections[name].timezone or self._kernel.settings.timezone
        return self._kernel.clock.now().astimezone(ZoneInfo(zone)).date()

    def _first(self, opened: OpenWrapper, name: str) -> int:
        return opened.bundle.manifest.connections[name].batch.first


def input_entry(kernel: Kernel, event: str, file: Input, who: Identity | None = None, **more: object) -> Entry:
    """An audit entry of a file."""
    told = {"name": file.name, "sequence": file.sequence, "sha256": file.sha256, "records": file.records}
    about = {"name": file.name, "sequence": str(file.sequence)}
    return kernel.entry(event, {"file": told, **more}, who, wrapper=file.place.wrapper, about=about,
                        operation=file.place.connection)  # fmt: skip


def _record(opened: OpenWrapper, proposal: Proposal) -> InputRecord:
    return InputRecord(opened.bundle.operations[proposal.operation].table.call or "", proposal.arguments)
