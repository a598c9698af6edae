"""A program of its own that reads one sheet of a workbook: `python sheet.py SHEET < FILE`, rows as JSON lines.

A workbook is unpacked in memory as a whole, by a library in Rust that ends the process where there is none left. So it
is read here, under limits on memory and time, and what goes wrong ends nothing but this. Imports nothing of ours.

A cell is `null`, a text, a boolean, `["n", "12.5"]` or `["t", "2026-11-21T00:00:00"]`. A number is written with the 15
digits that Excel itself shows and keeps; more than that is `["x", …]`: its last digits are not known. The last line is
`"end"`.
"""

import datetime
import io
import json
import sys
import zipfile
from decimal import Decimal
from typing import Any

MEMORY = 2 << 30
SECONDS = 300
_MOST_UNPACKED = 1 << 30
_MOST_MEMBERS = 10_000
_FREE = 10 << 20
_RATIO = 200
_EXACT = 10**15
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
        for row in _rows(file, sys.argv[1]):
            sys.stdout.write(json.dumps([_cell(value) for value in row]) + "\n")
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


def _rows(file: io.BytesIO, wanted: str) -> Any:
    """The rows of a sheet by its name, or by its number from 1 (`#1`)."""
    from python_calamine import CalamineError, load_workbook  # noqa: PLC0415  it is an extra, and the limits come first

    file.seek(0)
    try:
        workbook = load_workbook(file)
        names = workbook.sheet_names
        if wanted.startswith("#"):
            if not 1 <= int(wanted[1:]) <= len(names):
                raise Refused(f"it has {len(names)} sheets, and no number {wanted[1:]}")
            return workbook.get_sheet_by_index(int(wanted[1:]) - 1).iter_rows()
        if wanted not in names:
            raise Refused(f"it has no sheet {wanted!r}: {', '.join(map(repr, names[:20]))}")
        return workbook.get_sheet_by_name(wanted).iter_rows()
    except CalamineError as error:
        raise Refused(f"it cannot be read: {error}") from None


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
    if isinstance(value, datetime.time | datetime.timedelta):
        return str(value)
    return value or None


if __name__ == "__main__":
    sys.exit(main())
