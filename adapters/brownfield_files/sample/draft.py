"""`brownfield new --file SAMPLE`, with `--layout` for fixed-width records: a bundle's files part."""

import glob
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from brownfield.contract import Contract, Damage, Draft, Fields, Rejected, Sources
from brownfield_files.catalog import PARSERS, parser_of
from brownfield_files.format.cell import Style
from brownfield_files.format.parsed import Parser
from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import read_copybook
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.document import tables_of
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import Layout, LayoutError, RecordType, every_field, snake
from brownfield_files.layout.toml_layout import read_toml_layout
from brownfield_files.record.descriptor import IBM
from brownfield_files.record.frame import Cut
from brownfield_files.record.schema import contract_of
from brownfield_files.sample.guess import (
    Sample,
    alternatives,
    guess_key,
    guess_machine,
    guess_records,
    guess_totals,
    sample_of,
)
from brownfield_files.sample.surmise import MOST_RECORDS, Known, Surmise, fields_of, required_alone, told, written
from brownfield_files.sample.unguessed import check_unpacked
from brownfield_files.sample.written import surmise
from brownfield_files.setting import COPYBOOKS, FormatName
from brownfield_files.standard.known import SHIPPED, STANDARDS, Standard, recognized

_NUMBERS = re.compile(r"[0-9]+(?:[-_.: T]?[0-9]+)*")
"""A number, a date, a time, or several of them: in a file's name they are another one tomorrow."""
_NUMBERED_ENDING = re.compile(r"(?<=\.)[0-9]+$|[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Reading:
    """A layout file read together with a sample, if there is one.

    Attributes:
        layout: The layout with the record types that the sample suggests.
        sample: The sample with its encoding and framing.
        records: The guessed `records` table.
        subject: What the body's record is called in the copybook, in snake_case.
        notes: What was guessed.
    """

    layout: Layout
    sample: Sample | None
    records: dict[str, dict[str, Any]]
    subject: str
    notes: list[str]


def read_sources(sources: Sources) -> Reading:
    """Read `layout` and, when given, `file`.

    Raises:
        LayoutError: The layout cannot be read.
        OSError: A file cannot be read.
        KeyError: `layout` is missing.
    """
    path = Path(sources["layout"])
    file = Path(sources["file"]) if "file" in sources else None
    if path.suffix.lower() == ".toml":
        layout = read_toml_layout(path)
        fields = [one for record in layout.records for one in every_field(record.parts)]
        sample = sample_of(file, layout.length, fields) if file else None
        return Reading(layout, sample and _as_shipped(sample, path.name), {}, snake(path.stem), [])
    copybook = read_copybook(path)
    longest = max(record.length for record in copybook.records)
    entries = (entry for chosen in alternatives(copybook) for entry in chosen.walk())
    sample = sample_of(file, longest, [entry.item for entry in entries if entry.item]) if file else None
    records, notes = guess_records(copybook, sample)
    layout = assemble(copybook, {name: RecordDeclaration.model_validate(one) for name, one in records.items()})
    body = next(record.name for record in layout.records if record.place == "body")
    return Reading(layout, sample, records, snake(records.get(body, {}).get("of", copybook.records[0].name)), notes)


def _as_shipped(sample: Sample, layout: str) -> Sample:
    """A sample of a layout of ours is written as its files are: one without an accent says nothing of the next."""
    known = SHIPPED.get(layout)
    return replace(sample, encoding=encoding(known.encoding)) if known and not sample.encoding.ebcdic else sample


def draft_file(sources: Sources) -> Draft:
    """The draft of a bundle that collects files like the sample.

    Args:
        sources: `file`, the sample; `layout`, a copybook or TOML layout, which may be missing where a library reads the
            format; optionally `id`, the bundle's.

    Raises:
        LayoutError: The layout cannot be read, or one is needed.
        OSError: A file cannot be read.
        KeyError: `file` is missing.
    """
    check_unpacked(Path(sources["file"]))
    layout = Path(sources["layout"]) if "layout" in sources else None
    if layout is None and (name := _recognized(Path(sources["file"]))):
        return _draft_standard(sources, name)
    parser = parser_of(layout) if layout else None
    if layout and not parser:
        return _draft_fixed(sources)
    try:
        return _draft_parsed(sources, layout, parser) if layout and parser else _draft_surmised(sources)
    except Rejected as refusal:  # the sample as a whole
        raise LayoutError(Path(sources["file"]).name, 0, refusal.message) from None


def _recognized(file: Path) -> FormatName | None:
    with file.open("rb") as opened:
        return recognized(opened.read(4096))


def _draft_standard(sources: Sources, name: FormatName) -> Draft:
    """A draft of a format that needs no layout."""
    file, standard = Path(sources["file"]), STANDARDS[name]
    variable, match = _variable(sources, file), _match(file)
    records = standard.parser().contract().records
    key, why = _standard_key(standard, file)
    others = [kind for kind in records if kind != standard.record]
    return Draft(
        connection="drop",
        settings={"format": name, "location": {"env": variable}, "match": match},
        variables={variable: "The folder in which the files arrive."},
        files={},
        contract=Contract(records=records),
        feed=snake(_prefix(file)),
        key=key,
        notes=(
            f"format = {name}: told by how {file.name} begins",
            f"match = {match}: guessed from the name of the sample",
            f"record = {standard.record}; the others are {', '.join(others)}",
            f"key = {key}: {why}",
        ),
        record=standard.record,
    )


def _standard_key(standard: Standard, file: Path) -> tuple[str, str]:
    """A reference that every record of the sample has, each another; else what the format always says."""
    if not standard.better:
        return standard.key, "what such files always say"
    rows = list[Fields]()
    with file.open("rb") as opened, suppress(Rejected):  # `look` and `collect` say why it is refused
        for one in islice(standard.parser().records(opened), MOST_RECORDS):
            rows += [one[1]] if not isinstance(one, Damage) and one[0] == standard.record else []
    for name in standard.better:
        values = {row[name] for row in rows}
        if len(values) == len(rows) > 1 and values.isdisjoint({None, ""}):
            return name, f"its values are all different in the {len(rows)} records of the sample"
    return standard.key, f"several of {standard.record} may have it in common, check it"


def _draft_surmised(sources: Sources) -> Draft:
    """A draft with a first layout, from what the sample suggests."""
    file = Path(sources["file"])
    found = surmise(file)
    fields, doubts = _fields(found)
    name = f"{snake(_prefix(file))}.toml"
    with tempfile.TemporaryDirectory(prefix="brownfield-draft-") as folder:
        layout = Path(folder) / name
        key, _ = _first_key(_parser(found, fields, layout), file)
        fields = required_alone(fields, key)
        draft = _draft_parsed(sources, layout, _parser(found, fields, layout))
    types = f"fields, guessed from the sample, to be corrected in contract/{name}: {told(fields)}"
    return replace(draft, notes=(*found.notes, *doubts, types, *draft.notes))


def sample_parser(file: Path) -> Parser:
    """The parser of the layout that a sample suggests.

    Raises:
        LayoutError: It suggests none.
        OSError: It cannot be read.
    """
    found = surmise(file)
    with tempfile.TemporaryDirectory(prefix="brownfield-draft-") as folder:
        return _parser(found, _fields(found)[0], Path(folder) / "sample.toml")


def _fields(found: Surmise) -> tuple[list[Known], list[str]]:
    style = Style.model_validate({key: found.table[key] for key in Style.model_fields if key in found.table})
    return fields_of(found.columns, style)


def _parser(found: Surmise, fields: Sequence[Known], layout: Path) -> Parser:
    """The parser of a layout, which is written to a file."""
    layout.write_text(written(found, fields), "utf-8")
    return PARSERS[found.format](layout)


def _draft_parsed(sources: Sources, layout: Path, parser: Parser) -> Draft:
    """A draft from a layout that says of which format it is."""
    file = Path(sources["file"])
    variable, match = _variable(sources, file), _match(file)
    name = next(name for name in tables_of(layout) if name in PARSERS)
    place = {"layout": {"file": f"contract/{layout.name}"}, "location": {"env": variable}, "match": match}
    marker, beside = _marker(file)
    key, why = _first_key(parser, file)
    return Draft(
        connection="drop",
        settings={"format": name, **place, **marker},
        variables={variable: "The folder in which the files arrive."},
        files={f"contract/{layout.name}": layout.read_bytes()},
        contract=parser.contract(),
        feed=snake(layout.stem),
        key=key,
        notes=(
            f"format = {name}",
            f"match = {match}: guessed from the name of the sample",
            *beside,
            f"key = {key}: {why}",
        ),
    )


def _first_key(parser: Parser, file: Path) -> tuple[str, str]:
    """The field that may be the key: the first that is different in all records of the sample and of the first type."""
    with file.open("rb") as opened:
        some = [one for one in islice(parser.records(opened), MOST_RECORDS) if not isinstance(one, Damage)]
    kind, shape = next(iter(parser.contract().records.items()))
    rows = [fields for name, fields in some if name == kind]
    names = list(shape.fields["properties"])
    for name in names:
        values = [row[name] for row in rows]
        if None not in values and len(set(map(str, values))) == len(values) > 1:
            return name, f"its values are all different in the {len(rows)} records of the sample"
    return names[0], "the first field"


def _marker(file: Path) -> tuple[dict[str, str], list[str]]:
    """The setting of a marker, where one stands beside the sample, and the note of it."""
    if not file.with_name(f"{file.name}.done").exists():
        return {}, []
    return {"marker": "{name}.done"}, ["marker = {name}.done: one stands beside the sample"]


def _variable(sources: Sources, file: Path) -> str:
    return f"{re.sub('[^A-Z0-9]+', '_', sources.get('id', _prefix(file)).upper())}_DROP"


def _match(file: Path) -> str:
    """A glob for files that are called alike: what is counted or dated in the name may be anything.

    An ending keeps its digits (`.x12`), unless it is a number itself (`.001`) or holds a date (`.D20261120`).
    """
    stem = _glob(_NUMBERS, file.stem)
    return stem + _glob(_NUMBERED_ENDING, file.suffix)


def _glob(numbers: re.Pattern[str], name: str) -> str:
    return "*".join(map(glob.escape, numbers.split(name)))


def _draft_fixed(sources: Sources) -> Draft:
    file, layout_file = Path(sources["file"]), Path(sources["layout"])
    reading = read_sources(sources)
    variable = _variable(sources, file)
    body = _body(reading.layout, layout_file.name)
    assert reading.sample is not None  # noqa: S101 -- there is a file
    key, why = _key_of(layout_file.name, reading.layout, body, reading.sample)
    settings, notes = _settings(reading, file, layout_file, variable)
    return Draft(
        connection="drop",
        settings=settings,
        variables={variable: "The folder in which the files arrive."},
        files={f"contract/{_pinned(layout_file)}": layout_file.read_bytes()},
        contract=contract_of(reading.layout),
        feed=reading.subject,
        key=key,
        notes=(*notes, *([f"key = {key}: {why}"] if key else [])),
        record=body.name,
    )


def _pinned(layout: Path) -> str:
    """What a layout is called in the bundle: a member of a library has no ending where it comes from."""
    known = layout.suffix.lower() in {*COPYBOOKS, ".toml"}
    return layout.name if known else f"{layout.name}.cpy"


def _key_of(file: str, layout: Layout, body: RecordType, sample: Sample) -> tuple[str | None, str]:
    """The key of a record type, and why: what a layout of ours has is known, of others it is guessed."""
    known = SHIPPED.get(file)
    if known and known.record == body.name and body.field(known.key):
        return known.key, f"what says which {body.name} it is in such files"
    return guess_key(layout, body, sample)


def _body(layout: Layout, file: str) -> RecordType:
    """The record type that becomes events: of a layout of ours what most want, else `detail`, or the first body."""
    bodies = {record.name: record for record in layout.records if record.place == "body"}
    wished = SHIPPED[file].record if file in SHIPPED else "detail"
    return bodies.get(wished, next(iter(bodies.values())))


def _settings(reading: Reading, file: Path, layout_file: Path, variable: str) -> tuple[dict[str, Any], list[str]]:
    sample = reading.sample
    assert sample is not None  # noqa: S101 -- draft_file has a sample
    match = _match(file)
    notes = [
        f"encoding = {sample.encoding.name}: {_why(sample, layout_file.name)}",
        f"framing = {sample.how.framing}, {reading.layout.length} bytes a record{_told(sample.how)}",
        f"match = {match}: guessed from the name of the sample",
        *reading.notes,
    ]
    settings: dict[str, Any] = {
        "format": "fixed-width",
        "layout": {"file": f"contract/{_pinned(layout_file)}"},
        "location": {"env": variable},
        "match": match,
        "encoding": sample.encoding.name,
        "framing": sample.how.framing,
        **_descriptors(sample.how),
    }
    marker, beside = _marker(file)
    machine, doubts = guess_machine(reading.layout, sample)
    settings |= marker | machine
    notes += [*beside, *doubts]
    if reading.records:
        settings["records"] = reading.records
        if totals := guess_totals(reading.layout, sample):
            settings["totals"] = totals
            notes += [f"total {one['trailer']} holds in the sample" for one in totals]
    over = file.stat().st_size % reading.layout.length
    if sample.how.framing == "fixed" and over:
        notes.append(f"the sample is not a whole number of records of {reading.layout.length}: {over} bytes over")
    return settings, notes


def _descriptors(how: Cut) -> dict[str, Any]:
    """The settings of descriptors that are not as IBM writes them."""
    found: dict[str, Any] = {"rdw": how.record, "bdw": how.block if how.framing == "blocked" else IBM}
    settings = {name: one.model_dump(exclude_defaults=True) for name, one in found.items() if one != IBM}
    return settings | ({"spanned": True} if how.spanned else {})


def _told(how: Cut) -> str:
    """The same for a person."""
    return "".join(f"; {name} = {value}" for name, value in _descriptors(how).items())


def _why(sample: Sample, layout: str) -> str:
    if layout in SHIPPED and not sample.encoding.ebcdic:
        return "what such files are written in, whatever signs the sample has"
    if sample.encoding.mixed:
        return "the layout has double-byte characters, and the bytes do not tell of which country: a person must say"
    return f"guessed from the bytes of {sample.path.name}"


def _prefix(file: Path) -> str:
    match = re.match("[A-Za-z]+", file.stem)
    return match[0] if match else "files"
