"""Control totals: what a record of the file states against what stands in the file, see `total`.

Where every record could be read, both must be equal to the last digit. Where a type could not be told, a count must lie
between both; where a sum cannot be known, it is `unverified`, and both figures are kept.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, Self, TypeAlias

from brownfield.contract import Fields, Rejected
from brownfield_files.fixed.engine import Engine
from brownfield_files.fixed.total import Last, Sums
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType, Total
from brownfield_files.record.decode import Broken, check_whole, number_reader, render, value_reader
from brownfield_files.record.frame import Batch

Reading: TypeAlias = Callable[[Field, Encoding], Callable[[bytes], Any]]
State: TypeAlias = Literal["verified", "unverified", "absent"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What was said of one total, and whether it could be held against the file.

    Attributes:
        stated: What the last record says; of a total that parts of the file state, how many of them there are.
        state: Whether it was found so, in each of them.
    """

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
        self._whole = tuple(total for total in layout.totals if not total.by)
        self._sums = Sums(self._whole, layout, encoding, engine)
        self._judged = _Judge(layout, encoding)
        within = sorted((total for total in layout.totals if total.by), key=_place)
        self._scopes = [_Scope(list(few), layout, encoding, engine) for _, few in groupby(within, _place)]

    def add(self, names: list[str], batch: Batch) -> None:
        """Take records into account; the name of one whose type cannot be told is empty.

        Raises:
            Rejected: A total within the file is not what is stated, or what states it is missing.
        """
        self._sums.add(names, batch, 0, batch.count)
        for scope in self._scopes:
            scope.add(names, batch)

    def fork(self) -> Self:
        """The same totals, to go on from separately."""
        other = copy(self)
        other._sums, other._scopes = self._sums.fork(), [scope.fork() for scope in self._scopes]
        return other

    def judge(self, trailer: bytes | None) -> dict[str, Statement]:
        """Hold the totals of the whole file against its trailer.

        Raises:
            Rejected: A total is not what the trailer states, or a part of the file has none.
        """
        found = {total.name: Statement(None, "absent") for total in self._whole}
        if trailer is not None and (last := self._layout.at("last")):
            found = {
                total.name: self._judged.judge(total, last, trailer, self._sums, "the trailer") for total in self._whole
            }
        for scope in self._scopes:
            found |= scope.end()
        return found

    def unjudged(self) -> dict[str, Statement]:
        """What is said while the file is not judged."""
        names = [*(total.name for total in self._whole), *(name for scope in self._scopes for name in scope.names)]
        return {name: Statement(None, "unverified") for name in names}

    def show(self, statements: dict[str, Statement]) -> Fields:
        """The totals so far beside what is stated, as plain JSON values; sums are strings."""
        shown = {total.name: self._show(total, statements[total.name]) for total in self._whole}
        for scope in self._scopes:
            shown |= {name: _shown(statements[name], scope.ended) for name in scope.names}
        return shown

    def _show(self, total: Total, statement: Statement) -> dict[str, Any]:
        if total.repeats:
            return _shown(statement, statement.stated)
        found = _shown(statement, self._judged.show(total, self._sums.found(total)))
        return found if total.counts or total.repeats else {**found, "unreadable": self._sums.unreadable(total)}


def _place(total: Total) -> tuple[str, str]:
    return total.since, total.by


def _shown(statement: Statement, found: int | str | None) -> dict[str, Any]:
    return {"stated": statement.stated, "state": statement.state, "found": found}


class _Judge:
    """Holds what a record states against what was found."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding

    def judge(self, total: Total, kind: RecordType, record: bytes, sums: Sums, where: str) -> Statement:
        """What the record states, and whether it is so.

        Raises:
            Rejected: It is not so, or what it states cannot be read.
        """
        field = kind.field(total.stated)
        assert field is not None  # noqa: S101 -- the layout was checked
        if total.repeats:
            return self._repeated(total, field, record, sums.last(total), where)
        units = self._read(field, record, where)
        least, most, exact = sums.bounds(total)
        scale = self._scale(total)
        common = max(field.scale, scale, 0)
        stated, shown = units * 10 ** (common - field.scale), self.show(total, units, field.scale)
        least, most = least * 10 ** (common - scale), most * 10 ** (common - scale)
        if total.wraps:
            least = most = abs(least) % 10 ** (field.digits + common - field.scale)
        if exact and not least <= stated <= most:
            low, high, _ = sums.bounds(total)
            found = self.show(total, low) if low == high else f"{self.show(total, low)} to {self.show(total, high)}"
            raise Rejected(
                f"{where} states {total.stated} = {shown}, and the {'part' if total.by else 'file'} holds {found}",
                code="totals",
                detail={"total": total.name, "stated": shown, "found": found},
            )
        return Statement(shown, "verified" if exact and least == most else "unverified")

    def show(self, total: Total, units: int, scale: int | None = None) -> int | str:
        """A figure as it is shown."""
        return units if total.counts else render(units, self._scale(total) if scale is None else scale)

    def _repeated(self, total: Total, field: Field, record: bytes, last: Last | None, where: str) -> Statement:
        if last is None:
            return Statement(None, "unverified")
        stated = self._read(field, record, where, value_reader)
        found = self._read(last.field, last.record, f"record {last.number}", value_reader)
        if stated != found:
            raise Rejected(
                f"{where} states {total.stated} = {stated}, and record {last.number} {last.field.name} = {found}",
                code="totals",
                detail={"total": total.name, "stated": stated, "found": found},
            )
        return Statement(stated, "verified")

    def _read(self, field: Field, record: bytes, where: str, reader: Reading = number_reader) -> Any:
        piece = record[field.offset : field.offset + field.length]
        try:
            check_whole(piece, field.length)
            return reader(field, self._encoding)(piece)
        except Broken as broken:
            reason = broken.inside(field.name, field.offset).sentence
            raise Rejected(f"{where}: {reason}", code="totals") from None

    def _scale(self, total: Total) -> int:
        term = total.terms[0]
        field = self._layout.record(term.kind).field(term.sums or "")
        return field.scale if field else 0


class _Scope:
    """A part of a file, from the record that begins it to the one that states its totals; such parts follow each other.

    Args:
        totals: What is stated, all of it since the same record type, and by the same.
        layout: The records'.
        encoding: The file's.
        engine: What sums in columns.

    Attributes:
        names: Of the totals.
        ended: How many parts have ended.
    """

    def __init__(self, totals: list[Total], layout: Layout, encoding: Encoding, engine: Engine) -> None:
        self.names = [total.name for total in totals]
        self.ended = 0
        self._totals = totals
        self._since, self._kind = totals[0].since, layout.record(totals[0].by)
        self._ends = frozenset({self._since, self._kind.name})
        self._optional = all(total.optional for total in totals)
        self._judge = _Judge(layout, encoding)
        self._sums = Sums(totals, layout, encoding, engine)
        self._begun: int | None = None
        self._unknown = False
        self._unverified: set[str] = set()

    def add(self, names: list[str], batch: Batch) -> None:
        """Take records into account.

        Raises:
            Rejected: A part does not hold what is stated, or is not stated, or what is stated was never begun.
        """
        at = 0
        if not self._ends.isdisjoint(names):
            for index in [index for index, name in enumerate(names) if name in self._ends]:
                self._take(names, batch, at, index)
                at = self._turn(names, batch, index)
        self._take(names, batch, at, batch.count)

    def end(self) -> dict[str, Statement]:
        """What the parts of the whole file stated.

        Raises:
            Rejected: The last part is not stated.
        """
        if self._must_be_stated():
            self._refuse_open("the file ends")
        known: dict[bool, State] = {True: "unverified", False: "verified"}
        return {name: Statement(self.ended, known[name in self._unverified]) for name in self.names}

    def fork(self) -> Self:
        """The same, to go on from separately."""
        other = copy(self)
        other._sums, other._unverified = self._sums.fork(), set(self._unverified)
        return other

    def _take(self, names: list[str], batch: Batch, start: int, end: int) -> None:
        """A record whose type cannot be told may be one that begins a part, or ends it."""
        self._unknown = self._unknown or "" in names[start:end]
        if self._begun is not None:
            self._sums.add(names, batch, start, end)

    def _turn(self, names: list[str], batch: Batch, index: int) -> int:
        """A record that begins a part is taken into account with what follows it, one that ends it is so here."""
        number = batch.number + index
        if names[index] == self._since:
            if self._must_be_stated():
                self._refuse_open(f"record {number} begins the next")
            self._begin(number)
            return index
        if self._begun is not None:
            self._sums.add(names, batch, index, index + 1)
            self._state(batch.records[index], number)
        elif not self._unknown:
            raise Rejected(f"record {number} ({self._kind.name}): no {self._since} stands before it", code="totals")
        self._begin(None)
        self.ended += 1
        return index + 1

    def _must_be_stated(self) -> bool:
        return self._begun is not None and not self._unknown and not self._optional

    def _begin(self, number: int | None) -> None:
        if self._begun is not None and number is not None and not self._optional:
            self._unverified.update(self.names)
        self._begun, self._unknown = number, False
        self._sums.clear()

    def _state(self, record: bytes, number: int) -> None:
        where = f"record {number} ({self._kind.name})"
        for total in self._totals:
            if self._judge.judge(total, self._kind, record, self._sums, where).state != "verified":
                self._unverified.add(total.name)

    def _refuse_open(self, where: str) -> None:
        begun = f"the part that begins at record {self._begun} ({self._since})"
        raise Rejected(f"{where}, and {begun} has no {self._kind.name}: it is cut short", code="trailer")
