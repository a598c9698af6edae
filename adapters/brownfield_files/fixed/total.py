"""Counts and sums over records, exact: what control totals are held against.

A damaged record is still a record, so a count counts it. A sum takes every record whose summed field can be read, even
where another field of it is damaged. What cannot be known is never passed in silence: see `Sums.bounds`.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple, Self

from brownfield_files.fixed.compiled import DOUBTS, compile_sum
from brownfield_files.fixed.engine import Engine
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType, Term, Total
from brownfield_files.record.decode import Broken, check_whole, number_reader, overpunch
from brownfield_files.record.encode import encode_field
from brownfield_files.record.frame import Batch

_FEW = 16
"""So few records are read one by one: to begin with columns costs more."""


@dataclass(frozen=True, slots=True)
class _Test:
    start: int
    end: int
    images: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class _Sum:
    field: Field
    read: Callable[[bytes], int]
    add: Callable[[Batch, Sequence[int]], int | None] | None


class Last(NamedTuple):
    """A record, and the field of it that is repeated."""

    number: int
    field: Field
    record: bytes


_NONE = Last(-1, Field("", 0, 0, "", "text"), b"")


@dataclass(frozen=True, slots=True)
class _Part:
    total: str
    factor: int
    tests: tuple[_Test, ...]
    sum: _Sum | None
    kept: Field | None = None

    def chosen(self, batch: Batch, indexes: Sequence[int]) -> Sequence[int]:
        """The records that the term takes."""
        for test in self.tests:
            records, start, end, images = batch.records, test.start, test.end, test.images
            indexes = [index for index in indexes if records[index][start:end] in images]
        return indexes


class Sums:
    """Running counts and sums.

    Args:
        totals: What is counted and summed.
        layout: The records'.
        encoding: The file's.
        engine: What sums in columns.
    """

    def __init__(self, totals: Sequence[Total], layout: Layout, encoding: Encoding, engine: Engine) -> None:
        self._encoding = encoding
        self._parts: dict[str, list[_Part]] = {}
        for total in totals:
            for term in total.terms:
                if term.where or term.sums:
                    part = _part(total, layout.record(term.kind), term, encoding, engine)
                    self._parts.setdefault(term.kind, []).append(part)
        parts = [part for several in self._parts.values() for part in several]
        self._room = {total.name: _room(part for part in parts if part.total == total.name) for total in totals}
        self._kinds: Counter[str] = Counter()
        self._found: Counter[str] = Counter()
        self._unreadable: Counter[str] = Counter()
        self._last: dict[str, Last] = {}

    def add(self, names: list[str], batch: Batch, start: int, end: int) -> None:
        """Take the records of a batch from `start` to before `end` into account; `names` are those of the batch."""
        if end - start < batch.count:
            names = names[start:end]
        if not names:
            return
        counted = {names[0]: len(names)} if names.count(names[0]) == len(names) else Counter(names)
        self._kinds.update(counted)
        indexes = range(start, end)
        for name in counted.keys() & self._parts.keys():
            chosen = indexes if counted[name] == len(names) else list(compress(indexes, map(name.__eq__, names)))
            for part in self._parts[name]:
                self._add(part, batch, part.chosen(batch, chosen))

    def fork(self) -> Self:
        """The same, to go on from separately."""
        other = copy(self)
        other._kinds, other._found = self._kinds.copy(), self._found.copy()
        other._unreadable, other._last = self._unreadable.copy(), self._last.copy()
        return other

    def clear(self) -> None:
        """Begin again."""
        self._kinds.clear()
        self._found.clear()
        self._unreadable.clear()
        self._last.clear()

    def last(self, total: Total) -> Last | None:
        """The last record that holds what a total repeats; None where that is not known."""
        return None if self._kinds[""] else self._last.get(total.name)

    def unreadable(self, total: Total) -> int:
        """In how many records what a total sums could not be read."""
        return self._unreadable[total.name]

    def found(self, total: Total) -> int:
        """What the records that can be read come to."""
        return -(-self._taken(total) // total.per) if total.counts else self._taken(total)

    def bounds(self, total: Total) -> tuple[int, int, bool]:
        """The least and the most that there may be, and whether these bounds are bounds at all.

        A record whose type cannot be told might or might not be counted. Where a summed field cannot be read, or a type
        cannot be told, a sum may be off by as much as the fields have room for; what wraps has no bounds then, nor has
        a part of the file, which such a record may begin or end.
        """
        unknown, found = self._kinds[""], self._taken(total)
        if total.counts:
            return self.found(total), -(-(found + unknown) // total.per), True
        unread = unknown + self._unreadable[total.name]
        if unread and (total.wraps or (total.by and unknown)):
            return found, found, False
        low, high = self._room[total.name]
        return found + unread * low, found + unread * high, True

    def _taken(self, total: Total) -> int:
        counted = (term.kind for term in total.terms if not term.where and term.sums is None)
        return self._found[total.name] + sum(self._kinds[kind] for kind in counted)

    def _add(self, part: _Part, batch: Batch, indexes: Sequence[int]) -> None:
        """All at once, or, where one of them is in doubt, one by one."""
        if part.kept is not None:
            self._keep(part, part.kept, batch, indexes)
        elif part.sum is None:
            self._found[part.total] += part.factor * len(indexes)
        elif len(indexes) <= _FEW:
            self._add_each(part, part.sum, (batch.records[index] for index in indexes))
        elif part.sum.add and (found := part.sum.add(batch, indexes)) is not None:
            self._found[part.total] += part.factor * found
        else:
            self._add_compiled(part, part.sum, batch, indexes)

    def _keep(self, part: _Part, field: Field, batch: Batch, indexes: Sequence[int]) -> None:
        if indexes and batch.number + indexes[-1] >= self._last.get(part.total, _NONE).number:
            record = batch.records[indexes[-1]]
            self._last[part.total] = Last(batch.number + indexes[-1], field, record)

    def _add_compiled(self, part: _Part, each: _Sum, batch: Batch, indexes: Sequence[int]) -> None:
        records = batch.records if len(indexes) == batch.count else [batch.records[index] for index in indexes]
        try:
            found = compile_sum(each.field, sys.maxsize, self._encoding)(records)
        except DOUBTS:
            self._add_each(part, each, records)
        else:
            self._found[part.total] += part.factor * found

    def _add_each(self, part: _Part, each: _Sum, records: Iterable[bytes]) -> None:
        start, length = each.field.offset, each.field.length
        for record in records:
            piece = record[start : start + length]
            try:
                check_whole(piece, length)
                self._found[part.total] += part.factor * each.read(piece)
            except Broken:
                self._unreadable[part.total] += 1


def _room(parts: Iterable[_Part]) -> tuple[int, int]:
    """The least and the most that one record may add, in units."""
    ranges = [sorted(part.factor * end for end in _ends(part.sum.field)) for part in parts if part.sum]
    return sum(min(0, low) for low, _ in ranges), sum(max(0, high) for _, high in ranges)


def _ends(field: Field) -> tuple[int, int]:
    """The least and the greatest value in units; a COMP-5 field holds whatever fits its bytes."""
    most = (1 << field.length * 8 - field.signed) - 1 if field.native else 10**field.digits - 1
    return (-most - field.native if field.signed else 0), most


def _part(total: Total, record: RecordType, term: Term, encoding: Encoding, engine: Engine) -> _Part:
    field, each = record.field(term.sums or ""), None
    if total.repeats:
        return _Part(total.name, 1, (), None, field)
    if field is not None:
        each = _Sum(field, number_reader(field, encoding), engine.compile_total(field, encoding))
    asked = [(told, values) for name, values in term.where if (told := record.field(name))]
    tests = tuple(
        _Test(told.offset, told.offset + told.length, frozenset(encode_field(told, one, encoding) for one in values))
        for told, values in asked
    )
    if field is not None and term.sign:
        tests += (_sign_test(field, term.sign, encoding),)
    return _Part(total.name, term.factor, tests, each)


def _sign_test(field: Field, sign: str, encoding: Encoding) -> _Test:
    """The byte that holds the sign. What is no sign is taken too, so that it is missed as unreadable."""
    at = field.offset if field.sign.startswith("leading") else field.offset + field.length - 1
    if field.sign.endswith("separate"):
        (other,) = field.signs["+-".index(sign) - 1].encode(encoding.name)
        others = {other}
    else:
        others = {
            byte
            for byte, (digit, less) in enumerate(overpunch(encoding, signed=True))
            if digit >= 0 and less == (sign == "+")
        }
    return _Test(at, at + 1, frozenset(bytes([byte]) for byte in range(256) if byte not in others))
