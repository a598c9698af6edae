"""The generated decoder against the plain one: the same values, the same damage, whatever the bytes are."""

from typing import Any

import pytest
from drawn import BYTES, CLAUSES, CODES, batch_of, decimal, good_image, placed, plainly, record_of
from hypothesis import given, settings
from hypothesis import strategies as st

from brownfield.contract import Row
from brownfield_files.fixed.compiled import DOUBTS, compile_decoder, compile_sum
from brownfield_files.fixed.engine import Without
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType, Table
from brownfield_files.record.decode import Broken, number_reader, record_reader
from brownfield_files.record.encode import encode_field


def fast(record: RecordType, code: Encoding, records: list[bytes]) -> list[Any]:
    decoder = Decoder(Layout(max(map(len, records)), (record,)), code, Without())
    rows = decoder.decode(batch_of(records), ["detail"] * len(records))
    said: dict[int, Any] = {row.number - 7: row.fields for row in rows}
    said |= {damage.number - 7: (damage.code, damage.field) for damage in rows.damaged}
    assert len(rows) + len(rows.damaged) == len(records)
    return [said[index] for index in range(len(records))]


@settings(max_examples=80, deadline=None)
@given(clauses=st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=4), code=st.sampled_from(CODES), data=st.data())
def test_any_bytes_mean_what_the_plain_decoder_says(clauses: list[str], code: Encoding, data: Any) -> None:
    """R21: bytes that are likely to look like something; the records of a batch do not disturb each other."""
    record = record_of(clauses)
    image = st.lists(BYTES, min_size=record.length, max_size=record.length).map(bytes)
    records = data.draw(st.lists(image, min_size=1, max_size=6))
    assert fast(record, code, records) == plainly(record, code, records)


@settings(max_examples=80, deadline=None)
@given(clauses=st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=4), code=st.sampled_from(CODES), data=st.data())
def test_good_records_among_bad_ones_mean_the_same(clauses: list[str], code: Encoding, data: Any) -> None:
    """R20: values written by the encoder, some of them then torn in one byte."""
    record = record_of(clauses)
    records = [bytearray(good_image(record, code, data)) for _ in range(data.draw(st.integers(1, 5)))]
    for image in records[1:]:
        if data.draw(st.booleans()):
            image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    images = [bytes(image) for image in records]
    assert fast(record, code, images) == plainly(record, code, images)


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.name}-{code.order}")
@pytest.mark.parametrize("clause", CLAUSES)
def test_good_records_are_not_in_doubt(clause: str, code: Encoding) -> None:
    """R20: the plain decoder is for what is rare: a good record of any kind is decoded by generated code."""
    record = record_of([clause])
    (part,) = record.parts
    assert isinstance(part, Field)
    value = {"text": "A", "float": "1.5"}.get(part.kind) or decimal(10 ** max(0, -part.scale), max(0, part.scale))
    image = code.space + encode_field(part, value, code)
    decode = compile_decoder(record, record.length, code)
    assert decode is not None
    assert decode([image] * 3, [4, 5, 6]) == [Row(n, "detail", record_reader(record, code)(image)) for n in (4, 5, 6)]


@settings(max_examples=80, deadline=None)
@given(
    clause=st.sampled_from([one for one in CLAUSES if placed(one).exact]), code=st.sampled_from(CODES), data=st.data()
)
def test_a_sum_is_the_sum_or_a_doubt(clause: str, code: Encoding, data: Any) -> None:
    """R20: control totals are exact, however fast."""
    part = placed(clause, offset=2)
    if data.draw(st.booleans()):
        image = st.lists(BYTES, min_size=part.length, max_size=part.length).map(bytes)
    else:
        image = st.builds(
            lambda _: good_image(RecordType("r", part.offset + part.length, (part,)), code, data)[2:], st.none()
        )
    records = [b"??" + data.draw(image) + b"!" for _ in range(data.draw(st.integers(1, 4)))]
    read, units = number_reader(part, code), list[int]()
    try:
        units += [read(raw[2:-1]) for raw in records]
    except Broken:
        with pytest.raises(DOUBTS):
            compile_sum(part, 100, code)(records)
        return
    assert compile_sum(part, 100, code)(records) == sum(units)


def test_tables_are_compiled_and_tables_that_vary_are_left_to_the_plain_decoder() -> None:
    """R25: both give lists."""
    code = encoding("ascii")
    inner = (placed("X", "a"), placed("9(2)", "b", 1))
    fixed = Table("t", 1, 3, 2, inner, plain=False)
    record = RecordType("detail", 7, (placed("9", "n"), fixed))
    decode = compile_decoder(record, 7, code)
    assert decode is not None
    (row,) = decode([b"1x01y02"], [0])
    assert row.fields == {"n": 1, "t": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]}
    varying = RecordType("detail", 7, (placed("9", "n"), Table("t", 1, 3, 2, inner, plain=False, counter="n")))
    assert compile_decoder(varying, 7, code) is None
    assert fast(varying, code, [b"1x01", b"2x01y02", b"2x01"]) == plainly(varying, code, [b"1x01", b"2x01y02", b"2x01"])


@pytest.mark.parametrize("name", ["it's", 'q"', "{v}", "class"])
def test_a_name_is_never_code(name: str) -> None:
    """R21: what a layout calls its fields stands in the generated code as text only."""
    record = RecordType(name, 3, (placed("X(3)", name),))
    decode = compile_decoder(record, 3, encoding("ascii"))
    assert decode is not None
    assert decode([b"abc"], [1]) == [Row(1, name, {name: "abc"})]


def test_records_too_short_or_too_long_are_a_doubt() -> None:
    """R21: nothing is read beyond the end of a record, nor into the next."""
    decode = compile_decoder(RecordType("detail", 3, (placed("X(3)"),)), 4, encoding("ascii"))
    assert decode is not None
    assert [row.fields["f"] for row in decode([b"abc", b"defg"], [0, 1])] == ["abc", "def"]
    for records in ([b"abc", b"de"], [b"abc", b"defgh"]):
        with pytest.raises(DOUBTS):
            decode(records, [0, 1])
