"""Columns against the plain decoder: the same JSON text to the byte, and no record passed that means nothing."""

import sys
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from drawn import BYTES, CLAUSES, CODES, batch_of, good_image, placed, plainly, record_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from brownfield.contract import Documents, Row
from brownfield_files.fixed.column import Columns, compile_columns
from brownfield_files.fixed.engine import Without, engine
from brownfield_files.fixed.plane import countable
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType, Table
from brownfield_files.record.decode import Broken, number_reader, record_reader
from brownfield_files.record.frame import Batch
from brownfield_files.record.schema import contract_of

ASCII = encoding("ascii")


def columns_of(record: RecordType, code: Encoding) -> Columns:
    columns = compile_columns(record, Layout(record.length, (record,)), code)
    assert columns is not None
    return columns


def held_against_plain(record: RecordType, code: Encoding, records: list[bytes]) -> None:
    """Every line is what the plain decoder's values make; a record that means nothing is not among them.

    And every line is what `describe` says: this is what stands in for a validation of each event.
    """
    sheet = columns_of(record, code)(batch_of(records), range(len(records)))
    assert sheet is not None
    said, good = plainly(record, code, records), sheet.good()
    assert b"".join(sheet.lines()).splitlines() == [orjson.dumps(said[index]) for index in good]
    assert [one for index, one in enumerate(said) if isinstance(one, dict)] == [said[index] for index in good]
    described = validator_for(contract_of(Layout(record.length, (record,))).records[record.name].fields)
    assert all(described.is_valid(orjson.loads(line)) for line in b"".join(sheet.lines()).splitlines())
    for part in record.parts:
        assert sheet.texts(part.name) == [str(said[index][part.name]) for index in good]


@settings(max_examples=150, deadline=None)
@given(clauses=st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=4), code=st.sampled_from(CODES), data=st.data())
def test_any_bytes_show_what_the_plain_decoder_says(clauses: list[str], code: Encoding, data: Any) -> None:
    """R21: bytes that are likely to look like something."""
    record = record_of(clauses)
    image = st.lists(BYTES, min_size=record.length, max_size=record.length).map(bytes)
    held_against_plain(record, code, data.draw(st.lists(image, min_size=1, max_size=6)))


@settings(max_examples=150, deadline=None)
@given(clauses=st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=4), code=st.sampled_from(CODES), data=st.data())
def test_good_records_among_torn_ones_show_the_same(clauses: list[str], code: Encoding, data: Any) -> None:
    """R20: values written by the encoder, some of them then torn in one byte."""
    record = record_of(clauses)
    records = [bytearray(good_image(record, code, data)) for _ in range(data.draw(st.integers(1, 5)))]
    for image in records[1:]:
        if data.draw(st.booleans()):
            image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    held_against_plain(record, code, [bytes(image) for image in records])


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.name}-{code.order}")
def test_every_byte_of_a_code_page_is_shown_as_it_is(code: Encoding) -> None:
    """R21: accents, quotes, control characters, and what is no character."""
    record = record_of(["X(3)"])
    space = code.space
    records = [space + bytes([byte]) + middle for byte in range(256) for middle in (space * 2, b"\0" + space, b"AA")]
    held_against_plain(record, code, [image[:4] for image in records])


def test_tables_within_tables_are_columns() -> None:
    """R25: lists of objects and of plain values."""
    pair = Table("pair", 1, 1, 2, (placed("9", "pair"),), plain=True)
    line = Table("line", 2, 3, 2, (placed("X", "a"), pair), plain=False)
    record = RecordType("detail", 8, (placed("9(2)", "n"), line))
    held_against_plain(record, ASCII, [b"01x12y34", b'02 56"78', b"03zA1y34"])


def test_records_of_several_lengths_are_columns_too() -> None:
    """R25: a record may be longer than its type, and no longer than the layout; one too short is left to the plain."""
    record = RecordType("detail", 3, (placed("X(3)"),))
    columns = compile_columns(record, Layout(5, (record,)), ASCII)
    assert columns is not None
    sheet = columns(batch_of([b"abc", b"defgh"]), range(2))
    assert sheet is not None
    assert b"".join(sheet.lines()) == b'{"f":"abc"}\n{"f":"def"}\n'
    assert columns(batch_of([b"abc", b"de"]), range(2)) is None
    assert columns(batch_of([b"abc", b"defghi"]), range(2)) is None


def test_what_varies_in_place_has_no_columns() -> None:
    """R25: OCCURS DEPENDING ON is left to the plain decoder."""
    table = Table("t", 1, 1, 2, (placed("X", "t"),), plain=True, counter="n")
    record = RecordType("detail", 3, (placed("9", "n"), table))
    assert compile_columns(record, Layout(3, (record,)), ASCII) is None


KIND = placed("X", "kind")
DETAIL = (KIND, placed("X(3)", "sku", 1), placed("S9(4)", "n", 4))
MIXED = (
    RecordType("detail", 8, DETAIL, (("kind", ("D",)),)),
    RecordType("note", 8, (KIND, placed("X(7)", "text", 1)), (("kind", ("N",)),)),
)
LAYOUT = Layout(8, MIXED)


def a_batch(records: Sequence[bytes]) -> tuple[Batch, list[str]]:
    names = {b"D": "detail", b"N": "note"}
    return Batch.even(5, 40, b"".join(records), 8, 8), [names.get(record[:1], "") for record in records]


RECORDS = [b"DA-10012", b'DB"2000}', b"D\xff   001", b"DA-1 x12", b"Nhello  ", b"N\0x     ", b"Zwhat   "]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=150))
def test_with_and_without_numpy_everything_is_the_same(records: list[bytes]) -> None:
    """R20: rows, damage, documents and their keys; types mixed, damage among them."""
    batch, names = a_batch(records)
    code = encoding("latin-1")
    quick, slow = (Decoder(LAYOUT, code, how).decode(batch, names) for how in (engine(), Without()))
    for kind, key in (("detail", "sku"), ("detail", "n"), ("note", "text"), ("note", "absent")):
        assert same(quick.documents(kind, key)) == same(slow.documents(kind, key))
    assert list(quick) == list(slow)
    assert (len(quick), quick.damaged) == (len(slow), slow.damaged)
    rows = [row for row in slow if row.kind == "detail"]
    assert same(quick.documents("detail", "sku")) == documents_of(rows, "sku")


def same(documents: Documents) -> tuple[list[int], list[str], bytes]:
    return list(documents.numbers), list(documents.keys), documents.lines


def documents_of(rows: list[Row], key: str) -> tuple[list[int], list[str], bytes]:
    lines = b"".join(orjson.dumps(row.fields) + b"\n" for row in rows)
    return [row.number for row in rows], [str(row.fields[key]) for row in rows], lines


@settings(max_examples=80, deadline=None)
@given(
    clause=st.sampled_from([one for one in CLAUSES if countable(placed(one))]),
    code=st.sampled_from(CODES),
    data=st.data(),
)
def test_a_sum_in_columns_is_the_sum_or_a_doubt(clause: str, code: Encoding, data: Any) -> None:
    """R20: control totals are exact, however fast."""
    part = placed(clause, offset=2)
    record = RecordType("r", part.offset + part.length, (part,))
    image = st.builds(lambda _: good_image(record, code, data), st.none())
    if data.draw(st.booleans()):
        image = st.lists(BYTES, min_size=record.length, max_size=record.length).map(bytes)
    records = [data.draw(image) for _ in range(data.draw(st.integers(1, 4)))]
    add, read, units = engine().compile_total(part, code), number_reader(part, code), list[int]()
    assert add is not None
    try:
        units += [read(raw[2:]) for raw in records]
    except Broken:
        assert add(batch_of(records), range(len(records))) is None
        return
    assert add(batch_of(records), range(len(records))) == sum(units)


def test_without_numpy_the_generated_code_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """R20: numpy is an extra; nothing is said, and nothing changes but the speed."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "numpy"] + ["brownfield_files.fixed.column"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delattr("brownfield_files.fixed.column", raising=False)
    assert isinstance(engine.__wrapped__(), Without)


def test_long_numbers_are_exact() -> None:
    """R23: 31 digits and more, where 64 bits end."""
    field = Field("f", 0, 16, "S9(31) COMP-3", "packed", 31, 0, signed=True)
    record = RecordType("r", 16, (field,))
    image = bytes.fromhex("1234567890123456789012345678901d")
    held_against_plain(record, ASCII, [image])
    assert record_reader(record, ASCII)(image) == {"f": "-1234567890123456789012345678901"}
