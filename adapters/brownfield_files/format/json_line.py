"""JSON lines: an object on each line, read by the standard library's `json` with every number as it is written.

    [json-lines]
    undeclared = "ignore"

    [records.detail]
    fields = [
      { name = "sku", from = "item.sku", type = "text", required = true },
      { name = "price", type = "decimal", digits = 11, scale = 2 },
    ]

`from` names a member, and with dots one within others. A member that is not there is null, as one that is null. Lists
are not read. A number may be written as a string, as systems do that want it exact.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import orjson
from pydantic import Field

from brownfield.contract import Contract, Damage, Fields, Rejected, Sight
from brownfield_files.format.cell import FieldTable, shown
from brownfield_files.format.member import MemberTable, Seen
from brownfield_files.format.parsed import MOST_BYTES, Content
from brownfield_files.format.shape import OneRecord, Shape, contract_of, fits, no_record, or_broken
from brownfield_files.layout.document import read_document
from brownfield_files.record.decode import Broken

_DEEPEST = 32
_MANY = 1 << 17
"""Bytes of lines that are read at once."""
_LONGEST = 400
"""Digits of a number, its exponent written out."""
_NESTED = re.compile(rb"[\[{]")


class JsonLinesLayout(OneRecord):
    """A layout file."""

    json_lines: MemberTable = Field(alias="json-lines")


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class JsonLines:
    """Reads JSON lines: a `Parser`.

    Args:
        path: The layout.
    """

    def __init__(self, path: Path) -> None:
        document = read_document(path, JsonLinesLayout)
        kind, record = document.record
        self._shape = Shape.of(kind, record)
        self._fields = record.fields
        self._undeclared = document.json_lines.undeclared
        self.layout: Fields = document.model_dump(mode="json")

    def contract(self) -> Contract:
        """The one record type."""
        return contract_of([self._shape])

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its end says against a file: a line that is cut is no JSON."""
        file.seek(max(0, size - MOST_BYTES))
        last = file.read().rstrip(b"\r\n \0\x1a").rpartition(b"\n")[2]
        return "" if last.endswith(b"}") else "its last line does not end an object"

    def check(self, file: BinaryIO) -> None:
        """See that its members are those of the layout, and that the last line is whole.

        Raises:
            Rejected: Codes `drift`, `framing`.
        """
        seen, known, last = Seen(self._shape), set(self._shape.columns), None
        for number, (_, line) in enumerate(_lines(file), 1):
            try:
                members = flatten(_named(line))
                seen.add({name: value for name, value in members.items() if value not in (None, {}) or name in known})
                last = None
            except Broken as broken:
                last = f"line {number}, the last, is cut short: {broken.reason}"
        if last:
            raise Rejected(last, code="framing")
        seen.judge(self._undeclared)

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Its records: the lines that are not blank. Many are read at once, one by one where there is a doubt."""
        for many in _together(_lines(file)):
            try:
                texts = [list(self._texts(flatten(_parsed(line)))) for _, line in many]
                found = self._shape.read_all(list(zip(*texts, strict=True)))
            except Broken:
                yield from map(self._record, many)
            else:
                yield from ((self._shape.kind, fields) for fields in found)

    def _record(self, placed: tuple[int, bytes]) -> Content | Damage:
        offset, line = placed
        try:
            return self._shape.kind, self._shape.read(self._texts(flatten(_parsed(line))))
        except Broken as broken:
            reason = f"{broken.field}: {broken.reason}" if broken.field else broken.reason
            return Damage(0, offset, line, broken.field, broken.code, reason)

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """The record on one line."""
        return self.records(BytesIO(raw))

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """Its records member by member, or the layout."""
        if file is None:
            yield from self._shape.pictures()
            return
        for number, (_, line) in enumerate(_lines(file)):
            try:
                members = flatten(_parsed(line))
            except Broken as broken:
                yield no_record(number, line, broken.reason)
                continue
            texts = [or_broken(text_of, field, members.get(field.column)) for field in self._fields]
            yield from self._shape.sights(number, texts)

    def _texts(self, members: dict[str, object]) -> Iterator[str]:
        for field in self._fields:
            yield fits(text_of, field, members.get(field.column))


def members_of(file: BinaryIO) -> Iterator[dict[str, object]]:
    """The members of each object that can be read, by their names with dots between."""
    for _, line in _lines(file):
        try:
            yield flatten(_parsed(line))
        except Broken:
            continue


def text_of(field: FieldTable, value: object) -> str:
    """The text that a field's value is read from; it raises `Broken` where it is of another sort."""
    if value is None:
        return ""
    if isinstance(value, bool):
        if field.type == "boolean":
            return field.yes if value else field.no
        raise Broken("type", f"{str(value).lower()} stands in it, and it is no boolean")
    if isinstance(value, Number):
        if field.type in {"integer", "decimal"}:
            return _plain(value)
        raise Broken("type", f"the number {shown(value)} stands in it, and it is {field.type}")
    if not isinstance(value, str):
        raise Broken("type", f"{'an object' if isinstance(value, dict) else 'a list'} stands in it, not one value")
    return value


def flatten(members: dict[str, Any], above: str = "") -> dict[str, object]:
    """The values in an object, by their names with dots between; an empty object is one. Raises `Broken`."""
    found: dict[str, object] = {}
    for name, value in members.items():
        further = flatten(value, f"{above}{name}.") if isinstance(value, dict) and value else {above + name: value}
        if not found.keys().isdisjoint(further):
            raise Broken("twice", "a member is there twice")
        found |= further
    return found


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, each with its offset."""
    offset = 0
    while line := file.readline(MOST_BYTES + 1):
        if len(line) > MOST_BYTES:
            raise Rejected(f"at byte {offset} begins a line that is longer than {MOST_BYTES} bytes", code="framing")
        start, offset = offset, offset + len(line)
        if not start and line.startswith(BOM_UTF8):
            start, line = len(BOM_UTF8), line[len(BOM_UTF8) :]
        if line.strip(b"\r\n\t \x1a"):
            yield start, line


def _together(lines: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """The lines in lists, each of a few bytes."""
    many, size = list[tuple[int, bytes]](), 0
    for one in lines:
        many.append(one)
        size += len(one[1])
        if size >= _MANY:
            yield many
            many, size = [], 0
    if many:
        yield many


def _parsed(line: bytes) -> dict[str, Any]:
    """The object on a line; raises `Broken`."""
    if len(_NESTED.findall(line)) > _DEEPEST and _depth(line) > _DEEPEST:
        raise Broken("depth", f"objects lie more than {_DEEPEST} deep in it")
    try:
        found = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Broken("encoding", f"byte {error.start} of the line is no UTF-8") from None
    except json.JSONDecodeError as error:
        raise Broken("json", f"it is no JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(found, dict):
        raise Broken("json", "it is no object")
    return found


def _named(line: bytes) -> dict[str, Any]:
    """The object on a line, of which only the names are good; raises `Broken`."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _parsed(line)
    return found if isinstance(found, dict) else _parsed(line)


def _depth(line: bytes) -> int:
    """How deep objects and lists lie in a line; what stands in strings is left out."""
    depth = deepest = 0
    for sign in re.findall(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', line):
        depth += (sign in b"[{") - (sign in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise Broken("twice", "a member is there twice")
    return found


def _refuse(word: str) -> NoReturn:
    raise Broken("number", f"{word} is no number")


def _plain(number: str) -> str:
    """A number without an exponent, exactly."""
    if "e" not in number and "E" not in number:
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        raise Broken("number", f"{shown(number)} is out of all range") from None
    if abs(value.adjusted()) > _LONGEST or len(number) > _LONGEST:
        raise Broken("digits", f"{shown(number)} has more digits than any field")
    return f"{value:f}"


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refuse, object_pairs_hook=_once)
