"""Arriving: one pass over the files of a feed, from what lies in its drop to what was put away."""

import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import Arrival, Checkpoint, Chunk, Failure, Fields, Rejected, Unavailable, Verdict, fingerprint
from brownfield.contract.watched import GatheringFeed, WatchedFeed
from brownfield.ledger.arrival import Incoming, Whose
from brownfield.ledger.batch import (
    BatchFile,
    FileState,
    begin_file,
    decide_file,
    files,
    find_file,
    finish_file,
    known,
    last_taken,
    load_checkpoint,
    open_files,
    preflighted,
    save_checkpoint,
    set_baseline,
)
from brownfield.ledger.count import file_counts
from brownfield.ledger.halt import active_halts, blocking
from brownfield.rules.access import Identity as Caller
from brownfield.rules.arrival import Identity, Kind, identify, number_of
from brownfield.rules.problem import Problem
from brownfield.runtime.committing import Committing, Ready
from brownfield.runtime.connection import FeedConnection
from brownfield.runtime.defect import report
from brownfield.runtime.kept import Kept
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.watching import Watching
from brownfield.wrapper.bundle import Feed
from brownfield.wrapper.lock import shape_of

_READ_ONCE = 1 << 30
"""Bytes. What a kill throws away of a larger file is worth more than its second reading."""
WORDS = {FileState.ARCHIVED: "batch.settled", FileState.COMMITTED: "batch.committed", FileState.HELD: "batch.held",
         FileState.REFUSED: "batch.refused"}  # fmt: skip


class Arriving:
    """One pass over the files of a feed.

    Args:
        kernel: What is open.
        opened: The bundle.
        feed: The feed of the bundle.
        who: Who asked for it; None for the scheduler.
        stopping: Set when nothing more is to be begun.
    """

    def __init__(self, kernel: Kernel, opened: OpenWrapper, feed: Feed, who: Caller | None,
                 stopping: threading.Event) -> None:  # fmt: skip
        self._kernel, self._opened, self._feed, self._who = kernel, opened, feed, who
        self._stopping = stopping
        self._place: FeedConnection = opened.feeds[feed.table.via]
        self._shape = shape_of_feed(opened, feed)
        self._committing = Committing(kernel, feed, stopping)
        self._watching = self._watcher()
        self.waiting: list[Incoming] = []

    def files(self, *, replay: bool) -> Iterator[tuple[BatchFile, str]]:
        """Each file with a note on what was done: what a killed run left first, then what is new.

        Afterwards `waiting` has the files that are not complete yet.
        """
        if self._halted():
            return
        arrivals = self._arrivals()
        by_content = {arrival.sha256: arrival for arrival in arrivals}
        handled: dict[str, str] = {}
        for file, note in self._left(by_content):
            handled[file.sha256] = by_content[file.sha256].name if file.sha256 in by_content else file.name
            yield file, note
        for arrival in arrivals:
            if self._stopping.is_set() or self._halted():
                return
            if handled.get(arrival.sha256) != arrival.name:
                yield self._arrived(arrival, replay=replay and arrival.sha256 not in handled)
                handled[arrival.sha256] = arrival.name

    def plan(self) -> Iterator[tuple[str, int, str, str]]:
        """What a run would do now, as name, size, note and reason. Nothing is kept, claimed or unpacked.

        What is in a file is not looked at before it is claimed, so a duplicate may be foreseen as new.
        """
        with self._kernel.ledger.read() as connection:
            begun = open_files(connection, self._opened.id, self._feed.name)
        for file in begun:
            yield file.name, file.size, "would be taken up again", ""
        if self._watching is None:
            for arrival in self._in_order(list(self._place.adapter.arrivals())):
                yield arrival.name, arrival.size, *self._foreseen(arrival)
            return
        lying = self._watching.plan()
        ready = [Arrival(seen.name, seen.size, "") for seen, waits in lying if not waits]
        for arrival in self._in_order(ready):
            yield arrival.name, arrival.size, *self._foreseen(arrival)
        for seen, waits in lying:
            if waits:
                yield seen.name, seen.size, "waiting", waits

    def _foreseen(self, arrival: Arrival) -> tuple[str, str]:
        with self._kernel.ledger.read() as connection:
            before = known(connection, self._opened.id, self._feed.name, arrival)
        identity = identify(number_of(arrival.name, self._feed.table), before, self._feed.table)
        words = {"take": "would be taken", "archive": "would be put away", "hold": "would be held",
                 "refuse": "would be refused"}  # fmt: skip
        return words[identity.treatment], identity.reason

    def _in_order(self, found: list[Arrival]) -> list[Arrival]:
        """In the order of their numbers where the feed has any, else as they came."""
        numbers = {arrival.name: number_of(arrival.name, self._feed.table) for arrival in found}
        return sorted(found, key=lambda one: (numbers[one.name] is None, numbers[one.name] or 0))

    def _watcher(self) -> Watching | None:
        adapter, whose = self._place.adapter, Whose(self._kernel.environment, self._opened.id, self._feed.name)
        if isinstance(adapter, WatchedFeed):
            return Watching(self._kernel, adapter, whose, self._feed.table, self._who)
        return None

    def _arrivals(self) -> list[Arrival]:
        """The files that are at hand, in order."""
        adapter = self._place.adapter
        if self._watching:
            self._watching.staged(adapter.arrivals())
            self.waiting = self._watching.look()
        found = list(adapter.arrivals())
        if self._watching:
            self._watching.staged(found)
        return self._in_order(found)

    def _arrived(self, arrival: Arrival, *, replay: bool) -> tuple[BatchFile, str]:
        if replay:
            return self._take(arrival, Identity(Kind.REPLAY, "take")), "replayed"
        with self._kernel.ledger.read() as connection:
            before = known(connection, self._opened.id, self._feed.name, arrival)
            same = find_file(connection, self._opened.id, self._feed.name, arrival.sha256, None)
        identity = identify(number_of(arrival.name, self._feed.table), before, self._feed.table)
        if same and self._watching and self._watching.was_identified(arrival, same):
            return self._settle(same, arrival, same.state), "had not been put away"
        if same and self._feed.table.snapshot and not self._is_last(same):
            return self._take(arrival, Identity(Kind.NEW, "take")), "as it was before"
        if same and identity.treatment == "archive":
            return self._again(same, arrival, identity), "seen before"
        if identity.treatment == "take":
            return self._take(arrival, identity), identity.kind.value
        state = FileState.HELD if identity.treatment == "hold" else FileState.REFUSED
        ended = self._begin(arrival, identity, state)
        return self._settle(ended, arrival, state), identity.kind.value

    def _is_last(self, same: BatchFile) -> bool:
        """Whether this content was the last that was taken in: a state that comes back later is a change again."""
        with self._kernel.ledger.read() as connection:
            last = last_taken(connection, same.wrapper, same.feed, sys.maxsize)
        return last is not None and last.sha256 == same.sha256

    def _again(self, same: BatchFile, arrival: Arrival, identity: Identity) -> BatchFile:
        """Put a file away whose content was taken in, or refused, before; the audit has that it came again.

        Told is the name under which it came, and that it gave nothing this time.
        """
        settled = self._settle(same, arrival, same.state)
        with self._kernel.ledger.write() as connection:
            self._identified(connection, arrival, identity.kind, same.id)
            self._tell(connection, "batch.settled", replace(same, name=arrival.name, reason=identity.reason))
        return replace(settled, name=arrival.name, reason=identity.reason, records=0, events=0, quarantined=0)

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

    def resume(self, held: BatchFile, note: str) -> tuple[BatchFile, str]:
        """Take in what is left of a held file, under a number of its own: readers are past the old one.

        Raises:
            Problem: `conflict`: it was begun with another layout.
            Settled: It is not held.
        """
        kernel = self._kernel
        with kernel.ledger.write() as connection:
            checkpoint = load_checkpoint(connection, held.id)
            if checkpoint.record and held.shape != self._shape:
                raise Problem("conflict", "the layout has changed since the file was begun; take it again as a replay")
            decide_file(connection, held.id, FileState.RESUMED, held.reason)
            last = find_file(connection, held.wrapper, held.feed, held.sha256, self._shape)
            file = begin_file(connection, environment=kernel.environment, wrapper=held.wrapper, feed=held.feed,
                              arrival=Arrival(held.name, held.size, held.sha256), shape=self._shape,
                              now=kernel.clock.now(), replay=last.replay + 1 if last else 0, number=held.number,
                              resumes=held.id)  # fmt: skip
            save_checkpoint(connection, file.id, checkpoint, kernel.clock.now())
            if held.baseline is not None:
                set_baseline(connection, file.id, held.baseline)
                file = replace(file, baseline=held.baseline)
            self._tell(connection, "batch.resumed", replace(file, records=checkpoint.record), note=note)
        return self._resumed(file), "resumed"

    def _resumed(self, file: BatchFile) -> BatchFile:
        """Go on with a file that was resumed. It lies where it was set aside, so no listing has it."""
        try:
            return self._collect(file, Arrival(file.name, file.size, file.sha256))
        except Unavailable as failure:
            return self._end(file, FileState.HELD, failure.message)

    def _taken_up(self, file: BatchFile, arrival: Arrival | None) -> tuple[BatchFile, str]:
        if file.resumes is not None:
            return self._resumed(file), "taken up again"
        if arrival is None:
            return self._end(file, FileState.HELD, "it was begun and has gone from the drop"), "gone"
        if file.shape != self._shape:
            ended = self._end(file, FileState.HELD, "the layout has changed since it was begun")
            return self._settle(ended, arrival, FileState.HELD), "held"
        return self._collect(file, arrival), "taken up again"

    def _take(self, arrival: Arrival, identity: Identity) -> BatchFile:
        return self._collect(self._begin(arrival, identity, FileState.COLLECTING), arrival)

    def _begin(self, arrival: Arrival, identity: Identity, state: FileState) -> BatchFile:
        """Give an arrival its number, in one transaction with what is decided on it."""
        kernel, wrapper, feed = self._kernel, self._opened.id, self._feed
        with kernel.ledger.write() as connection:
            last = find_file(connection, wrapper, feed.name, arrival.sha256, self._shape)
            file = begin_file(connection, environment=kernel.environment, wrapper=wrapper, feed=feed.name,
                              arrival=arrival, shape=self._shape, now=kernel.clock.now(),
                              replay=last.replay + 1 if last else 0,
                              number=number_of(arrival.name, feed.table))  # fmt: skip
            self._identified(connection, arrival, identity.kind, file.id)
            if state is not FileState.COLLECTING:
                return self._ended(connection, file, state, identity.reason)
            begun = "batch.replayed" if identity.kind is Kind.REPLAY else "batch.collecting"
            self._tell(connection, begun, file, {"kind": identity.kind.value})
        return file

    def _identified(self, connection: Connection, arrival: Arrival, kind: Kind, file: int) -> None:
        if self._watching:
            self._watching.identified(connection, arrival, kind, file)

    def _collect(self, file: BatchFile, arrival: Arrival) -> BatchFile:
        with self._kernel.ledger.read() as connection:
            checkpoint = load_checkpoint(connection, file.id)
        try:
            if not self._take_in(file, arrival, checkpoint):
                return file
        except Rejected as failure:
            return self._refuse(file, arrival, failure)
        except (Unavailable, SQLAlchemyError):
            raise  # nothing is wrong with the file: it is taken up again when its place, or the ledger, is there
        except Exception as error:  # noqa: BLE001  whatever it is: an open file keeps every reader from all after it
            return self._hold(file, arrival, error)
        committed = self._end(file, FileState.COMMITTED, self._unproven(file))
        self._committing.settled(file)
        return self._settle(committed, arrival, FileState.COMMITTED)

    def _unproven(self, file: BatchFile) -> str:
        """Which control totals were stated and could not be proven, in words; empty where all were."""
        with self._kernel.ledger.read() as connection:
            totals = load_checkpoint(connection, file.id).totals
        names = [name for name, one in totals.items() if isinstance(one, Mapping) and one.get("state") == "unverified"]
        return f"stated, and could not be proven: {', '.join(names)}" if names else ""

    def _take_in(self, file: BatchFile, arrival: Arrival, checkpoint: Checkpoint) -> bool:
        """Commit what is left of a file; whether its end was reached. In one reading, where what is kept is packed."""
        gathered = self._gathered(arrival) if checkpoint == Checkpoint() else None
        if gathered is not None:
            with Kept[Ready](self._kernel.home.folder) as kept:
                if self._committing.keep(gathered, kept):
                    self._found_right(file)
                    return self._committing.commit_kept(file, kept)
            if self._stopping.is_set():
                return False
        return self._committing.commit(file, self._preflighted(file, arrival, checkpoint))

    def _gathered(self, arrival: Arrival) -> Iterator[Chunk] | None:
        """The chunks of a file that is read once; None where it is read twice."""
        adapter = self._place.adapter
        if self._committing.packs and arrival.size <= _READ_ONCE and isinstance(adapter, GatheringFeed):
            return adapter.gather(arrival)
        return None

    def _preflighted(self, file: BatchFile, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The chunks. That the first one came says that the whole file was found right."""
        # The checkpoint of a snapshot counts changes: its records are always read from the first.
        start = Checkpoint() if self._feed.table.snapshot else checkpoint
        chunks = iter(self._place.adapter.collect(arrival, start))
        first = list(islice(chunks, 1))
        self._found_right(file)
        yield from iter(first)
        first.clear()
        yield from chunks

    def _found_right(self, file: BatchFile) -> None:
        with self._kernel.ledger.write() as connection:
            if preflighted(connection, file.id, self._kernel.clock.now()):
                self._tell(connection, "batch.preflighted", file)

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
        with self._kernel.ledger.write() as connection:
            return self._ended(connection, file, state, reason)

    def _ended(self, connection: Connection, file: BatchFile, state: FileState, reason: str) -> BatchFile:
        checkpoint = load_checkpoint(connection, file.id)
        records = checkpoint.context.get("records", checkpoint.record)  # of a snapshot it counts changes
        events, bad = file_counts(connection, file.id)
        ended = finish_file(connection, file.id, state, reason, records=records, events=events, quarantined=bad,
                            now=self._kernel.clock.now())  # fmt: skip
        self._tell(connection, WORDS[state], ended)
        return ended

    def _settle(self, file: BatchFile, arrival: Arrival, state: FileState) -> BatchFile:
        """Move the file, then say that it was moved. Both may be done again after a kill."""
        aside = state in {FileState.HELD, FileState.REFUSED}
        self._place.adapter.settle(arrival, Verdict.SET_ASIDE if aside else Verdict.ARCHIVE)
        return self._end(file, FileState.ARCHIVED, file.reason) if file.state is FileState.COMMITTED else file

    def _tell(
        self, connection: Connection, event: str, file: BatchFile, more: Fields | None = None, *, note: str = ""
    ) -> None:
        facts = {"name": file.name, "sha256": file.sha256, "records": file.records, "events": file.events,
                 "quarantined": file.quarantined, "size": file.size} | dict(more or {})  # fmt: skip
        body = {"file": facts} | ({"reason": file.reason} if file.reason else {}) | ({"note": note} if note else {})
        entry = self._kernel.entry(event, body, self._who, about={"name": file.name}, wrapper=self._opened.id,
                                   operation=self._feed.name)  # fmt: skip
        self._kernel.journal.add(connection, entry)


def shape_of_feed(opened: OpenWrapper, feed: Feed) -> str:
    """The fingerprint of the layout that a feed's files are read with."""
    records = opened.bundle.contracts[feed.table.via].records
    return fingerprint({name: shape_of(record) for name, record in records.items()})
