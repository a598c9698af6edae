"""Acknowledging: what the events of a feed say of the records of a file is told to the proposals that they are.

Events are looked at once: how far is noted in the transaction that settles the proposals.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from brownfield.ledger.event import StoredEvent, page
from brownfield.ledger.input import (
    Input,
    Place,
    find_input,
    note_contradiction,
    overdue,
    position_of,
    records_of,
    set_position,
    unfinished,
)
from brownfield.ledger.proposal import Proposal, get, move
from brownfield.rules.input import OUTSIDE, Meaning, Said, Step, meaning, plain_number, read_said
from brownfield.rules.proposal import Event, State
from brownfield.runtime.confirming import WORDS, Outcome, read_back
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.personal import committed
from brownfield.runtime.preparing import input_entry
from brownfield.runtime.proposing import proposal_entry
from brownfield.runtime.streaming import rendered
from brownfield.wrapper.manifest import AcknowledgementTable

PAGE = 200
"""Events that one transaction settles."""
SHOWN = 5
"""Lines of an acknowledgement that an entry quotes."""


@dataclass
class Lines:
    """What one page said, by file and meaning, for the audit."""

    settled: dict[int, Counter[str]] = field(default_factory=dict)
    odd: dict[tuple[Meaning, int], list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """One connection whose files are acknowledged.

    Attributes:
        opened: Its wrapper.
        place: Where its files are numbered.
        table: What tells what became of them.
    """

    opened: OpenWrapper
    place: Place
    table: AcknowledgementTable

    def said(self, event: StoredEvent) -> Said:
        """What an event says."""
        return read_said(orjson.loads(event.data), self.table.fields, self.table.accepted, self.table.rejected)


class Acknowledging:
    """Settles what left in files.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._readers = [
            Reader(opened, Place(kernel.environment, opened.id, name), table)
            for opened in kernel.wrappers.values()
            for name in opened.inputs
            if (table := opened.bundle.manifest.connections[name].acknowledgement) is not None
        ]

    async def look(self) -> None:
        """Settle all that was acknowledged, then what should have been and was not."""
        for reader in self._readers:
            try:
                while await self._page(reader):
                    pass
            except Exception as error:  # noqa: BLE001  one that cannot be read holds no other back, and no deadline
                told = f"{reader.place.wrapper}.{reader.place.connection}"
                report(f"what was answered to {told} could not be settled, it is tried again", error)
        await asyncio.to_thread(self._give_up)

    async def _page(self, reader: Reader) -> bool:
        """Look at the next events; whether there may be more."""
        events, end = await asyncio.to_thread(self._events, reader)
        if events is None:
            return False
        said, index = [reader.said(event) for event in events], Index(reader)
        read = {at: outcome for at, one in enumerate(said) if (outcome := await self._read_back(index, one))}
        await asyncio.to_thread(self._settle, index, said, read, end)
        return bool(events)

    def _events(self, reader: Reader) -> tuple[list[StoredEvent] | None, int]:
        """The events that were not looked at yet; None where there is nothing to note.

        While a file is leaving nothing is looked at: it may be answered before its proposals are said to be sent.
        """
        kernel, place = self._kernel, reader.place
        with kernel.ledger.read() as connection:
            after = position_of(connection, place)
            leaving = [one for one in unfinished(connection, place.environment, place) if one.step is Step.LEAVING]
            if after is None or leaving:
                return None, 0
            found = page(connection, environment=place.environment, after=after, limit=PAGE, feed=reader.table.feed,
                         wrapper=place.wrapper, render=partial(rendered, kernel.around.registry))  # fmt: skip
        return (found.events, found.position) if found.position > after else (None, after)

    async def _read_back(self, index: "Index", said: Said) -> Outcome | None:
        """What the system shows of a record that it says it has taken, where the manifest names a read for that."""
        opened = index.reader.opened
        if said.event is not Event.CONFIRM or not any(one.table.confirm for one in opened.filed):
            return None
        proposal = await asyncio.to_thread(self._about, index, said)
        operation = opened.bundle.operations.get(proposal.operation) if proposal else None
        if proposal is None or operation is None or operation.table.confirm is None:
            return None
        if meaning(proposal.state, said.event) is not Meaning.SETTLES:
            return None
        return await read_back(opened, operation, proposal, dict(proposal.result or {}))

    def _about(self, index: "Index", said: Said) -> Proposal | None:
        with self._kernel.ledger.read() as connection:
            return index.find(connection, said)[1]

    def _settle(self, index: "Index", said: Sequence[Said], read: dict[int, Outcome], end: int) -> None:
        lines = Lines()
        with self._kernel.ledger.write() as connection:
            for at, one in enumerate(said):
                self._take(connection, index, one, read.get(at), lines)
            self._tell(connection, index, lines)
            set_position(connection, index.reader.place, end)
        if lines.settled:
            self._kernel.recent.forget(index.reader.place.wrapper)

    def _take(self, connection: Connection, index: "Index", said: Said, read: Outcome | None, lines: Lines) -> None:
        file, proposal = index.find(connection, said)
        means = meaning(proposal.state if proposal else None, said.event)
        if means is not Meaning.SETTLES or proposal is None or file is None:
            told = self._quoted(index.reader, said, None if means is Meaning.UNMATCHED else proposal)
            lines.odd.setdefault((means, file.id if file else 0), []).append(told)
            if means is Meaning.CONTRADICTS and proposal and file:
                note_contradiction(connection, file.id, proposal.id, told, self._kernel.clock.now())
            return
        outcome = read or Outcome(said.event or Event.LOSE, _words(said))
        self._end(connection, proposal, said, outcome)
        lines.settled.setdefault(file.id, Counter())[outcome.event.value] += 1

    def _end(self, connection: Connection, proposal: Proposal, said: Said, outcome: Outcome) -> None:
        """Note how one ended; of one that is accepted and not found again, what was said and what was found."""
        kernel = self._kernel
        lost = outcome.event is Event.LOSE
        outcome = replace(outcome, why=f"{_words(said)}; {outcome.why}") if lost else outcome
        heard = {"status": said.status} | ({"message": said.message} if said.message else {})
        details: Any = {"result": {**(proposal.result or {}), **heard}, "outcome": outcome.why}
        details |= {"reading": outcome.reading} if outcome.reading is not None else {}
        ended = move(connection, proposal.id, outcome.event, kernel.clock.now(), **details)
        more = {"cause": outcome.why, "note": outcome.why, "result": ended.result, "reading": outcome.reading,
                "after": outcome.after}  # fmt: skip
        kernel.journal.add(connection, proposal_entry(kernel, None, WORDS[outcome.event], ended, **more))

    def _quoted(self, reader: Reader, said: Said, proposal: Proposal | None) -> str:
        """A line for the audit: without personal values where it is known whose it is, else numbers and status only."""
        operation = reader.opened.bundle.operations.get(proposal.operation) if proposal else None
        if proposal is None or operation is None:
            numbered = reader.table.argument is None and said.record.isdecimal()
            return f"file {said.sequence}" + (f", record {said.record}" if numbered else "") + f": {said.status}"
        line = f"file {said.sequence}, record {said.record}: {said.status} {said.message}".strip()
        token = self._kernel.journal.commitment
        return str(committed({"line": line}, proposal.arguments, operation.table.personal, token)["line"])

    def _tell(self, connection: Connection, index: "Index", lines: Lines) -> None:
        kernel, place = self._kernel, index.reader.place
        for input_id, counts in lines.settled.items():
            told: dict[str, Any] = {
                "accepted": counts[Event.CONFIRM],
                "rejected": counts[Event.REFUSE],
                "unknown": counts[Event.LOSE],
            }
            kernel.journal.add(connection, input_entry(kernel, "input.acknowledged", index.files[input_id], **told))
        for (means, input_id), quoted in lines.odd.items():
            body: dict[str, Any] = {"count": len(quoted), "lines": quoted[:SHOWN]}
            event, file = _ODD[means], index.files.get(input_id)
            stray = kernel.entry(event, body, wrapper=place.wrapper, operation=place.connection)
            kernel.journal.add(connection, input_entry(kernel, event, file, **body) if file else stray)

    def _give_up(self) -> None:
        """What was not acknowledged in time is unknown; whoever is paged is told once for each file."""
        kernel, now = self._kernel, self._kernel.clock.now()
        with kernel.ledger.write() as connection:
            for file in overdue(connection, kernel.environment, now):
                silent = [one for one in records_of(connection, file.id).values() if one.state is State.SENT]
                why = f"nobody has said what became of it, and {file.name} left at {file.sent_at:%Y-%m-%d %H:%M} UTC"
                for proposal in silent:
                    lost = move(connection, proposal.id, Event.LOSE, now, outcome=why)
                    kernel.journal.add(connection, proposal_entry(kernel, None, "write.unanswered", lost, cause=why))
                kernel.journal.add(connection, input_entry(kernel, "input.overdue", file, count=len(silent)))


_ODD = {Meaning.REPEATS: "input.repeated", Meaning.CONTRADICTS: "input.contradicted",
        Meaning.UNMATCHED: "input.unmatched"}  # fmt: skip


class Index:
    """Finds the records that the lines of one page are about; which proposal is which record is asked once a file.

    Args:
        reader: Whose files.

    Attributes:
        files: Those that were found, by the ledger's id.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.files: dict[int, Input] = {}
        self._sequences: dict[int, Input | None] = {}
        self._records: dict[int, dict[str, str]] = {}

    def find(self, connection: Connection, said: Said) -> tuple[Input | None, Proposal | None]:
        """The file and the proposal of a line, as they are now; a file that has not left is none."""
        if said.sequence is None:
            return None, None
        if said.sequence not in self._sequences:
            self._sequences[said.sequence] = find_input(connection, self.reader.place, said.sequence)
        file = self._sequences[said.sequence]
        if file is None or file.step not in OUTSIDE:
            return None, None
        if file.id not in self._records:
            self.files[file.id], self._records[file.id] = file, self._by_record(connection, file)
        numbered = self.reader.table.argument is None
        id_ = self._records[file.id].get(plain_number(said.record) if numbered else said.record)
        return file, get(connection, id_) if id_ else None

    def _by_record(self, connection: Connection, file: Input) -> dict[str, str]:
        """The proposals' ids by what a line tells them by; what tells two tells neither."""
        argument, records = self.reader.table.argument, records_of(connection, file.id)
        told = [(str(number if argument is None else one.arguments.get(argument)), one.id)
                for number, one in records.items()]  # fmt: skip
        often = Counter(name for name, _ in told)
        return {name: id_ for name, id_ in told if often[name] == 1}


def _words(said: Said) -> str:
    word = "accepted" if said.event is Event.CONFIRM else "rejected"
    return f"{word} with {said.status}" + (f": {said.message}" if said.message else "")
