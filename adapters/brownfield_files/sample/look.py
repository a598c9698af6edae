"""`brownfield look`: a layout, or a file through its layout, field by field with places, bytes and meanings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brownfield.contract import Sight, Sources
from brownfield_files.catalog import parser_of
from brownfield_files.format.parsed import Parser
from brownfield_files.layout.assemble import parts_of
from brownfield_files.layout.copybook import read_copybook
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, RecordType, Table, every_field, snake
from brownfield_files.record.decode import Broken, check_whole, element_count, value_reader
from brownfield_files.record.frame import Frame
from brownfield_files.record.router import router
from brownfield_files.sample.draft import Reading, read_sources, sample_parser
from brownfield_files.sample.guess import Sample, alternatives
from brownfield_files.sample.unguessed import check_unpacked
from brownfield_files.standard.known import STANDARDS, recognized


def look(sources: Sources) -> Iterator[Sight]:
    """Show `layout`, or each record of `file` as the layout reads it.

    Without a bundle the encoding, the framing and the record types are guessed as `brownfield new` guesses them, and so
    is the layout of a file for which none is needed.

    Raises:
        LayoutError: The layout cannot be read.
        OSError: A file cannot be read.
    """
    if "file" in sources:
        check_unpacked(Path(sources["file"]))
    if "layout" not in sources:
        yield from _look_through(_parser_of(Path(sources["file"])), sources)
        return
    if (parser := parser_of(Path(sources["layout"]))) is not None:
        yield from _look_through(parser, sources)
        return
    reading = read_sources(sources)
    if reading.sample is not None:
        yield from _look_at_records(reading, reading.sample)
        return
    for kind, fields in _kinds(reading, Path(sources["layout"])):
        for field in fields:
            yield Sight(-1, kind, field.name, field.offset, field.length, field.picture)


def _parser_of(file: Path) -> Parser:
    """The parser of a file that says itself what it holds, or of the layout that it suggests.

    Raises:
        LayoutError: It suggests none.
    """
    with file.open("rb") as opened:
        name = recognized(opened.read(4096))
    return STANDARDS[name].parser() if name else sample_parser(file)


def _look_through(parser: Parser, sources: Sources) -> Iterator[Sight]:
    if "file" not in sources:
        yield from parser.look(None)
        return
    with Path(sources["file"]).open("rb") as file:
        yield from parser.look(file)


def _kinds(reading: Reading, path: Path) -> Iterator[tuple[str, Iterator[Field]]]:
    if path.suffix.lower() == ".toml":
        yield from ((record.name, every_field(record.parts)) for record in reading.layout.records)
        return
    copybook = read_copybook(path)
    for entry in alternatives(copybook):
        lineage = tuple(entry.lineage())
        yield snake(entry.name), every_field(parts_of(lineage[-1], lineage))


def _look_at_records(reading: Reading, sample: Sample) -> Iterator[Sight]:
    route = router(reading.layout, sample.encoding)
    for frame in sample.frames(reading.layout.length):
        (name,) = route(frame.batch)
        if not name:
            reason = "it is of no declared record type"
            yield Sight(frame.number, "", "", 0, len(frame.record), "", frame.record, reason=reason)
            continue
        yield from look_at(frame, reading.layout.record(name), sample.encoding)


def look_at(frame: Frame, kind: RecordType, encoding: Encoding) -> Iterator[Sight]:
    """Each field where it stands in this record; a table of which it cannot be told how often it occurs, in full."""
    seen: dict[str, Any] = {}

    def count(table: Table) -> int:
        try:
            return element_count(table, seen[table.counter])
        except (Broken, TypeError):
            return table.count

    for field in every_field(kind.parts, count=count):
        sight = _sight(frame, kind.name, field, encoding)
        seen[field.name.rpartition(".")[2]] = sight.value
        yield sight


def _sight(frame: Frame, kind: str, field: Field, encoding: Encoding) -> Sight:
    raw = frame.record[field.offset : field.offset + field.length]
    shown = (frame.number, kind, field.name, field.offset, field.length, field.picture, raw)
    try:
        check_whole(raw, field.length)
        return Sight(*shown, value=value_reader(field, encoding)(raw))
    except Broken as broken:
        return Sight(*shown, reason=broken.inside(field.name, field.offset).sentence)
