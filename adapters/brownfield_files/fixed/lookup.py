"""Columns without a loop over digits: packed decimals looked up two bytes at a time, and sums taken byte by byte.

A table holds the value of each of the 65 536 words of two bytes, or None where a nibble is no digit, on which
arithmetic stumbles: `TypeError`, a doubt. See `compiled`.
"""

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field
from brownfield_files.record.decode import overpunch

_PROBE = 64
Words = tuple[int | None, ...]


def few(read: Callable[[bytes], Any], records: Sequence[bytes], start: int, end: int) -> list[Any] | None:
    """The column of a field that takes few values: each is read once, by the plain decoder. None where it takes many.

    Raises:
        Broken: One of the values means nothing.
    """
    if len({record[start:end] for record in records[:_PROBE]}) * 4 > min(_PROBE, len(records)):
        return None
    pieces = [record[start:end] for record in records]
    distinct = set(pieces)
    if len(distinct) * 4 > len(pieces):
        return None
    known = {piece: read(piece) for piece in distinct}
    return list(map(known.__getitem__, pieces))


@cache
def packed_words(nibbles: str, *, signed: bool = False) -> Words:
    """The value of each word whose nibbles are `d` for a digit, `0` for a zero, `s` for a sign (which counts nothing).

    Args:
        nibbles: Two, for a byte, or four.
        signed: Whether D is a sign; C and F always are.
    """
    byte = {kinds: _packed_bytes(kinds, signed=signed) for kinds in (nibbles[:2], nibbles[2:]) if kinds}
    low = byte[nibbles[-2:]]
    if len(nibbles) == 2:
        return low
    base = 10 if nibbles[3] == "s" else 100
    return tuple(
        None if left is None or right is None else left * base + right for left in byte[nibbles[:2]] for right in low
    )


def _packed_bytes(kinds: str, *, signed: bool) -> Words:
    """The value of each byte with such nibbles."""
    allowed = {"d": range(10), "0": range(1), "s": (0xC, 0xF, 0xD) if signed else (0xC, 0xF)}
    first, second = (allowed[kind] for kind in kinds)
    base, counts = (1, 0) if kinds[1] == "s" else (10, 1)
    return tuple(
        (byte >> 4) * base + (byte & 0xF) * counts if byte >> 4 in first and byte & 0xF in second else None
        for byte in range(256)
    )


@cache
def packed_signs(width: int) -> Words:
    """1 or -1 for each word by its last nibble."""
    return tuple(-1 if word & 0xF == 0xD else 1 for word in range(16**width))


def packed_column(field: Field, stride: int) -> tuple[str, dict[str, Any]]:
    """An expression for the units of a packed field in `joined`, and the names that it uses.

    The last word gives its digits and the sign; the words before it are moved to the left.
    """
    nibbles = "d" * (2 * field.length - 1) + "s"
    if field.digits % 2 == 0:
        nibbles = "0" + nibbles[1:]
    head = 2 * (field.length % 2)
    words = [nibbles[:head]] * bool(head) + [nibbles[at : at + 4] for at in range(head, len(nibbles), 4)]
    codes = "".join("B" if len(word) == 2 else "H" for word in words)
    unpack = struct.Struct(f">{field.offset}x{codes}{stride - field.offset - field.length}x").iter_unpack
    names: dict[str, Any] = {"unpack": unpack, "sign": packed_signs(len(words[-1]))}
    value, last = "", len(words) - 1
    for index, word in enumerate(words):
        names[f"t{index}"] = packed_words(word, signed=field.signed and index == last)
        digits = len(word) - (index == last)
        value = f"({value} * {10**digits} + {{t{index}}}[w{index}])" if value else f"{{t{index}}}[w{index}]"
    value = f"{value} * {{sign}}[w{last}]" if field.signed else f"{value} + 0"  # arithmetic, so that None stumbles
    return f"[{value} for {' '.join(f'w{index},' for index in range(len(words)))} in {{unpack}}(joined)]", names


_NONE = 0xFF
_PAIRS = bytes((byte >> 4) * 10 + (byte & 15) if byte >> 4 < 10 and byte & 15 < 10 else _NONE for byte in range(256))
_LASTS = bytes(byte >> 4 if byte >> 4 < 10 and byte & 15 in {0xC, 0xF} else _NONE for byte in range(256))

Add = Callable[[bytes], int | None]
"""A function from records end to end to the sum of a field; None where a value is negative, or means nothing."""


def packed_sum(field: Field, stride: int) -> Add:
    """All first bytes of a packed field are summed, all second bytes, and so on, each counting 100 times the next."""
    least = [_PAIRS] * (field.length - 1) + [_LASTS]
    if field.digits % 2 == 0:
        least[0] = bytes(value if byte < 0x10 else _NONE for byte, value in enumerate(least[0]))
    return _column_sum(field.offset, stride, least, [100] * (field.length - 1) + [10])


def zoned_sum(field: Field, stride: int, encoding: Encoding) -> Add:
    """The same for a zoned field whose sign, if any, stands in its last byte."""
    zero = 0xF0 if encoding.ebcdic else 0x30
    digits = bytes(byte - zero if zero <= byte < zero + 10 else _NONE for byte in range(256))
    signs = overpunch(encoding, signed=field.signed)
    lasts = bytes(_NONE if negative or digit < 0 else digit for digit, negative in signs)
    return _column_sum(field.offset, stride, [digits] * (field.length - 1) + [lasts], [10] * field.length)


def _column_sum(start: int, stride: int, values: list[bytes], bases: list[int]) -> Add:
    """The sum over the bytes from `start` on: what each byte means, and by how much those before it count more."""

    def add(joined: bytes) -> int | None:
        total = 0
        for at, (value, base) in enumerate(zip(values, bases, strict=True), start):
            column = joined[at::stride].translate(value)
            if _NONE in column:
                return None
            total = total * base + sum(column)
        return total

    return add
