"""The inverse of `decode`: plain JSON values to one record's bytes. What does not fit is refused, never cut or rounded.

Signs are written as C and D (F when the picture has no S). In ASCII a signed digit is written as the translated EBCDIC
overpunch (`{`, `A` to `I`, `}`, `J` to `R`), which every COBOL reads with a switch at most.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from brownfield_files.layout.calendar_date import DateFormat, NoDate
from brownfield_files.layout.codepage import wide_blank
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Part, RecordType, Table

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class DoesNotFit(ValueError):
    """A value that the field cannot hold exactly; the message names the field."""


def encode_record(
    record: RecordType, fields: Mapping[str, Any], encoding: Encoding, length: int | None = None
) -> bytes:
    """One record's bytes. FILLER, and what the record is shorter than `length`, are blanks.

    A record whose tables hold fewer elements than the most is as much shorter, unless `length` is given.

    Raises:
        DoesNotFit: A value does not fit its field, or a table has not as many elements as its counter states.
        KeyError: A field is missing.
    """
    image = bytearray(encoding.space * (length or record.length))
    slack = _write(image, 0, record.parts, fields, encoding, {})
    return bytes(image) if length else bytes(image[: record.length - slack])


def encode_field(field: Field, value: Any, encoding: Encoding) -> bytes:
    """One field's bytes.

    Raises:
        DoesNotFit: The value does not fit.
    """
    if field.date is not None:
        return _dated(field, field.date, value, encoding)
    if field.kind == "text":
        return _text(field, value, encoding)
    if field.kind == "float":
        return _floating(field, value, encoding)
    units = _units(field, value)
    if field.kind == "packed":
        return _packed(field, units)
    if field.kind == "binary":
        return _binary(field, units, encoding)
    if field.blank_zero and not units:
        return encoding.space * field.length
    raw = _zoned(field, units, encoding)
    at = field.length - field.scale - 1
    return raw[:at] + ".".encode(encoding.name) + raw[at:] if field.point else raw


def _dated(field: Field, form: DateFormat, value: Any, encoding: Encoding) -> bytes:
    try:
        digits = form.write(value if isinstance(value, str | None) else repr(value))
    except NoDate as error:
        raise DoesNotFit(f"{field.name}: {error}") from None
    return encode_field(replace(field, date=None), digits, encoding)


def _write(
    image: bytearray,
    origin: int,
    parts: tuple[Part, ...],
    fields: Mapping[str, Any],
    encoding: Encoding,
    counters: dict[str, Any],
) -> int:
    """Write the parts from `origin` on; by how many bytes they are shorter than in full."""
    slack = 0
    for part in parts:
        start, value = origin + part.offset - slack, fields[part.name]
        if isinstance(part, Field):
            image[start : start + part.length] = encode_field(part, value, encoding)
            counters[part.name] = value
            continue
        _check_count(part, len(value), counters)
        short = 0
        for index, element in enumerate(value):
            inner = {part.parts[0].name: element} if part.plain else element
            short += _write(image, start + index * part.stride - short, part.parts, inner, encoding, counters)
        slack += short + (part.count - len(value)) * part.stride * part.slides
    return slack


def _check_count(table: Table, count: int, counters: Mapping[str, Any]) -> None:
    if not table.counter and count != table.count:
        raise DoesNotFit(f"{table.name}: {count} elements where {table.count} stand")
    if table.counter and (counters[table.counter] != count or not table.least <= count <= table.count):
        stated = f"{table.counter} = {counters[table.counter]}"
        raise DoesNotFit(f"{table.name}: {count} elements where {stated} and {table.least} to {table.count} can stand")


def _floating(field: Field, value: Any, encoding: Encoding) -> bytes:
    """The bytes whose exact value it is: a decimal that no such number equals (0.1) is refused, not rounded."""
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise DoesNotFit(f"{field.name}: {value!r} is not a decimal number in text")
    exact = Fraction(value)
    raw = _ibm(exact, field.length) if encoding.floating == "ibm" else _ieee(exact, field.length, encoding.order)
    if raw is None:
        raise DoesNotFit(f"{field.name}: no {field.picture} is exactly {value}")
    return raw


def _ibm(exact: Fraction, length: int) -> bytes | None:
    """Normalized: the exponent is the least that leaves the fraction below 1."""
    if not exact:
        return bytes(length)
    fraction, exponent = abs(exact), 64
    while fraction >= 1:
        fraction, exponent = fraction / 16, exponent + 1
    while fraction < Fraction(1, 16):
        fraction, exponent = fraction * 16, exponent - 1
    units = fraction * 256 ** (length - 1)
    if units.denominator != 1 or not 0 <= exponent <= 127:
        return None
    head = exponent | (0x80 if exact < 0 else 0)
    return bytes([head, *units.numerator.to_bytes(length - 1, "big")])


def _ieee(exact: Fraction, length: int, order: str) -> bytes | None:
    code = ("<" if order == "little" else ">") + ("f" if length == 4 else "d")
    try:
        raw = struct.pack(code, float(exact))
    except OverflowError:
        return None
    return raw if Fraction(struct.unpack(code, raw)[0]) == exact else None


def _text(field: Field, value: Any, encoding: Encoding) -> bytes:
    if not isinstance(value, str) or "\0" in value or (encoding.ebcdic and "\x0e" in value):
        raise DoesNotFit(f"{field.name}: {value!r} is not text")
    codec = encoding.codec(field.codec)
    try:
        raw = value.encode(codec)
    except UnicodeEncodeError:
        raise DoesNotFit(f"{field.name}: {value!r} has a character that {codec} has not") from None
    if len(raw) > field.length:
        raise DoesNotFit(f"{field.name}: {value!r} is longer than {field.length} bytes")
    space = (wide_blank(codec) or " ").encode(codec)
    return raw + space * ((field.length - len(raw)) // len(space))


def _units(field: Field, value: Any) -> int:
    """The value in units of 10 ** -scale, exact."""
    match = _DECIMAL.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        raise DoesNotFit(f"{field.name}: {value!r} is not a decimal number")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    scaled: int = int(whole + fraction) * 10 ** max(0, field.scale - len(fraction))
    finer: int = 10 ** max(0, len(fraction) - field.scale)
    units, rest = divmod(scaled, finer)
    if rest:
        raise DoesNotFit(f"{field.name}: {value!r} is finer than {field.picture} holds")
    if sign and units and not field.signed:
        raise DoesNotFit(f"{field.name}: {value!r} is negative and {field.picture} has no sign")
    if units >= 10**field.digits and not field.native:
        raise DoesNotFit(f"{field.name}: {value!r} has more digits than {field.picture}")
    return -units if sign else units


def _packed(field: Field, units: int) -> bytes:
    sign = "d" if units < 0 else "c" if field.signed else "f"
    return bytes.fromhex(f"{abs(units):0{field.length * 2 - 1}d}{sign}")


def _binary(field: Field, units: int, encoding: Encoding) -> bytes:
    order: Literal["big", "little"] = "little" if field.native and encoding.order == "little" else "big"
    try:
        return units.to_bytes(field.length, order, signed=field.signed)
    except OverflowError:
        raise DoesNotFit(f"{field.name}: {units} does not fit {field.length} bytes") from None


def _zoned(field: Field, units: int, encoding: Encoding) -> bytes:
    digits = f"{abs(units):0{field.digits}d}"
    if field.sign.endswith("separate"):
        sign = field.signs[units < 0]
        return (sign + digits if field.sign.startswith("leading") else digits + sign).encode(encoding.name)
    if not field.signed:
        return digits.encode(encoding.name)
    at = 0 if field.sign == "leading" else len(digits) - 1
    raw = bytearray(digits.encode(encoding.name))
    raw[at] = _signed_digit(int(digits[at]), encoding, negative=units < 0)
    return bytes(raw)


def _signed_digit(digit: int, encoding: Encoding, *, negative: bool) -> int:
    if encoding.ebcdic:
        return (0xD0 if negative else 0xC0) + digit
    return (b"}JKLMNOPQR" if negative else b"{ABCDEFGHI")[digit]
