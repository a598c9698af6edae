"""A sieve: what it lets through means something, and what it holds back is in doubt.

Nearly every record of nearly every file is right, and that is seen byte by byte, without making anything of them: in
each place of a record some bytes may stand. Where these follow each other (the digits, the printed characters), all
records are held against the least and the greatest at once; elsewhere (the nibbles of packed decimals, signs) a table
is asked. It never judges: a byte that stands in its place may still be wrong beside the others, as in a date, so a
record type with such a field has no sieve.
"""

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brownfield_files.decode import overpunch
from brownfield_files.encoding import Encoding
from brownfield_files.layout import Field
from brownfield_files.plane import STRANGE, Planes, plain_table

_Allowed = NDArray[np.bool_]
_ROWS = 1000
"""Records looked at in one go: as many as stay in the processor's cache."""


class Sieve:
    """What may stand in each place of a record.

    Args:
        places: For each byte, which of the 256 may stand there.
    """

    def __init__(self, places: list[_Allowed]) -> None:
        ranges = [_range(allowed) for allowed in places]
        self._low = np.array([low for low, _ in ranges], np.uint8)
        self._span = np.array([high - low for low, high in ranges], np.uint8)
        self._asked = [(at, allowed) for at, allowed in enumerate(places) if ranges[at] == _ALL and not allowed.all()]

    def __call__(self, records: Planes) -> bool:
        """Whether all of these records are let through."""
        return all(self._lets(records[at : at + _ROWS]) for at in range(0, len(records), _ROWS))

    def _lets(self, records: Planes) -> bool:
        within = not ((records - self._low) > self._span).any()
        return within and all(bool(allowed[records[:, at]].all()) for at, allowed in self._asked)


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
