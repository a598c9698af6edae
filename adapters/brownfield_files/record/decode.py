"""The exact scalar decoder: one record's bytes to plain JSON values, or the reason why not.

It is strict: what COBOL would quietly compute with (blanks in a packed field, a bad sign) is damage here. It is the
oracle that faster decoders are tested against. Values:

* text loses blanks and NULs on its right (LOW-VALUES is how COBOL says "not set"), double-byte text of PIC G those of
  two bytes; a NUL inside is damage;
* a number without decimals is an int up to 18 digits (JSON libraries hold 64 bits), else a string;
* a number with decimals is a string with all of them: `49.9000`. There is no negative zero;
* a floating point number is a string too, its exact value: a COMP-1 of 0.1 is `0.0999999940395355224609375`.

Source of the zone and sign nibbles: IBM z/Architecture Principles of Operation, "Decimal instructions"; of the ASCII
overpunch `p` to `y`: GnuCOBOL 3.1.2, tried; of hexadecimal floating point: Principles of Operation, chapter 18.
"""

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any, Literal, NoReturn

from brownfield_files.layout.calendar_date import DateFormat, NoDate
from brownfield_files.layout.codepage import SHIFT_OUT, wide_blank
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Part, RecordType, Table

Reader = Callable[[bytes], Any]
Number = Callable[[bytes], int]
INT_DIGITS = 18


class Broken(Exception):
    """Bytes that mean nothing. Internal to the adapter: it becomes a `Damage` or a `Rejected`.

    Args:
        code: A short stable word (`packed-nibble`).
        reason: One sentence, without the field's name.
        at: The byte within the field, from 0.
    """

    def __init__(self, code: str, reason: str, at: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.at = at
        self.field = ""
        self.offset = 0

    def inside(self, name: str, offset: int) -> "Broken":
        """The same, seen from the part that holds the bytes; called once per level, innermost first."""
        self.field = name + self.field
        self.offset += offset
        return self

    @property
    def sentence(self) -> str:
        """The reason with the field's name and the byte offset within the record."""
        return f"{self.field}: byte {self.offset + self.at} of the record: {self.reason}"


def record_reader(record: RecordType, encoding: Encoding) -> Callable[[bytes], dict[str, Any]]:
    """A function from a record's bytes to its fields. It raises `Broken` at the first field that means nothing."""
    read = _object_reader(record.parts, encoding)
    return lambda raw: read(raw, {})[0]


def value_reader(field: Field, encoding: Encoding) -> Reader:
    """A function from a field's own bytes to its value; it raises `Broken`."""
    if field.date is not None:
        return _dated(field, field.date, encoding)
    if field.kind == "text":
        return _text(encoding.codec(field.codec), shifts=encoding.ebcdic and not (encoding.mixed or field.codec))
    if field.kind == "float":
        return _floating(encoding)
    number = number_reader(field, encoding)
    if field.scale == 0 and field.digits <= INT_DIGITS:
        return number
    scale, exact = field.scale, field.scale > 0 or field.digits - field.scale > INT_DIGITS
    return lambda raw: render(number(raw), scale) if exact else number(raw) * 10**-scale


def _dated(field: Field, form: DateFormat, encoding: Encoding) -> Reader:
    read = value_reader(replace(field, date=None), encoding)

    def dated(raw: bytes) -> str | None:
        digits = str(read(raw)).rjust(form.digits, "0" if field.exact else " ")
        try:
            return form.read(digits)
        except NoDate as error:
            raise Broken("date", f"0x{raw.hex().upper()}: {error}") from None

    return dated


def number_reader(field: Field, encoding: Encoding) -> Number:
    """A function from a numeric field's bytes to its value in units of 10 ** -scale, exact; it raises `Broken`."""
    if field.kind == "packed":
        return _packed(field)
    if field.kind == "binary":
        return _binary(field, encoding)
    read = _separate(field, encoding) if field.sign.endswith("separate") else _zoned(field, encoding)
    if field.point:
        read = _pointed(field, encoding)
    return _blank_zero(field, encoding, read) if field.blank_zero else read


def render(units: int, scale: int) -> str:
    """Units of 10 ** -scale as a decimal string with all its digits; there is no negative zero."""
    if scale <= 0:
        return str(units * 10**-scale)
    digits = str(abs(units)).rjust(scale + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def part_reader(part: Part, encoding: Encoding) -> Reader:
    """A function from the bytes of a part to its value; it raises `Broken`."""
    if isinstance(part, Field):
        return value_reader(part, encoding)
    read = _table_reader(part, encoding)
    return lambda raw: read(raw, {})[0]


_Counters = dict[str, Any]
_Walk = Callable[[bytes, _Counters], tuple[Any, int]]


def _object_reader(parts: tuple[Part, ...], encoding: Encoding) -> _Walk:
    """A function from bytes and the counters seen so far to the fields, and by how much they are shorter than in full.

    The values of whole numbers are kept as counters: one of them may say how often a table occurs.
    """
    fields = {part.name: value_reader(part, encoding) for part in parts if isinstance(part, Field)}
    tables = {part.name: _table_reader(part, encoding) for part in parts if isinstance(part, Table)}
    steps = tuple((part.name, part.offset, _span(part), isinstance(part, Table)) for part in parts)

    def read(raw: bytes, counters: _Counters) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        slack, name, start = 0, "", 0
        try:
            for name, offset, span, is_table in steps:
                start = offset - slack
                piece = raw[start : start + span]
                if is_table:
                    found[name], short = tables[name](piece, counters)
                    slack += short
                    continue
                check_whole(piece, span)
                counters[name] = found[name] = fields[name](piece)
        except Broken as broken:
            raise broken.inside(name, start) from None
        return found, slack

    return read


def check_whole(piece: bytes, length: int) -> None:
    """Raise `Broken` when the record ends within a field."""
    if len(piece) < length:
        raise Broken("record-short", f"the record ends after {len(piece)} of its {length} bytes")


def _span(part: Part) -> int:
    return part.length if isinstance(part, Field) else part.stride * part.count


def _table_reader(table: Table, encoding: Encoding) -> _Walk:
    inner = _object_reader(table.parts, encoding)

    def read(raw: bytes, counters: _Counters) -> tuple[list[Any], int]:
        times = element_count(table, counters[table.counter]) if table.counter else table.count
        found: list[Any] = []
        slack = 0
        for index in range(times):
            start = index * table.stride - slack
            try:
                element: tuple[Mapping[str, Any], int] = inner(raw[start : start + table.stride], counters)
            except Broken as broken:
                broken.field = f"[{index}]" if table.plain else f"[{index}].{broken.field}"
                broken.offset += start
                raise
            slack += element[1]
            found.append(element[0][table.parts[0].name] if table.plain else element[0])
        return found, slack + (table.count - times) * table.stride * table.slides

    return read


def element_count(table: Table, stated: int) -> int:
    """How many elements a table has whose counter states that many; it raises `Broken` where it cannot have as many."""
    if not table.least <= stated <= table.count:
        raise Broken("table-count", f"{table.counter} = {stated} is not {table.least} to {table.count}")
    return stated


def _text(name: str, *, shifts: bool) -> Reader:
    """`shifts`: a shift-out begins double-byte characters, which the code page has not."""
    blank = wide_blank(name) + " \0"

    def read(raw: bytes) -> str:
        try:
            text = raw.decode(name).rstrip(blank)
        except UnicodeDecodeError as error:
            wrong = raw[error.start : error.end].hex().upper()
            code = "text-shift" if wrong == f"{SHIFT_OUT:02X}" else "text-byte"
            reason = "has no shift-in (0x0F) after it" if code == "text-shift" else f"is no character in {name}"
            raise Broken(code, f"0x{wrong} {reason}", error.start) from None
        if shifts and chr(SHIFT_OUT) in text:
            at, reason = text.index(chr(SHIFT_OUT)), f"double-byte characters, which {name} has not"
            raise Broken("text-shift", f"a shift-out (0x0E): {reason}", at)
        if "\0" in text:
            raise Broken("text-nul", "a NUL (0x00) inside text", text.index("\0"))
        return text

    return read


def _packed(field: Field) -> Number:
    """Two digits per byte, the sign in the last nibble: C, F, and D where the picture has an S."""
    positive, negative = "cf", "d" if field.signed else ""
    limit = 10**field.digits

    def read(raw: bytes) -> int:
        text = raw.hex()
        digits, sign = text[:-1], text[-1]
        if not digits.isdecimal():
            at = next(index for index, nibble in enumerate(digits) if not nibble.isdecimal()) // 2
            raise Broken("packed-nibble", f"0x{raw[at]:02X} holds a nibble that is no digit (packed)", at)
        if sign not in positive and sign not in negative:
            _bad_sign("packed-sign", raw, len(raw) - 1, signed=field.signed)
        value = int(digits)
        if value >= limit:  # an even number of digits leaves a spare nibble at the front, which must be zero
            raise Broken("packed-range", f"0x{raw[0]:02X} holds a digit more than {field.digits} (packed)")
        return -value if sign in negative else value

    return read


def _bad_sign(code: str, raw: bytes, at: int, *, signed: bool) -> NoReturn:
    kinds = "C, D or F" if signed else "C or F: the field is unsigned"
    raise Broken(code, f"0x{raw[at]:02X} has no sign that is {kinds}", at)


def _binary(field: Field, encoding: Encoding) -> Number:
    """Big-endian two's complement; COMP-5 in the machine's order. COMP holds no more digits than its picture says."""
    order: Literal["big", "little"] = "little" if field.native and encoding.order == "little" else "big"
    limit, signed, bounded = 10**field.digits, field.signed, not field.native

    def read(raw: bytes) -> int:
        value = int.from_bytes(raw, order, signed=signed)
        if bounded and not -limit < value < limit:
            raise Broken("binary-range", f"{value} has more than the {field.digits} digits of its picture (binary)")
        return value

    return read


def _zoned(field: Field, encoding: Encoding) -> Number:
    """One digit per byte; the sign, if any, in the zone of the first or the last."""
    signs = overpunch(encoding, signed=field.signed)
    at = 0 if field.sign == "leading" else field.length - 1

    def read(raw: bytes) -> int:
        digit, negative = signs[raw[at]]
        if digit < 0:
            raise Broken("zoned-sign", f"0x{raw[at]:02X} is no digit with a sign that may stand here (zoned)", at)
        plain = _plain_digits(raw[:at] + raw[at + 1 :], encoding, 1 if at == 0 else 0)
        value = int(b"%d%b" % (digit, plain) if at == 0 else b"%b%d" % (plain, digit))
        return -value if negative else value

    return read


def _separate(field: Field, encoding: Encoding) -> Number:
    plus, minus = field.signs.encode(encoding.name)
    at = 0 if field.sign.startswith("leading") else field.length - 1

    def read(raw: bytes) -> int:
        if raw[at] not in {plus, minus}:
            raise Broken("zoned-sign", f"0x{raw[at]:02X} is neither {' nor '.join(field.signs)} (separate sign)", at)
        value = int(_plain_digits(raw[1:] if at == 0 else raw[:-1], encoding, 1 if at == 0 else 0))
        return -value if raw[at] == minus else value

    return read


def _pointed(field: Field, encoding: Encoding) -> Number:
    """A point printed among the digits: it must be there, and what is left is zoned."""
    read, at = _zoned(replace(field, length=field.length - 1), encoding), field.length - field.scale - 1
    (point,) = ".".encode(encoding.name)

    def pointed(raw: bytes) -> int:
        if raw[at] != point:
            raise Broken("zoned-point", f"0x{raw[at]:02X} is no decimal point", at)
        try:
            return read(raw[:at] + raw[at + 1 :])
        except Broken as broken:
            broken.at += broken.at >= at
            raise

    return pointed


def _blank_zero(field: Field, encoding: Encoding, read: Number) -> Number:
    blank = encoding.space * field.length
    return lambda raw: 0 if raw == blank else read(raw)


_EXACT = Context(prec=1200)


def _floating(encoding: Encoding) -> Reader:
    def read(raw: bytes) -> str:
        units, exponent = _ibm(raw) if encoding.floating == "ibm" else _ieee(raw, encoding.order)
        if not units:
            return "0"
        exact = _EXACT.multiply(Decimal(units), _EXACT.power(Decimal(2), exponent))
        text = f"{exact:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    return read


def _ibm(raw: bytes) -> tuple[int, int]:
    """Hexadecimal floating point as an integer times a power of two: sign, exponent to 16 in excess 64, fraction."""
    fraction = int.from_bytes(raw[1:], "big")
    exponent = 4 * ((raw[0] & 0x7F) - 64) - 8 * (len(raw) - 1)
    return (-fraction if raw[0] & 0x80 else fraction), exponent


def _ieee(raw: bytes, order: str) -> tuple[int, int]:
    (value,) = struct.unpack(("<" if order == "little" else ">") + ("f" if len(raw) == 4 else "d"), raw)
    if not math.isfinite(value):
        raise Broken("float-value", f"0x{raw.hex().upper()} is no number (IEEE 754)")
    numerator, denominator = value.as_integer_ratio()
    return numerator, 1 - denominator.bit_length()


_TO_ASCII_DIGIT = bytes(byte - 0xC0 if 0xF0 <= byte <= 0xF9 else 0xFF for byte in range(256))


def _plain_digits(raw: bytes, encoding: Encoding, skipped: int) -> bytes:
    """The digits as ASCII. `skipped` bytes stand before them in the field (a leading sign)."""
    digits = raw.translate(_TO_ASCII_DIGIT) if encoding.ebcdic else raw
    if raw and not digits.isdigit():
        at = next(index for index, byte in enumerate(digits) if not 0x30 <= byte <= 0x39)
        raise Broken("zoned-digit", f"0x{raw[at]:02X} is no digit (zoned)", at + skipped)
    return digits


def overpunch(encoding: Encoding, *, signed: bool) -> tuple[tuple[int, bool], ...]:
    """For each byte: the digit that it holds with its sign, and whether that is negative; digit -1 for none.

    EBCDIC: zones F and C are positive, D is negative. ASCII: `0` to `9`; `{` and `A` to `I`, `}` and `J` to `R` (EBCDIC
    translated as text); `p` to `y` (GnuCOBOL, negative). Negative forms only where the picture has an S.
    """
    table = [(-1, False)] * 256
    for digit in range(10):
        if encoding.ebcdic:
            positive = [0xF0 + digit, 0xC0 + digit]
            negative = [0xD0 + digit]
        else:
            positive = [0x30 + digit, b"{ABCDEFGHI"[digit]]
            negative = [b"}JKLMNOPQR"[digit], 0x70 + digit]
        for byte in positive:
            table[byte] = (digit, False)
        for byte in negative if signed else []:
            table[byte] = (digit, True)
    return tuple(table)
