"""Workbooks (xlsx, xlsm, xlsb, xls, ods): the rows of one sheet, read by calamine in a process of its own (`sheet`).

    [excel]
    sheet = "Stock"     # or its number from 1
    header = 3          # the row that names the columns

    [records.detail]
    fields = [{ name = "sku", from = "Item No", type = "text", required = true }]

A spreadsheet keeps numbers as binary floating point and shows 15 digits of them: these are what is read, and a number
with more is refused. A cell with a number is no date, one with a date no text: what it is shown as is not in the file.
Rows without any value are no records. The bytes of a damaged row are a JSON object of its cells: a workbook has none.
"""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any, BinaryIO, TypeAlias

from pydantic import Field

from brownfield.contract import Contract, Damage, Fields, Rejected, Sight, Unavailable
from brownfield_files.format import sheet
from brownfield_files.format.cell import FieldTable, Read, Style, shown
from brownfield_files.format.member import Undeclared
from brownfield_files.format.parsed import Content
from brownfield_files.format.shape import OneRecord, Shape, contract_of, drifted, fits, or_broken, refuse_drift
from brownfield_files.layout.document import Table, read_document
from brownfield_files.record.decode import Broken

_BLOCK = 1 << 20
_DAY = 10
_MIDNIGHT = "T00:00:00"
_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

Cells: TypeAlias = list[Any]


class _Day(str):
    """A day as the workbook has it, not as somebody wrote it."""

    __slots__ = ()


class ExcelTable(Table):
    """Where records are in a workbook.

    Attributes:
        sheet: Its name, or its number from 1.
        header: The row that names the columns, from 1.
        nulls: Words for nothing, beside an empty cell.
        undeclared: Whether columns that the layout does not have are ignored, or the file is refused.
    """

    sheet: str | int = 1
    header: int = Field(default=1, ge=1, le=1000)
    nulls: tuple[str, ...] = ()
    undeclared: Undeclared = "refuse"


class ExcelLayout(OneRecord):
    """A layout file."""

    excel: ExcelTable


class Excel:
    """Reads workbooks: a `Parser`.

    Args:
        path: The layout.
    """

    def __init__(self, path: Path) -> None:
        document = read_document(path, ExcelLayout)
        self._table = document.excel
        kind, record = document.record
        self._fields = record.fields
        cells = Shape.of(kind, record, Style(nulls=self._table.nulls)).cells
        self._shape = Shape(kind, tuple(one._replace(read=_or_day(one.read)) for one in cells))
        self.layout: Fields = document.model_dump(mode="json")

    def contract(self) -> Contract:
        """The one record type."""
        return contract_of([self._shape])

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its first bytes, or a zip directory that is not at its end, say against a file."""
        file.seek(0)
        start = file.read(8)
        if not start.startswith(_STARTS):
            return "it is no workbook"
        file.seek(max(0, size - 65_557))
        whole = start.startswith(_STARTS[1]) or b"PK\x05\x06" in file.read()
        return "" if whole else "it has no zip directory at its end"

    def check(self, file: BinaryIO) -> None:
        """See that it can be read, and that its columns are those of the layout.

        Raises:
            Rejected: Codes `workbook`, `drift`.
        """
        for _ in self._rows(file):
            pass

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Its rows, after the header."""
        for number, row in self._rows(file):
            yield self._record(row, f"row {number}: ")

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """The row of one damage.

        Raises:
            Rejected: It is no JSON object of cells.
        """
        try:
            row = json.loads(raw)
        except ValueError as error:
            raise Rejected(f"it is no JSON object of cells: {error}", code="framing") from None
        if not isinstance(row, dict):
            raise Rejected("it is no JSON object of cells", code="framing")
        yield self._record(row, "")

    def _record(self, row: dict[str, Any], where: str) -> Content | Damage:
        try:
            return self._shape.kind, self._shape.read(self._texts(row))
        except Broken as broken:
            raw = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
            return Damage(0, -1, raw, broken.field, broken.code, f"{where}{broken.field}: {broken.reason}")

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """Its rows cell by cell, or the layout."""
        if file is None:
            yield from self._shape.pictures()
            return
        for number, (_, row) in enumerate(self._rows(file)):
            texts = [or_broken(_text, field, row[field.column]) for field in self._fields]
            yield from self._shape.sights(number, texts)

    def _texts(self, row: dict[str, Any]) -> Iterator[str]:
        for field in self._fields:
            yield fits(_text, field, row.get(field.column))

    def _rows(self, file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows after the header that hold something: their numbers, and their cells by column."""
        columns = self._shape.columns
        places: dict[str, int] = {}
        nameless: list[int] = []
        with cells_of(file, self._table.sheet) as rows:
            for number, cells in enumerate(rows, 1):
                if number == self._table.header:
                    places, nameless = self._placed(cells), self._nameless(cells)
                elif number > self._table.header and any(cell is not None for cell in cells):
                    if (at := next((at for at in nameless if not _is_blank(cells[at])), None)) is not None:
                        refuse_drift(f"column {at + 1} of those filled has no name, and row {number} a value in it")
                    yield number, {name: cells[places[name]] for name in columns}
        if not places:
            raise Rejected(f"it has no row {self._table.header} that names the columns", code="drift")

    def _nameless(self, header: Cells) -> list[int]:
        """The columns that nothing names, where the layout is to know all of them."""
        return [at for at, cell in enumerate(header) if _is_blank(cell)] if self._table.undeclared == "refuse" else []

    def _placed(self, cells: Cells) -> dict[str, int]:
        """Where the declared columns stand."""
        columns = self._shape.columns
        found = ["" if cell is None else str(cell[1] if isinstance(cell, list) else cell).strip() for cell in cells]
        if twice := [name for name in columns if found.count(name) > 1]:
            refuse_drift(f"column {twice[0]!r} is there twice")
        named = [name for name in found if name]
        declared = columns if self._table.undeclared == "refuse" else [*columns, *named]
        refuse_drift(drifted(declared, named, columns, what="column"))
        return {name: found.index(name) for name in columns}


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _text(field: FieldTable, cell: Any) -> str:
    """The text that a field's value is read from; raises `Broken` where a cell is of another sort."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return _fits(field, "boolean", field.yes if cell else field.no, "a boolean")
    sort, text = cell
    if sort == "e":
        raise Broken("error", "a formula ended in an error there")
    if sort == "z":
        raise Broken("date", "a date or a time below zero stands in it, which no calendar has")
    if sort == "x":
        raise Broken("inexact", f"{text} has more than 15 digits, and a spreadsheet keeps no more")
    if sort == "n":
        return text if field.type == "text" else _fits(field, "integer decimal", text, f"the number {shown(text)}")
    if field.type == "date" and text.endswith(_MIDNIGHT):
        return _Day(text[:_DAY])
    return _fits(field, "timestamp", text, f"the time {text}")


def _or_day(read: Read) -> Read:
    return lambda text: str(text) if isinstance(text, _Day) else read(text)


def _fits(field: FieldTable, types: str, text: str, what: str) -> str:
    if field.type not in types.split():
        raise Broken("type", f"{what} stands in it, and it is {field.type}")
    return text


def cells_of(file: BinaryIO, wanted: str | int) -> AbstractContextManager[Iterator[Cells]]:
    """The rows of a sheet, by its name or its number from 1; the process that reads it is ended on leaving."""
    return closing(_cells(file, wanted))


def _cells(file: BinaryIO, wanted: str | int) -> Generator[Cells, None, None]:
    """The rows of a sheet as `sheet` writes them.

    Raises:
        Rejected: It cannot be read within the limits.
        Unavailable: The library is missing.
    """
    if find_spec("python_calamine") is None:
        missing = ModuleNotFoundError("python_calamine")
        raise Unavailable("workbooks need a library: pip install '.[excel]'") from missing
    name = f"#{wanted}" if isinstance(wanted, int) else wanted
    command = [sys.executable, "-I", str(Path(sheet.__file__)), name]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={}) as child:  # noqa: S603 -- ours
        assert child.stdin and child.stdout and child.stderr  # noqa: S101, PT018 -- they are pipes
        try:
            _give(file, child.stdin)
            for line in child.stdout:
                row = json.loads(line)
                if row == "end":
                    return
                yield row
            reason = child.stderr.read(1000).decode("utf-8", "replace")
            if child.wait() == sheet.REFUSED:
                raise Rejected(reason, code="workbook")
            limits = f"{sheet.MEMORY >> 20} MB of memory and {sheet.SECONDS} s"
            raise Rejected(f"it cannot be read within {limits}", code="too-large")
        finally:
            child.kill()


def _give(file: BinaryIO, pipe: IO[bytes]) -> None:
    try:
        with pipe:
            copyfileobj(file, pipe, _BLOCK)
    except BrokenPipeError:
        return  # it ended: its exit code says why
