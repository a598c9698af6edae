"""Committing: the chunks of a file, each with its events, quarantined records and checkpoint in one transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeAlias

import orjson

from brownfield.contract import Checkpoint, Chunk, Damage, Documents, Drifted, Failure, Fields, Rejected, Row, canonical
from brownfield.contract.adapter import Image, key_text
from brownfield.ledger.batch import BatchFile, save_checkpoint
from brownfield.ledger.chunk import Packed
from brownfield.ledger.count import file_counts
from brownfield.ledger.event import Rows, append_events
from brownfield.ledger.quarantine import add_quarantine
from brownfield.runtime.ahead import Ahead
from brownfield.runtime.kept import Kept
from brownfield.runtime.kernel import Kernel
from brownfield.runtime.snapshot import Snapshot
from brownfield.runtime.validator import Validator
from brownfield.wrapper.bundle import Feed


class Ready(NamedTuple):
    """What one transaction commits."""

    events: Rows | Packed
    damaged: tuple[Damage, ...]
    checkpoint: Checkpoint


_Content: TypeAlias = tuple[Documents | Image, list[Damage]]
"""The events of a chunk, and the records that the feed's function could not take."""

_TOGETHER = 4 << 20
"""Bytes of one transaction, where they are packed."""
_LEAST = 1 << 16
"""As how many the least chunk counts: after a kill some dozens are made again, not thousands."""


def _together(coming: Iterator[Ready]) -> Iterator[list[Ready]]:
    """Chunks that are committed in one transaction: packed ones take little room, and waiting for the disk is long."""
    some, size = list[Ready](), 0
    for ready in coming:
        some.append(ready)
        size += max(_LEAST, len(ready.events.data)) if isinstance(ready.events, Packed) else _TOGETHER
        if size >= _TOGETHER or ready.damaged:  # what is too much is seen before more is committed
            yield some
            some, size = [], 0
    if some:
        yield some


def _with_layout(ready: Ready, layout: str) -> Ready:
    """With the layout of the file's records, or without it: it may be longer than a chunk of them."""
    return ready._replace(events=replace(ready.events, layout=layout)) if isinstance(ready.events, Packed) else ready


class Committing:
    """Turns the chunks of one feed's files into events.

    Args:
        kernel: What is open.
        feed: Whose records become which events.
        stopping: Set when no more chunks are to be begun.
    """

    def __init__(self, kernel: Kernel, feed: Feed, stopping: threading.Event) -> None:
        self._kernel, self._feed, self._stopping = kernel, feed, stopping
        self._validator = Validator({"type": "object"}, feed.record)
        self._snapshot = Snapshot(kernel, feed, feed.table.snapshot) if feed.table.snapshot else None

    def commit(self, file: BatchFile, chunks: Iterator[Chunk]) -> bool:
        """Commit the chunks that come, from the file's checkpoint on; whether its end was reached.

        Raises:
            Rejected: More records than allowed cannot be read, or all that there are; what was committed stays.
            Drifted: A person has to look at a snapshot first.
        """
        if self._snapshot:
            return self._store(file, self._changes(self._snapshot, file, chunks))
        return self._store(file, map(self._ready, chunks))

    @property
    def packs(self) -> bool:
        """Whether events are packed, so that those of a whole file can be kept until it is judged."""
        return self._feed.table.sink != "rows" and self._snapshot is None

    def commit_kept(self, file: BatchFile, kept: Kept[Ready]) -> bool:
        """Commit what was kept of a whole file until it was judged; whether its end was reached."""
        return self._store(file, (_with_layout(ready, kept.common) for ready in kept.given()))

    def keep(self, chunks: Iterator[Chunk], kept: Kept[Ready]) -> bool:
        """Keep the chunks of a whole file, packed; whether all is right with it.

        Where anything is not, or not known, what was kept means nothing: the file is for `commit`, which tells what.
        """
        with suppress(Rejected, OSError), Ahead(map(self._packing, chunks)) as coming:
            for pack in coming:
                ready = pack()
                if ready.damaged or self._stopping.is_set():
                    return False
                if isinstance(ready.events, Packed):
                    kept.common = ready.events.layout
                kept.take(_with_layout(ready, ""))
            return True
        return False

    def _store(self, file: BatchFile, made: Iterator[Ready]) -> bool:
        with self._kernel.ledger.read() as connection:
            bad = file_counts(connection, file.id)[1]
        self._within_limit(bad)
        with Ahead(made) as coming:
            for some in _together(coming):
                bad += self._commit(file, some)
                self._within_limit(bad, some[-1].checkpoint.record)
                if self._stopping.is_set():
                    return False
        self._demand_events(file)
        return True

    def settled(self, file: BatchFile) -> None:
        """Let go of what was needed until this file was taken in."""
        if self._snapshot:
            self._snapshot.forget(file)

    def rows_of(self, row: Row) -> Rows:
        """The event of one record, or none where the feed makes none of it.

        Raises:
            Rejected: The feed's function cannot take it.
        """
        documents, damaged = self._events(Chunk((row,), (), Checkpoint()))
        if damaged:
            raise Rejected(f"the record cannot be taken: {damaged[0].reason}", code=damaged[0].code)
        return Rows.of(documents)

    def _demand_events(self, file: BatchFile) -> None:
        """However many may be unreadable: a file that gave nothing else was not taken in."""
        with self._kernel.ledger.read() as connection:
            events, bad = file_counts(connection, file.id)
        if bad and not events:
            raise Rejected(f"no record became an event: {bad} cannot be read", code="quarantine")

    def _within_limit(self, quarantined: int, records: int = 0) -> None:
        limit, percent = self._feed.table.quarantine_limit, self._feed.table.quarantine_percent
        if quarantined > limit:
            raise Rejected(f"{quarantined} records cannot be read, more than the {limit} allowed", code="quarantine")
        if percent is not None and records >= 100 and 100 * quarantined > percent * records:
            share = f"{quarantined} of {records} records"
            raise Rejected(f"{share} cannot be read, more than the {percent:g} % allowed", code="quarantine")

    def _commit(self, file: BatchFile, some: list[Ready]) -> int:
        """Commit some chunks; the number of their records that cannot be read."""
        now, table = self._kernel.clock.now(), self._feed.table
        with self._kernel.ledger.write() as connection:
            for ready in some:
                append_events(connection, file.id, table.emits, table.key, ready.events, now)
                add_quarantine(connection, file.id, ready.damaged, now)
            save_checkpoint(connection, file.id, some[-1].checkpoint, now)
        return sum(len(ready.damaged) for ready in some)

    def _ready(self, chunk: Chunk) -> Ready:
        """The events of a chunk. A feed that is exposed as it is needs no rows where the adapter renders them."""
        return self._packed(chunk, self._content(chunk))

    def _packing(self, chunk: Chunk) -> Callable[[], Ready]:
        """What packs a chunk. To render one takes longer than what is left then, to make an image does not."""
        if self._feed.table.sink == "raw":
            return partial(self._ready, chunk)
        return partial(self._packed, chunk, self._content(chunk))

    def _content(self, chunk: Chunk) -> _Content:
        table = self._feed.table
        if self._feed.function is None and table.sink == "raw" and chunk.image is not None:
            return chunk.image(table.record), []
        return self._documents(chunk, "")

    def _packed(self, chunk: Chunk, content: _Content) -> Ready:
        made, damaged = content
        if isinstance(made, Image):
            events: Rows | Packed = Packed.of_image(made, self._feed.table.record)
        else:
            events = Rows.without_keys(made) if self._feed.table.sink == "rows" else Packed.of(made)
        return Ready(events, (*chunk.damaged, *damaged), chunk.checkpoint)

    def _changes(self, snapshot: Snapshot, file: BatchFile, chunks: Iterator[Chunk]) -> Iterator[Ready]:
        for documents, checkpoint in snapshot.changes(file, map(self._whole, chunks)):
            yield Ready(Rows.of(documents), (), checkpoint)

    def _whole(self, chunk: Chunk) -> Documents:
        """All records of a chunk. One that cannot be read would be told as deleted."""
        documents, damaged = self._documents(chunk, self._feed.table.key)
        for bad in (*chunk.damaged, *damaged):
            raise Drifted(
                f"record {bad.number} cannot be read ({bad.reason}), and an extract with a gap is not compared"
            )
        return documents

    def _documents(self, chunk: Chunk, key: str) -> tuple[Documents, list[Damage]]:
        """The events of a chunk; their keys are not worked out where the name of the key field is empty."""
        if self._feed.function is None and chunk.render is not None:
            return chunk.render(self._feed.table.record, key), []
        return self._events(chunk)

    def _events(self, chunk: Chunk) -> tuple[Documents, list[Damage]]:
        numbers, keys, lines = list[int](), list[str](), list[bytes]()
        damaged: list[Damage] = []
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
                numbers.append(row.number)
                keys.append(key_text(event, self._feed.table.key))
                lines.append(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        return Documents(numbers, keys, lines), damaged

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
