"""The inverse of `decode`: plain JSON values to one record's bytes. What does not fit is refused, never cut or rounded.

Signs are written as C and D (F when the picture has no S). In ASCII a signed digit is written as the translated EBCDIC
overpunch (`{`, `A` to `I`, `}`, `J` to `R`), which every COBOL reads with a switch at most.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from plain.encoding import Encoding
from plain.layout import Field, Part, RecordType

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class DoesNotFit(ValueError):
    """A value that the field cannot hold exactly; the message names the field."""


def encode_record(
    record: RecordType, fields: Mapping[str, Any], encoding: Encoding, length: int | None = None
) -> bytes:
    """One record's bytes. FILLER, and what the record is shorter than `length`, are blanks.

    Raises:
        DoesNotFit: A value does not fit its field.
        KeyError: A field is missing.
    """
    image = bytearray(encoding.space * (length or record.length))
    _write(image, 0, record.parts, fields, encoding)
    return bytes(image)


def encode_field(field: Field, value: Any, encoding: Encoding) -> bytes:
    """One field's bytes.

    Raises:
        DoesNotFit: The value does not fit.
    """
    if field.kind == "text":
        return _text(field, value, encoding)
    units = _units(field, value)
    if field.kind == "packed":
        return _packed(field, units)
    if field.kind == "binary":
        return _binary(field, units, encoding)
    return _zoned(field, units, encoding)


def _write(
    image: bytearray, origin: int, parts: tuple[Part, ...], fields: Mapping[str, Any], encoding: Encoding
) -> None:
    for part in parts:
        start = origin + part.offset
        if isinstance(part, Field):
            image[start : start + part.length] = encode_field(part, fields[part.name], encoding)
            continue
        elements = fields[part.name]
        if len(elements) != part.count:
            raise DoesNotFit(f"{part.name}: {len(elements)} elements where {part.count} stand")
        for index, element in enumerate(elements):
            inner = {part.parts[0].name: element} if part.plain else element
            _write(image, start + index * part.stride, part.parts, inner, encoding)


def _text(field: Field, value: Any, encoding: Encoding) -> bytes:
    if not isinstance(value, str) or "\0" in value:
        raise DoesNotFit(f"{field.name}: {value!r} is not text")
    try:
        raw = value.encode(encoding.name)
    except UnicodeEncodeError:
        raise DoesNotFit(f"{field.name}: {value!r} has a character that {encoding.name} has not") from None
    if len(raw) > field.length:
        raise DoesNotFit(f"{field.name}: {value!r} is longer than {field.length} bytes")
    return raw.ljust(field.length, encoding.space)


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
        sign = "-" if units < 0 else "+"
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
