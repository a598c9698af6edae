"""A program of its own that reads one sheet of a workbook: `python sheet.py SHEET < FILE`, rows as JSON lines.

A workbook is unpacked in memory as a whole, by a library in Rust that ends the process where there is none left. So it
is read here, under limits on memory and time, and what goes wrong ends nothing but this. Imports nothing of ours.

A cell is `null`, a text, a boolean, `["n", "12.5"]`, `["t", "2026-11-21T00:00:00"]`, or `["e", …]` for an error,
`["z", …]` for a date or a time below zero, of which the library keeps the clock alone. A duration is a text,
`"36:00:00"`. A number is written with the 15 digits that Excel itself shows and keeps; more than that is `["x", …]`:
its last digits are not known. The last line is `"end"`.
"""

import datetime
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree  # what it reads is under the limits that all is under
from xml.parsers import expat

MEMORY = 2 << 30
SECONDS = 300
_MOST_UNPACKED = 1 << 30
_MOST_MEMBERS = 10_000
_FREE = 10 << 20
_RATIO = 200
_EXACT = 10**15
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
REFUSED = 3
"""The exit code that says that what stands on the error output is the reason."""


class Refused(Exception):
    """What is wrong with the workbook."""


def main() -> int:
    """Read the workbook on the input, and write the rows of the sheet that the argument names."""
    _limit()
    file = io.BytesIO(sys.stdin.buffer.read())
    try:
        _check_sizes(file)
        for row in _cells(_sheet(file, sys.argv[1]), file):
            sys.stdout.write(json.dumps(row) + "\n")
    except Refused as refusal:
        sys.stderr.write(str(refusal))
        return REFUSED
    sys.stdout.write('"end"\n')
    return 0


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check_sizes(file: io.BytesIO) -> None:
    """Look at what a zipped workbook says that it unpacks to."""
    packed = file.getbuffer().nbytes
    if not zipfile.is_zipfile(file):
        return  # .xls is none
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = [info.file_size for info in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise Refused(f"it is a damaged zip file: {error}") from None
    whole = sum(sizes)
    if len(sizes) > _MOST_MEMBERS or whole > _MOST_UNPACKED or (whole > _FREE and whole > _RATIO * packed):
        raise Refused(f"{whole} bytes in {len(sizes)} members come out of {packed}: it looks like a bomb")


def _sheet(file: io.BytesIO, wanted: str) -> Any:
    """A sheet by its name, or by its number from 1 (`#1`)."""
    from python_calamine import CalamineError, load_workbook  # noqa: PLC0415  it is an extra, and the limits come first

    file.seek(0)
    try:
        workbook = load_workbook(file)
        names = workbook.sheet_names
        if wanted.startswith("#"):
            if not 1 <= int(wanted[1:]) <= len(names):
                raise Refused(f"it has {len(names)} sheets, and no number {wanted[1:]}")
            return workbook.get_sheet_by_index(int(wanted[1:]) - 1)
        if wanted not in names:
            raise Refused(f"it has no sheet {wanted!r}: {', '.join(map(repr, names[:20]))}")
        return workbook.get_sheet_by_name(wanted)
    except CalamineError as error:
        raise Refused(f"it cannot be read: {error}") from None


def _cells(found: Any, file: io.BytesIO) -> Iterator[list[Any]]:
    """The rows of a sheet. The library gives nothing for a cell with an error, as for an empty one."""
    places, first = _places(file, found.name), (found.start or (0, 0))[1]
    for number, row in enumerate(found.iter_rows()):
        cells = [_cell(value) for value in row]
        for at in places.negative.get(number, ()):
            if 0 <= at - first < len(cells) and isinstance(row[at - first], datetime.time | datetime.date):
                cells[at - first] = ["z", str(row[at - first])]
        for at in places.errors.get(number, ()):
            if not 0 <= at - first < len(cells):
                raise Refused(f"a formula ended in an error in row {number + 1}, where the library sees no cell")
            cells[at - first] = ["e", "an error"]
        yield cells


def _places(file: io.BytesIO, name: str) -> "_Places":
    """Where errors (`#N/A`) and numbers below zero stand; of xlsx files, others do not say."""
    places = _Places()
    if not zipfile.is_zipfile(file):
        return places
    with zipfile.ZipFile(file) as archive:
        part = _part(archive, name)
        if part is None:
            return places
        try:
            with archive.open(part) as source:
                places.parser.ParseFile(source)
        except expat.ExpatError as error:
            raise Refused(f"{part} is no whole XML document: {error}") from None
        return places


class _Places:
    """Where in the XML of a sheet errors, and formatted numbers below zero, stand.

    A row or a cell that does not say its place is behind the last one.
    """

    def __init__(self) -> None:
        self.errors: dict[int, list[int]] = {}
        self.negative: dict[int, list[int]] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._begin
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._row = self._column = -1
        self._is_error = self._has_format = False

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "c":
            at = attributes.get("r", "").rstrip("0123456789")
            self._column = _column(at) if at else self._column + 1
            kind = attributes.get("t", "n")
            self._is_error, self._has_format = kind == "e", kind == "n" and attributes.get("s", "0") != "0"
        elif local == "row":
            at = attributes.get("r", "")
            self._row = int(at) - 1 if at.isdecimal() else self._row + 1
            self._column = -1
        elif local == "v" and self._is_error:
            self.errors.setdefault(self._row, []).append(self._column)
        elif local == "v" and self._has_format:
            self.parser.CharacterDataHandler = self._number

    def _number(self, text: str) -> None:
        self.parser.CharacterDataHandler = None
        if text.startswith("-"):
            self.negative.setdefault(self._row, []).append(self._column)

    def _refuse(self, *_: object) -> None:
        raise Refused("a part of it has a document type (DTD), which is not read")


def _part(archive: zipfile.ZipFile, name: str) -> str | None:
    """The part of an xlsx file that holds a sheet."""
    try:
        sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter()  # noqa: S314 -- within the limits
        relation = next(one.get(_RELATION) for one in sheets if one.get("name") == name and one.get(_RELATION))
        targets = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")).iter()  # noqa: S314 -- as above
        target = next(one.get("Target", "") for one in targets if one.get("Id") == relation)
        path = target[1:] if target.startswith("/") else f"xl/{target}"
    except (KeyError, StopIteration, ElementTree.ParseError):
        return None
    return path if path in archive.namelist() else None


def _column(letters: str) -> int:
    """The number of a column from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not abs(value) < _EXACT:
            return ["x", f"{Decimal(value):f}"]
        return ["n", f"{Decimal(f'{value:.15g}'):f}"]
    if isinstance(value, datetime.datetime):
        return ["t", value.isoformat()]
    if isinstance(value, datetime.date):
        return ["t", f"{value.isoformat()}T00:00:00"]
    if isinstance(value, datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    return value or None


def _duration(value: datetime.timedelta) -> str:
    """Its hours, which may be more than a day has, and what is left of them: `-36:00:00`."""
    seconds, parts = divmod(abs(value) // datetime.timedelta(microseconds=1), 1_000_000)
    shown = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{parts:06}" if parts else "")
    return f"-{shown}" if value < datetime.timedelta() else shown


if __name__ == "__main__":
    sys.exit(main())
