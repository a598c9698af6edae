"""Which record type a record is of."""

from collections.abc import Callable
from typing import TypeAlias

from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, RecordType
from brownfield_files.record.decode import Broken, value_reader
from brownfield_files.record.encode import DoesNotFit, encode_field
from brownfield_files.record.frame import Batch

_Test = Callable[[bytes], bool]


Router: TypeAlias = Callable[[Batch], list[str]]
"""A function from records to the names of their types, an empty string where it cannot be told."""


def router(layout: Layout, encoding: Encoding) -> Router:
    """The first type whose tests all hold. Where one text field tells all types, it is looked up.

    Raises:
        LayoutError: A declared value does not fit the field that it is compared with.
    """
    routes = tuple((record.name, _tests(record, encoding)) for record in layout.records)
    name, tests = routes[0]
    if not tests:
        return lambda batch: [name] * batch.count
    if (told := _told(layout)) is not None:
        return _looked_up(layout, told, encoding)

    def route(raw: bytes) -> str:
        return next((name for name, tests in routes if all(test(raw) for test in tests)), "")

    return lambda batch: list(map(route, batch.records))


def _told(layout: Layout) -> Field | None:
    """The text field that alone tells every type, in the same place in each."""
    if not all(len(record.when) == 1 for record in layout.records):
        return None
    fields = [record.field(record.when[0][0]) for record in layout.records]
    places = {(field.offset, field.length, field.kind, field.codec) for field in fields if field}
    return fields[0] if fields[0] and len(places) == 1 and fields[0].kind == "text" else None


def _looked_up(layout: Layout, told: Field, encoding: Encoding) -> Router:
    names: dict[bytes, str] = {}
    for record in layout.records:
        for value in record.when[0][1]:
            for image in _images(told, value, encoding):
                names.setdefault(image, record.name)
    start, end, find = told.offset, told.offset + told.length, names.get

    def route(batch: Batch) -> list[str]:
        if not batch.stride or end > batch.length:
            return [find(record[start:end], "") for record in batch.records]
        raw, first = batch.raw, batch.raw[start:end]
        if all(raw[at :: batch.stride].count(first[at - start]) == batch.count for at in range(start, end)):
            return [find(first, "")] * batch.count
        return [find(raw[at + start : at + end], "") for at in range(0, len(raw), batch.stride)]

    return route


def _tests(record: RecordType, encoding: Encoding) -> tuple[_Test, ...]:
    return tuple(
        _test(field, values, encoding) for name, values in record.when if (field := record.field(name)) is not None
    )


def _test(field: Field, values: tuple[str | int, ...], encoding: Encoding) -> _Test:
    start, end = field.offset, field.offset + field.length
    try:
        images = frozenset(image for value in values for image in _images(field, value, encoding))
    except DoesNotFit as error:
        raise LayoutError("records", 0, f"a record type is told by a value that no record can have: {error}") from None
    if field.kind == "text":
        return lambda raw: raw[start:end] in images
    reader = value_reader(field, encoding)

    def holds(raw: bytes) -> bool:
        try:
            return len(raw) >= end and reader(raw[start:end]) in values
        except Broken:
            return False

    return holds


def _images(field: Field, value: str | int, encoding: Encoding) -> tuple[bytes, bytes]:
    """The bytes of a value; of a text, filled with NULs too: so COBOL's LOW-VALUES leave it, and so it is read."""
    image = encode_field(field, value, encoding)
    if field.kind != "text" or field.codec:
        return image, image
    return image, image.rstrip(encoding.space).ljust(field.length, b"\0")
