"""Samples of the formats that a library reads: which format it is, and how it is written."""

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

from brownfield.contract import Rejected
from brownfield_files.format.excel import cells_of
from brownfield_files.format.json_line import Number, members_of
from brownfield_files.format.markup import sampled
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.record.transfer import looks_ebcdic
from brownfield_files.sample.surmise import MOST_RECORDS, Column, Surmise, style_of, toml
from brownfield_files.sample.unguessed import strange, unguessed
from brownfield_files.standard.known import shipped

_HEAD = 1 << 20
_DELIMITERS = ",;\t|"
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BINARY = re.compile(rb"[\0-\x08\x0e-\x19\x1b-\x1f]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZEROS = re.compile(rb"(?:[\t -~]\0){8}|(?:\0[\t -~]){8}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SORTS = {"n": "number", "x": "text", "t": "date", "e": "text", "z": "date"}


def surmise(path: Path) -> Surmise:
    """What a sample without a layout suggests.

    Raises:
        LayoutError: It looks like fixed-width records, or like nothing that is known.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(_UTF_16) or _ZEROS.match(head):
        raise LayoutError(path.name, 0, "it is written in UTF-16, which is not read: have it written in UTF-8")
    if shipped(head[:1024]):
        raise _none(path)
    try:
        found = _surmised(path, head, start)
    except Rejected as refusal:
        raise LayoutError(path.name, 0, refusal.message) from None
    _check_columns(path, found.columns)
    return found


def _surmised(path: Path, head: bytes, start: bytes) -> Surmise:
    if head.startswith(_WORKBOOK):
        return _excel(path, head)
    if start.startswith(b"<"):
        return _xml(path, head)
    if start.startswith(b"{"):
        return _json_lines(path, head)
    if strange(head):
        raise _none(path)
    return _delimited(path, head)


def _check_columns(path: Path, columns: Sequence[Column]) -> None:
    """A layout names each column once, in letters that can be written."""
    if not columns:
        raise LayoutError(path.name, 0, "none of its records holds a value of its own: `--layout` can say what is read")
    name, times = Counter(column.name for column in columns).most_common(1)[0]
    if times > 1:
        reason = f"{times} of its columns are called {name!r}: give each a name of its own, or the row with the names"
        raise LayoutError(path.name, 0, f"{reason}, in a layout (--layout)")
    if odd := next((one.name for one in columns if _SURROGATE.search(one.name)), None):
        raise LayoutError(path.name, 0, f"what a column is called, {odd!r}, is no text that a layout can hold")


def _delimited(path: Path, head: bytes) -> Surmise:
    """The sign that splits most lines into the same number of values, two at least."""
    if b"\n" not in head or _BINARY.search(head) or looks_ebcdic(head):
        raise _none(path)
    encoding = _encoding(head)
    text = head.removeprefix(b"\xef\xbb\xbf").decode(encoding, "replace")
    whole = text if len(head) < _HEAD else text[: text.rfind("\n") + 1]
    lines = [f"{line}\n" for line in whole.split("\n")]
    splits = {sign: _split(path, lines, sign) for sign in _DELIMITERS}
    delimiter = max(splits, key=lambda sign: _evenness(splits[sign]))
    rows = splits[delimiter]
    if _evenness(rows) < 0.5:
        raise _none(path)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    skip = next(at for at, row in enumerate(rows) if len(row) == width)
    header, rows = _header([row for row in rows[skip:] if len(row) == width])
    names = header or [f"column_{number}" for number in range(1, width + 1)]
    columns = [Column(name, texts) for name, texts in zip(names, zip(*rows[:MOST_RECORDS], strict=True), strict=False)]
    style = style_of(columns)
    table: dict[str, Any] = {"delimiter": delimiter, "header": bool(header), "skip": skip, "encoding": encoding,
                             "decimal": style.decimal, "thousands": style.thousands}  # fmt: skip
    table |= _ends(path, splits[delimiter]) | ({} if all(names) else {"undeclared": "ignore"})
    notes = [f"{key} = {toml(value)}: guessed from the bytes of {path.name}" for key, value in table.items()]
    notes += [f"column {at} has no name: it is not read" for at, name in enumerate(names, 1) if not name]
    columns = columns or [Column(name, ()) for name in names]
    return Surmise("delimited", table, [column for column in columns if column.name], tuple(notes))


def _split(path: Path, lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(filter(None, csv.reader(lines, delimiter=delimiter)))
    except csv.Error:
        raise _none(path) from None


def _none(path: Path) -> LayoutError:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return LayoutError(path.name, 0, unguessed(head, shipped(head[:1024])))


def _encoding(head: bytes) -> str:
    try:
        (head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]).decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _evenness(rows: list[list[str]]) -> float:
    """The share of rows that have as many values as most have, where that is two or more; more values weigh more."""
    if not rows:
        return 0
    width, times = Counter(map(len, rows)).most_common(1)[0]
    return times / len(rows) + width / 1000 if width > 1 else 0


def _header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, none where the first row is a record like the others: one with a number, or a day.

    A column may have no name: the last where each line ends with a delimiter, the first where rows were numbered.
    """
    names = [value.strip() for value in rows[0]]
    known = [name for name in names if name]
    named = any(re.match(r"[^\W\d]", name) for name in known) and not any(re.match(r"[-+(]?\d", name) for name in known)
    return (names, rows[1:]) if named and len({*known}) == len(known) else ([], rows)


def _ends(path: Path, rows: list[list[str]]) -> dict[str, Any]:
    with path.open("rb") as file:
        file.seek(-1, 2)
        told: dict[str, Any] = {} if file.read(1) == b"\n" else {"open_end": True}
    return told | ({"multiline": True} if any("\n" in value for row in rows for value in row) else {})


def _excel(path: Path, head: bytes) -> Surmise:
    """The first sheet, and the row of it that names its columns."""
    try:
        with path.open("rb") as file, cells_of(file, 1) as found:
            rows = list(islice(found, MOST_RECORDS))
    except Rejected as refusal:
        if b"[Content_Types].xml" in head or b"mimetype" in head:
            raise
        raise LayoutError(path.name, 0, f"{unguessed(head, None)} ({refusal.message})") from None
    if not any(cell is not None for row in rows for cell in row):
        raise LayoutError(path.name, 0, "its first sheet is empty: name another in a layout (--layout)")
    header = _header_row(rows[:50])
    names = [_name(cell) for cell in rows[header]]
    body = [row for row in rows[header + 1 :] if any(cell is not None for cell in row)]
    columns = [_workbook_column(name, [row[at] for row in body]) for at, name in enumerate(names) if name]
    nameless = any(row[at] is not None for row in body for at, name in enumerate(names) if not name)
    table = {"sheet": 1, "header": header + 1} | ({"undeclared": "ignore"} if nameless else {})
    notes = ["sheet = 1: the first", f"header = {header + 1}: the first row with a value in each of its columns"]
    mixed = [name for at, name in enumerate(names) if name and len(_sorts(row[at] for row in body)) > 1]
    notes += [
        f"{name}: cells of several kinds stand in it; it is text, and a date or a truth value damage" for name in mixed
    ]
    return Surmise("excel", table, columns, tuple(notes))


def _header_row(rows: list[list[Any]]) -> int:
    """The first row that is as wide as any and has another word in each of its cells; else the first as wide as any."""
    filled = [[_name(cell) for cell in row if cell is not None] for row in rows]
    widest = max(map(len, filled))
    wide = [at for at, names in enumerate(filled) if len(names) == widest]
    return next((at for at in wide if len({*filled[at]}) == widest and not any(map(_is_number, rows[at]))), wide[0])


def _is_number(cell: Any) -> bool:
    return isinstance(cell, bool) or (isinstance(cell, list) and cell[0] == "n")


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell[1] if isinstance(cell, list) else cell).strip()


def _workbook_column(name: str, cells: list[Any]) -> Column:
    sorts = _sorts(cells)
    texts = ["" if cell is None else str(cell[1]) if isinstance(cell, list) else str(cell) for cell in cells]
    sort = sorts.pop() if len(sorts) == 1 else "text" if sorts else ""
    if sort == "date" and any(text and not text.endswith("T00:00:00") for text in texts):
        sort = "timestamp"
    return Column(name, texts, sort)


def _sorts(cells: Iterable[Any]) -> set[str]:
    return {_sort(cell) for cell in cells if cell is not None}


def _sort(cell: Any) -> str:
    if isinstance(cell, bool):
        return "boolean"
    return _SORTS[cell[0]] if isinstance(cell, list) else "words"


def _json_lines(path: Path, head: bytes) -> Surmise:
    try:
        json.loads(head.partition(b"\n")[0])
    except ValueError:
        reason = "its first line is no JSON object: `json-lines` reads a record on each line, not one over several"
        raise LayoutError(path.name, 0, reason) from None
    with path.open("rb") as file:
        records = list(islice(members_of(file), MOST_RECORDS))
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = [_json_column(name, [record.get(name) for record in records]) for name in names]
    lists = [column.name for column in columns if column.sort == "list"]
    notes = [f"{name} is a list in the sample: lists are not read" for name in lists]
    mixed = [name for name in names if len(_json_sorts(record.get(name) for record in records)) > 1]
    notes += [f"{name}: values of several kinds stand in it; it is what most are, and others damage" for name in mixed]
    table = {"undeclared": "ignore" if lists else "refuse"}
    return Surmise("json-lines", table, [column for column in columns if column.sort != "list"], tuple(notes))


def _json_column(name: str, values: list[object]) -> Column:
    """What most of its values are; the others are damage, and say nothing of how those are written."""
    sorts = _json_sorts(values)
    sort = "list" if "list" in sorts else max(sorts, key=sorts.__getitem__, default="words")
    alike = ((value, value is not None and _json_sort(value) == sort) for value in values)
    return Column(name, [_json_text(value) if same else "" for value, same in alike], sort)


def _json_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _json_sorts(values: Iterable[object]) -> Counter[str]:
    return Counter(_json_sort(value) for value in values if value is not None)


def _json_sort(value: object) -> str:
    if isinstance(value, list | dict):
        return "list"
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, Number) else "words"


def _xml(path: Path, head: bytes) -> Surmise:
    """The elements that repeat most, nearest to the root, and hold something."""
    record, encoding = _repeated(path, head)
    with path.open("rb") as file:
        found, beside = sampled(file, record, encoding, MOST_RECORDS)
    twice = sorted({name for _, many in found for name in many})
    names = [name for name in dict.fromkeys(name for texts, _ in found for name in texts) if name not in twice]
    columns = [Column(name, [texts.get(name, "") for texts, _ in found]) for name in names]
    notes = [f"path = {record}: the element that repeats most"]
    notes += [f"{name} repeats in a record: it is not read" for name in twice]
    notes += ["other elements stand beside it: they are not read"] if beside else []
    table = {"encoding": encoding, "undeclared": "ignore" if twice or beside else "refuse"}
    return Surmise("xml", table, columns, tuple(notes), {"path": record})


def _repeated(path: Path, head: bytes) -> tuple[str, str]:
    counts, parents, stack, declared = Counter[str](), set[str](), list[str](), ["utf-8"]
    parser = expat.ParserCreate()

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        stack.append(name.rpartition(":")[2])
        at = "/".join(stack)
        counts[at] += 1
        parents.add("/".join(stack[:-1]))
        parents.update([at] if attributes else [])

    def refuse(*_: object) -> None:
        raise LayoutError(path.name, 0, "it has a document type (DTD), which is not read")

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: stack.pop()
    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = lambda _, encoding, __: declared.append((encoding or "utf-8").lower())
    try:
        parser.Parse(head, len(head) < _HEAD)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter of an encoding that expat has not
        raise LayoutError(path.name, 0, f"it is no whole XML document: {error}") from None
    found = [at for at in counts if at in parents and "/" in at] or list(counts)
    return min(found, key=lambda at: (-counts[at], at.count("/"))), declared[-1]
