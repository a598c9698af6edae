"""The scalar decoder: exact and strict. It is the oracle that faster decoders will be tested against."""

import struct
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import parse_copybook
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType, Table
from brownfield_files.layout.picture import place_field
from brownfield_files.record.decode import Broken, record_reader, value_reader
from brownfield_files.record.encode import DoesNotFit, encode_field, encode_record
from brownfield_files.record.frame import Batch
from brownfield_files.record.router import router
from brownfield_files.record.schema import contract_of

EBCDIC, ASCII, LATIN = encoding("cp037"), encoding("ascii"), encoding("latin-1")


def field(clause: str) -> Field:
    if clause in {"COMP-1", "COMP-2"}:
        return place_field("f", 0, "", clause)
    picture, *words = clause.split()
    signs = {"LEADING": "leading", "SEPARATE": "trailing-separate", "LEADING-SEPARATE": "leading-separate"}
    sign: Any = next((signs[word] for word in words if word in signs), "trailing")
    usage = next((word for word in words if word not in signs), "DISPLAY")
    return place_field("f", 0, picture, usage, sign)


@pytest.mark.parametrize(
    ("clause", "raw", "value"),
    [
        ("X(5)", "C1 60 F1 40 40", "A-1"),
        ("X(3)", "40 C1 40", " A"),
        ("X(3)", "C1 00 00", "A"),
        ("X(3)", "00 00 00", ""),
        ("9(3)", "F0 F4 F2", 42),
        ("9(3)", "F0 F4 C2", 42),
        ("S9(3)", "F0 F4 C2", 42),
        ("S9(3)", "F0 F4 D2", -42),
        ("S9(3)", "F0 F4 F2", 42),
        ("S9(3)", "F0 F0 D0", 0),
        ("S9", "D7", -7),
        ("S9(3) LEADING", "D1 F0 F0", -100),
        ("S9(2) SEPARATE", "F4 F2 60", -42),
        ("S9(2) LEADING-SEPARATE", "4E F4 F2", 42),
        ("9(3)V99", "F0 F4 F9 F9 F0", "49.90"),
        ("9(3)PPP", "F0 F4 F2", 42000),
        ("VPP99", "F4 F2", "0.0042"),
        ("S9(7)V9(4) COMP-3", "00 00 00 49 90 0C", "4.9900"),
        ("S9(5) COMP-3", "00 12 3D", -123),
        ("S9(5) COMP-3", "00 12 3F", 123),
        ("9(5) COMP-3", "00 12 3C", 123),
        ("S9(3)V99 COMP-3", "00 00 0D", "0.00"),
        ("S9(4) COMP", "FF FE", -2),
        ("9(4) COMP", "27 0F", 9999),
        ("9(4) COMP-5", "FF FF", 65535),
        ("S9(9)V99 COMP", "FF FF FF FF FF FF FF 9C", "-1.00"),
        ("9(19)", "F9 " * 19, "9" * 19),
        ("S9(3).99", "F9 F9 F3 4B F8 D2", "-993.82"),
        ("S9(3).99", "F9 F9 F4 4B F7 C9", "994.79"),
        ("N(3)", "00 C9 00 2D 00 20", "É-"),
        ("COMP-1", "41 10 00 00", "1"),
        ("COMP-1", "C1 18 00 00", "-1.5"),
        ("COMP-1", "40 19 99 99", "0.0999999642372131347656250".rstrip("0")),
        ("COMP-1", "46 F4 24 00", "16000000"),
        ("COMP-1", "80 00 00 00", "0"),
        ("COMP-1", "45 00 00 10", "1"),
        ("COMP-2", "42 64 00 00 00 00 00 00", "100"),
        ("COMP-2", "3F 10 00 00 00 00 00 00", "0.00390625"),
    ],
)
def test_ebcdic_bytes_mean_what_the_machine_means(clause: str, raw: str, value: object) -> None:
    """R23: decimals are exact strings, whole numbers are ints, and nothing passes through a float."""
    assert value_reader(field(clause), EBCDIC)(bytes.fromhex(raw)) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"042", 42), (b"04B", 42), (b"04{", 40), (b"04K", -42), (b"04}", -40), (b"04r", -42), (b"04p", -40)],
)
def test_ascii_signs_of_both_dialects_are_read(raw: bytes, value: int) -> None:
    """R20: signs as IBM's translated files and as GnuCOBOL write them."""
    assert value_reader(field("S9(3)"), ASCII)(raw) == value


@pytest.mark.parametrize(
    ("clause", "raw", "code", "at"),
    [
        ("S9(5) COMP-3", "40 40 40", "packed-sign", 2),
        ("S9(5) COMP-3", "00 1A 3C", "packed-nibble", 1),
        ("S9(5) COMP-3", "F1 23 4C", "packed-nibble", 0),
        ("S9(5) COMP-3", "00 12 3A", "packed-sign", 2),
        ("S9(5) COMP-3", "00 12 34", "packed-sign", 2),
        ("9(5) COMP-3", "00 12 3D", "packed-sign", 2),
        ("S9(4) COMP-3", "10 00 0C", "packed-range", 0),
        ("9(3)", "40 40 40", "zoned-sign", 2),
        ("9(3)", "40 F4 F2", "zoned-digit", 0),
        ("9(3)", "F0 F4 D2", "zoned-sign", 2),
        ("S9(3)", "F0 C4 F2", "zoned-digit", 1),
        ("S9(3)", "F0 F4 A2", "zoned-sign", 2),
        ("S9(3) LEADING", "F1 F4 C2", "zoned-digit", 2),
        ("S9(2) SEPARATE", "F4 F2 F0", "zoned-sign", 2),
        ("S9(2) LEADING-SEPARATE", "4E F4 40", "zoned-digit", 2),
        ("S9(4) COMP", "27 10", "binary-range", 0),
        ("X(3)", "C1 00 C1", "text-nul", 1),
        ("S9(3).99", "F9 F9 F3 6B F8 D2", "zoned-point", 3),
        ("S9(3).99", "F9 F9 F3 4B F8 60", "zoned-sign", 5),
        ("N(2)", "D8 00 00 41", "text-byte", 0),
    ],
)
def test_what_cobol_would_compute_with_all_the_same_is_damage(clause: str, raw: str, code: str, at: int) -> None:
    """R21: no wrong data: blanks in a packed field, a sign that is none, a digit too many."""
    with pytest.raises(Broken) as caught:
        value_reader(field(clause), EBCDIC)(bytes.fromhex(raw))
    assert (caught.value.code, caught.value.at) == (code, at)


def test_a_byte_that_is_no_character_is_damage() -> None:
    """R21: `ascii` means ascii."""
    with pytest.raises(Broken, match="0xE9 is no character in ascii") as caught:
        value_reader(field("X(4)"), ASCII)(b"caf\xe9")
    assert (caught.value.code, caught.value.at) == ("text-byte", 3)
    assert value_reader(field("X(4)"), LATIN)(b"caf\xe9") == "café"


@pytest.mark.parametrize("digit", "٣３²½"[:3])
def test_digits_of_other_scripts_are_no_digits(digit: str) -> None:
    """R21: Python's idea of a digit is wider than COBOL's."""
    with pytest.raises(Broken):
        value_reader(field("9"), encoding("latin-1"))(digit.encode("utf-8")[-1:])
    with pytest.raises(DoesNotFit):
        encode_field(field("9"), digit, LATIN)


def test_comp_5_is_read_in_the_machines_order() -> None:
    """R20: COMP-5 is what the machine had in memory; COMP is big-endian everywhere."""
    little = encoding("ascii", "little")
    assert value_reader(field("S9(4) COMP-5"), little)(b"\xfe\xff") == -2
    assert value_reader(field("S9(4) COMP"), little)(b"\xff\xfe") == -2


@pytest.mark.parametrize(
    ("usage", "raw", "value"),
    [
        ("COMP-1", struct.pack("<f", 0.1), "0.100000001490116119384765625"),
        ("COMP-2", struct.pack("<d", -2.5), "-2.5"),
        ("COMP-2", struct.pack("<d", 1e300), f"{int(1e300)}"),
        ("COMP-2", struct.pack("<d", -0.0), "0"),
    ],
)
def test_ieee_floats_are_read_where_they_are_declared(usage: str, raw: bytes, value: str) -> None:
    """R23: the exact value, in the order of the machine that wrote it."""
    assert value_reader(field(usage), encoding("ascii", "little", "ieee"))(raw) == value
    assert value_reader(field(usage), encoding("ascii", "big", "ieee"))(raw[::-1]) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_damage(value: float) -> None:
    """R21: NaN and infinity have no place in JSON, nor in a total."""
    with pytest.raises(Broken, match="no number") as caught:
        value_reader(field("COMP-2"), encoding("ascii", "big", "ieee"))(struct.pack(">d", value))
    assert caught.value.code == "float-value"


@given(raw=st.binary(min_size=8, max_size=8), floating=st.sampled_from(["ibm", "ieee"]), length=st.sampled_from([4, 8]))
def test_every_float_is_written_as_it_is_read(raw: bytes, floating: Any, length: int) -> None:
    """R34: exact both ways, and within the schema."""
    code, one = encoding("cp037", "big", floating), field("COMP-1" if length == 4 else "COMP-2")
    try:
        value = value_reader(one, code)(raw[:length])
        again = encode_field(one, value, code)
    except (Broken, DoesNotFit):  # IEEE: no number; IBM: not normalized, and too small to be
        return
    assert value_reader(one, code)(again) == value
    _assert_fits(one, value)


def test_blank_when_zero_is_a_zero_and_other_blanks_are_none() -> None:
    """R20: and blanks are written for it again."""
    one = place_field("f", 0, "9(3)V9", blank_zero=True)
    assert value_reader(one, EBCDIC)(b"\x40" * 4) == "0.0"
    assert encode_field(one, "0.0", EBCDIC) == b"\x40" * 4
    assert value_reader(one, EBCDIC)(encode_field(one, "1.5", EBCDIC)) == "1.5"
    with pytest.raises(Broken):
        value_reader(one, EBCDIC)(b"\x40\x40\x40\xf0")


NESTED = """\
       01 R.
          02 COUNT-A PIC 9.
          02 G OCCURS 0 TO 2 TIMES DEPENDING ON COUNT-A.
             03 COUNT-B PIC 9.
             03 H OCCURS 0 TO 3 TIMES DEPENDING ON COUNT-B.
                04 F PIC X.
          02 Z PIC X.
"""


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"0z", {"count_a": 0, "g": [], "z": "z"}),
        (b"10z", {"count_a": 1, "g": [{"count_b": 0, "h": []}], "z": "z"}),
        (
            b"21a3bcdz",
            {"count_a": 2, "g": [{"count_b": 1, "h": ["a"]}, {"count_b": 3, "h": ["b", "c", "d"]}], "z": "z"},
        ),
    ],
)
def test_what_follows_a_table_that_varies_moves_up(raw: bytes, fields: dict[str, Any]) -> None:
    """R20: OCCURS DEPENDING ON, within itself too; read, written and looked at."""
    record = assemble(parse_copybook(NESTED)).records[0]
    fields = fields | {"g": [one | {"h": [{"f": f} for f in one["h"]]} for one in fields["g"]]}
    assert record_reader(record, ASCII)(raw) == fields
    assert encode_record(record, fields, ASCII) == raw


def test_a_table_that_varies_may_be_written_in_full() -> None:
    """R20: as GnuCOBOL writes it unless told otherwise: nothing moves, and what is not counted is not read."""
    record = assemble(parse_copybook(NESTED), slide=False).records[0]
    raw = b"12xy?????z"
    fields = {"count_a": 1, "g": [{"count_b": 2, "h": [{"f": "x"}, {"f": "y"}]}], "z": "z"}
    assert record_reader(record, ASCII)(raw) == fields
    assert encode_record(record, fields, ASCII) == b"12xy     z"


@pytest.mark.parametrize(
    ("raw", "code", "name"),
    [
        (b"3", "table-count", "g"),
        (b"14abcd", "table-count", "g[0].h"),
        (b"12ab", "record-short", "z"),
        (b"12a", "record-short", "g[0].h[1].f"),
    ],
)
def test_a_count_out_of_range_and_a_record_that_ends_early_are_damage(raw: bytes, code: str, name: str) -> None:
    """R21: nothing is read beyond the end, and no element is made up."""
    with pytest.raises(Broken) as caught:
        record_reader(assemble(parse_copybook(NESTED)).records[0], ASCII)(raw)
    assert (caught.value.code, caught.value.field) == (code, name)


def test_a_table_must_have_as_many_elements_as_its_counter_states() -> None:
    """R34: the bytes could not be read again."""
    record = assemble(parse_copybook(NESTED)).records[0]
    for fields in ({"count_a": 1, "g": [], "z": ""}, {"count_a": 3, "g": [{"count_b": 0, "h": []}] * 3, "z": ""}):
        with pytest.raises(DoesNotFit, match="elements where count_a"):
            encode_record(record, fields, ASCII)


def test_the_schema_of_a_table_that_varies_says_how_many() -> None:
    """R25: from the least to the most."""
    schema = contract_of(assemble(parse_copybook(NESTED))).records["detail"].fields["properties"]["g"]
    assert (schema["minItems"], schema["maxItems"]) == (0, 2)


def test_the_reason_names_the_field_and_the_byte_in_the_record() -> None:
    """R20: a quarantined record says where to look."""
    inner = place_field("amount", 1, "S9(3)", "COMP-3")
    table = Table("lines", 4, 3, 2, (place_field("kind", 0, "X"), inner), plain=False)
    record = RecordType("detail", 10, (place_field("sku", 0, "X(4)"), table))
    with pytest.raises(Broken) as caught:
        record_reader(record, EBCDIC)(bytes.fromhex("C1C1C1C1 C1001C C100A1"))
    assert caught.value.field == "lines[1].amount"
    assert caught.value.sentence.startswith("lines[1].amount: byte 9 of the record: 0xA1 holds a nibble")


def test_a_plain_table_names_its_element() -> None:
    """R20: as above, where the element is a value."""
    table = Table("days", 1, 2, 3, (place_field("days", 0, "9(2)"),), plain=True)
    record = RecordType("detail", 7, (table,))
    assert record_reader(record, ASCII)(b"x010203") == {"days": [1, 2, 3]}
    with pytest.raises(Broken, match="is no digit") as caught:
        record_reader(record, ASCII)(b"x0102 3")
    assert (caught.value.field, caught.value.sentence[:26]) == ("days[2]", "days[2]: byte 5 of the rec")


CLAUSES = st.builds(
    lambda signed, whole, fraction, usage: f"{'S' * signed}9({whole}){f'V9({fraction})' if fraction else ''}{usage}",
    st.booleans(),
    st.integers(1, 9),
    st.integers(0, 9),
    st.sampled_from(["", " COMP-3", " COMP", " COMP-5", " LEADING", " SEPARATE", " LEADING-SEPARATE"]),
)


@given(clause=CLAUSES, code=st.sampled_from([EBCDIC, ASCII, LATIN, encoding("cp500")]), data=st.data())
def test_what_is_encoded_is_decoded_again_and_fits_its_schema(clause: str, code: Any, data: Any) -> None:
    """R34: the schema is as wide as the field, and a value survives the way through the bytes and back."""
    one = field(clause)
    most = 10**one.digits - 1
    units = data.draw(st.integers(-most if one.signed else 0, most))
    value: Any = units
    if one.scale > 0:
        value = str(Decimal(units).scaleb(-one.scale).quantize(Decimal(1).scaleb(-one.scale)).copy_abs())
        value = f"-{value}" if units < 0 else value
        value = f"{Decimal(value):f}"
    raw = encode_field(one, value, code)
    assert len(raw) == one.length
    assert value_reader(one, code)(raw) == value
    _assert_fits(one, value)


def _assert_fits(one: Field, value: object) -> None:
    import re

    layout = Layout(one.length, (RecordType("detail", one.length, (one,)),))
    schema = contract_of(layout).records["detail"].fields["properties"]["f"]
    if schema["type"] == "integer":
        assert schema["minimum"] <= value <= schema["maximum"]  # type: ignore[operator]
        assert orjson.loads(orjson.dumps(value)) == value
    else:
        assert re.search(schema["pattern"], str(value))


@given(text=st.text(st.characters(codec="latin-1", exclude_characters="\0\x0e"), max_size=12))
def test_text_survives_but_for_blanks_on_its_right(text: str) -> None:
    """R34: as above, for text."""
    one = field("X(12)")
    for code in (LATIN, EBCDIC):
        assert value_reader(one, code)(encode_field(one, text, code)) == text.rstrip(" ")


@given(raw=st.binary(min_size=6, max_size=6), clause=CLAUSES)
def test_any_bytes_give_a_value_within_the_schema_or_damage(raw: bytes, clause: str) -> None:
    """R21: whatever arrives, nothing outside the contract leaves the decoder, and it does not crash."""
    one = field(clause)
    for code in (EBCDIC, ASCII):
        image = (raw * 4)[: one.length]
        try:
            value = value_reader(one, code)(image)
        except Broken:
            continue
        _assert_fits(one, value)


def test_a_whole_record_survives_tables_and_filler_included() -> None:
    """R34: record by record, too."""
    inner = (place_field("kind", 0, "X"), place_field("amount", 1, "S9(3)V99", "COMP-3"))
    parts = (
        place_field("sku", 1, "X(4)"),
        Table("lines", 5, 4, 2, inner, plain=False),
        Table("days", 13, 2, 2, (place_field("days", 0, "9(2)"),), plain=True),
    )
    record = RecordType("detail", 17, parts)
    fields = {
        "sku": "É-1",
        "lines": [{"kind": "A", "amount": "-1.20"}, {"kind": "", "amount": "0.00"}],
        "days": [1, 31],
    }
    raw = encode_record(record, fields, EBCDIC, length=20)
    assert len(raw) == 20
    assert raw[0] == raw[19] == 0x40
    assert record_reader(record, EBCDIC)(raw) == fields


@pytest.mark.parametrize(
    ("clause", "value"),
    [
        ("X(2)", "abc"),
        ("X(2)", "я"),
        ("X(2)", 12),
        ("X(2)", "\0a"),
        ("9(2)", 100),
        ("9(2)", -1),
        ("9(2)V9", "1.25"),
        ("9(2)", "1.5"),
        ("9(2)", True),
        ("9(2)", 1.0),
        ("9(2)", ""),
        ("S9(4) COMP", 10000),
        ("S9(4) COMP-5", 40000),
        ("9(3)PPP", 1500),
        ("COMP-1", "0.1"),
        ("COMP-1", 1),
        ("COMP-1", "1e5"),
        ("COMP-2", "1" + "0" * 80),
    ],
)
def test_what_does_not_fit_is_refused_not_cut(clause: str, value: object) -> None:
    """R23: COBOL would move the low digits and lose the high ones."""
    with pytest.raises(DoesNotFit):
        encode_field(field(clause), value, LATIN)


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "shift_jis", "gbk", "punycode", "rot13", "base64", "nonsense", ""])
def test_only_single_byte_encodings_can_be_set(name: str) -> None:
    """R34: where a character may take two bytes, a field's length means nothing."""
    with pytest.raises(ValueError, match="single-byte"):
        encoding(name)


@pytest.mark.parametrize(
    ("name", "ebcdic"), [("ascii", False), ("latin-1", False), ("cp1252", False), ("cp037", True), ("cp1140", True)]
)
def test_ebcdic_is_known_by_its_blank(name: str, ebcdic: bool) -> None:
    """R20: any single-byte code page that Python has."""
    assert encoding(name).ebcdic is ebcdic


@pytest.mark.parametrize("also", [{}, {"N": 1}])
def test_a_record_type_is_told_by_text_that_ends_in_blanks_or_in_nuls(also: dict[str, int]) -> None:
    """R20: LOW-VALUES behind a text say that there is no more of it, for the record's type as for its value."""
    book = parse_copybook("01 R.\n 05 T PIC X(3).\n 05 N PIC 9.\n", "x.cpy")
    told = {kind: RecordDeclaration(when={"T": (value,), **also}) for kind, value in (("a", "A"), ("c", "C"))}
    code = encoding("cp037")
    route = router(assemble(book, told), code)
    lines = [b"A  1", b"A\0\0" + b"1", b"C\0\0" + b"1", b"A\0 1", b"B  1"]
    images = [line.decode("ascii").encode("cp037") for line in lines]
    assert [route(Batch.of(0, 0, [(each, each)]))[0] for each in images] == ["a", "a", "c", "", ""]
