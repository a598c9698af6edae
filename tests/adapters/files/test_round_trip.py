"""Decode, encode, decode: the same values for every record of every copybook file of the corpus.

Where not the same bytes, `DIFFERENT` lists it as data, and `NOT_DECODED` the files that have no layout here.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from copybook_file import COBRIX, DEMO, SAMPLES, Sample, layout_of

from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import RecordType, Table, every_field
from brownfield_files.record.decode import Broken, record_reader, value_reader
from brownfield_files.record.encode import encode_record
from brownfield_files.record.frame import Cut, frames
from brownfield_files.record.router import router

pytestmark = pytest.mark.corpus


def differences(raw: bytes, written: bytes, record: RecordType, row: dict[str, Any], code: Encoding) -> Counter[str]:
    """What the bytes that differ are; `other` is not among what may be."""
    counts = {part.name: row[part.name] for part in record.parts if part.name in row}
    found: Counter[str] = Counter()
    rest = bytearray(a ^ b for a, b in zip(raw, written, strict=True))
    for one in every_field(record.parts, count=lambda table: len(elements(table, counts))):
        where = slice(one.offset, one.offset + one.length)
        rest[where] = bytes(one.length)
        if raw[where] == written[where]:
            continue
        blank = b"\0" + code.space
        nuls = one.kind == "text" and raw[where].rstrip(blank) == written[where].rstrip(blank)
        same = value_reader(one, code)(raw[where]) == value_reader(one, code)(written[where])
        found["NULs" if nuls else "sign" if same and one.exact else "other"] += 1
    return found + Counter({"filler": int(any(rest))})


def elements(table: Table, row: dict[str, Any]) -> list[Any]:
    value = row.get(table.name, [])
    assert isinstance(value, list)
    return value


def round_trip(sample: Sample, folder: Path) -> Counter[str]:
    """How many records there are, how many are damage, and what differs of the others."""
    layout, code = layout_of(sample, folder), encoding(sample.code, floating=sample.floating)
    route, found = router(layout, code), Counter[str]()
    readers = {record.name: record_reader(record, code) for record in layout.records}
    how = Cut(sample.framing, layout.length, code.name, code.ebcdic, sample.record)  # type: ignore[arg-type]
    with (folder / sample.data).open("rb") as file:
        for frame in frames(file, how):
            name = route(frame.batch)[0] if sample.types else layout.records[0].name
            found["records"] += 1
            try:
                row = readers[name](frame.record)
            except Broken as broken:
                found[f"damage {broken.code}"] += 1
                continue
            record = layout.record(name)
            longer = None if frame.record == frame.record[: record.length] else len(frame.record)
            written = encode_record(record, row, code, longer)
            assert readers[name](written) == row
            written, raw = written[: len(frame.record)], frame.record[: len(written)]
            found += differences(raw, written, record, row, code)
    return found


# Records whose FILLER is no blanks (it is not kept), fields with NULs behind their text (blanks are written), records
# that are damage and not decoded at all.
DIFFERENT: dict[str, dict[str, int]] = {
    "test4a": {"NULs": 3046, "damage text-nul": 16},
    "companies": {"NULs": 3034, "damage text-nul": 15, "damage text-shift": 4},
    "DALYTRAN.PS.INIT": {"damage zoned-sign": 1},
    "DISCGRP.PS": {"filler": 51},
    "discgrp.txt": {"filler": 51},
    "TCATBALF.PS": {"filler": 50},
    "tcatbal.txt": {"filler": 50},
    "TRANCATG.PS": {"filler": 18},
    "trancatg.txt": {"filler": 18},
    "TRANTYPE.PS": {"filler": 7},
    "trantype.txt": {"filler": 7},
    "EXPORT.DATA.PS": {"NULs": 4},
    "test3": {"NULs": 1000},
    "test4": {"NULs": 3046, "damage text-nul": 16},
    "test9": {"NULs": 1800, "damage text-nul": 51, "damage text-shift": 49},
    "test10": {"filler": 1},
    "test14": {"NULs": 314},
    "test16": {"NULs": 85},
    "test17": {"NULs": 2497, "damage zoned-sign": 137},
    "types": {"NULs": 100},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_decoded_encodes_to_what_decodes_the_same(name: str, corpus: Path) -> None:
    """R20: and to the same bytes but for what `DIFFERENT` lists; it names no value, and no other byte differs."""
    found = round_trip(SAMPLES[name], corpus / "batch")
    records = found.pop("records")
    assert records
    assert "other" not in found
    assert dict(sorted(found.items())) == DIFFERENT.get(name, {})


OWN = "a header and a footer that are no records; its records are in `test_cobrix`"
FIVE = "descriptors of five bytes of its own; its records are in `test_cobrix`"
COUNTED = "no record's length is known without its counters; in `test_cobrix`"
LETTER = "a table whose counter is a letter that an option of Cobrix gives a number"
NOT_DECODED = {
    "AWS.M2.CARDDEMO.IMSDATA.DBPAUTP0.dat": "an unload of IMS: before each segment a prefix that no copybook describes",
    "test11_data/COMP.DETAILS.MAY30.DATA.dat": FIVE,
    "data_codec/example.dat": FIVE,
    "test13a_data/TRAN2.JUN24.DATA.dat": OWN,
    "test13b_data/COMP.DETAILS.JUN02.DATA.RDW.BE.dat": OWN,
    "test21_data/data.dat": COUNTED,
    "test25_data/data.dat": LETTER,
    "test25_data/data2.dat": LETTER,
    "anscombe.data": "before each number a sign's place that its copybook does not have",
}


def test_no_copybook_file_of_the_corpus_is_left_out_without_a_reason(corpus: Path) -> None:
    """R21: what is not decoded here says why."""
    origins = (COBRIX, f"{COBRIX}/../examples", DEMO, "slott56+Stingray-Reader")
    found = {path for origin in origins for path in (corpus / "batch" / origin).rglob("*")}
    named = {path for path in found if path.suffix in {".dat", ".bin", ".data", ".PS", ".INIT"}}
    content = {(corpus / "batch" / sample.data).read_bytes() for sample in SAMPLES.values()}
    left = {path for path in named if path.read_bytes() not in content}
    assert {name for path in left for name in NOT_DECODED if str(path).endswith(name)} == set(NOT_DECODED)
    assert all(any(str(path).endswith(name) for name in NOT_DECODED) for path in left)
