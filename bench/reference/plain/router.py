"""Which record type a record is of."""

from collections.abc import Callable

from plain.decode import Broken, value_reader
from plain.encode import DoesNotFit, encode_field
from plain.encoding import Encoding
from plain.layout import Field, Layout, LayoutError, RecordType

_Test = Callable[[bytes], bool]


def router(layout: Layout, encoding: Encoding) -> Callable[[bytes], RecordType | None]:
    """A function from a record's bytes to the first type whose tests all hold, or None.

    Raises:
        LayoutError: A declared value does not fit the field that it is compared with.
    """
    routes = tuple((record, _tests(record, encoding)) for record in layout.records)

    def route(raw: bytes) -> RecordType | None:
        for record, tests in routes:
            if all(test(raw) for test in tests):
                return record
        return None

    return route


def _tests(record: RecordType, encoding: Encoding) -> tuple[_Test, ...]:
    return tuple(
        _test(field, values, encoding) for name, values in record.when if (field := record.field(name)) is not None
    )


def _test(field: Field, values: tuple[str | int, ...], encoding: Encoding) -> _Test:
    start, end = field.offset, field.offset + field.length
    try:
        images = frozenset(encode_field(field, value, encoding) for value in values)
    except DoesNotFit as error:
        raise LayoutError("records", 0, f"a record type is told by a value that no record can have: {error}") from None
    if field.kind == "text":
        return lambda raw: raw[start:end] in images
    reader = value_reader(field, encoding)

    def holds(raw: bytes) -> bool:
        try:
            return reader(raw[start:end]) in values
        except Broken:
            return False

    return holds
