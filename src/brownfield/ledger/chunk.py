"""Chunks: the events of one transaction in one row, compressed. Readers get events, as if each had a row of its own.

Where each does have its own, a chunk without data (a *head*) says once what is the same in all of them.
"""

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from struct import pack, unpack
from typing import Self

import orjson
from sqlalchemy import ColumnElement, Connection, Integer, bindparam, insert, literal, select

from brownfield.contract import Documents, Unavailable
from brownfield.contract.adapter import Image, key_text
from brownfield.ledger import schema
from brownfield.ledger.instant import micros
from brownfield.ledger.prepared import Prepared
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RECORD_BITS = 32
_LEVEL = 1
"""Of compression: 2 and more are slower than the disk, for a tenth less (measured on the bench's records)."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The events of one chunk, ready to be stored.

    Attributes:
        numbers: Of their records, ascending.
        data: Compressed: their JSON lines, or the records that these are rendered from.
        adapter: Whose records, where it is these.
        layout: What reads them, see `contract.Image`.
        kind: Their type.
    """

    numbers: Sequence[int]
    data: bytes
    adapter: str = ""
    layout: str = ""
    kind: str = ""

    @classmethod
    def of(cls, documents: Documents) -> Self:
        """Events that are rendered."""
        return cls(documents.numbers, _compressed(documents.pieces))

    @classmethod
    def of_image(cls, image: Image, kind: str) -> Self:
        """Events that are rendered when they are read."""
        return cls(image.numbers, _compressed(image.pieces), image.adapter, image.layout, kind)


def _compressed(pieces: Iterable[bytes | memoryview]) -> bytes:
    compressor = zstd.ZstdCompressor(_LEVEL)
    return b"".join([*map(compressor.compress, pieces), compressor.flush()])


@dataclass(frozen=True, slots=True)
class Source:
    """What the events of a chunk are rendered from.

    Attributes:
        adapter: Whose records they are.
        layout: What reads them, see `contract.Image`.
        kind: Their type.
        data: The records, as the adapter wrote them down.
    """

    adapter: str
    layout: str
    kind: str
    data: bytes


Render = Callable[[Source], bytes]
"""A function from records to the JSON lines of their events."""

Wanted = Sequence[ColumnElement[bool]]
"""What must hold of a file."""

FILE = (
    schema.file.c.name.label("file"),
    schema.file.c.sha256,
    schema.file.c.shape,
    schema.file.c.feed,
    schema.file.c.wrapper,
    schema.file.c.baseline,
    schema.file.c.replay,
)
"""What an event's envelope says of its file."""


def unrendered(source: Source) -> bytes:
    """Where nothing can render records.

    Raises:
        Unavailable: Always.
    """
    raise Unavailable(f"records of the adapter {source.adapter} are not rendered here")


def append_chunk(connection: Connection, file_id: int, type_: str, key: str, packed: Packed, now: datetime) -> None:
    """Store the events of one chunk in one row; nothing where there are none. The file must be collecting.

    Raises:
        sqlalchemy.exc.IntegrityError: A chunk that begins with this record is stored; the whole transaction is void.
    """
    if not packed.numbers:
        return
    first, last, count = packed.numbers[0], packed.numbers[-1], len(packed.numbers)
    high = file_id << RECORD_BITS
    values = {
        "id": high | first,
        "last": high | last,
        "count": count,
        "type": type_,
        "key": key,
        "kind": packed.kind,
        "layout": _keep_layout(connection, packed.adapter, packed.layout) if packed.adapter else None,
        "numbers": None if last - first == count - 1 else pack(f"<{count}I", *packed.numbers),
        "data": packed.data,
        "at": micros(now),
    }
    _CHUNK.rows(connection, **values)


_CHUNK = Prepared(insert(schema.chunk).values({column.name: bindparam(column.name) for column in schema.chunk.c}))


def append_head(
    connection: Connection, file_id: int, type_: str, key: str, numbers: Sequence[int], now: datetime
) -> None:
    """Store what is the same in events that have a row each: type, name of the key field, and when.

    Raises:
        sqlalchemy.exc.IntegrityError: As `append_chunk`.
    """
    high = file_id << RECORD_BITS
    _HEAD.rows(connection, id=high | numbers[0], last=high | numbers[-1], count=0, type=type_, key=key, kind="",
               data=b"", at=micros(now))  # fmt: skip


_OF_HEAD = ("id", "last", "count", "type", "key", "kind", "data", "at")
_HEAD = Prepared(insert(schema.chunk).values({name: bindparam(name) for name in _OF_HEAD}))


def heads_between(connection: Connection, first: int, last: int) -> Sequence[AnyRow]:
    """What is the same in the events from one id to another, in order."""
    chunk = schema.chunk.c
    statement = select(chunk.id, chunk.type, chunk.key, chunk.at).where(
        chunk["count"] == 0, chunk.last >= first, chunk.id <= last
    )
    return connection.execute(statement.order_by(chunk.last)).all()


def _keep_layout(connection: Connection, adapter: str, layout: str) -> str:
    identity = sha256(layout.encode()).hexdigest()
    insert_new(connection, schema.layout, {"id": identity, "adapter": adapter, "body": layout}, ("id",))
    return identity


def chunks_between(connection: Connection, after: int, ceiling: int, wanted: Wanted) -> Iterator[AnyRow]:
    """The chunks with events after one id and up to another, in order, each with its file and its layout."""
    chunk = schema.chunk.c
    statement = (
        select(schema.chunk, schema.layout.c.adapter, schema.layout.c.body, *FILE)
        .outerjoin_from(schema.chunk, schema.layout)
        .join(schema.file, schema.file.c.id == chunk.id.bitwise_rshift(literal(RECORD_BITS, Integer)))
        .where(chunk["count"] > 0, chunk.last > after, chunk.id <= ceiling, *wanted)
        .order_by(chunk.last)
        .execution_options(stream_results=True)
    )
    return iter(connection.execute(statement))


def events_of(chunk: AnyRow, after: int, ceiling: int, render: Render) -> Iterator[tuple[int, str, str]]:
    """The id, the key and the data of the events of a chunk after one id and up to another."""
    ids, lines = _ids(chunk), _lines(chunk, render)
    wanted = slice(bisect_right(ids, after), bisect_right(ids, ceiling))
    for id_, line in zip(ids[wanted], lines[wanted], strict=True):
        yield id_, key_of(line, chunk.key), line


def key_of(data: str, name: str) -> str:
    """The key of an event whose key field has this name."""
    return key_text(orjson.loads(data), name)


def _ids(row: AnyRow) -> Sequence[int]:
    if row.numbers is None:
        return range(row.id, row.last + 1)
    high = row.id >> RECORD_BITS << RECORD_BITS
    return [high | number for number in unpack(f"<{len(row.numbers) // 4}I", row.numbers)]


def _lines(row: AnyRow, render: Render) -> list[str]:
    data = zstd.decompress(row.data)
    lines = data if row.body is None else render(Source(row.adapter, row.body, row.kind, data))
    texts = lines.decode().split("\n")[:-1]
    if len(texts) != row._mapping["count"]:
        raise Unavailable(f"{len(texts)} events are rendered of a chunk of {row._mapping['count']}")
    return texts
