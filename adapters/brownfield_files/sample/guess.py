"""What a sample file and its copybook suggest, for a person to confirm. Nothing here is used when a feed runs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.codepage import GRAPHIC
from brownfield_files.layout.copybook import Copybook, Entry
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, RecordType, every_field, snake
from brownfield_files.record.decode import Broken, number_reader, value_reader
from brownfield_files.record.descriptor import BadFraming
from brownfield_files.record.frame import Cut, Frame, frames
from brownfield_files.record.router import router
from brownfield_files.record.transfer import looks_ebcdic
from brownfield_files.sample.cutting import guess_cut
from brownfield_files.sample.holding import held_by

_SAMPLE_BYTES = 64 * 1024
_MOST_RECORDS = 200_000
_LONGEST_TYPE = 8
_DOUBLE_BYTE = "cp939"
_MOST_TYPES, _ENOUGH = 20, 200
_ROLES = {"header": ("HEADER", "HEAD", "HDR"), "trailer": ("TRAILER", "TRAIL", "TRL", "FOOTER", "FOOT")}


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample file with what its bytes suggest."""

    path: Path
    encoding: Encoding
    how: Cut

    def cut(self, length: int) -> Cut:
        """How it is cut into records."""
        return replace(self.how, length=length)

    def frames(self, length: int) -> Iterator[Frame]:
        """Its records, as far as they can be cut, 200 000 at most."""
        with self.path.open("rb") as file:
            try:
                for frame in frames(file, self.cut(length)):
                    if frame.number >= _MOST_RECORDS:
                        return
                    yield frame
            except BadFraming:
                return


def sample_of(path: Path, longest: int, fields: Sequence[Field]) -> Sample:
    """Guess the encoding by what letters, digits and blanks the bytes would be, and the framing, see `guess_cut`.

    Args:
        path: The sample.
        longest: Bytes of the longest record that the layout describes.
        fields: Its fields. In packed or binary ones a line end may be data, double-byte ones need a page that has them.

    Raises:
        OSError: It cannot be read.
        LayoutError: No page with double-byte characters is known here, and there are fields of them.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    code = _code(head, path.name, graphic=any(field.codec == GRAPHIC for field in fields))
    binary = any(field.kind in {"packed", "binary", "float"} for field in fields)
    lines = not (code.ebcdic or binary) and b"\n" in head
    return Sample(path, code, guess_cut(path, code, longest, lines=lines))


def _code(head: bytes, file: str, *, graphic: bool) -> Encoding:
    if not graphic:
        ebcdic = looks_ebcdic(head) is True
        return encoding("cp037" if ebcdic else "ascii" if not head or max(head) < 0x80 else "latin-1")
    try:
        return encoding(_DOUBLE_BYTE)
    except ValueError as error:
        raise LayoutError(file, 0, f"its layout has double-byte characters, and {error}") from None


def guess_key(layout: Layout, body: RecordType, sample: Sample) -> tuple[str | None, str]:
    """The field that may be the key of a record type, and why: the first whose values are all different.

    Where none is, or one record alone would make all of them so, it is the first text field.
    """
    told = {name for name, _ in body.when}
    fields = [part for part in body.parts if isinstance(part, Field) and part.name not in told]
    count, different = _different(layout, body, sample, [one for one in fields if _may_be_key(one)])
    if count > 1 and different:
        return different[0].name, f"its values are all different in the {count} records of the sample"
    text = next((field.name for field in fields if field.kind == "text"), None)
    return text, f"the first text field of {body.name}"


def _may_be_key(field: Field) -> bool:
    return field.kind == "text" or (field.kind != "float" and field.scale == 0)


def _different(layout: Layout, body: RecordType, sample: Sample, fields: list[Field]) -> tuple[int, list[Field]]:
    """How many records of the type the sample has, and the fields of which no bytes stand in two of them."""
    route, count = router(layout, sample.encoding), 0
    seen: dict[str, set[bytes]] = {field.name: set() for field in fields}
    for frame in sample.frames(layout.length):
        (name,) = route(frame.batch)
        if name != body.name:
            continue
        count += 1
        pieces = {field.name: frame.record[field.offset : field.offset + field.length] for field in fields}
        fields = [field for field in fields if pieces[field.name] not in seen[field.name]]
        for field in fields:
            seen[field.name].add(pieces[field.name])
    return count, fields


def alternatives(copybook: Copybook) -> tuple[Entry, ...]:
    """What looks like a record type each: the level-01 records, or the groups that share one area of the only one."""
    if len(copybook.records) > 1:
        return copybook.records
    record = copybook.records[0]
    targets: dict[str, list[Entry]] = {}
    for entry in record.children:
        target = entry.clauses.redefines or entry.name
        if entry.children and not entry.clauses.occurs:
            targets.setdefault(target, []).append(entry)
    found = max(targets.values(), key=len, default=[])
    return tuple(found) if len(found) > 1 else (record,)


def guess_records(copybook: Copybook, sample: Sample | None) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The `records` table that a sample suggests, empty when there is one type only, and notes for the person."""
    entries = alternatives(copybook)
    if len(entries) == 1:
        return {}, []
    roles = _roles(entries)
    whole = {role: RecordDeclaration(of=entry.name) for role, entry in roles.items()}
    first = assemble(copybook, {"detail": next(iter(whole.values()))})
    told = next((field for field in first.records[0].parts if isinstance(field, Field)), None)
    if sample is None or told is None or not _may_tell(told):
        return _undecided(roles)
    kinds = _kinds(sample, first, told)
    if len(kinds) > _MOST_TYPES:
        return _undecided(roles)
    values = _assign(list(kinds), roles, told)
    types = {role: assemble(copybook, {"detail": one}).records[0] for role, one in whole.items()}
    for value in values.pop("", []):
        values.setdefault(held_by(kinds[value], types, sample.encoding), []).append(value)
    left = [role for role in roles if role not in values]
    if len(left) == 1 == len(values.get("", [])):  # one value and one alternative, both alone
        values[left[0]] = values.pop("")
    seen = {role: entry for role, entry in roles.items() if values.get(role)}
    if not any(role not in _ROLES for role in seen) or not all(types[role].field(told.name) for role in seen):
        return _undecided(roles)
    records = {role: {"of": entry.name, "when": {told.name: _one(values[role])}} for role, entry in seen.items()}
    notes = [
        f"record types were told by {told.name} in the sample: {', '.join(records)}; check that there are no others"
    ]
    notes += [f"{entry.name} does not occur in the sample" for role, entry in roles.items() if role not in seen]
    notes += [f"{told.name} = {value!r} occurs and was not matched to a record type" for value in values.get("", [])]
    return records, notes


def _undecided(roles: dict[str, Entry]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """One type alone, so that there is something to see, and the note that a person must decide."""
    role = next((role for role in roles if role not in _ROLES), next(iter(roles)))
    name = roles[role].name
    return {"detail": {"of": name}}, [f"every record is read as {name}: declare under `records` how the types are told"]


def guess_machine(layout: Layout, sample: Sample) -> tuple[dict[str, str], list[str]]:
    """The settings of fields that are as the machine has them which wrote the file (COMP-5, COMP-1), and the notes.

    A whole number is most often a small one: its first byte is then 0 or 255 where the first is the highest.
    """
    fields = [field for record in layout.records for field in every_field(record.parts)]
    floats = any(field.kind == "float" for field in fields)
    native = [field for field in fields if field.native and field.kind == "binary" and field.length > 1]
    if sample.encoding.ebcdic or not (floats or native):
        return {}, []
    raws = [
        raw
        for frame in islice(sample.frames(layout.length), _ENOUGH)
        for field in native
        if len(raw := frame.record[field.offset : field.offset + field.length]) > 1
    ]
    big, little = (sum(raw[place] in {0, 255} for raw in raws) for place in (0, -1))
    settings = {"byte_order": "big" if big > little else "little"} | ({"floating": "ieee"} if floats else {})
    return settings, [f"{name} = {value}: what wrote the file is guessed, check it" for name, value in settings.items()]


def guess_totals(layout: Layout, sample: Sample) -> list[dict[str, str]]:
    """Totals of the trailer that hold in the sample and are called like a total."""
    trailer = layout.at("last")
    bodies = [record for record in layout.records if record.place == "body"]
    if trailer is None or len(bodies) != 1:
        return []
    stated, count, sums = _figures(layout, bodies[0], trailer, sample)
    totals: list[dict[str, str]] = []
    for name, units in stated.items():
        if re.search("count|cnt|records|number|nbr", name) and units == count:
            totals.append({"trailer": name, "counts": bodies[0].name})
        elif re.search("total|tot|sum|hash|amount", name) and units:
            fits = [field for field, summed in sums.items() if summed == units]
            totals += [{"trailer": name, "sums": f"{bodies[0].name}.{field}"} for field in fits[:1]]
    return totals


def _figures(
    layout: Layout, body: RecordType, trailer: RecordType, sample: Sample
) -> tuple[dict[str, int], int, dict[str, int]]:
    """What the trailer states, and the count and the sums of the body's records; a field that is damaged has no sum."""
    route = router(layout, sample.encoding)
    readers = {
        record.name: [(f, number_reader(f, sample.encoding)) for f in every_field(record.parts) if f.exact]
        for record in (body, trailer)
    }
    stated: dict[str, int] = {}
    sums: Counter[str] = Counter()
    unreadable: set[str] = set()
    count = 0
    for frame in sample.frames(layout.length):
        (kind,) = route(frame.batch)
        count += kind == body.name
        for field, read in readers.get(kind, ()):
            try:
                units = read(frame.record[field.offset : field.offset + field.length])
            except Broken:
                unreadable.add(field.name)
                continue
            if kind == body.name:
                sums[field.name] += units
            else:
                stated[field.name] = units
    return stated, count, {name: units for name, units in sums.items() if name not in unreadable}


def _roles(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """A record type's name for each alternative, the header first and the trailer last."""
    named: dict[str, Entry] = {}
    for role, words in _ROLES.items():
        for entry in entries:
            if role not in named and entry not in named.values() and set(entry.name.split("-")) & set(words):
                named[role] = entry
    others = [entry for entry in entries if not any(entry is known for known in named.values())]
    bodies = {"detail" if len(others) == 1 else snake(entry.name): entry for entry in others}
    return dict((*_some(named, "header"), *bodies.items(), *_some(named, "trailer")))


def _some(named: dict[str, Entry], role: str) -> list[tuple[str, Entry]]:
    return [(role, named[role])] if role in named else []


def _may_tell(field: Field) -> bool:
    """Whether a field is as short as those that tell a record's type are, and may be compared with."""
    return field.length <= _LONGEST_TYPE and (field.kind == "text" or (field.kind == "zoned" and not field.scale))


def _kinds(sample: Sample, layout: Layout, told: Field) -> dict[str | int, list[bytes]]:
    """The type field's values in order of first appearance, the last record's last, each with some of its records."""
    read = value_reader(told, sample.encoding)
    seen: dict[str | int, list[bytes]] = {}
    last: str | int = ""
    for frame in sample.frames(layout.length):
        try:
            last = read(frame.record[told.offset : told.offset + told.length])
        except (Broken, IndexError):
            continue
        if len(known := seen.setdefault(last, [])) < _ENOUGH:
            known.append(frame.record)
        if len(seen) > _MOST_TYPES:
            return seen
    return {value: seen[value] for value in sorted(seen, key=lambda value: value == last)}


def _assign(values: list[str | int], roles: dict[str, Entry], told: Field) -> dict[str, list[str | int]]:
    """Which values belong to which role: by a level-88 name that shares a word, by place, or as the only one left."""
    found: dict[str, list[str | int]] = {}
    bodies = [role for role in roles if role not in _ROLES]
    for index, value in enumerate(values):
        named = {
            word for name, literal in told.values if literal.strip("'\"") == str(value) for word in name.split("-")
        }
        role = next((role for role, entry in roles.items() if named & set(entry.name.split("-"))), "")
        if not role and index == 0 and "header" in roles:
            role = "header"
        if not role and index == len(values) - 1 and "trailer" in roles:
            role = "trailer"
        if not role and len(bodies) == 1:
            role = bodies[0]
        found.setdefault(role, []).append(value)
    return found


def _one(values: list[str | int]) -> str | int | list[str | int]:
    return values[0] if len(values) == 1 else values
