"""Control totals: what the trailer states against what stands in the file.

A damaged record is still a record, so a count counts it. A sum takes every record whose summed field can be read, even
where another field of it is damaged. What cannot be known is never passed in silence:

* a record whose type cannot be told might or might not be counted: the count must lie between both;
* where a summed field cannot be read, or a type cannot be told, the sum is `unverified`, and both figures are kept.

Everything else must be equal to the last digit.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import compress
from typing import Any, Literal, Self, TypeAlias

from brownfield.contract import Fields, Rejected
from brownfield_files.compiled import DOUBTS, compile_sum
from brownfield_files.decode import Broken, check_whole, number_reader, render
from brownfield_files.encoding import Encoding
from brownfield_files.engine import Engine
from brownfield_files.frame import Batch
from brownfield_files.layout import Field, Layout, Total

State: TypeAlias = Literal["verified", "unverified", "absent"]


@dataclass(frozen=True, slots=True)
class _Sum:
    total: str
    field: Field
    read: Callable[[bytes], int]
    add: Callable[[Batch, Sequence[int]], int | None] | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a file's trailer said of one total, and whether it could be held against the file."""

    stated: int | str | None
    state: State


class Tally:
    """The running totals of a file's records, exact.

    Args:
        layout: What is counted and summed.
        encoding: The file's.
        engine: What sums in columns.
    """

    def __init__(self, layout: Layout, encoding: Encoding, engine: Engine) -> None:
        self._layout = layout
        self._encoding = encoding
        self._sums: dict[str, list[_Sum]] = {}
        for total in layout.totals:
            kind = layout.record(total.kinds[0])
            field = kind.field(total.sums) if total.sums else None
            if field is not None:
                one = _Sum(total.stated, field, number_reader(field, encoding), engine.compile_total(field, encoding))
                self._sums.setdefault(kind.name, []).append(one)
        self._kinds: Counter[str] = Counter()
        self._summed: Counter[str] = Counter()
        self._unreadable: Counter[str] = Counter()

    def add(self, names: list[str], batch: Batch) -> None:
        """Take records into account; the name of one whose type cannot be told is empty."""
        counted = {names[0]: len(names)} if names.count(names[0]) == len(names) else Counter(names)
        self._kinds.update(counted)
        for name in counted.keys() & self._sums.keys():
            indexes = range(batch.count)
            chosen = indexes if counted[name] == batch.count else list(compress(indexes, map(name.__eq__, names)))
            for each in self._sums[name]:
                self._add(each, batch, chosen)

    def _add(self, each: _Sum, batch: Batch, indexes: Sequence[int]) -> None:
        """All at once, or, where one of them is in doubt, one by one."""
        found = each.add(batch, indexes) if each.add else None
        if found is not None:
            self._summed[each.total] += found
            return
        records = batch.records if len(indexes) == batch.count else [batch.records[index] for index in indexes]
        try:
            self._summed[each.total] += compile_sum(each.field, sys.maxsize, self._encoding)(records)
        except DOUBTS:
            for record in records:
                self._add_one(each, record)

    def _add_one(self, each: _Sum, record: bytes) -> None:
        piece = record[each.field.offset : each.field.offset + each.field.length]
        try:
            check_whole(piece, each.field.length)
            self._summed[each.total] += each.read(piece)
        except Broken:
            self._unreadable[each.total] += 1

    def fork(self) -> Self:
        """The same totals, to go on from separately."""
        other = copy(self)
        other._kinds, other._summed = self._kinds.copy(), self._summed.copy()
        other._unreadable = self._unreadable.copy()
        return other

    def judge(self, trailer: bytes | None) -> dict[str, Statement]:
        """Hold the totals of the whole file against its trailer.

        Raises:
            Rejected: A total is not what the trailer states.
        """
        return {total.stated: self._judge(total, trailer) for total in self._layout.totals}

    def show(self, statements: dict[str, Statement]) -> Fields:
        """The totals so far beside what the trailer states, as plain JSON values; sums are strings."""
        return {total.stated: self._show(total, statements[total.stated]) for total in self._layout.totals}

    def _judge(self, total: Total, trailer: bytes | None) -> Statement:
        last = self._layout.at("last")
        field = last.field(total.stated) if last else None
        if trailer is None or field is None:
            return Statement(None, "absent")
        units = number_reader(field, self._encoding)(trailer[field.offset : field.offset + field.length])
        least, most, exact = self._found(total)
        scale = self._scale(total)
        common = max(field.scale, scale, 0)
        stated, shown = units * 10 ** (common - field.scale), _shown(total, units, field.scale)
        least, most = least * 10 ** (common - scale), most * 10 ** (common - scale)
        if total.wraps:
            least = most = abs(least) % 10 ** (field.digits + common - field.scale)
        if exact and not least <= stated <= most:
            found = _shown(total, self._found(total)[0], scale)
            raise Rejected(
                f"the trailer states {total.stated} = {shown}, and the file holds {found}",
                code="totals",
                detail={"total": total.stated, "stated": shown, "found": found},
            )
        return Statement(shown, "verified" if exact and least == most else "unverified")

    def _found(self, total: Total) -> tuple[int, int, bool]:
        """The least and the most that the file may hold, and whether these bounds are bounds at all."""
        unknown = self._kinds[""]
        if total.sums is None:
            counted = sum(self._kinds[kind] for kind in total.kinds)
            return counted, counted + unknown, True
        summed = self._summed[total.stated]
        return summed, summed, not (unknown or self._unreadable[total.stated])

    def _scale(self, total: Total) -> int:
        return next((each.field.scale for each in self._sums.get(total.kinds[0], ()) if each.total == total.stated), 0)

    def _show(self, total: Total, statement: Statement) -> dict[str, Any]:
        least, _, _ = self._found(total)
        shown: dict[str, Any] = {"stated": statement.stated, "state": statement.state}
        shown["found"] = _shown(total, least, self._scale(total))
        if total.sums is not None:
            shown["unreadable"] = self._unreadable[total.stated]
        return shown


def _shown(total: Total, units: int, scale: int) -> int | str:
    return units if total.sums is None else render(units, scale)
