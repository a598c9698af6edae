"""Arriving: one pass over the files of a feed, each from its sighting to its end."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import Arrival, Checkpoint, Failure, Rejected, Unavailable, Verdict, fingerprint
from brownfield.ledger.batch import (
    BatchFile,
    FileState,
    begin_file,
    files,
    find_file,
    finish_file,
    load_checkpoint,
    open_files,
)
from brownfield.ledger.count import file_counts
from brownfield.ledger.halt import active_halts, blocking
from brownfield.rules.access import Identity
from brownfield.runtime.committing import Committing
from brownfield.runtime.connection import FeedConnection
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.wrapper.bundle import Feed
from brownfield.wrapper.lock import shape_of

WORDS = {FileState.ARCHIVED: "batch.settled", FileState.COMMITTED: "batch.committed", FileState.HELD: "batch.held",
         FileState.REFUSED: "batch.refused"}  # fmt: skip


class Arriving:
    """One pass over a feed's arrivals."""

    def __init__(self, kernel: Kernel, opened: OpenWrapper, feed: Feed, who: Identity | None,
                 stopping: threading.Event) -> None:  # fmt: skip
        self._kernel, self._opened, self._feed, self._who = kernel, opened, feed, who
        self._stopping = stopping
        self._place: FeedConnection = opened.feeds[feed.table.via]
        records = opened.bundle.contracts[feed.table.via].records
        self._shape = fingerprint({name: shape_of(record) for name, record in records.items()})
        self._committing = Committing(kernel, feed, stopping)

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
            checkpoint = load_checkpoint(connection, file.id)
        try:
            if not self._committing.commit(file, self._place.adapter.collect(arrival, checkpoint)):
                return file
        except Rejected as failure:
            return self._refuse(file, arrival, failure)
        except (Unavailable, SQLAlchemyError):
            raise  # nothing is wrong with the file: it is taken up again when its place, or the ledger, is there
        except Exception as error:  # noqa: BLE001  whatever it is: an open file keeps every reader from all after it
            return self._hold(file, arrival, error)
        committed = self._end(file, FileState.COMMITTED, "")
        return self._settle(committed, arrival, FileState.COMMITTED)

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
