"""The columns of one record type: every field's JSON text put together, for a batch at a time.

For `05 SKU PIC X(4). 05 ON-HAND PIC S9(5) COMP-3.` what is put together is

    {"sku":   show_text    ,"on_hand":   show_number   } and a line end

where what stands in the layout stays the same for every record, and what the functions of `plane` show does not. Planes
that are padding in every record are left out at once: most of it is. Then all is turned upright, and the rest of the
padding falls out: JSON lines, to the byte what `orjson` makes of the plain decoder's values.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import orjson

from brownfield_files.fixed.plane import PAD, Mask, Planes, Show, Slab, count_digits, countable, show_field, total
from brownfield_files.fixed.sieve import compile_sieve
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Layout, Part, RecordType, Table, every_field, varies
from brownfield_files.record.frame import Batch

_MOST_COLUMNS = 1000
_PADDING = bytes([PAD])
_AT_ONCE = 1 << 17
"""Bytes turned upright in one go: as many as stay in the processor's cache."""
_Segment: TypeAlias = bytes | Show
_Block: TypeAlias = bytes | Planes


class Columns:
    """What is shown of a record type.

    Args:
        record: Its fields do not vary in place.
        most: Bytes that a record may have.
        encoding: The file's.
    """

    def __init__(self, record: RecordType, most: int, encoding: Encoding) -> None:
        self._encoding, self._most = encoding, most
        self._parts = {part.name: part for part in record.parts}
        self._line = _joined([*_object(record.parts, 0, encoding), b"\n"])
        fields = list(every_field(record.parts))
        self._least = max(field.offset + field.length for field in fields)
        self._sieve = compile_sieve(fields, self._least, encoding)

    def __call__(self, batch: Batch, indexes: Sequence[int]) -> "Sheet | None":
        """What is shown of some records; None where one of them is too short or too long."""
        records = _records(batch, indexes, self._least, self._most)
        return None if records is None else Sheet(self, records)

    def sound(self, records: Planes) -> bool:
        """Whether it is seen at once that all of these mean something."""
        return self._sieve is not None and self._sieve(records)

    def show(self, slab: Slab) -> tuple[list[_Block], Mask | None]:
        """What records show, segment by segment, and which mean nothing; None for none."""
        return _shown(self._line, slab)

    def slab(self, records: Planes) -> Slab:
        """Records on their side."""
        return Slab(records[:, : self._least], self._encoding)

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._parts

    def part(self, name: str) -> list[_Segment]:
        """What is shown of one field."""
        return [*_value(self._parts[name], 0, self._encoding), b"\n"]


class Sheet:
    """The JSON lines of some records. Nothing is made before it is asked for.

    Args:
        columns: What is shown.
        records: A row of bytes for each.
    """

    def __init__(self, columns: Columns, records: Planes) -> None:
        self._columns, self._records = columns, records

    @cached_property
    def _slab(self) -> Slab:
        return self._columns.slab(self._records)

    @cached_property
    def _shown(self) -> tuple[list[_Block], Mask | None]:
        return self._columns.show(self._slab)

    def good(self) -> Sequence[int]:
        """Which of the records mean something."""
        every = range(len(self._records))
        if self._columns.sound(self._records):
            return every
        _, bad = self._shown
        return every if bad is None else np.flatnonzero(~bad).tolist()

    def lines(self) -> list[bytes]:
        """These, as JSON lines, some at a time."""
        return self._upright(self._shown[0])

    def texts(self, name: str) -> list[str]:
        """Their values of one field as text; empty where there is no such field."""
        if not self._columns.has(name):
            return [""] * len(self.good())
        blocks, _ = _shown(self._columns.part(name), self._slab)
        lines = b"".join(self._upright(blocks))
        if b"\\" in lines or lines[:1] in {b"[", b"{"}:  # only then is more than quotes between JSON and the text
            return list(map(str, orjson.loads(b"[%b]" % lines[:-1].replace(b"\n", b","))))
        return lines.decode().replace('"', "").split("\n")[:-1]

    def _upright(self, blocks: list[_Block]) -> list[bytes]:
        """The text of the good records one after the other, the padding left out."""
        count, (_, bad) = len(self._records), self._shown
        rows, moving = _rows(blocks, count)
        texts: list[bytes] = []
        for start in range(0, count, len(rows)):
            some = rows[: count - start]
            for at, block in moving:
                some[:, at : at + len(block)] = block[:, start : start + len(rows)].T
            good = some if bad is None else some[~bad[start : start + len(rows)]]
            texts.append(good.tobytes().replace(_PADDING, b""))
        return texts


def _rows(blocks: list[_Block], count: int) -> tuple[Planes, list[tuple[int, Planes]]]:
    """Rows with what is the same in every one of them, at most `count`, and where the others stand."""
    places = accumulate(map(len, blocks), initial=0)
    moving = [(at, block) for at, block in zip(places, blocks, strict=False) if not isinstance(block, bytes)]
    same = b"".join(block if isinstance(block, bytes) else bytes(len(block)) for block in blocks)
    return np.tile(np.frombuffer(same, np.uint8), (max(1, min(count, _AT_ONCE // len(same))), 1)), moving


def _used(block: Planes) -> Planes:
    """The planes that are not all padding."""
    used = block.max(axis=1) != PAD
    return block if used.all() else block[used]


def _records(batch: Batch, indexes: Sequence[int], least: int, most: int) -> Planes | None:
    """At least so many bytes of some records of a batch, a row for each; None where one has fewer, or over `most`."""
    if batch.stride and batch.length >= least:
        rows = np.frombuffer(batch.raw, np.uint8).reshape(batch.count, batch.stride)
        return rows if len(indexes) == batch.count else rows[list(indexes)]
    pieces = [batch.records[index] for index in indexes]
    if any(not least <= len(piece) <= most for piece in pieces):
        return None
    return np.frombuffer(b"".join(piece[:least] for piece in pieces), np.uint8).reshape(len(pieces), least)


def _shown(segments: list[_Segment], slab: Slab) -> tuple[list[_Block], Mask | None]:
    blocks: list[_Block] = []
    bad = np.zeros(slab.count, np.bool_)
    for segment in segments:
        if isinstance(segment, bytes):
            blocks.append(segment)
            continue
        cells = segment(slab)
        blocks.append(_used(cells.planes))
        if cells.bad is not None:
            bad |= cells.bad
    return blocks, bad if bad.any() else None


def compile_columns(record: RecordType, layout: Layout, encoding: Encoding) -> Columns | None:
    """The columns of a record type; None where fields vary in place, or are very many."""
    if not record.parts or varies(record.parts):
        return None
    return (
        Columns(record, layout.length, encoding) if sum(1 for _ in every_field(record.parts)) <= _MOST_COLUMNS else None
    )


def compile_total(field: Field, encoding: Encoding) -> Callable[[Batch, Sequence[int]], int | None] | None:
    """A function from records to the sum of a field, in units of 10 ** -scale; it gives None where it has a doubt."""
    if not countable(field):
        return None
    start, end = field.offset, field.offset + field.length
    count = count_digits(replace(field, offset=0), encoding)

    def add(batch: Batch, indexes: Sequence[int]) -> int | None:
        records = _records(batch, indexes, end, sys.maxsize)
        if records is None:
            return None
        digits = count(Slab(records[:, start:end], encoding))
        return None if digits.bad is not None else total(digits)

    return add


def on_side(raw: bytes, stride: int, length: int) -> memoryview:
    """See `engine.Engine`."""
    records = np.frombuffer(raw, np.uint8).reshape(-1, stride)
    return np.ascontiguousarray(records[:, :length].T).reshape(-1).data


def _object(parts: tuple[Part, ...], origin: int, encoding: Encoding) -> Iterator[_Segment]:
    for index, part in enumerate(parts):
        yield b"%c%b:" % (b"{,"[index > 0], orjson.dumps(part.name))
        yield from _value(part, origin, encoding)
    yield b"}"


def _value(part: Part, origin: int, encoding: Encoding) -> Iterator[_Segment]:
    if isinstance(part, Field):
        yield from show_field(_moved(part, origin), encoding)
        return
    yield b"["
    for index in range(part.count):
        if index:
            yield b","
        yield from _element(part, origin + part.offset + index * part.stride, encoding)
    yield b"]"


def _element(table: Table, origin: int, encoding: Encoding) -> Iterator[_Segment]:
    return _value(table.parts[0], origin, encoding) if table.plain else _object(table.parts, origin, encoding)


def _moved(field: Field, origin: int) -> Field:
    return replace(field, offset=field.offset + origin) if origin else field


def _joined(segments: list[_Segment]) -> list[_Segment]:
    """Neighbours that stay the same, as one."""
    joined: list[_Segment] = []
    for segment in segments:
        if isinstance(segment, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += segment
        else:
            joined.append(segment)
    return joined
