"""What numpy does for us, where it is installed: the extra `files` brings it. Nothing else imports `column`."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, TypeAlias

from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType
from brownfield_files.record.frame import Batch


class Sheet(Protocol):
    """Many records of one type in columns, see `column.Sheet`."""

    def good(self) -> Sequence[int]:
        """Which of them mean something."""

    def lines(self) -> list[bytes]:
        """These, as JSON lines, some at a time."""

    def texts(self, name: str) -> list[str]:
        """Their values of one field as text; empty where there is no such field."""


Columns: TypeAlias = Callable[[Batch, Sequence[int]], Sheet | None]
Total: TypeAlias = Callable[[Batch, Sequence[int]], int | None]


class Engine(Protocol):
    """What may be compiled; None where columns are no good for it."""

    def compile_columns(self, record: RecordType, layout: Layout, encoding: Encoding) -> Columns | None:
        """A function from records to what they show; it gives None where one is too short or too long."""

    def compile_total(self, field: Field, encoding: Encoding) -> Total | None:
        """A function from records to the sum of a field; it gives None where it has a doubt."""

    def on_side(self, raw: bytes, stride: int, length: int) -> bytes | memoryview:
        """The first `length` bytes of records that follow each other: all first ones, then all second ones."""


class Without(Engine):
    """Without numpy."""

    def compile_columns(self, record: RecordType, layout: Layout, encoding: Encoding) -> None:
        """No columns."""

    def compile_total(self, field: Field, encoding: Encoding) -> None:
        """No totals."""

    def on_side(self, raw: bytes, stride: int, length: int) -> bytes:
        """Cut byte by byte."""
        return b"".join([raw[at::stride] for at in range(length)])


@cache
def engine() -> Engine:
    """The engine that there is."""
    try:
        from brownfield_files.fixed import column  # noqa: PLC0415  numpy is optional, and slow to import
    except ImportError:
        return Without()
    return column
