"""The normal form of a record layout: what every source (copybook, TOML) becomes, and all that a decoder reads."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from brownfield_files.layout.calendar_date import DateFormat

Kind: TypeAlias = Literal["text", "zoned", "packed", "binary", "float"]
SignPlace: TypeAlias = Literal["trailing", "leading", "trailing-separate", "leading-separate"]
Place: TypeAlias = Literal["first", "body", "last", "fill"]


class LayoutError(ValueError):
    """A layout that cannot be read, or must not be: half understood it would give wrong data.

    Args:
        file: The layout's file name.
        line: The line, from 1; 0 when the fault is the file's as a whole.
        reason: One sentence for a person.
    """

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Field:
    """One elementary field.

    Attributes:
        name: The name in snake_case (`on_hand`).
        offset: Bytes from the start of the record, or of the table's element that the field stands in.
        length: Bytes.
        picture: How the layout describes the field (`S9(7)V99 COMP-3`).
        kind: How its bytes are to be read.
        digits: Decimal digits that are stored; 0 for text.
        scale: Digits right of the decimal point; negative when digits are implied on the left of it (`9(3)PPP`).
        signed: Whether a negative value may stand in it.
        sign: Where the sign of a zoned field stands.
        signs: Of a separate sign: the characters for positive and negative.
        native: COMP-5: the machine's byte order and the full range of its bytes.
        point: A zoned field with a printed decimal point among its digits (`S9(3).99`).
        blank_zero: BLANK WHEN ZERO: all blanks are a zero.
        codec: The codec of text that is not in the file's encoding (NATIONAL; double-byte, see `codepage`), or an
            empty string.
        date: How the digits write a date; None for what is none.
        values: Level 88: condition name and the literals that it stands for.
    """

    name: str
    offset: int
    length: int
    picture: str
    kind: Kind
    digits: int = 0
    scale: int = 0
    signed: bool = False
    sign: SignPlace = "trailing"
    signs: str = "+-"
    native: bool = False
    point: bool = False
    blank_zero: bool = False
    codec: str = ""
    date: DateFormat | None = None
    values: tuple[tuple[str, str], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether it holds a decimal number: text and floating point do not."""
        return self.kind in {"zoned", "packed", "binary"}


@dataclass(frozen=True, slots=True)
class Table:
    """A part that occurs several times: a list of objects, or of plain values when it is one field.

    Attributes:
        name: The name in snake_case.
        offset: Bytes from the start of the record, or of the enclosing table's element.
        stride: Bytes from one element to the next.
        count: Elements; the most where their number varies.
        parts: The element's parts, at offsets from the element's start.
        plain: The element is its one part itself, not an object that holds it.
        counter: OCCURS DEPENDING ON: the field before it that states how many elements there are, else empty.
        least: The least that the counter may state.
        slides: Whether what follows moves up where there are fewer elements than the most. All offsets are those of
            the record in full.
    """

    name: str
    offset: int
    stride: int
    count: int
    parts: tuple["Part", ...]
    plain: bool
    counter: str = ""
    least: int = 0
    slides: bool = True


Part: TypeAlias = Field | Table
Test: TypeAlias = tuple[str, tuple[str | int, ...]]
Count: TypeAlias = Callable[[Table], int]


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record.

    Attributes:
        name: The row's kind (`detail`).
        length: Bytes that the parts take, at most the layout's length.
        parts: What is read from it, in order of offset; FILLER is not in here.
        when: Fields and the values that tell the type; empty when every record is of it.
        place: `first` and `last` stand once, at the file's start and end; `fill` may follow the last.
        optional: A `first` or `last` that may be missing.
        parent: The type whose last record before it one of this type belongs to; empty for none. See `family`.
    """

    name: str
    length: int
    parts: tuple[Part, ...]
    when: tuple[Test, ...] = ()
    place: Place = "body"
    optional: bool = False
    parent: str = ""

    def field(self, name: str) -> Field | None:
        """The field of that name outside any table, or None."""
        return next((part for part in self.parts if isinstance(part, Field) and part.name == name), None)


@dataclass(frozen=True, slots=True)
class Term:
    """What a total adds up, of one record type.

    Attributes:
        kind: The record type.
        sums: The field that is summed, or None: the records are counted.
        where: Text fields and the values of which they hold one, in the records that are taken; none: all are taken.
        sign: `+` or `-`: only the records whose summed field, zoned, has that sign.
        factor: What each is multiplied with.
    """

    kind: str
    sums: str | None = None
    where: tuple[Test, ...] = ()
    sign: str = ""
    factor: int = 1


@dataclass(frozen=True, slots=True)
class Total:
    """A control total that a record states.

    Attributes:
        stated: The field that states it.
        terms: What it adds up: counts all, or sums all; or what it repeats.
        repeats: It is no total, but what the last of these records holds: the number of the batch that ends.
        wraps: A hash total: of a sum with more digits than the stating field has, the last ones are stated.
        per: A count of blocks of as many records, the last of which need not be full.
        by: The record type that states it; empty: the last record.
        since: What is taken stands behind the last record of this type, itself included; empty: from the file's start.
        optional: What begins there may end without being stated.
    """

    stated: str
    terms: tuple[Term, ...]
    repeats: bool = False
    wraps: bool = False
    per: int = 1
    by: str = ""
    since: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        """What it is called: `hash`, or `batch_control.hash`."""
        return f"{self.by}.{self.stated}" if self.by else self.stated

    @property
    def counts(self) -> bool:
        """Whether it counts records."""
        return self.terms[0].sums is None


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole layout: the record length in bytes, the types in the order in which they are tried, the totals."""

    length: int
    records: tuple[RecordType, ...]
    totals: tuple[Total, ...] = ()

    def record(self, name: str) -> RecordType:
        """The record type of that name.

        Raises:
            KeyError: There is none.
        """
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(name)

    def at(self, place: Place) -> RecordType | None:
        """The record type that stands `first` or `last`, or None."""
        return next((record for record in self.records if record.place == place), None)


def snake(name: str) -> str:
    """A COBOL name as a field name: `ON-HAND` becomes `on_hand`, `1ST-QTY` `f_1st_qty`, a tag left as it is `tag_x`."""
    word = name.lower().replace("-", "_").replace(":", "")
    return f"f_{word}" if word[:1].isdigit() else word


def every_field(
    parts: tuple[Part, ...], origin: int = 0, prefix: str = "", count: Count | None = None
) -> Generator[Field, None, int]:
    """Each field of a record with its offset in the record; an element of a table is named `lines[2].amount`.

    Args:
        parts: The parts.
        origin: Where they stand.
        prefix: What their names begin with.
        count: How many elements a table that varies has in this record; the most unless told.

    Returns:
        By how many bytes the record is shorter than in full.
    """
    slack = 0
    for part in parts:
        if isinstance(part, Field):
            yield replace(part, name=prefix + part.name, offset=origin + part.offset - slack)
        else:
            slack += yield from _elements(part, origin - slack, prefix, count)
    return slack


def _elements(table: Table, origin: int, prefix: str, count: Count | None) -> Generator[Field, None, int]:
    times = count(table) if count and table.counter else table.count
    slack = 0
    for index in range(times):
        start = origin + table.offset + index * table.stride - slack
        name = f"{prefix}{table.name}[{index}]"
        if isinstance(only := table.parts[0], Field) and table.plain:
            yield replace(only, name=name, offset=start)
        else:
            slack += yield from every_field(table.parts, start, f"{name}.", count)
    return slack + (table.count - times) * table.stride * table.slides


def varies(parts: tuple[Part, ...]) -> bool:
    """Whether a table among the parts, or within them, has a number of elements that varies."""
    return any(isinstance(part, Table) and (part.counter != "" or varies(part.parts)) for part in parts)
