"""What a person declares of a file beside its fields: its record types, how they are told apart, the totals.

It stands in `wrapper.toml` for a copybook, which has no words for it, and in the layout itself when that is TOML:

    records.header  = { of = "STOCK-HEADER", when = { REC-TYPE = "H" } }
    records.detail  = { of = "STOCK-DETAIL", when = { REC-TYPE = "D" } }
    records.trailer = { of = "STOCK-TRAILER", when = { REC-TYPE = "T" } }
    totals = [
      { trailer = "RECORD-COUNT", counts = "detail" },
      { trailer = "TOTAL-ON-HAND", sums = "detail.ON-HAND" },
    ]

A type named `header` stands first and one named `trailer` stands last, once, unless `place` says otherwise; both are
required unless `optional`. Types are tried in the order in which they are declared. Names may be COBOL's or ours.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from brownfield_files.layout import Field as LayoutField
from brownfield_files.layout import Layout, LayoutError, Part, Place, RecordType, Test, Total, snake


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Values = Annotated[tuple[str | int, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class RecordDeclaration(BaseModel):
    """One record type.

    Attributes:
        of: The copybook's record, or the alternative of a REDEFINES, that describes it; not in a TOML layout.
        when: Field and value, or values, that tell the type; all must hold. None declared: every record is of it.
        place: `first`, `body` or `last`, or `fill`: what fills the file up behind the last.
        optional: A first or last record that may be missing.
        parent: The type that it belongs to: its row holds the fields of the last such record before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str = ""
    when: dict[str, Values] = Field(default_factory=dict)
    place: Place | None = None
    optional: bool = False
    parent: str = ""

    def typed(self, name: str, length: int, parts: tuple[Part, ...], file: str) -> RecordType:
        """The record type of that name over those parts.

        Raises:
            LayoutError: A field of `when` is not among the parts.
        """
        named: dict[str, Place] = {"header": "first", "trailer": "last"}
        tests: tuple[Test, ...] = tuple((snake(field), values) for field, values in self.when.items())
        place = self.place or named.get(name, "body")
        record = RecordType(name, length, parts, tests, place, self.optional, self.parent)
        for field, values in tests:
            found = record.field(field)
            if found is None:
                raise LayoutError(file, 0, f"records.{name}: it is told by {field}, which is no field of it")
            if found.kind == "float":
                raise LayoutError(file, 0, f"records.{name}: {field} is floating point, which is equal to nothing")
            if any(isinstance(value, str) != (found.kind == "text") for value in values):
                kind = "text" if found.kind == "text" else "a number"
                raise LayoutError(file, 0, f"records.{name}: {field} is {kind}, and {list(values)} is not")
        return record


class TotalDeclaration(BaseModel):
    """One control total: the trailer's field, and the count or sum that it must equal.

    Attributes:
        trailer: The field of the last record.
        counts: The record types that are counted.
        sums: The field that is summed.
        wraps: A hash total: where the sum has more digits than the field, it states the last of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trailer: str
    counts: Names = ()
    sums: str = ""
    wraps: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "TotalDeclaration":
        if bool(self.counts) == bool(self.sums):
            raise ValueError("a total either counts record types or sums one field (`detail.ON-HAND`)")
        return self

    def total(self) -> Total:
        """The total in normal form."""
        if self.counts:
            return Total(snake(self.trailer), self.counts)
        kind, _, field = self.sums.partition(".")
        return Total(snake(self.trailer), (kind,), snake(field), self.wraps)


def finish(records: tuple[RecordType, ...], totals: tuple[TotalDeclaration, ...], length: int, file: str) -> Layout:
    """The whole layout, with everything that its parts say of each other checked.

    Raises:
        LayoutError: A type that no record could reach, two that stand first or last, a total of nothing.
    """
    layout = Layout(length, records, tuple(total.total() for total in totals))
    for place in ("first", "last"):
        if sum(record.place == place for record in records) > 1:
            raise LayoutError(file, 0, f"two record types stand {place}; one can")
    if not any(record.place == "body" for record in records):
        raise LayoutError(file, 0, "no record type stands between the first and the last")
    for record in records[:-1]:
        if not record.when:
            raise LayoutError(file, 0, f"records.{record.name} has no `when`, so the types after it are never reached")
    for record in records:
        _check_parent(layout, record, file)
    for total in layout.totals:
        _check_total(layout, total, file)
    return layout


def _check_parent(layout: Layout, record: RecordType, file: str) -> None:
    known = {one.name: one for one in layout.records}
    if record.parent and record.parent not in known:
        raise LayoutError(file, 0, f"records.{record.name}: its parent {record.parent} is no record type")
    if record.parent in {part.name for part in record.parts}:
        raise LayoutError(file, 0, f"records.{record.name}: its parent has the name of its field {record.parent}")
    above, seen = record, {record.name}
    while above.parent:
        above = known.get(above.parent, above)
        if above.name in seen:
            raise LayoutError(file, 0, f"records.{record.name} is its own parent's parent")
        seen.add(above.name)


def _check_total(layout: Layout, total: Total, file: str) -> None:
    trailer = layout.at("last")
    stated = trailer.field(total.stated) if trailer else None
    if stated is None or not stated.exact:
        raise LayoutError(file, 0, f"totals: {total.stated} is no numeric field of the last record")
    names = {record.name for record in layout.records}
    if missing := set(total.kinds) - names:
        raise LayoutError(file, 0, f"totals: {min(missing)} is no record type")
    if total.sums is None:
        return
    summed: LayoutField | None = layout.record(total.kinds[0]).field(total.sums)
    if summed is None or not summed.exact:
        raise LayoutError(file, 0, f"totals: {total.kinds[0]}.{total.sums} is no numeric field outside a table")
