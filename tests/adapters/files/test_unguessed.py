"""What `new` and `look` say of a sample that nothing can be drawn from, and what they draw where something can."""

import gzip
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from workbook import workbook

from brownfield.contract import Draft
from brownfield_files import adapter
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.record.transfer import looks_ebcdic


def archive() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as packed:
        packed.writestr("stock.csv", "sku,on_hand\nA-1,4\n")
    return file.getvalue()


UNGUESSED = {
    "text": (b"Dear colleague,\nthe stock is\nfine\n", "nothing splits its lines into values alike"),
    "word": (b"3.1", "what its records are does not show"),
    "fixed": (b"A-1001 004\nA-1002 005\n", "its 2 lines are all of 10 bytes: it looks like records of fixed width"),
    "ebcdic": ("A-1001 004".encode("cp037"), "it looks like EBCDIC"),
    "mac": (b"sku,on_hand\rA-1,4\rA-2,5\r", "its lines end with CR alone"),
    "gzip": (gzip.compress(b"sku,on_hand\nA-1,4\n"), "it is packed: give `new` what is in it"),
    "zip": (archive(), "it is packed: give `new` what is in it"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n", "a document for people"),
    "old workbook": (b"\x09\x04\x06\x00\x00\x00\x10\x00", "a workbook of before Excel 97"),
    "ole": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "one with a password looks so"),
    "json": (b'[\n{"sku": "A-1", "on_hand": 4},\n{"sku": "A-2", "on_hand": 5}\n]\n', "it is one JSON document"),
    "message": (b"UNH+1+ORDERS:D:96A:UN'\nBGM+220+1'\nUNT+3+1'\n", "an EDIFACT message without the interchange"),
    "tradacoms": (b"STX=ANA:1+5000000000000+5000000000017+261121'\nMHD=1+ORDHDR:9'\n", "it is TRADACOMS"),
    "whole json": (b'{\n  "sku": "A-1",\n  "on_hand": 4\n}\n', "its first line is no JSON object"),
    "nested json": (b'{"orders": {"one": [1]}}\n', "none of its records holds a value of its own"),
    "letters": (b'{"sk\\udc00": 1}\n{"sk\\udc00": 2}\n', "is no text that a layout can hold"),
    "code": (b'<?xml version="1.0" encoding="x-own"?><a><b>1</b></a>', "unknown encoding"),
}


def drawn(folder: Path, content: bytes, name: str = "STOCK20261121.DAT") -> Draft:
    sample = folder / name
    sample.write_bytes(content)
    return adapter.draft["file"]({"file": str(sample)})


@pytest.mark.parametrize("kind", UNGUESSED)
def test_what_nothing_can_be_drawn_from_is_told_in_words(tmp_path: Path, kind: str) -> None:
    """R15: "it looks like records of fixed width" was said of all of them."""
    content, words = UNGUESSED[kind]
    with pytest.raises(LayoutError) as raised:
        drawn(tmp_path, content)
    assert words in str(raised.value)
    with pytest.raises(LayoutError):
        list(adapter.look({"file": str(tmp_path / "STOCK20261121.DAT")}))


def test_a_packed_sample_is_told_whatever_layout_is_named(tmp_path: Path) -> None:
    """R15: its packed bytes were cut into records of the layout's length."""
    layout, sample = tmp_path / "stock.cpy", tmp_path / "STOCK.DAT.gz"
    layout.write_text("       01 REC.\n          05 SKU PIC X(4).\n")
    sample.write_bytes(gzip.compress(b"A-10A-11"))
    for doing in (adapter.draft["file"], lambda sources: list(adapter.look(sources))):
        with pytest.raises(LayoutError, match="it is packed"):
            doing({"file": str(sample), "layout": str(layout)})


def test_columns_of_one_name_are_named_to_the_person(tmp_path: Path) -> None:
    """R15: no layout can tell them apart."""
    with pytest.raises(LayoutError, match="2 of its columns are called 'qty'"):
        drawn(tmp_path, workbook(["sku", "qty", "qty"], ["A-1", 4, 5], ["A-2", 4, 6]))


def test_the_row_that_names_the_columns_is_not_one_of_numbers(tmp_path: Path) -> None:
    """R15: above it stands what the workbook is for, as wide as the rows."""
    rows: list[list[Any]] = [["stock", "stock", "2026"], ["sku", "on_hand", "price"], ["A-1", 4, 5], ["A-2", 4, 6]]
    draft = drawn(tmp_path, workbook(*rows))
    assert list(draft.contract.records["detail"].fields["properties"]) == ["sku", "on_hand", "price"]


def test_a_column_of_several_kinds_is_named(tmp_path: Path) -> None:
    """R15: the draft reads it as text, and would call some of the sample's own cells damage without a word."""
    draft = drawn(tmp_path, workbook(["sku", "blocked"], ["A-1", "no"], ["A-2", True], ["A-3", "yes"]))
    assert [note for note in draft.notes if note.startswith("blocked: cells of several kinds")]
    assert not [note for note in draft.notes if note.startswith("sku: cells")]


def test_a_member_of_several_kinds_is_what_most_of_its_values_are(tmp_path: Path) -> None:
    """R15: one truth value made a boolean of all numbers."""
    draft = drawn(tmp_path, b'{"sku": "A-1", "qty": 4}\n{"sku": "A-2", "qty": true}\n{"sku": "A-3", "qty": 5}\n')
    assert 'name = "qty", type = "integer"' in next(iter(draft.files.values())).decode()
    assert [note for note in draft.notes if note.startswith("qty: values of several kinds")]


def test_values_that_hold_line_ends_are_seen_in_the_sample(tmp_path: Path) -> None:
    """R15: the drawn layout called each of them damage."""
    draft = drawn(tmp_path, b'sku,remark\r\nA-1,"two\r\nlines"\r\nA-2,one\r\n')
    assert "multiline = true" in next(iter(draft.files.values())).decode()


def test_letters_of_the_east_are_not_taken_for_ebcdic(tmp_path: Path) -> None:
    """R15: their bytes in UTF-8 are those that letters have in EBCDIC."""
    draft = drawn(tmp_path, "品番,品名\nあああ,李子果園\nいいい,蘋果果園\n".encode())
    assert draft.settings["format"] == "delimited"
    assert looks_ebcdic("A-1001 004 PLUM".encode("cp037"))


@pytest.mark.parametrize("content", [b"sku;% off;\nA-1;2;\nA-2;4;\n", b";sku;% off\n0;A-1;2\n1;A-2;4\n"])
def test_a_header_may_lack_a_name(tmp_path: Path, content: bytes) -> None:
    """R15: each line ends with a delimiter, or rows were numbered; the header became a record like the others."""
    draft = drawn(tmp_path, content)
    assert list(draft.contract.records["detail"].fields["properties"]) == ["sku", "off"]
    assert [note for note in draft.notes if note.endswith("has no name: it is not read")]
    seen = [sight.value for sight in adapter.look({"file": str(tmp_path / "STOCK20261121.DAT")})]
    assert seen == ["A-1", 2, "A-2", 4]


def test_a_header_may_hold_line_ends(tmp_path: Path) -> None:
    """R15: statistical offices write names with a remark below."""
    draft = drawn(tmp_path, b'"sku\n(internal)",on_hand\nA-1,4\nA-2,5\n')
    assert list(draft.contract.records["detail"].fields["properties"]) == ["sku_internal", "on_hand"]


def test_the_last_line_of_a_sample_says_what_it_is_written_in(tmp_path: Path) -> None:
    """R15: it has no line end, and the only accent."""
    draft = drawn(tmp_path, b"sku,name\nA-1,plum\nA-2,p\xe8che")
    assert 'encoding = "cp1252"' in next(iter(draft.files.values())).decode()


def test_a_file_for_which_no_layout_is_needed_is_shown_without_one(tmp_path: Path) -> None:
    """R15: `look FILE` asked for the layout that `new` would have drawn."""
    sample = tmp_path / "STOCK.csv"
    sample.write_bytes(b"sku;on_hand\nA-1;4\nA-2;5\n")
    seen = [(sight.name, sight.value) for sight in adapter.look({"file": str(sample)})]
    assert seen == [("sku", "A-1"), ("on_hand", 4), ("sku", "A-2"), ("on_hand", 5)]
    sample.write_bytes(workbook(["sku", "on_hand"], ["A-1", 4], ["A-2", 5]))
    assert [(sight.name, sight.value) for sight in adapter.look({"file": str(sample)})] == seen
