"""Workbooks: numbers as a spreadsheet shows them, and everything that a hostile one might do, elsewhere."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from shelf import Shelf
from workbook import BELOW_ZERO, DAY, ERROR, FAR_AWAY, HOURS, LESS, NOON, Cell, ods, workbook

from brownfield.contract import Rejected, Row, Unavailable
from brownfield_files.format import excel, sheet

HEAD = ["sku", "on_hand", "price", "counted"]
TODAY = Cell(DAY)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, "excel")


def test_a_row_is_a_record_and_its_cells_are_exact(shelf: Shelf) -> None:
    """R20: a number is the 15 digits that are shown, not the binary fraction that is kept; a text stays one."""
    assert shelf.fields_of(workbook(HEAD, ["0012", 5.0, 12.1, TODAY], [123, 1e5, 0.1 + 0.2, "1.2.2026"], [])) == [
        {"sku": "0012", "on_hand": 5, "price": "12.10", "counted": "2026-11-21"},
        {"sku": "123", "on_hand": 100000, "price": "0.30", "counted": "2026-02-01"},
    ]


def test_other_workbooks_are_read_alike(shelf: Shelf) -> None:
    assert shelf.fields_of(ods(HEAD, ["0012", 5, 12.1, "@2026-11-21"])) == [
        {"sku": "0012", "on_hand": 5, "price": "12.10", "counted": "2026-11-21"}
    ]


def test_a_sheet_is_found_by_its_name_or_number_and_its_header_by_its_row(shelf: Shelf) -> None:
    content = workbook(
        ["Stock of today"], [], ["price", "sku", "counted", "on_hand"], [1, "A", None, 2], sheet="St&#233;"
    )
    for name in ('"Sté"', "1"):
        shelf.table = f"sheet = {name}\nheader = 3"
        (row,) = shelf.fields_of(content)
        assert row == {"sku": "A", "on_hand": 2, "price": "1.00", "counted": None}
    for name, words in (('"Stock"', "it has no sheet 'Stock': 'Sté'"), ("2", "no number 2")):
        shelf.table = f"sheet = {name}\nheader = 3"
        with pytest.raises(Rejected, match=words):
            shelf.rows(content)


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        (["A", 0.5, 1, None], "on_hand", "scale"),
        (["A", 1, 12.345, None], "price", "scale"),
        (["A", 12345678901234567, 1, None], "on_hand", "inexact"),
        ([12345678901234567, 1, 1, None], "sku", "inexact"),
        (["A", 1e300, 1, None], "on_hand", "inexact"),
        (["A", "007", 1, None], "on_hand", "leading-zero"),
        (["A", True, 1, None], "on_hand", "type"),
        (["A", TODAY, 1, None], "on_hand", "type"),
        ([TODAY, 1, 1, None], "sku", "type"),
        (["A", 1, 1, 46347], "counted", "type"),
        (["A", 1, 1, Cell(NOON)], "counted", "type"),
        ([None, 1, 1, None], "sku", "missing"),
        (["A", Cell(ERROR), 1, None], "on_hand", "error"),
        (["A", 1, 1, Cell(BELOW_ZERO)], "counted", "date"),
        ([Cell(BELOW_ZERO), 1, 1, None], "sku", "date"),
    ],
)
def test_a_cell_of_another_sort_is_damage(shelf: Shelf, cells: list[Any], field: str, code: str) -> None:
    """R20: a number that lost digits, a date that is a number, an error: none is guessed or taken for empty."""
    (damage,) = shelf.damaged(workbook(HEAD, ["A", 1, 1, None], cells))
    assert (damage.number, damage.field, damage.code) == (1, field, code)
    assert damage.reason.startswith("row 3: ")


def test_a_duration_is_its_hours_however_many(shelf: Shelf) -> None:
    """R20: it was said in days and hours, `-1 day, 18:00:00` for six hours less."""
    rows = shelf.fields_of(workbook(HEAD, [Cell(HOURS), 1, 1, None], [Cell(LESS), 1, 1, None]))
    assert [row["sku"] for row in rows] == ["36:00:00", "-06:00:00"]


def rewritten(content: bytes, *changes: tuple[str, str]) -> bytes:
    """The workbook with its sheet's XML written otherwise."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            for was, now in changes if "worksheets" in name else ():
                assert was in text
                text = text.replace(was, now)
            new.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        [('t="e"', "t='e'")],
        [('t="e"', ' t = "e" ')],
        [(' r="B2"', "")],
        [(' r="A2"', ""), (' r="B2"', ""), (' r="2"', "")],
        [("</", "</ "), ("<", "<x:"), ("<x:/ ", "</x:"), ("xmlns=", "xmlns:x=")],
    ],
    ids=["quotes", "blanks", "no place", "no places", "prefix"],
)
def test_an_error_is_seen_however_the_cell_is_written(shelf: Shelf, changes: list[tuple[str, str]]) -> None:
    """R20: the library gives nothing for it, as for an empty cell."""
    content = workbook(HEAD, ["A", Cell(ERROR), 1, None], ["B", 1, 1, None])
    (damage,) = shelf.damaged(rewritten(content, *changes))
    assert (damage.number, damage.field, damage.code) == (0, "on_hand", "error")


def test_a_filled_column_without_a_name_is_drift(shelf: Shelf) -> None:
    """R20: its header was lost, and with it would be what stands in it."""
    rows = [["A", 1, 1, None]] * 3
    with pytest.raises(Rejected, match="column 5 of those filled has no name, and row 5") as refused:
        shelf.rows(workbook(HEAD, *rows, ["B", 1, 1, None, 999]))
    assert refused.value.code == "drift"
    assert len(shelf.rows(workbook(HEAD, *rows, ["B", 1, 1, None, " "]))) == 4
    shelf.table = 'undeclared = "ignore"'
    assert len(shelf.rows(workbook(HEAD, *rows, ["B", 1, 1, None, 999]))) == 4


def test_a_damaged_row_can_be_corrected_as_json(shelf: Shelf) -> None:
    (damage,) = shelf.damaged(workbook(HEAD, ["A", 0.5, 1, TODAY]))
    cells = json.loads(damage.raw)
    assert cells == {"sku": "A", "on_hand": ["n", "0.5"], "price": ["n", "1"], "counted": ["t", "2026-11-21T00:00:00"]}
    mended = shelf.feed().reread(4, json.dumps(cells | {"on_hand": ["n", "5"]}).encode())
    fields = {"sku": "A", "on_hand": 5, "price": "1.00", "counted": "2026-11-21"}
    assert mended == Row(4, "detail", fields)
    with pytest.raises(Rejected, match="no JSON object"):
        shelf.feed().reread(4, b"[1]")


def test_columns_that_are_not_the_layouts_are_drift_in_words(shelf: Shelf) -> None:
    with pytest.raises(Rejected, match="column 'price' is gone, and 'prize' is there") as refused:
        shelf.rows(workbook(["sku", "on_hand", "prize", "counted"]))
    assert refused.value.code == "drift"


def bomb() -> bytes:
    """A part that unpacks to 200 MB."""
    out = BytesIO(workbook(HEAD))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<" + b" " * (200 << 20))
    return out.getvalue()


def lying_bomb() -> bytes:
    """The same, and its directory says that it is small."""
    raw = bytearray(bomb())
    for at in (raw.rindex(b"PK\x01\x02") + 24, raw.rindex(b"PK\x03\x04") + 22):
        raw[at : at + 4] = (1000).to_bytes(4, "little")
    return bytes(raw)


REPEATED = (
    '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" '
    'office:value-type="float" office:value="1"/></table:table-row>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04" + bytes(100), "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "workbook"),
        (b"sku,on_hand\n", "workbook"),
        (workbook(HEAD)[:-40], "workbook"),
        (workbook(), "drift"),
        (bomb(), "workbook"),
        (lying_bomb(), "workbook"),
        (workbook(HEAD, ["A", 1, 1, Cell(FAR_AWAY)]), "too-large"),
        (ods(HEAD, ["A", 1, 1, None], repeated=REPEATED), "workbook"),
        (workbook(HEAD, doctype='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'), "workbook"),
    ],
    ids=["rubbish", "old rubbish", "text", "cut", "empty", "bomb", "lying bomb", "far away", "repeated", "entities"],
)
def test_a_hostile_workbook_ends_nothing_but_the_process_that_reads_it(shelf: Shelf, content: bytes, code: str) -> None:
    """R33: what unpacks to too much, or spreads over seventeen milliard cells, is refused with a reason."""
    with pytest.raises(Rejected) as refused:
        shelf.rows(content)
    assert refused.value.code == code


def test_the_program_reads_within_limits() -> None:
    """R33: of memory and processor time, and it starts none of ours."""
    assert sheet.MEMORY <= 2 << 30
    assert "brownfield" not in Path(sheet.__file__).read_text("utf-8")


def test_a_missing_library_is_named_with_its_extra(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"pip install '\.\[excel\]'") as missing:
        shelf.rows(workbook(HEAD))
    assert isinstance(missing.value.__cause__, ImportError)
