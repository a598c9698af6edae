"""The record types that a layout declares for a format that a library reads, and what is told when a file has others.

[records.detail]
fields = [{ name = "sku", type = "text" }]
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from brownfield.contract import Contract, RecordShape, Rejected, Sight
from brownfield_files.format.cell import PLAIN, Cell, FieldTable, Style, cell
from brownfield_files.layout.document import Table
from brownfield_files.record.decode import Broken
from brownfield_files.record.schema import closed


class RecordTable(Table):
    """One record type.

    Attributes:
        fields: What is read of it.
    """

    fields: tuple[FieldTable, ...] = Field(min_length=1, max_length=2000)

    @field_validator("fields")
    @classmethod
    def _differ(cls, fields: tuple[FieldTable, ...]) -> tuple[FieldTable, ...]:
        for what, names in (("name", [one.name for one in fields]), ("from", [one.column for one in fields])):
            twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
            if twice is not None:
                raise ValueError(f"two fields have the {what} {twice}")
        return fields


class OneRecord(Table):
    """The record types of a format that has one."""

    records: dict[str, RecordTable] = Field(min_length=1, max_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        check_names(self.records)
        return self

    @property
    def record(self) -> tuple[str, RecordTable]:
        """The record type and its name."""
        return next(iter(self.records.items()))


def check_names(records: Iterable[str]) -> None:
    """Refuse a record type that cannot be named in a manifest."""
    for name in records:
        if not name.isidentifier() or not name.isascii() or name != name.lower():
            raise ValueError(f"{name!r} is no name of a record type: detail")


class Shape(NamedTuple):
    """A record type, compiled."""

    kind: str
    cells: tuple[Cell, ...]

    @classmethod
    def of(cls, kind: str, record: RecordTable, style: Style = PLAIN) -> "Shape":
        """The record type, compiled for a file that is written so."""
        return cls(kind, tuple(cell(field, style) for field in record.fields))

    @property
    def columns(self) -> list[str]:
        """What its fields are called in a file, in the order of the layout."""
        return [one.column for one in self.cells]

    def described(self) -> RecordShape:
        """Its schema."""
        return RecordShape(fields=closed({one.name: one.schema for one in self.cells}))

    def read(self, texts: Iterable[str]) -> dict[str, Any]:
        """The fields of a record from their texts, in the order of the layout.

        Raises:
            Broken: At the first that means nothing; its `field` is told.
        """
        fields: dict[str, Any] = {}
        for one, text in zip(self.cells, texts, strict=True):
            try:
                fields[one.name] = one.read(text)
            except Broken as broken:
                raise broken.inside(one.name, 0) from None
        return fields

    def read_all(self, columns: Iterable[Sequence[str]]) -> Iterator[dict[str, Any]]:
        """The fields of many records from the columns of their texts, in the order of the layout.

        Raises:
            Broken: One of them means nothing. Which one is for `read` to say.
        """
        names = [one.name for one in self.cells]
        values = [one.read_all(column) for one, column in zip(self.cells, columns, strict=True)]
        return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))

    def sights(self, number: int, texts: Iterable[str | Broken]) -> Iterator[Sight]:
        """What `look` shows of a record: each field's text and what it means."""
        for one, text in zip(self.cells, texts, strict=True):
            raw = b"" if isinstance(text, Broken) else text.encode("utf-8", "replace")
            shown = (number, self.kind, one.name, -1, len(raw), one.picture, raw)
            try:
                if isinstance(text, Broken):
                    raise text
                yield Sight(*shown, value=one.read(text))
            except Broken as broken:
                yield Sight(*shown, reason=broken.reason)

    def pictures(self) -> Iterator[Sight]:
        """What `look` shows of the layout itself."""
        return (Sight(-1, self.kind, one.name, -1, 0, one.picture) for one in self.cells)


def no_record(number: int, raw: bytes, reason: str) -> Sight:
    """What `look` shows of a record that cannot be split into fields."""
    return Sight(number, "", "", 0, len(raw), "", raw, reason=reason)


def fits(text_of: Callable[[FieldTable, Any], str], field: FieldTable, value: Any) -> str:
    """The text of a field's value; `Broken` that is raised tells the field."""
    try:
        return text_of(field, value)
    except Broken as broken:
        raise broken.inside(field.name, 0) from None


def or_broken(text_of: Callable[[FieldTable, Any], str], field: FieldTable, value: Any) -> str | Broken:
    """The text of a field's value, or why there is none."""
    try:
        return text_of(field, value)
    except Broken as broken:
        return broken


def contract_of(shapes: Iterable[Shape]) -> Contract:
    """The contract of these record types."""
    return Contract(records={shape.kind: shape.described() for shape in shapes})


def drifted(declared: Collection[str], found: Collection[str], needed: Collection[str], *, what: str) -> str:
    """How the names in a file differ from those of its layout, in words; empty where they do not.

    Args:
        declared: The names that the layout has.
        found: The names that the file has.
        needed: Those of the declared names that must be there.
        what: What has the names: `column`.
    """
    gone = [name for name in needed if name not in found]
    new = [name for name in found if name not in declared]
    said = []
    for name in list(gone):
        near = get_close_matches(name, new, 1, 0.6) or (new if len(gone) == len(new) == 1 else [])
        if near:
            said.append(f"{what} {name!r} is gone, and {near[0]!r} is there: it may have been renamed")
            gone.remove(name)
            new.remove(near[0])
    said += [f"{what} {name!r} is gone" for name in gone] + [f"{what} {name!r} is new" for name in new]
    return "; ".join(said[:20])


def refuse_drift(words: str) -> None:
    """Refuse a file of which there is something to say.

    Raises:
        Rejected: With the code `drift`.
    """
    if words:
        raise Rejected(f"the layout has drifted: {words}", code="drift")
