"""Collecting: each file once, each record once. Events, quarantine and checkpoint of a chunk commit together."""

import asyncio
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Damage,
    Failure,
    Fields,
    Rejected,
    Row,
    Unavailable,
    Verdict,
    canonical,
    fingerprint,
)
from brownfield.ledger.batch import (
    BatchFile,
    FileState,
    add_quarantine,
    begin_file,
    files,
    find_file,
    finish_file,
    get_file,
    load_checkpoint,
    open_files,
    quarantined,
    save_checkpoint,
)
from brownfield.ledger.count import file_counts
from brownfield.ledger.event import append_events
from brownfield.ledger.halt import active_halts, blocking
from brownfield.ledger.lease import release, take
from brownfield.rules.access import Ability, Identity
from brownfield.rules.problem import Problem
from brownfield.runtime.caller import Caller
from brownfield.runtime.connection import FeedConnection
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.lane import Lane
from brownfield.runtime.refusal import audited
from brownfield.runtime.validator import Validator
from brownfield.wrapper.bundle import Feed
from brownfield.wrapper.lock import shape_of

log = logging.getLogger("brownfield.collecting")
LEASE = timedelta(hours=6)
WIDTH = 8
"""Feeds that are collected at once. Listing a slow drop takes minutes, and nothing else may wait for it."""
WORDS = {FileState.ARCHIVED: "batch.settled", FileState.COMMITTED: "batch.committed", FileState.HELD: "batch.held",
         FileState.REFUSED: "batch.refused"}  # fmt: skip


class Collecting:
    """Turns the files of a feed into events.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._holder = f"collector-{secrets.token_hex(6)}"
        self._stopping = threading.Event()
        self.lane = Lane("collect", WIDTH)

    async def collect(self, caller: Caller, wrapper: str, feed: str, *, replay: bool = False) -> list[dict[str, Any]]:
        """Collect what has arrived. With `replay`, also take again a file that was set aside or collected before.

        Raises:
            Problem: The location cannot be read, or another process is collecting this feed.
        """
        opened, found = await asyncio.to_thread(self._demand, caller, wrapper, feed)
        return await self.lane.run(self.run, opened, found, who=caller.identity, replay=replay)

    def _demand(self, caller: Caller, wrapper: str, feed: str) -> tuple[OpenWrapper, Feed]:
        with audited(self._kernel, caller, feed, wrapper):
            caller.demand(Ability.COLLECT, wrapper, feed)
            return self._kernel.feed(wrapper, feed)

    def run(self, opened: OpenWrapper, feed: Feed, *, who: Identity | None = None,
            replay: bool = False) -> list[dict[str, Any]]:  # fmt: skip
        """The same without a caller: for the scheduler and for a command line without a server. Blocks."""
        with self._turn(opened, feed):
            run = _Run(self._kernel, opened, feed, who, self._stopping)
            try:
                return [file_body(file, note) for file, note in run.files(replay=replay)]
            except Unavailable as failure:
                raise Problem("unavailable", f"{opened.title}: {failure.message}") from failure

    def batches(self, caller: Caller, feed: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The files of a feed (`inventory.stock_count`) or of all, latest first."""
        caller.demand(Ability.OVERSEE)
        wrapper, _, name = (feed or "").partition(".")
        with self._kernel.ledger.read() as connection:
            found = files(connection, wrapper=wrapper or None, feed=name or None, limit=limit)
        return [file_body(file) for file in found]

    def quarantined(self, caller: Caller, file_id: int) -> list[dict[str, Any]]:
        """The records of a file that could not be read, whole, as hex.

        Raises:
            Problem: `not-found`.
        """
        caller.demand(Ability.OVERSEE)
        with self._kernel.ledger.read() as connection:
            file = get_file(connection, file_id)
            if file is None:
                raise Problem("not-found", f"there is no batch file {file_id}")
            kept = [item.damage for item in quarantined(connection, file_id, limit=1000)]
        body = {"file": {"name": file.name, "sha256": file.sha256}}
        entry = self._kernel.entry("quarantine.read", body, caller.identity, trace=caller.trace, wrapper=file.wrapper,
                                   operation=file.feed)  # fmt: skip
        self._kernel.journal.post(entry).result()
        return [{"record": d.number, "offset": d.offset, "field": d.field, "code": d.code, "reason": d.reason,
                 "raw": d.raw.hex()} for d in kept]  # fmt: skip

    def orphans(self) -> None:
        """Hold the open files of feeds that are declared no longer: nobody would ever end them."""
        with self._kernel.ledger.write() as connection:
            for file in files(connection, state=FileState.COLLECTING, limit=1000):
                opened = self._kernel.wrappers.get(file.wrapper)
                if file.environment == self._kernel.environment and not (opened and file.feed in opened.bundle.feeds):
                    self._give_up(connection, file)

    def _give_up(self, connection: Connection, file: BatchFile) -> None:
        reason = "its feed is declared no longer"
        records, (events, bad) = load_checkpoint(connection, file.id).record, file_counts(connection, file.id)
        held = finish_file(connection, file.id, FileState.HELD, reason, records=records, events=events,
                           quarantined=bad, now=self._kernel.clock.now())  # fmt: skip
        body = {"file": {"name": held.name, "sha256": held.sha256, "records": records, "events": events},
                "reason": reason}  # fmt: skip
        entry = self._kernel.entry("batch.held", body, wrapper=file.wrapper, operation=file.feed)
        self._kernel.journal.add(connection, entry)

    def stop(self) -> None:
        """End after the chunk that is being committed; what is left is taken up again next time."""
        self._stopping.set()

    @contextmanager
    def _turn(self, opened: OpenWrapper, feed: Feed) -> Iterator[None]:
        resource, kernel = f"feed:{opened.id}.{feed.name}", self._kernel
        with kernel.ledger.write() as connection:
            fence = take(connection, resource, self._holder, ttl=LEASE, now=kernel.clock.now())
        if fence is None:
            raise Problem("busy", f"{opened.id}.{feed.name} is being collected already", retry_after=5.0)
        try:
            yield
        finally:
            with kernel.ledger.write() as connection:
                release(connection, resource, self._holder, fence)


class _Run:
    """One pass over a feed's arrivals."""

    def __init__(self, kernel: Kernel, opened: OpenWrapper, feed: Feed, who: Identity | None,
                 stopping: threading.Event) -> None:  # fmt: skip
        self._kernel, self._opened, self._feed, self._who = kernel, opened, feed, who
        self._stopping = stopping
        self._place: FeedConnection = opened.feeds[feed.table.via]
        records = opened.bundle.contracts[feed.table.via].records
        self._shape = fingerprint({name: shape_of(record) for name, record in records.items()})
        self._validator = Validator({"type": "object"}, feed.data)

    def files(self, *, replay: bool) -> Iterator[tuple[BatchFile, str]]:
        """Each file with a note on what was done: what a killed run left first, then what is new."""
        arrivals = list(self._place.adapter.arrivals())
        by_content = {arrival.sha256: arrival for arrival in arrivals}
        handled: dict[str, str] = {}
        if self._halted():
            return
        for file, note in self._left(by_content):
            handled[file.sha256] = by_content[file.sha256].name if file.sha256 in by_content else file.name
            yield file, note
        for arrival in arrivals:
            if self._stopping.is_set() or self._halted():
                return
            if handled.get(arrival.sha256) != arrival.name:
                yield self._arrived(arrival, replay=replay and arrival.sha256 not in handled)
                handled[arrival.sha256] = arrival.name

    def _arrived(self, arrival: Arrival, *, replay: bool) -> tuple[BatchFile, str]:
        known = self._known(arrival, self._shape)
        if replay:
            return self._take(arrival, known.replay + 1 if known else 0), "replayed"
        known = known or self._known(arrival, None)
        if known is None:
            return self._take(arrival, 0), "new"
        return self._again(known, arrival), "seen before"

    def _again(self, known: BatchFile, arrival: Arrival) -> BatchFile:
        """Put a file away whose content was taken in, or refused, before; the audit has that it came again."""
        settled = self._settle(known, arrival, known.state)
        with self._kernel.ledger.write() as connection:
            again = replace(known, name=arrival.name, reason=f"the same content as {known.name}, which was seen before")
            self._tell(connection, "batch.settled", again)
        return settled

    def _left(self, arrivals: dict[str, Arrival]) -> Iterator[tuple[BatchFile, str]]:
        with self._kernel.ledger.read() as connection:
            begun = open_files(connection, self._opened.id, self._feed.name)
            moved = files(connection, wrapper=self._opened.id, feed=self._feed.name, state=FileState.COMMITTED)
        for file in begun:
            if self._halted():
                return
            yield self._taken_up(file, arrivals.get(file.sha256))
        for file in moved:
            if file.sha256 not in arrivals:
                yield self._end(file, FileState.ARCHIVED, file.reason), "had been put away"

    def _taken_up(self, file: BatchFile, arrival: Arrival | None) -> tuple[BatchFile, str]:
        if arrival is None:
            return self._end(file, FileState.HELD, "it was begun and has gone from the drop"), "gone"
        if file.shape != self._shape:
            ended = self._end(file, FileState.HELD, "the layout has changed since it was begun")
            return self._settle(ended, arrival, FileState.HELD), "held"
        return self._collect(file, arrival), "taken up again"

    def _known(self, arrival: Arrival, shape: str | None) -> BatchFile | None:
        with self._kernel.ledger.read() as connection:
            return find_file(connection, self._opened.id, self._feed.name, arrival.sha256, shape)

    def _take(self, arrival: Arrival, replay: int) -> BatchFile:
        kernel = self._kernel
        with kernel.ledger.write() as connection:
            file = begin_file(connection, environment=kernel.environment, wrapper=self._opened.id, feed=self._feed.name,
                              arrival=arrival, shape=self._shape, now=kernel.clock.now(), replay=replay)  # fmt: skip
            self._tell(connection, "batch.collecting", file)
        return self._collect(file, arrival)

    def _collect(self, file: BatchFile, arrival: Arrival) -> BatchFile:
        with self._kernel.ledger.read() as connection:
            checkpoint, bad = load_checkpoint(connection, file.id), file_counts(connection, file.id)[1]
        try:
            self._within_limit(bad)
            for chunk in self._place.adapter.collect(arrival, checkpoint):
                bad += self._commit(file, chunk)
                self._within_limit(bad)
                if self._stopping.is_set():
                    return file
        except Rejected as failure:
            return self._refuse(file, arrival, failure)
        except (Unavailable, SQLAlchemyError):
            raise  # nothing is wrong with the file: it is taken up again when its place, or the ledger, is there
        except Exception as error:  # noqa: BLE001  whatever it is: an open file keeps every reader from all after it
            return self._hold(file, arrival, error)
        committed = self._end(file, FileState.COMMITTED, "")
        return self._settle(committed, arrival, FileState.COMMITTED)

    def _within_limit(self, quarantined: int) -> None:
        limit = self._feed.table.quarantine_limit
        if quarantined > limit:
            raise Rejected(f"{quarantined} records cannot be read, more than the {limit} allowed", code="quarantine")

    def _commit(self, file: BatchFile, chunk: Chunk) -> int:
        """Commit a chunk; the number of its records that cannot be read."""
        rows, damaged = self._events(chunk)
        now = self._kernel.clock.now()
        with self._kernel.ledger.write() as connection:
            append_events(connection, file.id, self._feed.table.emits, rows, now)
            add_quarantine(connection, file.id, damaged, now)
            save_checkpoint(connection, file.id, chunk.checkpoint, now)
        return len(damaged)

    def _events(self, chunk: Chunk) -> tuple[list[tuple[int, str, str]], list[Damage]]:
        rows: list[tuple[int, str, str]] = []
        damaged = list(chunk.damaged)
        for row in chunk.rows:
            if row.kind != self._feed.table.record:
                continue
            try:
                event = self._event(row)
            except Exception as error:  # noqa: BLE001  the author's function: the record is kept, the batch goes on
                reason = error.message if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
                damaged.append(Damage(row.number, -1, canonical(row.fields), "", "function", reason))
                continue
            if event is not None:
                key = str(event.get(self._feed.table.key, ""))
                rows.append((row.number, key, orjson.dumps(event).decode()))
        return rows, damaged

    def _event(self, row: Row) -> Fields | None:
        handler = self._feed.handler
        if handler is None or self._feed.function is None:
            return row.fields
        made = self._feed.function(row.fields)
        if made is None:
            return None
        event = handler.document(made)
        self._validator.check_result(event)
        return event

    def _refuse(self, file: BatchFile, arrival: Arrival, failure: Rejected) -> BatchFile:
        with self._kernel.ledger.read() as connection:
            begun = load_checkpoint(connection, file.id) != Checkpoint()
        state = FileState.HELD if begun else FileState.REFUSED
        return self._settle(self._end(file, state, failure.message), arrival, state)

    def _hold(self, file: BatchFile, arrival: Arrival, error: Exception) -> BatchFile:
        """Set a file aside that could not be read to its end, so that it holds no other back."""
        if not isinstance(error, Failure):
            report(f"a defect while {self._opened.id}.{self._feed.name} was collected", error)
        reason = error.message if isinstance(error, Failure) else f"a defect: {type(error).__name__}"
        held = self._end(file, FileState.HELD, reason)
        return self._settle(held, arrival, FileState.HELD)

    def _halted(self) -> bool:
        with self._kernel.ledger.read() as connection:
            return blocking(active_halts(connection), "", self._opened.id, self._feed.name) is not None

    def _end(self, file: BatchFile, state: FileState, reason: str) -> BatchFile:
        kernel = self._kernel
        with kernel.ledger.write() as connection:
            records = load_checkpoint(connection, file.id).record
            events, bad = file_counts(connection, file.id)
            ended = finish_file(connection, file.id, state, reason, records=records, events=events, quarantined=bad,
                                now=kernel.clock.now())  # fmt: skip
            self._tell(connection, WORDS[state], ended)
        return ended

    def _settle(self, file: BatchFile, arrival: Arrival, state: FileState) -> BatchFile:
        """Move the file, then say that it was moved. Both may be done again after a kill."""
        aside = state in {FileState.HELD, FileState.REFUSED}
        self._place.adapter.settle(arrival, Verdict.SET_ASIDE if aside else Verdict.ARCHIVE)
        return self._end(file, FileState.ARCHIVED, file.reason) if file.state is FileState.COMMITTED else file

    def _tell(self, connection: Connection, event: str, file: BatchFile) -> None:
        facts = {"name": file.name, "sha256": file.sha256, "records": file.records, "events": file.events,
                 "quarantined": file.quarantined, "size": file.size}  # fmt: skip
        body = {"file": facts} | ({"reason": file.reason} if file.reason else {})
        entry = self._kernel.entry(event, body, self._who, about={"name": file.name}, wrapper=self._opened.id,
                                   operation=self._feed.name)  # fmt: skip
        self._kernel.journal.add(connection, entry)


def file_body(file: BatchFile, note: str = "") -> dict[str, Any]:
    """A batch file as every door gives it."""
    shown = {
        "id": file.id, "feed": f"{file.wrapper}.{file.feed}", "name": file.name, "size": file.size,
        "sha256": file.sha256, "state": file.state.value, "reason": file.reason, "records": file.records,
        "events": file.events, "quarantined": file.quarantined, "replay": file.replay, "note": note,
        "seen_at": file.seen_at.isoformat(timespec="seconds"),
        "settled_at": file.settled_at.isoformat(timespec="seconds") if file.settled_at else None,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value not in {None, ""}}
