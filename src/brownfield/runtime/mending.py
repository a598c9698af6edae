"""Mending: what a person does with records that could not be read. Each decision is made once, by name."""

from typing import Any

import orjson
from sqlalchemy import Connection

from brownfield.contract import Arrival, Checkpoint, Damage, Fields, Rejected, Row
from brownfield.contract.watched import RereadingFeed
from brownfield.ledger.batch import BatchFile, FileState, begin_file, find_file, finish_file, get_file, save_checkpoint
from brownfield.ledger.event import Rows, append_events
from brownfield.ledger.quarantine import Quarantined, RecordState, decide_record, get_quarantined, still_open
from brownfield.rules.access import Ability
from brownfield.rules.problem import Problem
from brownfield.runtime.arriving import shape_of_feed
from brownfield.runtime.caller import Caller
from brownfield.runtime.collecting import Collecting, record_body
from brownfield.runtime.committing import Committing
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.refusal import audited
from brownfield.runtime.validator import Validator
from brownfield.wrapper.bundle import Feed

AT_ONCE = 10_000
"""Records that one replay reads again."""


class Mending:
    """Corrects quarantined records, has them read again, or writes them off.

    Args:
        kernel: What is open.
        collecting: Whose feeds they came from.
    """

    def __init__(self, kernel: Kernel, collecting: Collecting) -> None:
        self._kernel = kernel
        self._collecting = collecting

    def correct(self, caller: Caller, file_id: int, record: int, *, fields: Fields | None = None,
                raw: bytes | None = None, note: str = "") -> dict[str, Any]:  # fmt: skip
        """Make a record's one event of fields, or of bytes, that a person gives; where neither is, of its own bytes.

        The event has the id that the record's event would have had, and a position of its own: readers are past the
        file's. With its own bytes it is a replay, for a layout or a function that was mended meanwhile.

        Raises:
            Problem: `not-found`, `conflict` (it was decided on before), `invalid` (it still cannot be read).
        """
        opened, feed, file, kept = self._record(caller, file_id, record)
        rows = self._rows(opened, feed, kept, fields, raw)
        with self._kernel.ledger.write() as connection:
            now = self._kernel.clock.now()
            decided = decide_record(connection, file_id, record, RecordState.CORRECTED, by=caller.identity.name,
                                    note=note, now=now)  # fmt: skip
            shape = shape_of_feed(opened, feed)
            last = find_file(connection, file.wrapper, file.feed, file.sha256, shape)
            made = begin_file(connection, environment=file.environment, wrapper=file.wrapper, feed=file.feed,
                              arrival=Arrival(file.name, file.size, file.sha256), shape=shape, now=now,
                              replay=last.replay + 1 if last else 0, resumes=file.id)  # fmt: skip
            append_events(connection, made.id, feed.table.emits, feed.table.key, rows, now)
            save_checkpoint(connection, made.id, Checkpoint(record + 1), now)
            finish_file(connection, made.id, FileState.ARCHIVED, f"record {record} of file {file_id}, corrected",
                        records=1, events=len(rows.numbers), quarantined=0, now=now)  # fmt: skip
            self._tell(connection, "record.corrected", caller, file, decided)
        return record_body(decided)

    def write_off(self, caller: Caller, file_id: int, record: int, note: str = "") -> dict[str, Any]:
        """Say that a record is not needed.

        Raises:
            Problem: `not-found`; `conflict`: it was decided on before.
        """
        _, _, file, _ = self._record(caller, file_id, record)
        with self._kernel.ledger.write() as connection:
            decided = decide_record(connection, file_id, record, RecordState.WRITTEN_OFF, by=caller.identity.name,
                                    note=note, now=self._kernel.clock.now())  # fmt: skip
            self._tell(connection, "record.written_off", caller, file, decided)
        return record_body(decided)

    def replay(self, caller: Caller, file_id: int, note: str = "") -> list[dict[str, Any]]:
        """Read the open records of a file again, after a layout or a function was mended; how each one ended.

        So many at once, the first ones: `AT_ONCE`.

        Raises:
            Problem: `not-found`.
        """
        _, _, file = self._file(caller, file_id)
        with self._kernel.ledger.read() as connection:
            kept = still_open(connection, file_id, limit=AT_ONCE)
        ended = [self._again(caller, item, note) for item in kept]
        left = sum(record["state"] == RecordState.OPEN for record in ended)
        body = {"file": {"name": file.name, "sha256": file.sha256}, "note": note, "events": len(ended) - left,
                "open": left}  # fmt: skip
        entry = self._kernel.entry("record.replayed", body, caller.identity, trace=caller.trace, wrapper=file.wrapper,
                                   about={"name": file.name}, operation=file.feed)  # fmt: skip
        self._kernel.journal.post(entry).result()  # what still cannot be read is in the answer, whole
        return ended

    def _again(self, caller: Caller, item: Quarantined, note: str) -> dict[str, Any]:
        try:
            return self.correct(caller, item.file, item.damage.number, note=note)
        except Problem as problem:
            return record_body(item) | {"reason": problem.cause}

    def _rows(self, opened: OpenWrapper, feed: Feed, kept: Quarantined, fields: Fields | None,
              raw: bytes | None) -> Rows:  # fmt: skip
        if fields is None and raw is None and kept.damage.code == "function":
            fields = orjson.loads(kept.damage.raw)
        if fields is not None:
            row = self._given(opened, feed, kept.damage.number, fields)
        else:
            row = self._reread(opened, feed, kept.damage.number, kept.damage.raw if raw is None else raw)
        if row.kind != feed.table.record:
            raise Problem("invalid", f"it is a {row.kind} record, and events are made of {feed.table.record}")
        try:
            return Committing(self._kernel, feed, self._collecting.stopping).rows_of(row)
        except Rejected as failure:
            raise Problem("invalid", failure.message) from failure

    def _given(self, opened: OpenWrapper, feed: Feed, number: int, fields: Fields) -> Row:
        shape = opened.bundle.contracts[feed.table.via].records[feed.table.record]
        Validator(shape.fields, {}).check_arguments(dict(fields))
        return Row(number, feed.table.record, fields)

    def _reread(self, opened: OpenWrapper, feed: Feed, number: int, raw: bytes) -> Row:
        adapter = opened.feeds[feed.table.via].adapter
        if not isinstance(adapter, RereadingFeed):
            raise Problem("invalid", "this adapter reads no record alone: give the fields")
        try:
            found = adapter.reread(number, raw)
        except Rejected as failure:
            raise Problem("invalid", failure.message) from failure
        if isinstance(found, Damage):
            raise Problem("invalid", f"it cannot be read: {found.reason}")
        return found

    def _record(self, caller: Caller, file_id: int, record: int) -> tuple[OpenWrapper, Feed, BatchFile, Quarantined]:
        opened, feed, file = self._file(caller, file_id)
        with self._kernel.ledger.read() as connection:
            kept = get_quarantined(connection, file_id, record)
        if kept is None:
            raise Problem("not-found", f"record {record} of file {file_id} is not in quarantine")
        if file.state is FileState.COLLECTING:
            raise Problem("conflict", f"file {file_id} is still being taken in", retry_after=5.0)
        if kept.state is not RecordState.OPEN:
            raise Problem("conflict", f"record {record} was decided on by {kept.decided_by}: it is {kept.state.value}")
        return opened, feed, file, kept

    def _file(self, caller: Caller, file_id: int) -> tuple[OpenWrapper, Feed, BatchFile]:
        with self._kernel.ledger.read() as connection:
            file = get_file(connection, file_id)
        if file is None:
            caller.demand(Ability.OVERSEE)
            raise Problem("not-found", f"there is no batch file {file_id}")
        with audited(self._kernel, caller, file.feed, file.wrapper):
            caller.demand(Ability.COLLECT, file.wrapper, file.feed)
            return *self._kernel.feed(file.wrapper, file.feed), file

    def _tell(self, connection: Connection, event: str, caller: Caller, file: BatchFile, item: Quarantined) -> None:
        body = {"file": {"name": file.name, "sha256": file.sha256}, "record": item.damage.number, "note": item.note}
        entry = self._kernel.entry(event, body, caller.identity, trace=caller.trace, about={"name": file.name},
                                   wrapper=file.wrapper, operation=file.feed)  # fmt: skip
        self._kernel.journal.add(connection, entry)
