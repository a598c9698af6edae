"""A sieve: what it lets through means something, and what it holds back is in doubt.

Nearly every record of nearly every file is right, and that is seen byte by byte, without making anything of them: in
each place of a record some bytes may stand. Where these follow each other (the digits, the printed characters), all
records are held against the least and the greatest at once, and so are pairs of digits; elsewhere (signs) a table is
asked. It never judges: a byte that stands in its place may still be wrong beside the others, as in a date, so a
record type with such a field has no sieve.
"""

from collections.abc import Iterable
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brownfield_files.fixed.plane import STRANGE, Planes, plain_table
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field
from brownfield_files.record.decode import overpunch

_Allowed = NDArray[np.bool_]
_AT_ONCE = 1 << 17
"""Bytes looked at in one go: as many as stay in the processor's cache."""


class Sieve:
    """What may stand in each place of a record.

    Args:
        places: For each byte, which of the 256 may stand there.
    """

    def __init__(self, places: list[_Allowed]) -> None:
        ranges = [_range(allowed) for allowed in places]
        self._low = np.array([low for low, _ in ranges], np.uint8)
        self._span = np.array([high - low for low, high in ranges], np.uint8)
        left = [at for at, allowed in enumerate(places) if ranges[at] == _ALL and not allowed.all()]
        pairs = [at for at in left if (places[at] == _PAIRS).all()]
        self._nibble = np.zeros(len(places), np.uint8)
        self._low[pairs], self._span[pairs], self._nibble[pairs] = 0, 0x99, 0x0F
        self._asked = [(at, np.flatnonzero(places[at]).astype(np.uint8).tobytes()) for at in left if at not in pairs]
        self._laid_out = cache(self._lay_out)

    def __call__(self, records: Planes) -> bool:
        """Whether all of these records are let through; what they have beyond the places is not looked at."""
        asked = ((records[:, at].tobytes(), allowed) for at, allowed in self._asked)
        return self._within(records) and not any(found.translate(None, allowed) for found, allowed in asked)

    def _within(self, records: Planes) -> bool:
        """One record after the other as one row of bytes: numpy is at its best there."""
        low, span, nibble = self._laid_out(records.shape[1])
        every, space, over = records.reshape(-1), np.empty(len(low), np.uint8), np.empty(len(low), np.bool_)
        for at in range(0, len(every), len(low)):
            some = every[at : at + len(low)]
            those = slice(len(some))
            np.subtract(some, low[those], space[those])
            if np.greater(space[those], span[those], over[those]).any():
                return False
            if nibble is None:
                continue
            np.bitwise_and(some, nibble[those], space[those])
            if np.greater(space[those], 9, over[those]).any():
                return False
        return True

    def _lay_out(self, width: int) -> tuple[Planes, Planes, Planes | None]:
        """What is asked of the places of some records of so many bytes that follow each other."""
        rows = max(1, _AT_ONCE // width)
        beyond = width - len(self._low)
        low, span, nibble = (np.tile(np.pad(one, (0, beyond), constant_values=fill), rows)
                             for one, fill in ((self._low, 0), (self._span, 0xFF), (self._nibble, 0)))  # fmt: skip
        return low, span, nibble if nibble.any() else None


_ALL = (0, 255)


def _range(allowed: _Allowed) -> tuple[int, int]:
    """The least and the greatest byte of the longest run; all bytes where it leaves out much."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], allowed, [False]))))
    runs = list(zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True))
    low, high = max(runs, key=lambda run: run[1] - run[0])
    return (low, high) if high - low + 1 > 0.9 * allowed.sum() else _ALL


def compile_sieve(fields: list[Field], least: int, encoding: Encoding) -> Sieve | None:
    """The sieve for records of `least` bytes with these fields; None where one of them cannot be told byte by byte."""
    places = [np.ones(256, np.bool_) for _ in range(least)]
    for field in fields:
        told = _places(field, encoding)
        if told is None:
            return None
        for at, allowed in enumerate(told, field.offset):
            places[at] &= allowed
    return Sieve(places) if all(allowed.any() for allowed in places) else None


def _places(field: Field, encoding: Encoding) -> list[_Allowed] | None:
    """What may stand in each byte of a field; None where that does not tell it."""
    if field.date is not None or field.codec:
        return None
    if field.kind == "text":
        printed = (byte for byte, plain in enumerate(plain_table(encoding)) if plain not in {0, STRANGE})
        return [_bytes(printed)] * field.length
    if field.kind == "packed":
        return _packed(field)
    return _zoned(field, encoding) if field.kind == "zoned" else None


def _packed(field: Field) -> list[_Allowed]:
    digits = range(10)
    signs = (0xC, 0xD, 0xF) if field.signed else (0xC, 0xF)
    inner, last = _nibbles(digits, digits), _nibbles(digits, signs)
    places = [inner] * (field.length - 1) + [last]
    if field.digits % 2 == 0:
        places[0] = places[0] & _nibbles((0,), range(16))
    return places


def _zoned(field: Field, encoding: Encoding) -> list[_Allowed]:
    zero = 0xF0 if encoding.ebcdic else 0x30
    places = [_bytes(range(zero, zero + 10))] * field.length
    at = 0 if field.sign.startswith("leading") else field.length - 1
    if field.sign.endswith("separate"):
        places[at] = _bytes(field.signs.encode(encoding.name))
    else:
        table = overpunch(encoding, signed=field.signed)
        places[at] = _bytes(byte for byte, (digit, _) in enumerate(table) if digit >= 0)
    if field.point:
        places[-field.scale - 1] = _bytes(".".encode(encoding.name))
    return places


def _nibbles(high: Iterable[int], low: Iterable[int]) -> _Allowed:
    return _bytes(16 * one + other for one, other in product(high, low))


def _bytes(those: Iterable[int]) -> _Allowed:
    allowed = np.zeros(256, np.bool_)
    allowed[list(those)] = True
    return allowed


_PAIRS = _nibbles(range(10), range(10))
"""Two digits in each."""
