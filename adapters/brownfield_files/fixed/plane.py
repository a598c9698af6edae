"""Fields of many records at once: plane `i` of a field is its byte `i` in every record, side by side.

A batch of records is laid on its side, so that numpy goes along a plane: one operation on a plane is one on a byte of
ten thousand records. Nothing is computed that need not be: a digit stays a digit, from the nibble to the JSON text, so
a number may have any number of them.

A function made here gives the planes of a field's JSON text, with `PAD` (a zero byte, which no JSON text has) where a
record's text is shorter than others', and says which records mean nothing in it. It never says why: the plain decoder
is asked for these, see `row`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field
from brownfield_files.record.decode import INT_DIGITS, Broken, overpunch, part_reader

PAD = 0
Planes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]

_SPACE, _TILDE, _WIDE, STRANGE = 0x20, 0x7E, 0x80, 0xFF
_ZERO, _MINUS, _POINT = b"0-."
_QUOTE = b'"'
_LONGEST_BINARY = 8
_FEW = 4


class Cells(NamedTuple):
    """The planes of a field's text, and the records in which it means nothing (None for none)."""

    planes: Planes
    bad: Mask | None


class Digits(NamedTuple):
    """A number of every record: a plane of values 0 to 9 for each digit, which are negative, which mean nothing."""

    planes: Planes
    negative: Mask | None
    bad: Mask | None


class Slab:
    """Records on their side.

    Args:
        records: One row of bytes for each, all of one length.
        encoding: Theirs.
    """

    def __init__(self, records: Planes, encoding: Encoding) -> None:
        self.count = len(records)
        self.raw: Planes = np.ascontiguousarray(records.T)
        self._encoding = encoding

    def text(self, where: slice) -> Planes:
        """Some of the bytes, each as the ASCII character that it stands for, see `plain_table`."""
        raw = self.raw[where]
        if _plain(raw, _others(self._encoding)):
            return raw
        return np.frombuffer(raw.tobytes().translate(plain_table(self._encoding)), np.uint8).reshape(raw.shape)


def _plain(raw: Planes, others: bytes | None) -> bool:
    """Whether all of these are ASCII from blank to tilde, and none of `others`."""
    if others is None or raw.min(initial=_TILDE) < _SPACE or raw.max(initial=_SPACE) > _TILDE:
        return False
    return not any((raw == other).any() for other in others)


Show: TypeAlias = Callable[[Slab], Cells]
Count: TypeAlias = Callable[[Slab], Digits]


def show_text(field: Field, encoding: Encoding) -> Show:
    """A text field as it stands between the quotes, without the blanks and NULs on its right."""
    where = slice(field.offset, field.offset + field.length)
    escaped = _wide_table(encoding)

    def show(slab: Slab) -> Cells:
        text = slab.text(where)
        planes, highest = _trimmed(text), int(text.max(initial=0))
        bad = _nul_inside(planes) if not text.min(initial=_SPACE) else None
        if highest == STRANGE:
            bad = _either(bad, (text == STRANGE).any(axis=0))
        if highest >= _WIDE:
            planes = _widened(planes, slab.raw[where], escaped)
        return Cells(planes, bad)

    return show


def show_number(field: Field, encoding: Encoding) -> Show:
    """A number, without the quotes that it may have."""
    count, scale = count_digits(field, encoding), field.scale

    def show(slab: Slab) -> Cells:
        digits = count(slab)
        return Cells(_number(digits, scale), digits.bad)

    return show


def show_plainly(field: Field, encoding: Encoding) -> Show:
    """The same by the plain decoder, each value once: for what is rare."""
    read, where = part_reader(field, encoding), slice(field.offset, field.offset + field.length)

    def show(slab: Slab) -> Cells:
        pieces = np.ascontiguousarray(slab.raw[where].T).view(f"V{field.length}").reshape(-1).tolist()
        known = {piece: _shown(read, piece) for piece in set(pieces)}
        texts = np.array([known[piece] or b"0" for piece in pieces])
        planes = np.ascontiguousarray(texts.view(np.uint8).reshape(slab.count, -1).T)
        bad = np.array([not known[piece] for piece in pieces])
        return Cells(planes, bad if bad.any() else None)

    return show


def _shown(read: Callable[[bytes], Any], piece: bytes) -> bytes:
    """The JSON text of a value, empty where the bytes mean nothing."""
    try:
        return orjson.dumps(read(piece))
    except Broken:
        return b""


def show_field(field: Field, encoding: Encoding) -> list[bytes | Show]:
    """A field's JSON text; a number that is no integer, or has too many digits for one, is a string."""
    if field.date is None and field.kind == "text" and not field.codec:
        return [_QUOTE, show_text(field, encoding), _QUOTE]
    if field.date is not None or not countable(field):
        return [show_plainly(field, encoding)]
    number = show_number(field, encoding)
    return [_QUOTE, number, _QUOTE] if field.scale > 0 or field.digits - field.scale > INT_DIGITS else [number]


def countable(field: Field) -> bool:
    """Whether `count_digits` can take the field."""
    return field.exact and (field.kind != "binary" or field.length <= _LONGEST_BINARY)


def count_digits(field: Field, encoding: Encoding) -> Count:
    """The digits of a numeric field."""
    if field.kind == "packed":
        return _packed(field)
    if field.kind == "binary":
        return _binary(field, encoding)
    return _blank_zero(field, encoding, _zoned(field, encoding)) if field.blank_zero else _zoned(field, encoding)


def total(digits: Digits) -> int:
    """The sum of the numbers, exact."""
    whole = _summed(digits.planes)
    return whole if digits.negative is None else whole - 2 * _summed(digits.planes[:, digits.negative])


def _summed(planes: Planes) -> int:
    whole = 0
    for column in planes.sum(axis=1, dtype=np.uint32).tolist():  # nine times four hundred million fits
        whole = whole * 10 + column
    return whole


def _packed(field: Field) -> Count:
    """Two digits per byte, the sign in the last nibble; the front nibble of an even number of digits is zero."""
    where, spare = slice(field.offset, field.offset + field.length), field.digits % 2 == 0

    def count(slab: Slab) -> Digits:
        raw = slab.raw[where]
        planes = np.empty((2 * field.length, slab.count), np.uint8)
        np.right_shift(raw, 4, out=planes[0::2])
        np.bitwise_and(raw, 15, out=planes[1::2])
        digits, sign = planes[:-1], planes[-1]
        negative = sign == 0xD if field.signed else np.zeros(slab.count, np.bool_)
        bad = ~((sign == 0xC) | (sign == 0xF) | negative) | _no_digit(digits)
        if spare:
            bad |= digits[0] != 0
        return Digits(digits[spare:], _some(negative), _some(bad))

    return count


def _zoned(field: Field, encoding: Encoding) -> Count:
    """One digit per byte; the sign in a byte of its own, or in the zone of the first or the last."""
    separate = field.sign.endswith("separate")
    sign_at = field.offset if field.sign.startswith("leading") else field.offset + field.length - 1
    point_at = field.offset + field.length - field.scale - 1 if field.point else -1
    places = [at for at in range(field.offset, field.offset + field.length)
              if at != point_at and not (separate and at == sign_at)]  # fmt: skip
    zero, (point,) = 0xF0 if encoding.ebcdic else 0x30, ".".encode(encoding.name)
    read_sign = _separate_sign(field, encoding) if separate else _overpunched(encoding, signed=field.signed)

    def count(slab: Slab) -> Digits:
        planes = slab.raw[places] - np.uint8(zero)
        sign = slab.raw[sign_at]
        value, negative, bad = read_sign(sign)
        if value is not None:
            planes[places.index(sign_at)] = value
        bad = _either(bad, _some(_no_digit(planes)))
        if point_at >= 0:
            bad = _either(bad, _some(slab.raw[point_at] != point))
        return Digits(planes, negative, bad)

    return count


_Sign: TypeAlias = tuple[Planes | None, Mask | None, Mask | None]


def _separate_sign(field: Field, encoding: Encoding) -> Callable[[Planes], _Sign]:
    plus, minus = field.signs.encode(encoding.name)

    def read(sign: Planes) -> _Sign:
        negative = sign == minus
        return None, _some(negative), _some(~(negative | (sign == plus)))

    return read


def _overpunched(encoding: Encoding, *, signed: bool) -> Callable[[Planes], _Sign]:
    table = overpunch(encoding, signed=signed)
    values = np.array([digit & 0xFF for digit, _ in table], np.uint8)
    negatives = np.array([negative for _, negative in table], np.bool_)

    def read(sign: Planes) -> _Sign:
        return values[sign], _some(negatives[sign]) if signed else None, None

    return read


def _blank_zero(field: Field, encoding: Encoding, count: Count) -> Count:
    """All blanks are a zero."""
    where, (space,) = slice(field.offset, field.offset + field.length), encoding.space

    def counted(slab: Slab) -> Digits:
        planes, negative, bad = count(slab)
        blank: Mask = (slab.raw[where] == space).all(axis=0)
        bad = None if bad is None else _some(bad & ~blank)
        return Digits(planes * ~blank, negative, bad)

    return counted


def _binary(field: Field, encoding: Encoding) -> Count:
    """Two's complement. COMP holds no more digits than its picture says; COMP-5 is in the machine's order."""
    where = slice(field.offset, field.offset + field.length)
    little, unused = field.native and encoding.order == "little", 64 - 8 * field.length
    digits = len(str((1 << 8 * field.length) - 1)) if field.native else field.digits

    def count(slab: Slab) -> Digits:
        units = np.zeros(slab.count, np.uint64)
        for plane in slab.raw[where][:: -1 if little else 1]:
            units = (units << np.uint64(8)) | plane
        signed = (units << np.uint64(unused)).view(np.int64) >> np.int64(unused)
        negative = _some(signed < 0) if field.signed else None
        if negative is not None:
            units = np.where(negative, -signed, signed).view(np.uint64)
        planes, rest = _decimal(units, digits)
        return Digits(planes, negative, _some(rest != 0))

    return count


def _decimal(units: NDArray[np.uint64], digits: int) -> tuple[Planes, NDArray[np.uint64]]:
    """The last digits of unsigned numbers, and what is left in front of them."""
    planes = np.empty((digits, len(units)), np.uint8)
    for plane in planes[::-1]:
        left = units // np.uint64(10)
        plane[:] = units - left * np.uint64(10)
        units = left
    return planes, units


def _number(digits: Digits, scale: int) -> Planes:
    """A number as characters: no zero in front but one before the point, all decimals, no negative zero."""
    values = digits.planes
    whole, fraction = (values[:-scale], values[-scale:]) if scale > 0 else (values, values[:0])
    blocks = [_leading_cut(whole)] if len(whole) else [_constant(_ZERO, 1, values)]
    if scale > 0:
        zeros = scale - len(fraction)
        blocks += [_constant(_POINT, 1, values), _constant(_ZERO, zeros, values), fraction + np.uint8(_ZERO)]
    if scale < 0:
        blocks.append(_constant(_ZERO, -scale, values) * values.any(axis=0))
    if digits.negative is not None:
        minus = (digits.negative & values.any(axis=0)) * np.uint8(_MINUS)
        blocks.insert(0, minus[np.newaxis])
    return np.concatenate(blocks)


def _leading_cut(values: Planes) -> Planes:
    planes = values + np.uint8(_ZERO)
    leading = np.ones(values.shape[1], np.bool_)
    for value, plane in zip(values[:-1], planes, strict=False):
        leading &= value == 0
        if not leading.any():
            break
        np.multiply(plane, ~leading, out=plane)
    return planes


def _trimmed(text: Planes) -> Planes:
    """Text with PAD for the blanks and NULs on its right."""
    planes = text.copy()
    tail = np.ones(text.shape[1], np.bool_)
    for plane in planes[::-1]:
        tail &= plane & ~np.uint8(_SPACE) == 0
        if not tail.any():
            break
        np.multiply(plane, ~tail, out=plane)
    return planes


def _nul_inside(trimmed: Planes) -> Mask | None:
    """Records whose text, trimmed, is interrupted by a PAD, which was a NUL."""
    used = trimmed != PAD
    goes_on = np.logical_or.accumulate(used[::-1])[::-1]
    found: Mask = (goes_on & ~used).any(axis=0)
    return _some(found)


def _widened(planes: Planes, raw: Planes, table: Planes) -> Planes:
    """The characters of trimmed text that take more than one byte, written out."""
    width = int(np.count_nonzero(table[np.unique(raw)], axis=1).max())
    wide = table[:, :width][raw] * (planes != PAD)[..., np.newaxis]  # bytes of the field, records, bytes of a character
    spread: Planes = np.ascontiguousarray(wide.transpose(0, 2, 1)).reshape(-1, planes.shape[1])
    return spread


def _constant(byte: int, times: int, like: Planes) -> Planes:
    return np.full((times, like.shape[1]), byte, np.uint8)


def _no_digit(planes: Planes) -> Mask:
    highest: Planes = planes.max(axis=0, initial=0)
    return highest > 9


def _some(mask: Mask) -> Mask | None:
    return mask if mask.any() else None


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return one if other is None else other
    return one | other


@cache
def plain_table(encoding: Encoding) -> bytes:
    """What each byte stands for: an ASCII character that JSON takes as it is, NUL, `_WIDE`, or `STRANGE` for none."""
    return bytes(_plain_byte(bytes([byte]), encoding) for byte in range(256))


def _plain_byte(byte: bytes, encoding: Encoding) -> int:
    character = byte.decode(encoding.name, "replace")
    if character == "\ufffd" or (encoding.ebcdic and character == "\x0e"):
        return STRANGE
    written = orjson.dumps(character)[1:-1]
    return ord(character) if character == "\0" or (len(written) == 1 and character.isascii()) else _WIDE


@cache
def _others(encoding: Encoding) -> bytes | None:
    """The bytes from blank to tilde that stand for others than themselves; None where these are many."""
    table = plain_table(encoding)
    others = bytes(byte for byte in range(_SPACE, _TILDE + 1) if table[byte] != byte)
    return others if len(others) <= _FEW else None


@cache
def _wide_table(encoding: Encoding) -> Planes:
    """The JSON text of each byte, filled up with PAD."""
    texts = [orjson.dumps(bytes([byte]).decode(encoding.name, "replace"))[1:-1] for byte in range(256)]
    return np.array(texts).view(np.uint8).reshape(256, -1)
