"""Delimited files (CSV), split by the standard library's `csv`.

    [delimited]
    delimiter = ";"
    encoding = "cp1252"
    decimal = ","

    [records.detail]
    fields = [{ name = "sku", from = "Item No", type = "text", required = true }]

A quote must be closed on its line unless `multiline` says that values hold line ends: else one that is lost would
swallow records until the next. Blank lines are no records.

Many lines are split and read at once. Where there is a doubt about one of them they are handed to `csv` one by one,
so that the bytes of a record that means nothing, and where they stand, are known.
"""

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from brownfield.contract import Contract, Damage, Fields, Rejected, Sight
from brownfield_files.format.cell import Style
from brownfield_files.format.member import Undeclared
from brownfield_files.format.parsed import MOST_BYTES, Content
from brownfield_files.format.shape import OneRecord, Shape, contract_of, drifted, no_record, refuse_drift
from brownfield_files.layout.document import read_document
from brownfield_files.layout.encoding import like_ascii
from brownfield_files.record.decode import Broken

_BLOCK = 1 << 17
_END_OF_FILE = b"\x1a"


class DelimitedTable(Style):
    """How a file is split into values.

    Attributes:
        delimiter: What stands between values.
        quote: What stands around a value that holds a delimiter; doubled within. Empty for none.
        header: Whether the first line names the columns.
        skip: Lines before the header, or before the first record.
        encoding: Python's name of an encoding.
        multiline: Whether a value in quotes may hold line ends.
        open_end: Whether the last line may lack its line end; else such a file is taken for cut short.
        undeclared: Whether columns that the layout does not have are ignored, or the file is refused.
    """

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    header: bool = True
    skip: int = Field(default=0, ge=0, le=1000)
    encoding: Annotated[str, AfterValidator(like_ascii)] = "utf-8"
    multiline: bool = False
    open_end: bool = False
    undeclared: Undeclared = "refuse"

    @model_validator(mode="after")
    def _splits(self) -> Self:
        if self.delimiter in {"\r", "\n", self.quote}:
            raise ValueError("`delimiter` is a sign of its own, no line end and not the quote")
        if self.delimiter == self.decimal and not self.quote:
            raise ValueError("`delimiter` and `decimal` are the same sign, and there are no quotes")
        return self

    @property
    def dialect(self) -> dict[str, Any]:
        """What `csv` is told."""
        quote: dict[str, Any] = {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
        return {"delimiter": self.delimiter, "strict": True, **quote}


class DelimitedLayout(OneRecord):
    """A layout file."""

    delimited: DelimitedTable


class _Order(NamedTuple):
    """Where columns stand: how many there are, the place of each declared one, and the header unless as declared."""

    width: int
    places: list[int]
    header: bytes

    def sorted(self, values: list[str]) -> list[str]:
        """The values of a record in the order of the layout."""
        return [values[at] for at in self.places] if self.places else values


class Delimited:
    """Reads delimited files: a `Parser`.

    Args:
        path: The layout.
    """

    def __init__(self, path: Path) -> None:
        document = read_document(path, DelimitedLayout)
        self._style = document.delimited
        self._shape = Shape.of(*document.record, self._style)
        self.layout: Fields = document.model_dump(mode="json")

    def contract(self) -> Contract:
        """The one record type."""
        return contract_of([self._shape])

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its last byte says against a file."""
        file.seek(size - 1)
        if file.read(1) not in {b"\n", _END_OF_FILE} and not self._style.open_end:
            return "its last line has no line end"
        return ""

    def check(self, file: BinaryIO) -> None:
        """See that its columns are those of the layout, and that it ends where a record does.

        Raises:
            Rejected: Codes `drift`, `framing`, `encoding`.
        """
        lines = _Lines(file, self._style)
        self._order(lines)
        for _ in lines.records() if self._style.multiline else lines.blocks():
            pass
        if lines.fault:
            raise Rejected(lines.fault, code="framing")

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Its records, after the header."""
        lines = _Lines(file, self._style)
        order = self._order(lines)
        if self._style.multiline:
            yield from self._one_by_one(lines, order)
            return
        for block in lines.blocks():
            try:
                yield from self._at_once(block.raw, order)
            except (Broken, csv.Error, UnicodeDecodeError):
                yield from self._one_by_one(_Lines(BytesIO(block.raw), self._style, block), order)

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """The record of one damage, whose header stands before it where that is not the layout's.

        Raises:
            Rejected: It cannot be split.
        """
        start = _Block(b"", 0, 0)
        lines = _Lines(BytesIO(raw), self._style, start)
        order, columns = _Order(len(self._shape.cells), [], b""), self._shape.columns
        first = next(lines.records(), None)
        if first is None or not set(columns) <= {value.strip() for value in first.values}:
            lines = _Lines(BytesIO(raw), self._style, start)
        else:
            order = self._placed(first)
        return self._one_by_one(lines, order)

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """Its records value by value, or the layout."""
        if file is None:
            yield from self._shape.pictures()
            return
        lines = _Lines(file, self._style)
        order = self._order(lines)
        for number, line in enumerate(lines.records()):
            if line.fault or len(line.values) != order.width:
                yield no_record(number, line.raw, (line.fault or _ragged(line.values, order.width))[1])
            else:
                yield from self._shape.sights(number, order.sorted(line.values))

    def _at_once(self, raw: bytes, order: _Order) -> Iterator[Content]:
        """All records of some whole lines.

        Raises:
            Broken: There is a doubt about one of them.
            csv.Error: As above.
            UnicodeDecodeError: As above.
        """
        joined = str(raw, self._style.encoding).removesuffix("\n")
        lines = joined.split("\n")
        split = list(csv.reader(lines, **self._style.dialect))
        rows = list(filter(None, split))
        quote = self._style.quote
        odd = bool(quote) and quote in joined and any(line.count(quote) % 2 for line in lines)
        if odd or len(split) != len(lines) or any(len(row) != order.width for row in rows):
            raise Broken("columns", "a quote is not closed on its line, or there are too few values on one")
        if not rows:
            return iter(())
        columns = list(zip(*rows, strict=True))
        kind = self._shape.kind
        found = self._shape.read_all([columns[at] for at in order.places] if order.places else columns)
        return ((kind, fields) for fields in found)

    def _one_by_one(self, lines: "_Lines", order: _Order) -> Iterator[Content | Damage]:
        for line in lines.records():
            if line.fault or len(line.values) != order.width:
                yield _damaged(line, order, *(line.fault or _ragged(line.values, order.width)))
                continue
            try:
                yield self._shape.kind, self._shape.read(order.sorted(line.values))
            except Broken as broken:
                yield _damaged(line, order, broken.code, broken.reason, broken.field)

    def _order(self, lines: "_Lines") -> _Order:
        """Where the declared columns stand.

        Raises:
            Rejected: The header is not what the layout says.
        """
        if not self._style.header:
            return _Order(len(self._shape.cells), [], b"")
        line = next(lines.records(), None)
        if line is None:
            raise Rejected("it has no header", code="framing")
        if line.fault:
            raise Rejected(f"line {line.number}, the header: {line.fault[1]}", code="framing")
        return self._placed(line)

    def _placed(self, header: "_Line") -> _Order:
        columns, found = self._shape.columns, [value.strip() for value in header.values]
        if twice := [name for name in columns if found.count(name) > 1]:
            refuse_drift(f"column {twice[0]!r} is there twice")
        declared = columns if self._style.undeclared == "refuse" else [*columns, *found]
        refuse_drift(drifted(declared, found, columns, what="column"))
        if found == columns:
            return _Order(len(found), [], b"")
        return _Order(len(found), [found.index(name) for name in columns], header.raw)


class _Line(NamedTuple):
    """A record as it was split: its values, or why it cannot be."""

    offset: int
    number: int
    raw: bytes
    values: list[str]
    fault: tuple[str, str] | None = None


class _Block(NamedTuple):
    """Whole lines, where they begin, and how many there are before them."""

    raw: bytes
    offset: int
    number: int


class _Lines:
    """The lines of a file, and what `csv` makes of them one by one.

    Args:
        file: The file, or a part of it.
        style: How it is split.
        start: Where the part begins; None for a file from its first line on.

    Attributes:
        fault: What says that the file ends in the middle of a record.
    """

    def __init__(self, file: BinaryIO, style: DelimitedTable, start: _Block | None = None) -> None:
        self._file, self._style = file, style
        self._split = csv.reader(self, **style.dialect)
        self._raw, self._offset, self._first = b"", 0, 0
        self._end, self._number = (start.offset, start.number) if start else (0, 0)
        self._whole = start is None
        self.fault = ""
        for _ in range(style.skip if start is None else 0):
            self._read()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """A line, for `csv`, which asks for another one while a quote is open."""
        if self._raw and not self._style.multiline:
            raise _NotClosed
        line = self._read()
        if not line:
            raise StopIteration
        if len(self._raw) + len(line) > MOST_BYTES:
            raise Rejected(f"line {self._first}: a quote is not closed in {MOST_BYTES} bytes", code="framing")
        if not self._raw:
            self._offset, self._first = self._end - len(line), self._number
        self._raw += line
        return str(line, self._style.encoding)

    def records(self) -> Iterator[_Line]:
        """The records from here on."""
        while True:
            self._raw = b""
            try:
                values = next(self._split)
            except StopIteration:
                return
            except (csv.Error, _NotClosed, UnicodeDecodeError) as error:
                yield _Line(self._offset, self._first, self._raw, [], self._reason(error))
                continue
            if values:
                yield _Line(self._offset, self._first, self._raw, values, self._torn())

    def blocks(self) -> Iterator[_Block]:
        """The lines from here on, many at once."""
        while line := self._read():
            start = self._end - len(line), self._number - 1
            lines = [line, self._file.read(_BLOCK)]
            self._end += len(lines[1])
            self._number += lines[1].count(b"\n")
            if lines[1] and not lines[1].endswith(b"\n"):
                lines.append(self._read(begun=lines[1]))
            yield _Block(b"".join(lines), *start)

    def _read(self, begun: bytes = b"") -> bytes:
        """The next line, or the rest of one that was begun; empty at the end."""
        line = self._file.readline(MOST_BYTES + 1)
        length = len(line) + len(begun) - begun.rfind(b"\n") - 1
        if length > MOST_BYTES:
            raise Rejected(f"line {self._number + 1} is longer than {MOST_BYTES} bytes", code="framing")
        self._number += 1
        if self._whole and not self._end:
            line = self._begun(line)
        self._end += len(line)
        if begun[begun.rfind(b"\n") + 1 :] + line == _END_OF_FILE:
            return b""
        if (line or begun) and not line.endswith(b"\n") and not self._style.open_end:
            self.fault = f"line {self._number}, the last, has no line end: the file is cut short (else: `open_end`)"
        return line

    def _begun(self, line: bytes) -> bytes:
        """The first line without what says how the file is encoded."""
        if line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise Rejected("it is UTF-16, and the layout says otherwise", code="encoding")
        if line.startswith(BOM_UTF8):
            self._end += len(BOM_UTF8)
            return line[len(BOM_UTF8) :]
        return line

    def _torn(self) -> tuple[str, str] | None:
        """What is left of a record that was torn apart has one quote too many, and `csv` takes it for a letter."""
        quote = self._style.quote.encode(self._style.encoding)
        if quote and self._raw.count(quote) % 2:
            return "quote", "a quote stands alone in it (where it is a letter: `quote`)"
        return None

    def _reason(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, _NotClosed):
            return "quote", "a quote is not closed on its line (where values hold line ends: `multiline`)"
        if isinstance(error, UnicodeDecodeError):
            return "encoding", f"byte {error.start} of the line is none of {self._style.encoding}: {error.reason}"
        if "unexpected end of data" in str(error):
            self.fault = f"line {self._number} is the last, and a quote is open: the file is cut short"
            return "quote", "a quote is not closed"
        return "quote", f"it cannot be split: {error}"


class _NotClosed(Exception):
    """`csv` asks for a further line of a record that must end on its own."""


def _damaged(line: _Line, order: _Order, code: str, reason: str, field: str = "") -> Damage:
    """The bytes of a record as they are; where its columns stand elsewhere, after the line that says where."""
    told = f"line {line.number}: {field}: {reason}" if field else f"line {line.number}: {reason}"
    return Damage(0, line.offset, order.header + line.raw, field, code, told)


def _ragged(values: list[str], width: int) -> tuple[str, str]:
    return "columns", f"it has {len(values)} values, and the file has {width} columns"
