"""Framing: where one record ends and the next begins. Reads in blocks; the file is never in memory as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from io import BytesIO
from itertools import accumulate, islice
from typing import Any, BinaryIO, Literal, NamedTuple, Self, TypeAlias

from brownfield_files.record.descriptor import FIRST, IBM, LAST, MIDDLE, SIZE, BadFraming, Descriptor
from brownfield_files.record.prefixed import prefixed

Framing: TypeAlias = Literal["fixed", "line", "variable", "blocked", "prefixed", "prefixed-1014"]

_BLOCK = 256 * 1024
_LONGEST_LINE = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_BOM_16 = (b"\xff\xfe", b"\xfe\xff")


class Frame(NamedTuple):
    """One record as it stands in the file.

    Attributes:
        number: From 0.
        offset: Bytes from the start of the file.
        whole: All its bytes in the file, line end or descriptor included.
        record: The record; in a file of lines filled with blanks to the record length.
    """

    number: int
    offset: int
    whole: bytes
    record: bytes

    @property
    def batch(self) -> "Batch":
        """A batch of it alone."""
        return Batch.of(self.number, self.offset, [(self.whole, self.record)])


@dataclass(frozen=True)
class Batch:
    """Records that follow each other.

    Attributes:
        number: The first one's number, from 0.
        offset: Where it begins, in bytes from the start of the file.
        raw: All their bytes in the file.
        count: How many they are.
        stride: Bytes from one record to the next, where each has as many; 0 where they differ.
        length: How many of these the record itself has.
    """

    number: int
    offset: int
    raw: bytes
    count: int
    stride: int = 0
    length: int = 0
    pieces: tuple["_Piece", ...] = ()

    @classmethod
    def of(cls, number: int, offset: int, pieces: Sequence["_Piece"]) -> Self:
        """Records that differ in length, each given whole (as it stands in the file) and bare."""
        return cls(number, offset, b"".join([whole for whole, _ in pieces]), len(pieces), pieces=tuple(pieces))

    @classmethod
    def even(cls, number: int, offset: int, raw: bytes, stride: int, length: int) -> Self:
        """Records of one length."""
        return cls(number, offset, raw, len(raw) // stride, stride, length)

    @cached_property
    def records(self) -> list[bytes]:
        """The records, see `Frame.record`."""
        if not self.stride:
            return [record for _, record in self.pieces]
        raw, length = self.raw, self.length
        return [raw[start : start + length] for start in range(0, len(raw), self.stride)]

    @property
    def end(self) -> tuple[int, int]:
        """The number and the offset of the record after the last."""
        return self.number + self.count, self.offset + len(self.raw)

    def frame(self, index: int) -> Frame:
        """One of them."""
        start, end = self._starts[index], self._starts[index + 1]
        return Frame(self.number + index, self.offset + start, self.raw[start:end], self.records[index])

    @cached_property
    def _starts(self) -> Sequence[int]:
        if self.stride:
            return range(0, len(self.raw) + self.stride, self.stride)
        return list(accumulate([len(whole) for whole, _ in self.pieces], initial=0))


_Piece: TypeAlias = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Cut:
    """How a file is cut into records.

    `fixed`: each record has `length` bytes. `line`: each ends with LF or CR LF, in EBCDIC with NEL or LF; the last line
    end may be missing, a Control-Z at the end of the file belongs to the record before it, and a short line is filled
    with blanks, as COBOL's LINE SEQUENTIAL cuts them off. `variable`: a descriptor stands before each record (RECFM=V).
    `blocked`: and one before each block of records (RECFM=VB). `prefixed`, `prefixed-1014`: see `prefixed`.

    Attributes:
        framing: How records end.
        length: The record length in bytes.
        encoding: The name of the encoding, where lines are read.
        ebcdic: Whether that is EBCDIC.
        record: How the descriptors of records are written.
        block: How those of blocks are.
        spanned: Whether a record may be written in segments (VS, VBS).
    """

    framing: Framing
    length: int
    encoding: str = "ascii"
    ebcdic: bool = False
    record: Descriptor = IBM
    block: Descriptor = IBM
    spanned: bool = False


def frames(file: BinaryIO, cut: Cut) -> Iterator[Frame]:
    """The records of a file, one by one.

    Raises:
        BadFraming: See `batches`.
    """
    for batch in batches(file, cut, 1024):
        yield from (batch.frame(index) for index in range(batch.count))


def batches(
    file: BinaryIO, cut: Cut, size: int, *, number: int = 0, offset: int = 0, until: int | None = None
) -> Iterator[Batch]:
    """The records of a file from a position on, `size` at a time; fewer at the end.

    Args:
        file: Opened for reading bytes.
        cut: How records end.
        size: Records in a batch.
        number: The number of the record at `offset`.
        offset: Where to begin, in bytes.
        until: The number of the record before which to end, else the end of the file.

    Raises:
        BadFraming: A record is cut short, has no length or more than there is, a line has no end within 64 KB.
    """
    most = None if until is None else until - number
    if cut.framing == "fixed":
        return _fixed(file, cut.length, size, number, offset, most)
    if cut.framing == "line":
        return _line_batches(file, cut, size, number, offset, most)
    file.seek(0)  # which block a record is in is known from the start only
    records = _prefixed(file, cut) if cut.framing.startswith("prefixed") else _described(file, cut)
    pieces = islice(records, number, None if most is None else number + most)
    return _batched(pieces, size, number, offset)


def _batched(pieces: Iterator[_Piece], size: int, number: int, offset: int) -> Iterator[Batch]:
    while taken := list(islice(pieces, size)):
        batch = Batch.of(number, offset, taken)
        yield batch
        number, offset = batch.end


def _fixed(file: BinaryIO, length: int, size: int, number: int, offset: int, most: int | None) -> Iterator[Batch]:
    file.seek(offset)
    while most is None or most > 0:
        block = _read_fully(file, length * (size if most is None else min(size, most)))
        count, over = divmod(len(block), length)
        if over:
            end = offset + len(block)
            raise BadFraming(f"{end} bytes are not a whole number of records of {length}: {over} bytes over")
        if not count:
            return
        yield Batch.even(number, offset, block, length, length)
        number, offset, most = number + count, offset + len(block), None if most is None else most - count


def _read_fully(file: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end of the file."""
    block = file.read(size)
    while block and len(block) < size and (more := file.read(size - len(block))):
        block += more
    return block


def _line_batches(file: BinaryIO, cut: Cut, size: int, number: int, offset: int, most: int | None) -> Iterator[Batch]:
    """Whole batches of full lines at once, and the others line by line."""
    while most is None or most > 0:
        wanted = size if most is None else min(size, most)
        batch = _full_lines(file, cut, wanted, number, offset)
        if batch is None:
            file.seek(offset)
            batch = next(_batched(_lines(file, cut, offset), wanted, number, offset), None)
        if batch is None:
            return
        yield batch
        (number, offset), most = batch.end, None if most is None else most - batch.count


def _full_lines(file: BinaryIO, cut: Cut, size: int, number: int, offset: int) -> Batch | None:
    """A batch of lines that all have the record's length and one line end; None where there is anything else."""
    if cut.ebcdic or (not offset and _byte_order_mark(file, cut.encoding)):
        return None
    file.seek(offset)
    block = file.read((cut.length + 2) * size)
    end = b"\r\n" if block[cut.length : cut.length + 2] == b"\r\n" else b"\n"
    stride = cut.length + len(end)
    raw = block[: stride * size]
    count, over = divmod(len(raw), stride)
    ends = all(raw[cut.length + at :: stride] == end[at : at + 1] * count for at in range(len(end)))
    if not (count and ends) or over or _byte_at(file, offset + len(raw)) == b"\x1a":
        return None
    batch = Batch.even(number, offset, raw, stride, cut.length)
    return None if _may_control(batch, len(end)) else batch


def _may_control(batch: Batch, ends: int) -> bool:
    """Whether a line end or a Control-Z may stand inside the lines."""
    if (numpy := _numpy()) is not None:
        lines = numpy.frombuffer(batch.raw, numpy.uint8).reshape(batch.count, batch.stride)
        return bool(lines[:, : batch.length].min() < 0x20)
    raw, count = batch.raw, batch.count
    return (raw.count(b"\n"), raw.count(b"\r")) != (count, count * (ends - 1)) or b"\x1a" in raw


@cache
def _numpy() -> Any:
    """The library, where it is installed."""
    try:
        import numpy  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        return None
    return numpy


def _byte_at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(1)


class _Marks(NamedTuple):
    """The bytes that end lines and files, and the blank."""

    ends: bytes
    control_z: bytes
    space: bytes


_ASCII, _EBCDIC = _Marks(b"\n", b"\x1a", b" "), _Marks(b"\x15\x25", b"\x3f", b"\x40")


def _lines(file: BinaryIO, cut: Cut, offset: int) -> Iterator[_Piece]:
    """Each line with the record in it."""
    marks = _EBCDIC if cut.ebcdic else _ASCII
    mark = b"" if offset or cut.ebcdic else _byte_order_mark(file, cut.encoding)
    length, space, (ends, control_z, _) = cut.length, marks.space, marks
    plain_ends = {cr + bytes([end]) for cr in (b"", b"\r") for end in ends}
    for whole in _physical(file, marks, max(_LONGEST_LINE, 2 * length), offset):
        bare = whole[:length]
        if whole[length:] in plain_ends and not mark and b"\r" not in bare and control_z not in bare:
            yield whole, bare  # as nearly all of them are
            continue
        bare = whole
        if control_z in whole and (match := re.search(b"[%b][%b\r%b]*$" % (control_z, control_z, ends), whole)):
            before = whole[: match.start()]
            bare = before if match[0].strip(control_z) == b"" or before[-1:] in ends else whole
        bare = (bare[:-1] if bare[-1:] in ends else bare).removesuffix(b"\r").removeprefix(mark)
        if b"\r" in bare:
            raise BadFraming(f"a carriage return stands inside a line, {bare[:20]!r}: lines end with LF or CR LF")
        mark = b""
        bare = bare if bare[length:].strip(space) else bare[:length]  # blanks at the end of a line say nothing
        yield whole, bare.ljust(length, space)


def _byte_order_mark(file: BinaryIO, encoding: str) -> bytes:
    """The UTF-8 mark at the start of a file of ASCII, which is UTF-8 too; any other encoding contradicts a mark."""
    head = file.read(len(_BOM))
    file.seek(0)
    found = next((mark for mark in (_BOM, *_BOM_16) if head.startswith(mark)), b"")
    if found and (found != _BOM or encoding != "ascii"):
        raise BadFraming(f"it begins with a byte order mark, {found.hex(' ').upper()}, so it is not in {encoding}")
    return found


def _physical(file: BinaryIO, marks: _Marks, longest: int, offset: int) -> Iterator[bytes]:
    """The lines as they stand, their ends with them; one of Control-Z alone belongs to the line before it."""
    read: Callable[[], bytes] = partial(file.readline, longest)
    lines = iter(read, b"") if marks.ends == b"\n" else _split(file, marks.ends, longest)
    held = b""
    for line in lines:
        if len(line) >= longest and line[-1:] not in marks.ends:
            raise BadFraming(f"the line at byte {offset + len(held)} has no end within {longest} bytes")
        if held and line[:1] == marks.control_z and not line.strip(marks.control_z + marks.ends + b"\r"):
            held += line
            if len(held) > 2 * longest:
                raise BadFraming(f"lines of Control-Z alone follow byte {offset}, more than {longest} bytes of them")
            continue
        if held:
            yield held
            offset += len(held)
        held = line
    if held:
        yield held


def _split(file: BinaryIO, ends: bytes, longest: int) -> Iterator[bytes]:
    """Lines that end with any of `ends`; what exceeds `longest` comes as it is."""
    held = b""
    while block := file.read(_BLOCK):
        *lines, held = re.split(b"(?<=[%b])" % ends, held + block)
        yield from lines
        if len(held) >= longest:
            break
    if held:
        yield held


def _prefixed(file: BinaryIO, cut: Cut) -> Iterator[_Piece]:
    longest = max(_LONGEST_LINE, 2 * cut.length)
    return prefixed(file, blocks=cut.framing == "prefixed-1014", longest=longest)


def _described(file: BinaryIO, cut: Cut) -> Iterator[_Piece]:
    """Each record with its descriptors; the segments of a spanned record are put together."""
    whole, record, open_ = b"", b"", False
    longest = max(_LONGEST_LINE, 2 * cut.length)
    for piece, control, payload in _segments(file, cut):
        if open_ != (control in {LAST, MIDDLE}):
            raise BadFraming(f"record beginning {payload[:8].hex(' ').upper()}: a segment is missing before it")
        whole, record, open_ = whole + piece, record + payload, control in {FIRST, MIDDLE}
        if len(record) > longest:
            raise BadFraming(f"record beginning {record[:8].hex(' ').upper()}: it goes on beyond {longest} bytes")
        if not open_:
            yield whole, record
            whole, record = b"", b""
    if open_:
        raise BadFraming("the file ends within a spanned record")


_Segment: TypeAlias = tuple[bytes, int, bytes]


def _segments(file: BinaryIO, cut: Cut) -> Iterable[_Segment]:
    if cut.framing == "variable":
        yield from _described_segments(file, cut, 0)
        return
    offset = 0
    while head := _read_fully(file, SIZE):
        block = _exactly(file, cut.block.block(head, offset), head, offset)
        before = head
        for piece, control, payload in _described_segments(BytesIO(block), cut, offset + SIZE):
            yield before + piece, control, payload
            before = b""
        offset += SIZE + len(block)


def _described_segments(file: BinaryIO, cut: Cut, offset: int) -> Iterator[_Segment]:
    while head := _read_fully(file, SIZE):
        length, control = cut.record.record(head, offset, spanned=cut.spanned)
        payload = _exactly(file, length, head, offset)
        yield head + payload, control, payload
        offset += SIZE + length


def _exactly(file: BinaryIO, length: int, head: bytes, offset: int) -> bytes:
    """As many bytes as a descriptor states."""
    found = _read_fully(file, length)
    if len(found) < length:
        raise BadFraming(f"byte {offset}: {head.hex(' ').upper()} states {length} bytes, and {len(found)} are left")
    return found
