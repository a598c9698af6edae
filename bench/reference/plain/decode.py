"""The exact scalar decoder: one record's bytes to plain JSON values, or the reason why not.

It is strict: what COBOL would quietly compute with (blanks in a packed field, a bad sign) is damage here. It is the
oracle that faster decoders are tested against. Values:

* text loses blanks and NULs on its right (LOW-VALUES is how COBOL says "not set"); a NUL inside is damage;
* a number without decimals is an int up to 18 digits (JSON libraries hold 64 bits), else a string;
* a number with decimals is a string with all of them: `49.9000`. There is no negative zero.

Source of the zone and sign nibbles: IBM z/Architecture Principles of Operation, "Decimal instructions"; of the ASCII
overpunch `p` to `y`: GnuCOBOL 3.1.2, tried.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn

from plain.encoding import Encoding
from plain.layout import Field, Part, RecordType, Table

Reader = Callable[[bytes], Any]
Number = Callable[[bytes], int]
INT_DIGITS = 18

_NEGATIVE_NIBBLE, _UNSIGNED_NIBBLE = 0xD, 0xF


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
    return _object_reader(record.parts, encoding)


def value_reader(field: Field, encoding: Encoding) -> Reader:
    """A function from a field's own bytes to its value; it raises `Broken`."""
    if field.kind == "text":
        return _text(encoding)
    number = number_reader(field, encoding)
    if field.scale == 0 and field.digits <= INT_DIGITS:
        return number
    scale, exact = field.scale, field.scale > 0 or field.digits - field.scale > INT_DIGITS
    return lambda raw: render(number(raw), scale) if exact else number(raw) * 10**-scale


def number_reader(field: Field, encoding: Encoding) -> Number:
    """A function from a numeric field's bytes to its value in units of 10 ** -scale, exact; it raises `Broken`."""
    if field.kind == "packed":
        return _packed(field)
    if field.kind == "binary":
        return _binary(field, encoding)
    if field.sign.endswith("separate"):
        return _separate(field, encoding)
    return _zoned(field, encoding)


def render(units: int, scale: int) -> str:
    """Units of 10 ** -scale as a decimal string with all its digits; there is no negative zero."""
    if scale <= 0:
        return str(units * 10**-scale)
    digits = str(abs(units)).rjust(scale + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def _object_reader(parts: tuple[Part, ...], encoding: Encoding) -> Callable[[bytes], dict[str, Any]]:
    steps = tuple((part.name, part.offset, _end(part), _part_reader(part, encoding)) for part in parts)

    def read(raw: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        name, start = "", 0
        try:
            for name, start, end, reader in steps:
                fields[name] = reader(raw[start:end])
        except Broken as broken:
            raise broken.inside(name, start) from None
        return fields

    return read


def _end(part: Part) -> int:
    return part.offset + (part.length if isinstance(part, Field) else part.stride * part.count)


def _part_reader(part: Part, encoding: Encoding) -> Reader:
    if isinstance(part, Field):
        return value_reader(part, encoding)
    return _table_reader(part, encoding)


def _table_reader(table: Table, encoding: Encoding) -> Reader:
    inner = _object_reader(table.parts, encoding)

    def read(raw: bytes) -> list[Any]:
        found: list[Any] = []
        for index in range(table.count):
            start = index * table.stride
            try:
                element: Mapping[str, Any] = inner(raw[start : start + table.stride])
            except Broken as broken:
                broken.field = f"[{index}]" if table.plain else f"[{index}].{broken.field}"
                broken.offset += start
                raise
            found.append(element[table.parts[0].name] if table.plain else element)
        return found

    return read


def _text(encoding: Encoding) -> Reader:
    name = encoding.name

    def read(raw: bytes) -> str:
        try:
            text = raw.decode(name).rstrip(" \0")
        except UnicodeDecodeError as error:
            raise Broken("text-byte", f"0x{raw[error.start]:02X} is no character in {name}", error.start) from None
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
    signs = _overpunch(encoding, signed=field.signed)
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
    plus, minus = "+-".encode(encoding.name)
    at = 0 if field.sign.startswith("leading") else field.length - 1

    def read(raw: bytes) -> int:
        if raw[at] not in {plus, minus}:
            raise Broken("zoned-sign", f"0x{raw[at]:02X} is neither + nor - (separate sign)", at)
        value = int(_plain_digits(raw[1:] if at == 0 else raw[:-1], encoding, 1 if at == 0 else 0))
        return -value if raw[at] == minus else value

    return read


_TO_ASCII_DIGIT = bytes(byte - 0xC0 if 0xF0 <= byte <= 0xF9 else 0xFF for byte in range(256))


def _plain_digits(raw: bytes, encoding: Encoding, skipped: int) -> bytes:
    """The digits as ASCII. `skipped` bytes stand before them in the field (a leading sign)."""
    digits = raw.translate(_TO_ASCII_DIGIT) if encoding.ebcdic else raw
    if raw and not digits.isdigit():
        at = next(index for index, byte in enumerate(digits) if not 0x30 <= byte <= 0x39)
        raise Broken("zoned-digit", f"0x{raw[at]:02X} is no digit (zoned)", at + skipped)
    return digits


def _overpunch(encoding: Encoding, *, signed: bool) -> tuple[tuple[int, bool], ...]:
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
