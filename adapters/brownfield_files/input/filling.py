"""What stands in the fields that no write fills: what tells the record type, numbers, dates, constants, totals."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from brownfield_files.input.setting import Constant, Filling
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, Part, RecordType, Term, Total, snake
from brownfield_files.record.decode import INT_DIGITS, render
from brownfield_files.record.encode import DoesNotFit

_DAYS = {6: "%y%m%d", 8: "%Y%m%d", 10: "%Y-%m-%d"}
"""How a date is written into a field of so many characters, where the layout does not say."""


class Facts(NamedTuple):
    """What a field may be filled with."""

    sequence: int
    date: date
    record: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One record type: which of its fields are filled, and with what.

    Attributes:
        record: The type.
        words: Field and what stands in it.
    """

    record: RecordType
    words: Mapping[str, Filling]

    @property
    def asked(self) -> tuple[Part, ...]:
        """The parts that a write has to give."""
        return tuple(part for part in self.record.parts if part.name not in self.words)

    def filled(self, facts: Facts) -> dict[str, Any]:
        """The values of the fields that are filled.

        Raises:
            DoesNotFit: One has more digits than its field.
        """
        return {name: _value(self.record, name, word, facts) for name, word in self.words.items()}


def make_plans(layout: Layout, fill: Mapping[str, Mapping[str, Filling]], file: str) -> dict[str, Plan]:
    """The plan of each record type, in the layout's order.

    Raises:
        LayoutError: A filling names nothing, nothing fills a field of the header or trailer, or the layout is of a
            kind that is read only.
    """
    known = [record.name for record in layout.records]
    for name in fill:
        if name not in known:
            raise LayoutError(file, 0, f"fill.{name}: there is no record type {name}{_meant(name, known)}")
    within = next((total.name for total in layout.totals if total.by), "")
    if within:
        raise LayoutError(file, 0, f"totals: {within} is stated within the file: such a file is not written")
    plans = {record.name: _plan(record, fill.get(record.name, {}), file) for record in layout.records}
    for plan in plans.values():
        _check_whole(plan, layout, file)
    return plans


def totals_of(layout: Layout, records: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What the trailer states of these records, each a type and its fields; the trailer itself is the last of them.

    Raises:
        DoesNotFit: A total has more digits than its field.
    """
    trailer = layout.at("last")
    fields = {total.stated: trailer.field(total.stated) for total in layout.totals} if trailer else {}
    return {total.stated: normal(field, _total(total, field, records))
            for total in layout.totals if (field := fields[total.stated]) is not None}  # fmt: skip


def normal(field: Field, value: Fraction) -> int | str:
    """A number in the form in which the field's decoder gives it.

    Raises:
        DoesNotFit: The field does not hold it exactly.
    """
    units = value * Fraction(10) ** field.scale
    if units.denominator != 1 or abs(units) >= 10**field.digits:
        raise DoesNotFit(f"{field.name}: {value} does not fit {field.picture}")
    decimal = field.scale > 0 or field.digits - field.scale > INT_DIGITS
    return render(int(units), field.scale) if decimal else int(value)


def _plan(record: RecordType, fill: Mapping[str, Filling], file: str) -> Plan:
    words: dict[str, Filling] = {
        snake(name): Constant(literal=values[0]) for name, values in record.when if len(values) == 1
    }
    names = [part.name for part in record.parts]
    for name, word in fill.items():
        field = record.field(snake(name))
        if field is None:
            raise LayoutError(file, 0, f"fill.{record.name}: it has no field {name}{_meant(snake(name), names)}")
        if word == "date" and field.date is None and _width(field) not in _DAYS:
            raise LayoutError(file, 0, f"fill.{record.name}.{name}: no date is written in {_width(field)} characters")
        words[field.name] = word
    if record.parent:
        raise LayoutError(file, 0, f"records.{record.name} belongs to {record.parent}: such a file is not written")
    return Plan(record, words)


def _check_whole(plan: Plan, layout: Layout, file: str) -> None:
    """A header or trailer must be filled to the last field: nobody is asked for it."""
    record, stated = plan.record, {total.stated for total in layout.totals}
    if record.place == "body":
        return
    if record.place == "fill":
        raise LayoutError(file, 0, f"records.{record.name} fills a file up: such a file is not written")
    for part in plan.asked:
        if record.place == "first" or part.name not in stated:
            step = f'say fill.{record.name} = {{ {part.name} = "sequence", or a constant: {{ literal = … }} }}'
            raise LayoutError(file, 0, f"records.{record.name}: nothing fills {part.name}: {step}")


def _value(record: RecordType, name: str, word: Filling, facts: Facts) -> Any:
    field = record.field(name)
    if field is None or isinstance(word, Constant):
        return word.literal if isinstance(word, Constant) else None
    if word == "date":
        return _day(field, facts.date)
    number = facts.sequence if word == "sequence" else facts.record
    return str(number).zfill(field.length) if field.kind == "text" else normal(field, Fraction(number))


def _day(field: Field, day: date) -> Any:
    if field.date is not None:
        return day.isoformat()
    digits = day.strftime(_DAYS[_width(field)])
    return digits if field.kind == "text" else normal(field, Fraction(digits))


def _width(field: Field) -> int:
    return field.length if field.kind == "text" else field.digits


def _total(total: Total, field: Field, records: Sequence[tuple[str, Mapping[str, Any]]]) -> Fraction:
    found = Fraction(0)
    for kind, fields in records:
        for term in (term for term in total.terms if term.kind == kind and _taken(term, fields)):
            found += term.factor * Fraction(str(fields[term.sums]) if term.sums else 1)
    if total.counts:
        return Fraction(ceil(found / total.per))
    return abs(found) % 10 ** (field.digits - field.scale) if total.wraps else found


def _taken(term: Term, fields: Mapping[str, Any]) -> bool:
    return all(fields[name] in values for name, values in term.where)


def _meant(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; is {near[0]} meant?" if near else f"; it has {', '.join(known)}"
