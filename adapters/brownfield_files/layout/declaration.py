"""What a person declares of a file beside its fields: its record types, how they are told apart, the totals.

It stands in `wrapper.toml` for a copybook, which has no words for it, and in the layout itself when that is TOML:

    records.header  = { of = "STOCK-HEADER", when = { REC-TYPE = "H" } }
    records.detail  = { of = "STOCK-DETAIL", when = { REC-TYPE = "D" } }
    records.trailer = { of = "STOCK-TRAILER", when = { REC-TYPE = "T" } }
    totals = [
      { trailer = "RECORD-COUNT", counts = "detail" },
      { trailer = "TOTAL-ON-HAND", sums = "detail.ON-HAND" },
    ]

A total may be stated within the file, of what stands since a batch's header; it may take records that hold a code only,
subtract some, and add up several fields: an old balance and its movements are the new balance.

    { trailer = "control.debits", since = "batch", sums = "entry.amount", where = { code = ["27", "37"] } }
    { trailer = "closing.balance", since = "opening", sums = ["opening.balance", "movement.amount"] }

A type named `header` stands first and one named `trailer` stands last, once, unless `place` says otherwise; both are
required unless `optional`. Types are tried in the order in which they are declared. Names may be COBOL's or ours.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from brownfield_files.layout.normal_form import Field as LayoutField
from brownfield_files.layout.normal_form import Layout, LayoutError, Part, Place, RecordType, Term, Test, Total, snake


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
    """One control total: the field that states it, and the count or sum that it must equal.

    Attributes:
        trailer: The field of the last record, or of one within the file (`batch_control.entries`).
        since: The record type that the records added up stand behind, the last of it included: a batch's header.
        counts: The record types that are counted.
        sums: The fields that are summed.
        repeats: No total: the fields of which the last one before it must be equal, such as a batch's number.
        where: Text fields and the values of which they must hold one; `movement.detail` is asked of one type only.
        minus: The same: what is subtracted.
        sign: `+`: of a signed field only what is positive is summed; `-`: what is negative, stated without its sign.
        wraps: A hash total: where the sum has more digits than the field, it states the last of them.
        per: Blocks of as many records are counted.
        optional: What begins at a record of the type `since` may end without being stated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trailer: str
    since: str = ""
    counts: Names = ()
    sums: Names = ()
    repeats: Names = ()
    where: dict[str, Values] = Field(default_factory=dict)
    minus: dict[str, Values] = Field(default_factory=dict)
    sign: Literal["", "+", "-"] = ""
    wraps: bool = False
    per: int = Field(default=1, ge=1)
    optional: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "TotalDeclaration":
        if sum(map(bool, (self.counts, self.sums, self.repeats))) != 1:
            raise ValueError("a total counts record types, or sums fields (`detail.ON-HAND`), or repeats one")
        if ("." in self.trailer) != bool(self.since):
            raise ValueError(
                "a total is the last record's, or names its record type (`batch_control.entries`) and `since`"
            )
        if (self.per > 1 and not self.counts) or (self.repeats and (self.where or self.minus or self.sign)):
            raise ValueError("`per` says how many records are counted as one; `where` what is counted or summed")
        return self

    def total(self) -> Total:
        """The total in normal form."""
        by, _, stated = self.trailer.rpartition(".")
        named: list[tuple[str, str | None]] = [(kind, None) for kind in self.counts]
        named += [(kind, snake(field)) for kind, _, field in (one.partition(".") for one in self.sums + self.repeats)]
        terms = tuple(term for kind, field in named for term in self._terms(kind, field))
        return Total(snake(stated), terms, bool(self.repeats), self.wraps, self.per, by, self.since, self.optional)

    def _terms(self, kind: str, field: str | None) -> list[Term]:
        """What is subtracted is taken with the others, and then away twice."""
        where, minus = _asked(self.where, kind), _asked(self.minus, kind)
        factor = -1 if self.sign == "-" else 1
        terms = [Term(kind, field, where, self.sign, factor)]
        return [*terms, Term(kind, field, where + minus, self.sign, -2 * factor)] if minus else terms


def _asked(tests: dict[str, Values], kind: str) -> tuple[Test, ...]:
    """The tests that are asked of one record type."""
    split = ((name.rpartition("."), values) for name, values in tests.items())
    return tuple((snake(field), values) for (of, _, field), values in split if of in {"", kind})


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
    kinds = {record.name: record for record in layout.records}
    of = {total.by, total.since} - {""} | {term.kind for term in total.terms}
    if missing := of - kinds.keys():
        raise LayoutError(file, 0, f"totals: {min(missing)} is no record type")
    if total.by and total.by == total.since:
        raise LayoutError(file, 0, f"totals: {total.name}: what begins at a {total.since} does not end there")
    states = kinds[total.by] if total.by else layout.at("last")
    stated = states.field(total.stated) if states else None
    if stated is None or not (stated.exact or total.repeats):
        raise LayoutError(file, 0, f"totals: {total.stated} is no numeric field of the {total.by or 'last'} record")
    if total.repeats:
        _check_repeated(kinds, total, stated, file)
        return
    for term in total.terms:
        _check_term(kinds[term.kind], term, file)
    if len({_scale(kinds[term.kind], term) for term in total.terms}) > 1:
        raise LayoutError(file, 0, f"totals: {total.name} adds up fields of other decimals")


def _check_repeated(kinds: dict[str, RecordType], total: Total, stated: LayoutField, file: str) -> None:
    for term in total.terms:
        field = kinds[term.kind].field(term.sums or "")
        if field is None or (field.kind == "text") != (stated.kind == "text"):
            raise LayoutError(file, 0, f"totals: {total.name} cannot repeat {term.kind}.{term.sums}")


def _check_term(record: RecordType, term: Term, file: str) -> None:
    summed: LayoutField | None = record.field(term.sums) if term.sums else None
    if term.sums is not None and (summed is None or not summed.exact):
        raise LayoutError(file, 0, f"totals: {record.name}.{term.sums} is no numeric field outside a table")
    if term.sign and not (summed and summed.kind == "zoned" and summed.signed):
        raise LayoutError(file, 0, f"totals: {record.name}.{term.sums} is no signed field of zoned digits")
    for name, values in term.where:
        asked = record.field(name)
        if asked is None or asked.kind != "text" or not all(isinstance(value, str) for value in values):
            raise LayoutError(file, 0, f"totals: {record.name}.{name} is no text field that could be {list(values)}")


def _scale(record: RecordType, term: Term) -> int:
    summed = record.field(term.sums or "")
    return summed.scale if summed else 0
