"""Events: the outbox that is also the log. What is committed here is read by consumers and by the relay.

An event's id is `file << 32 | record`: in the order of files, then of records; the same after a kill. It is in a row of
its own, or in a chunk with others; a reader cannot tell.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from heapq import merge
from itertools import chain, islice, repeat
from operator import attrgetter
from typing import Any, Self

from sqlalchemy import Connection, Integer, bindparam, func, insert, literal, select

from brownfield.contract import Documents
from brownfield.ledger import schema
from brownfield.ledger.batch import FileState
from brownfield.ledger.chunk import (
    FILE,
    RECORD_BITS,
    Packed,
    Render,
    Wanted,
    append_chunk,
    append_head,
    chunks_between,
    events_of,
    heads_between,
    key_of,
    unrendered,
)
from brownfield.ledger.conflict import Settled
from brownfield.ledger.instant import instant, micros
from brownfield.ledger.prepared import Prepared, run
from brownfield.ledger.schema import AnyRow

_id = attrgetter("id")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event with what its CloudEvents envelope is rendered from.

    Attributes:
        id: The position to resume after.
        type: `inventory.stock-counted.v1`.
        key: Of the thing that it is about.
        data: JSON text, as it was stored.
        at: UTC; when it was committed.
        file: The name of its file.
        sha256: Of the file.
        shape: The fingerprint of the layout.
        feed: The feed.
        wrapper: The bundle.
        record: The record's number in the file, from 0.
        baseline: Of a change: the sha256 of the extract before, empty for the first; None for a record.
        replay: How often the same file was taken in before.
    """

    id: int
    type: str
    key: str
    data: str
    at: datetime
    file: str
    sha256: str
    shape: str
    feed: str
    wrapper: str
    record: int
    baseline: str | None = None
    replay: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and the position to ask after next time: it moves on even when no event was wanted."""

    events: list[StoredEvent]
    position: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Events to be stored: record numbers ascending, for each its key and its data as JSON text.

    Without keys, each event's is what its data hold under the name of the key field. Then a row has the data alone, and
    what is the same in all of them is stored once: a sixth less to write.
    """

    numbers: Sequence[int]
    keys: Sequence[str] | None
    texts: Sequence[str]

    @classmethod
    def of(cls, documents: Documents) -> Self:
        """The lines told apart: a line feed within a document is escaped."""
        return cls(documents.numbers, documents.keys, _texts(documents))

    @classmethod
    def without_keys(cls, documents: Documents) -> Self:
        """The same, the key of each read from its data."""
        return cls(documents.numbers, None, _texts(documents))


def _texts(documents: Documents) -> list[str]:
    texts: list[str] = []
    for piece in documents.pieces:
        texts += piece.decode().split("\n")
        texts.pop()  # what stands behind the last line feed
    return texts


def append_events(
    connection: Connection, file_id: int, type_: str, key: str, events: "Rows | Packed", now: datetime
) -> None:
    """Store the events of one chunk, each in a row, or all in one.

    Args:
        connection: In the transaction that stores the checkpoint.
        file_id: Their file.
        type_: Theirs.
        key: The field of the events that is their key.
        events: Ready to be stored.
        now: When they are committed.

    Raises:
        Settled: The file is not being collected: a reader may be past it.
        sqlalchemy.exc.IntegrityError: An event of this record is stored; the whole transaction is void.
    """
    _must_collect(connection, file_id)
    if isinstance(events, Packed):
        append_chunk(connection, file_id, type_, key, events, now)
        return
    at = micros(now)
    if events.keys is None and events.numbers:
        append_head(connection, file_id, type_, key, events.numbers, now)
        type_, at = "", 0
    for start in range(0, len(events.numbers), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        keys = events.keys[part] if events.keys is not None else None
        _append(connection, file_id << RECORD_BITS, type_, Rows(events.numbers[part], keys, events.texts[part]), at)


_AT_ONCE = 500
"""Rows of one statement. With more of them SQLite spends more on each (measured: 0.9 us a row at 500, 1.5 at 5,000)."""


def _append(connection: Connection, high: int, type_: str, rows: Rows, at: int) -> None:
    count, first = len(rows.numbers), rows.numbers[0]
    if connection.dialect.name != "sqlite":
        told = zip(rows.numbers, rows.keys or repeat(""), rows.texts, strict=False)
        values = [
            {"id": high | number, "type": type_, "key": key, "data": data, "at": at} for number, key, data in told
        ]
        connection.execute(insert(schema.event), values)
        return
    # SQLAlchemy's own insert of many rows takes four times as long: it makes a dictionary and a tuple of each.
    columns: dict[str, Sequence[Any]] = {"data": rows.texts}
    if rows.keys is not None:
        columns["key"] = rows.keys
    if rows.numbers[-1] - first != count - 1:
        columns["id"] = [high | number for number in rows.numbers]
    own = rows.texts if len(columns) == 1 else chain.from_iterable(zip(*columns.values(), strict=True))
    run(connection, _multi_row(count, tuple(columns)), (type_, at, high | first, *own))


@lru_cache(maxsize=16)
def _multi_row(count: int, columns: tuple[str, ...]) -> str:
    """A statement for events, each with its own values of some columns; without `id` they follow the first one's."""
    rows = []
    for at in range(count):
        own = {name: f"?{4 + at * len(columns) + place}" for place, name in enumerate(columns)}
        type_, key, time = ("?1", own["key"], "?2") if "key" in own else ("''", "''", "0")
        rows.append(f"({own.get('id', f'?3 + {at}')}, {type_}, {key}, {own['data']}, {time})")
    return f"INSERT INTO {schema.event.name} (id, type, key, data, at) VALUES {', '.join(rows)}"  # noqa: S608  numbers


def page(
    connection: Connection,
    *,
    environment: str,
    after: int = 0,
    limit: int = 500,
    feed: str | None = None,
    wrapper: str | None = None,
    render: Render = unrendered,
) -> Page:
    """The events after a position, up to the horizon.

    Two files may be collected at once, and ids follow the files, not the commits: an event of file 7 may be committed
    before one of file 6. A reader that went on to file 7 would never see what file 6 stores later. So a reader
    sees no further than the *horizon*: the smallest file that is still collecting, its own committed events
    included, for those are stored in order. A file that is settled gets no more events (`append_events` refuses), so
    nothing ever appears behind the horizon. The price: a file that stays open holds back the later ones,
    of every feed, because one position stands for all.

    Args:
        connection: On PostgreSQL too, any isolation will do: the horizon is read first.
        environment: Whose events.
        after: The position of the last page; 0 for the beginning.
        limit: Events at most.
        feed: Only this feed.
        wrapper: Only this bundle.
        render: What makes events of chunks that hold records.
    """
    ceiling = position(connection)
    wanted = [schema.file.c.environment == environment]
    wanted += [schema.file.c.feed == feed] if feed is not None else []
    wanted += [schema.file.c.wrapper == wrapper] if wrapper is not None else []
    events = _of_rows(connection, after, ceiling, limit, wanted)
    chunks = _of_chunks(connection, after, events[-1].id if len(events) == limit else ceiling, wanted, render)
    events = list(islice(merge(events, chunks, key=_id), limit))
    return Page(events, events[-1].id if len(events) == limit else max(after, ceiling))


def _of_rows(connection: Connection, after: int, ceiling: int, limit: int, wanted: Wanted) -> list[StoredEvent]:
    statement = _EVENTS.where(schema.event.c.id > after, schema.event.c.id <= ceiling, *wanted).limit(limit)
    rows = connection.execute(statement).all()
    bare = [row.id for row in rows if not row.type]
    heads = heads_between(connection, bare[0], bare[-1]) if bare else ()
    starts = [head.id for head in heads]
    return [_event(row, None if row.type else heads[bisect_right(starts, row.id) - 1]) for row in rows]


def _of_chunks(
    connection: Connection, after: int, ceiling: int, wanted: Wanted, render: Render
) -> Iterator[StoredEvent]:
    for chunk in chunks_between(connection, after, ceiling, wanted):
        for id_, key, data in events_of(chunk, after, ceiling, render):
            at, record = instant(chunk.at), id_ & ((1 << RECORD_BITS) - 1)
            yield StoredEvent(id_, chunk.type, key, data, at, chunk.file, chunk.sha256, chunk.shape, chunk.feed,
                              chunk.wrapper, record)  # fmt: skip


def position(connection: Connection) -> int:
    """The last event that a reader may see now, of all feeds; 0 when there is none."""
    collecting = schema.file.c.state == FileState.COLLECTING.value
    first_open = connection.execute(select(func.min(schema.file.c.id)).where(collecting)).scalar()
    latest = 0
    for column in (schema.event.c.id, schema.chunk.c.last):
        last = select(func.max(column))
        if first_open is not None:
            last = last.where(column < (first_open + 1) << RECORD_BITS)
        latest = max(latest, connection.execute(last).scalar() or 0)
    return latest


_EVENTS = (
    select(schema.event, *FILE)
    .join_from(
        schema.event, schema.file, schema.file.c.id == schema.event.c.id.bitwise_rshift(literal(RECORD_BITS, Integer))
    )
    .order_by(schema.event.c.id)
)


def _must_collect(connection: Connection, file_id: int) -> None:
    state = next((state for (state,) in _STATE.rows(connection, file=file_id)), "unknown")
    if state != FileState.COLLECTING.value:
        raise Settled(f"file {file_id} is {state}: it gets no more events")


_STATE = Prepared(select(schema.file.c.state).where(schema.file.c.id == bindparam("file")))


def _event(row: AnyRow, head: AnyRow | None) -> StoredEvent:
    told = {**row._asdict(), "record": row.id & ((1 << RECORD_BITS) - 1)}
    if head is not None:
        told |= {"type": head.type, "key": key_of(row.data, head.key), "at": head.at}
    return StoredEvent(**{**told, "at": instant(told["at"])})
