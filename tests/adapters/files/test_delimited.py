"""Delimited files: what they hold, what of them is damage, and what they are refused for."""

from pathlib import Path
from typing import Any

import pytest
from shelf import START, Shelf

from brownfield.contract import Damage, Rejected, Row
from brownfield_files.format.delimited import Delimited, _Lines
from brownfield_files.layout.normal_form import LayoutError

HEAD = "sku,on_hand,price,counted\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, "delimited")


def test_a_line_is_a_row_and_its_values_are_exact(shelf: Shelf) -> None:
    """R20: decimals with all their digits, dates, nothing for what is empty."""
    assert shelf.rows(f"{HEAD}A-1,5,999999999.99,1.2.2026\n0012,-7,0.5,\n") == [
        Row(0, "detail", {"sku": "A-1", "on_hand": 5, "price": "999999999.99", "counted": "2026-02-01"}),
        Row(1, "detail", {"sku": "0012", "on_hand": -7, "price": "0.50", "counted": None}),
    ]


def test_a_delimiter_in_quotes_is_data_and_so_is_a_doubled_quote(shelf: Shelf) -> None:
    """R20: as RFC 4180 has it."""
    (row,) = shelf.rows(f'{HEAD}"a,""b""",1,2,\n')
    assert row.fields["sku"] == 'a,"b"'


def test_a_quoted_line_end_is_data_where_the_layout_says_so(shelf: Shelf) -> None:
    """R20: elsewhere a quote that is not closed on its line takes no other record with it."""
    content = f'{HEAD}"a\nb",1,2,\nC,3,4,\n'
    assert [damage.raw for damage in shelf.damaged(content)] == [b'"a\n', b'b",1,2,\n']
    shelf.table = "multiline = true"
    assert [row["sku"] for row in shelf.fields_of(content)] == ["a\nb", "C"]


def test_an_unterminated_quote_is_damage_of_one_line(shelf: Shelf) -> None:
    """R20: `csv` alone takes it, and all that follows, for a value."""
    chunks = shelf.chunks(f'{HEAD}A,1,2,\n"B,1,2,\nC,1,2,\n')
    assert [(one.raw, one.code) for chunk in chunks for one in chunk.damaged] == [(b'"B,1,2,\n', "quote")]
    assert [row.fields["sku"] for chunk in chunks for row in chunk.rows] == ["A", "C"]


@pytest.mark.parametrize("table", ["", "multiline = true"])
def test_a_quote_that_is_open_at_the_end_is_a_file_cut_short(shelf: Shelf, table: str) -> None:
    """R20: not one event of it."""
    shelf.table = table
    with pytest.raises(Rejected, match="cut short") as refused:
        next(shelf.feed().collect(shelf.write(f'{HEAD}A,1,2,\n"B,1,2'), START))
    assert refused.value.code == "framing"


def test_a_last_line_without_its_end_is_a_file_cut_short_unless_the_layout_says_otherwise(shelf: Shelf) -> None:
    """R20: a transfer that broke off leaves that, and so do programs that mean nothing by it."""
    with pytest.raises(Rejected, match="cut short"):
        shelf.chunks(f"{HEAD}A,1,2,\nB,1,2")
    shelf.table = "open_end = true"
    assert len(shelf.rows(f"{HEAD}A,1,2,\nB,1,2,")) == 2


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("sku,on_hand,price", "column 'counted' is gone"),
        ("sku,on_hand,price,counted,colour", "column 'colour' is new"),
        ("sku,quantity,price,counted", "column 'on_hand' is gone, and 'quantity' is there: it may have been renamed"),
        ("sku,on_hand,price,counted,price", "column 'price' is there twice"),
        ("A,1,2,1.2.2026", "is gone"),
    ],
)
def test_a_header_that_is_not_the_layouts_is_drift_in_words(shelf: Shelf, header: str, words: str) -> None:
    """R20: added, removed, renamed, there twice, missing: the file is refused whole."""
    with pytest.raises(Rejected) as refused:
        shelf.chunks(f"{header}\n")
    assert refused.value.code == "drift"
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("content", "words"), [("\n\n", "it has no header"), ('"sku,on_hand\nA,1\n', "line 1, the header")]
)
def test_a_header_that_cannot_be_read_is_told(shelf: Shelf, content: str, words: str) -> None:
    with pytest.raises(Rejected, match=words) as refused:
        shelf.chunks(content)
    assert refused.value.code == "framing"


@pytest.mark.parametrize(
    "table", ["delimiter = '\"'", 'delimiter = "\\n"', 'delimiter = ","\ndecimal = ","\nquote = ""']
)
def test_a_delimiter_that_could_be_something_else_is_refused(shelf: Shelf, table: str) -> None:
    """R15: before any file comes."""
    shelf.table = table
    with pytest.raises(LayoutError, match="delimiter"):
        shelf.feed()


def test_reordered_columns_are_read_by_their_names(shelf: Shelf) -> None:
    """R20: and a record set apart says in which order they stand, so that it can be corrected alone."""
    (row,) = shelf.fields_of("counted,price,sku,on_hand\n1.2.2026,2.5,A,7\n")
    assert row == {"sku": "A", "on_hand": 7, "price": "2.50", "counted": "2026-02-01"}
    (damage,) = shelf.damaged("counted,price,sku,on_hand\n1.2.2026,2.5,A,x\n")
    assert damage.raw == b"counted,price,sku,on_hand\n1.2.2026,2.5,A,x\n"
    reread = shelf.feed().reread(5, damage.raw.replace(b"x", b"8"))
    assert reread == Row(5, "detail", row | {"on_hand": 8})


def test_new_columns_are_ignored_where_the_layout_says_so(shelf: Shelf) -> None:
    shelf.table = 'undeclared = "ignore"'
    (row,) = shelf.fields_of("colour,sku,on_hand,price,counted\nred,A,1,2,\n")
    assert row["sku"] == "A"


BAD: list[tuple[str, str, str]] = [
    ("A,007,1,", "on_hand", "leading-zero"),
    ("A,1,00.50,", "price", "leading-zero"),
    ("A,1E5,1,", "on_hand", "exponent"),
    ("A,1,1.5e-3,", "price", "exponent"),
    ("A,\uff14\uff14\uff17\uff11,1,", "on_hand", "number"),
    ("A,NaN,1,", "on_hand", "number"),
    ("A,1_000,1,", "on_hand", "number"),
    ("A,Infinity,1,", "on_hand", "number"),
    ("A,1,1.234,", "price", "scale"),
    ("A,1,1234567890.00,", "price", "digits"),
    ("A,1234567890,1,", "on_hand", "digits"),
    ('A,1,"1,5",', "price", "number"),
    ("A,1,1,31.2.2026", "counted", "date"),
    ("A,1,1,2026-02-01", "counted", "date"),
    (",1,1,", "sku", "missing"),
    ("A\0B,1,1,", "sku", "nul"),
    ("ABCDEFGHIJKLM,1,1,", "sku", "too-long"),
    ("A,1", "", "columns"),
    ("A,1,1,,", "", "columns"),
    ('"A"B,1,1,', "", "quote"),
    ('5" pipe,1,1,', "", "quote"),
]


@pytest.mark.parametrize(("line", "field", "code"), BAD)
def test_what_is_no_value_is_damage_with_its_bytes(shelf: Shelf, line: str, field: str, code: str) -> None:
    """R20: nothing is guessed, the record is kept whole, every other one is a row."""
    content = f"{HEAD}B,1,1,\n{line}\nC,1,1,\n".encode()
    chunks = shelf.chunks(content, chunk=100)
    ((damage,),) = [chunk.damaged for chunk in chunks]
    assert (damage.number, damage.field, damage.code) == (1, field, code)
    assert damage.raw == f"{line}\n".encode()
    assert content[damage.offset :].startswith(damage.raw)
    assert "line 3" in damage.reason
    assert [row.number for row in chunks[0].rows] == [0, 2]


def test_bytes_of_another_encoding_are_damage(shelf: Shelf) -> None:
    (damage,) = shelf.damaged(HEAD.encode() + b"A\xff,1,1,\n")
    assert (damage.code, damage.raw) == ("encoding", b"A\xff,1,1,\n")


def test_numbers_are_read_as_the_layout_says_that_they_are_written(shelf: Shelf) -> None:
    """R20: decimal comma, thousands in groups of three and nowhere else, words for nothing, padding."""
    shelf.table = 'delimiter = ";"\ndecimal = ","\nthousands = "."\nnulls = ["NULL", "-"]\n'
    head = HEAD.replace(",", ";")
    rows = shelf.fields_of(f"{head}A;1.234; 1.234.567,5 ;NULL\nB;-;-0,00;-\n")
    assert [(row["on_hand"], row["price"], row["counted"]) for row in rows] == [
        (1234, "1234567.50", None),
        (None, "0.00", None),
    ]
    assert [one.code for one in shelf.damaged(f"{head}A;1.23;1;\nA;1;1.2345,00;\nA;1.234.5;1;\n")] == ["number"] * 3


def test_an_encoding_and_a_byte_order_mark_are_taken_as_they_come(shelf: Shelf) -> None:
    (row,) = shelf.rows(b"\xef\xbb\xbf" + f"{HEAD}é,1,1,\n".encode())
    assert row.fields["sku"] == "é"
    shelf.table = 'encoding = "cp1252"'
    (row,) = shelf.rows(f"{HEAD}é€,1,1,\n".encode("cp1252"))
    assert row.fields["sku"] == "é€"
    with pytest.raises(Rejected, match="UTF-16"):
        shelf.rows(f"{HEAD}A,1,1,\n".encode("utf-16"))


def test_a_file_without_a_header_has_the_columns_of_the_layout(shelf: Shelf) -> None:
    shelf.table = "header = false\nskip = 1"
    assert [row["sku"] for row in shelf.fields_of("STOCK OF TODAY\nA,1,1,\nB,1,1,\n")] == ["A", "B"]


def test_blank_lines_and_an_end_of_file_mark_are_no_records(shelf: Shelf) -> None:
    assert [row.number for row in shelf.rows(f"{HEAD}A,1,1,\r\n\r\nB,1,1,\r\n\x1a")] == [0, 1]


def test_a_header_alone_is_a_whole_file_of_no_records(shelf: Shelf) -> None:
    (chunk,) = shelf.chunks(HEAD)
    assert (list(chunk.rows), chunk.checkpoint.offset) == ([], len(HEAD))


def test_a_formula_is_data(shelf: Shelf) -> None:
    """R20: what a spreadsheet would run is a string of JSON; nothing of ours writes CSV."""
    shelf.fields = shelf.fields.replace("length = 12", "length = 40")
    (row,) = shelf.fields_of(f"{HEAD}=cmd|' /C calc'!A1,1,1,\n")
    assert row["sku"] == "=cmd|' /C calc'!A1"


@pytest.mark.parametrize(
    "content",
    [HEAD + "A" * (2 << 20) + ",1,1,\n", "A" * (2 << 20), HEAD + "A,1,1,\n" * 50_000 + "A" * (2 << 20)],
)
def test_a_line_without_end_is_refused_before_it_is_read(shelf: Shelf, content: str) -> None:
    """R33: a record has an end, and nothing is held in memory until it comes."""
    with pytest.raises(Rejected, match="longer than") as refused:
        shelf.chunks(content)
    assert refused.value.code == "framing"


def test_many_at_once_give_what_one_by_one_gives(shelf: Shelf) -> None:
    """R20: blocks are only faster; a doubt in one of them is settled line by line."""
    lines = [f"S-{n},{n % 100},{n}.{n % 100:02},{n % 28 + 1}.{n % 12 + 1}.2026" for n in range(9_000)]
    for at, (line, _, _) in enumerate(BAD):
        lines[at * 400] = line
    content = (HEAD + "\n".join(lines) + "\n").encode()
    parser = Delimited(shelf.layout())
    (shelf.drop / "f").write_bytes(content)
    with (shelf.drop / "f").open("rb") as file:
        fast = list(parser.records(file))
        file.seek(0)
        plain = _Lines(file, parser._style)
        slow = list(parser._one_by_one(plain, parser._order(plain)))
    assert fast == slow
    assert sum(isinstance(one, Damage) for one in fast) == len(BAD)


def test_a_record_can_be_corrected_alone(shelf: Shelf) -> None:
    (damage,) = shelf.damaged(f"{HEAD}A,x,1,\n")
    feed: Any = shelf.feed()
    assert feed.reread(3, damage.raw.replace(b"x", b"1")).fields["on_hand"] == 1
    assert feed.reread(3, damage.raw).code == "number"
    with pytest.raises(Rejected, match="not one record"):
        feed.reread(3, b"A,1,1,\nB,1,1,\n")
