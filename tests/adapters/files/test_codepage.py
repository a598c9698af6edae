"""Code pages that Python has not: double-byte text of Japan, Korea and China, and what else the C library knows."""

import codecs
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from drawn import batch_of, plainly, record_of
from hypothesis import given, settings
from hypothesis import strategies as st

from brownfield_files.fixed.column import compile_columns
from brownfield_files.fixed.compiled import compile_decoder
from brownfield_files.fixed.engine import Without
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.codepage import GRAPHIC, page
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import Field, Layout, RecordType
from brownfield_files.layout.picture import place_field
from brownfield_files.record.decode import Broken, record_reader, value_reader
from brownfield_files.record.encode import DoesNotFit, encode_field, encode_record
from brownfield_files.sample.draft import draft_file, read_sources
from brownfield_files.setting import FilesSettings, Format

MIXED = ("cp930", "cp933", "cp935", "cp937", "cp939", "cp1364", "cp1371", "cp1388", "cp1390", "cp1399")
SINGLE = ("cp1047", "cp1141", "cp1148", "cp870", "cp297")
TOKYO = "\u6771\u4eac"  # 東京


@pytest.fixture(autouse=True)
def _iconv(require: Callable[..., None]) -> None:
    require(
        "iconv", page("cp939"), "a C library that knows EBCDIC code pages (glibc; Debian: libc-gconv-modules-extra)"
    )


@pytest.mark.parametrize("name", MIXED)
def test_every_double_byte_character_comes_back_as_the_bytes_it_was(name: str) -> None:
    """R20: encode after decode is the identity but for the few characters that a page has twice."""
    found = page(name)
    assert found is not None
    assert len(found.double) > 9000
    twice = len(found.double) - len(set(found.double.values()))
    other = [pair for pair, character in found.double.items() if character.encode(name + GRAPHIC) != pair]
    assert len(other) == twice <= 190
    for pair, character in found.double.items():
        assert pair.decode(name + GRAPHIC) == character
    text = "".join(character for character in found.single if character not in "\ufffd\x0e\x0f")
    assert text.encode(name).decode(name) == text


@pytest.mark.parametrize("name", SINGLE)
def test_single_byte_pages_are_whole(name: str) -> None:
    """R20: 256 bytes, 256 characters, there and back."""
    every = bytes(range(256))
    assert every.decode(name).encode(name) == every


@pytest.mark.parametrize("name", ["cp037", "cp500", "cp1140"])
def test_the_c_librarys_tables_are_pythons_where_both_have_one(name: str) -> None:
    """R21: two sources, one table."""
    found, every = page(name), bytes(range(256))
    assert found is not None
    assert found.single == every.decode(name)


def text_field(picture: str, usage: str = "DISPLAY") -> Field:
    return place_field("f", 0, picture, usage)


@pytest.mark.parametrize(
    ("picture", "usage", "raw", "value"),
    [
        ("X(8)", "DISPLAY", "C10E455745750F40", "A東京"),  # A, shift-out, two characters, shift-in, blank
        ("X(4)", "DISPLAY", "C1C24040", "AB"),
        ("X(4)", "DISPLAY", "40404040", ""),
        ("X(4)", "DISPLAY", "00000000", ""),
        ("G(3)", "DISPLAY", "455745754040", "東京"),
        ("G(3)", "DISPLAY-1", "455745754040", "東京"),
        ("N(3)", "DISPLAY-1", "455745754040", "東京"),
        ("G(2)", "DISPLAY", "00000000", ""),
        ("N(3)", "NATIONAL", "67714EAC0020", "東京"),
    ],
)
def test_double_byte_text_is_read_and_written(picture: str, usage: str, raw: str, value: str) -> None:
    """R20: between shifts in PIC X, without them in PIC G, as UTF-16 in NATIONAL."""
    code, field, given = encoding("cp939"), text_field(picture, usage), bytes.fromhex(raw)
    assert value_reader(field, code)(given) == value
    if value or given.strip(b"\0"):
        assert encode_field(field, value, code) == given


@pytest.mark.parametrize(
    ("picture", "raw", "code", "at"),
    [
        ("X(4)", "C10E4557", "text-shift", 1),  # no shift-in
        ("X(4)", "C10F4040", "text-byte", 1),  # no shift-out
        ("X(4)", "0E45400F", "text-byte", 1),  # no such character
        ("X(4)", "0E450F40", "text-byte", 1),  # half a character
        ("G(2)", "0E450F40", "text-byte", 0),
        ("G(2)", "40400000", "", 0),
        ("G(2)", "00004557", "text-nul", 0),
    ],
)
def test_damaged_double_byte_text_is_told_with_its_byte(picture: str, raw: str, code: str, at: int) -> None:
    """R21: a field that was cut in the middle of a character is damage, with the byte."""
    read = value_reader(text_field(picture), encoding("cp939"))
    if not code:
        assert read(bytes.fromhex(raw)) == ""
        return
    with pytest.raises(Broken) as caught:
        read(bytes.fromhex(raw))
    assert (caught.value.code, caught.value.at) == (code, at)


@pytest.mark.parametrize("value", ["AB", "\u6771\u4eac\u6771", "\u0e01", "\x0e"])
def test_what_a_double_byte_field_cannot_hold_is_refused(value: str) -> None:
    """R21: never cut, never another character."""
    with pytest.raises(DoesNotFit):
        encode_field(text_field("G(2)"), value, encoding("cp939"))


def test_shifts_take_their_bytes_when_it_is_written() -> None:
    """R21: four characters of two bytes do not fit eight."""
    with pytest.raises(DoesNotFit, match="longer than 8 bytes"):
        encode_field(text_field("X(8)"), TOKYO * 2, encoding("cp939"))


def test_the_compiled_decoders_say_the_same() -> None:
    """R20: fields with shifts are handed to the plain decoder; numbers beside them are as in any EBCDIC."""
    code = encoding("cp939")
    parts = (place_field("a", 0, "X(8)"), place_field("b", 8, "G(2)"), place_field("c", 12, "S9(3)"))
    record = RecordType("detail", 15, parts)
    rows: list[dict[str, Any]] = [
        {"a": "A" + TOKYO, "b": TOKYO, "c": -12},
        {"a": "PLAIN", "b": "", "c": 7},
        {"a": TOKYO + "Z", "b": TOKYO[:1], "c": 0},
    ]
    raw = [encode_record(record, row, code) for row in rows]
    read = record_reader(record, code)
    assert [read(each) for each in raw] == rows
    assert compile_decoder(record, 15, code) is not None


DRAWN = st.lists(st.sampled_from(["X(8)", "X(3)", "G(2)", "S9(3)", "S9(5) COMP-3", "N(2)"]), min_size=1, max_size=4)
LIKELY = st.sampled_from(b"\x0e\x0e\x0f\x0f\x45\x57\x45\x75\x42\xc1\x40\x40\x00\xc1\xf1\xd2\x0c\x81\x5f\xff")


@settings(max_examples=150, deadline=None)
@given(clauses=DRAWN, name=st.sampled_from(["cp939", "cp930", "cp1388"]), data=st.data())
def test_no_decoder_says_anything_else(clauses: list[str], name: str, data: Any) -> None:
    """R21: generated code and columns hand what has shifts to the plain decoder, and judge the rest as it does."""
    record, code = record_of(clauses), encoding(name)
    image = st.lists(LIKELY, min_size=record.length, max_size=record.length).map(bytes)
    records = data.draw(st.lists(image, min_size=1, max_size=6))
    said, layout = plainly(record, code, records), Layout(record.length, (record,))
    rows = Decoder(layout, code, Without()).decode(batch_of(records), ["detail"] * len(records))
    found: dict[int, Any] = {row.number - 7: row.fields for row in rows}
    found |= {damage.number - 7: (damage.code, damage.field) for damage in rows.damaged}
    assert [found[index] for index in range(len(records))] == said
    if (columns := compile_columns(record, layout, code)) is not None:
        sheet = columns(batch_of(records), range(len(records)))
        assert sheet is not None
        assert b"".join(sheet.lines()).splitlines() == [orjson.dumps(said[index]) for index in sheet.good()]
        assert all(isinstance(said[index], dict) for index in sheet.good())  # the others are left to the plain decoder


def test_a_double_byte_field_needs_a_page_that_has_such_characters(tmp_path: Any) -> None:
    """R21: found when the bundle is opened, by the field's name."""
    (tmp_path / "x.cpy").write_text("       01 R.\n           05 NAME-J PIC G(4).\n")
    given_: dict[str, Any] = {"format": "fixed-width", "layout": tmp_path / "x.cpy", "match": "*"}
    with pytest.raises(ValueError, match="name_j holds double-byte characters: set `encoding`"):
        Format(FilesSettings(**given_, encoding="cp037"))
    assert Format(FilesSettings(**given_, encoding="cp939")).layout.length == 8


def test_a_page_that_nobody_knows_is_refused_by_name() -> None:
    """R21: not guessed, not replaced."""
    with pytest.raises(ValueError, match="'cp9999' is not a single-byte encoding"):
        encoding("cp9999")
    with pytest.raises(LookupError):
        codecs.lookup("cp1047_graphic")


def test_a_draft_of_double_byte_fields_asks_of_which_country_they_are(tmp_path: Any) -> None:
    """R26: the bytes do not tell; a page that has such characters is proposed, and said to be a proposal."""
    (tmp_path / "x.cpy").write_text("       01 R.\n           05 NAME-J PIC X(10).\n           05 CITY PIC G(3).\n")
    (tmp_path / "x.dat").write_bytes(bytes.fromhex("C10E455745750F404040455745754040"))
    reading = read_sources({"layout": str(tmp_path / "x.cpy"), "file": str(tmp_path / "x.dat")})
    assert reading.sample is not None
    (frame,) = reading.sample.frames(reading.layout.length)
    assert record_reader(reading.layout.records[0], reading.sample.encoding)(frame.record) == {
        "name_j": "A" + TOKYO,
        "city": TOKYO,
    }
    draft = draft_file({"layout": str(tmp_path / "x.cpy"), "file": str(tmp_path / "x.dat")})
    assert draft.settings["encoding"] == "cp939"
    assert any("do not tell of which country" in note for note in draft.notes)
