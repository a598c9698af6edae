"""Drafts: what a sample suggests is proposed and said; what it does not, is left to the person."""

import tomllib
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Draft
from brownfield_files import adapter
from brownfield_files.fixed.engine import engine
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.standard.known import SHIPPED

if TYPE_CHECKING:
    from conftest import Bench

DOCS = Path(__file__).parents[3] / "docs" / "formats.md"


def test_what_the_names_do_not_tell_the_records_do(bench: "Bench") -> None:
    """R15: a first bundle from two files: each alternative is held by the records of one value."""
    bench.write(bench.file(bench.details(3)))
    bench.write(b"", "STK20261120.DAT.done")
    sample = bench.drop / "STK20261120.DAT"
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(bench.settings["layout"])})
    # TOP and BOTTOM are no words for a header and a trailer, so where they stand a person must say
    assert draft.settings["records"] == {
        name: {"of": name.upper(), "when": {"kind": letter}}
        for name, letter in (("top", "H"), ("item", "D"), ("bottom", "T"))
    }
    assert draft.settings["marker"] == "{name}.done"
    assert list(draft.variables) == ["STK_DROP"]


def test_what_cannot_be_guessed_is_left_to_the_person(bench: "Bench") -> None:
    """R15: a sample of one kind says nothing of the others, and a person must say."""
    bench.write(b"\x40" * 40)
    sample = bench.drop / "STK20261120.DAT"
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(bench.settings["layout"])})
    assert draft.settings["records"] == {"detail": {"of": "TOP"}}
    assert any("declare under `records`" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("content", "code", "framing"),
    [
        (b"A-1  042\nB-2  043\n", "ascii", "line"),
        ("é-1  042\n".encode("latin-1"), "latin-1", "line"),
        (b"A-1  042B-2  043", "ascii", "fixed"),
        ("A-1  042".encode("cp037"), "cp037", "fixed"),
    ],
)
def test_encoding_and_framing_are_guessed_from_the_bytes(
    tmp_path: Path, content: bytes, code: str, framing: str
) -> None:
    """R15: EBCDIC is known by its blanks, digits and letters."""
    sample, layout = tmp_path / "OUT.TXT", tmp_path / "out.cpy"
    sample.write_bytes(content)
    layout.write_text("       01 R.\n           05 SKU PIC X(5).\n           05 N PIC 9(3).\n")
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert (draft.settings["encoding"], draft.settings["framing"], draft.key) == (code, framing, "sku")


@pytest.mark.parametrize(
    ("lines", "key", "why"),
    [
        (["AX0011", "AX0022", "AX0031"], "n", "its values are all different in the 3 records of the sample"),
        (["AX0011", "BX0011", "CX0021"], "k", "its values are all different in the 3 records of the sample"),
        (["AX0011", "AX0011"], "k", "the first text field of"),
        (["AX0011"], "k", "the first text field of"),
    ],
)
def test_the_key_is_guessed_by_what_is_different(tmp_path: Path, lines: list[str], key: str, why: str) -> None:
    """R15: a field that repeats is no key, wherever it stands."""
    sample, layout = tmp_path / "OUT.TXT", tmp_path / "out.cpy"
    sample.write_text("\n".join([*lines, ""]))
    fields = ["K PIC X(1)", "KIND PIC X(1)", "N PIC 9(3)", "M PIC 9(1)"]
    layout.write_text("       01 R.\n" + "".join(f"           05 {field}.\n" for field in fields))
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert draft.key == key
    assert any(note.startswith(f"key = {key}: {why}") for note in draft.notes)


@pytest.mark.parametrize(
    ("today", "match", "tomorrow"),
    [
        ("limits-2026-11-20.csv", "limits-*.csv", "limits-2027-01-02.csv"),
        ("stock_2026-11-20.csv", "stock_*.csv", "stock_2026-12-01.csv"),
        ("report 20.11.2026.csv", "report *.csv", "report 1.12.2026.csv"),
        ("out-2026_11_20-2.csv", "out-*.csv", "out-2026_12_01-13.csv"),
        ("stk-2026-11-20T10:15:00.csv", "stk-*.csv", "stk-2026-12-01T11:16:01.csv"),
        ("20261120.csv", "*.csv", "20261201.csv"),
        ("stk [EUR] 7.csv", "stk [[]EUR] *.csv", "stk [EUR] 18.csv"),
        ("stock.csv.001", "stock.csv.*", "stock.csv.002"),
        ("stock.csv.D261120", "stock.csv.D*", "stock.csv.D261201"),
        ("stock2.csv12", "stock*.csv12", "stock3.csv12"),
    ],
)
def test_tomorrows_file_matches_what_the_name_of_todays_suggests(
    tmp_path: Path, today: str, match: str, tomorrow: str
) -> None:
    """R15: with another day, month, year and number in it."""
    (tmp_path / today).write_text("sku;count\nA;1\nB;2\n")
    draft = adapter.draft["file"]({"file": str(tmp_path / today)})
    (tmp_path / tomorrow).touch()
    assert draft.settings["match"] == match
    assert set(tmp_path.glob(match)) == {tmp_path / today, tmp_path / tomorrow}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_layout_of_ours_knows_its_key_and_how_its_files_are_written(name: str, tmp_path: Path) -> None:
    """R15: a sample without an accent says nothing of tomorrow's; zeros that fill a header are no key."""
    layout = Path(__file__).parents[3] / "docs" / "examples" / "layouts" / name
    (tmp_path / "bank.txt").write_text("no record of it\n")
    draft = adapter.draft["file"]({"file": str(tmp_path / "bank.txt"), "layout": str(layout)})
    assert (draft.record, draft.key) == (SHIPPED[name].record, SHIPPED[name].key)
    assert draft.key in draft.contract.records[draft.record].fields["properties"]
    assert f'encoding = "{draft.settings["encoding"]}"' in layout.read_text()
    assert any(f"| [{name}]" in row and f"`{draft.record}`" in row for row in DOCS.read_text().splitlines())


def drawn(sample: Path, text: str) -> tuple[Draft, list[dict[str, Any]]]:
    """The draft of a sample, and the fields of its layout."""
    sample.write_text(text)
    draft = adapter.draft["file"]({"file": str(sample)})
    return draft, tomllib.loads(next(iter(draft.files.values())).decode())["records"]["detail"]["fields"]


def test_a_layout_that_is_drawn_takes_what_the_sample_did_not_have(tmp_path: Path) -> None:
    """R15: tomorrow a cell is empty, a price has a decimal more, and a limit is no whole number."""
    text = "Kunde;Name;Betrag;Limit;Stück\nA;Ann;1000,5;100;1\nB;Bob;7,0;200;2\n"
    draft, fields = drawn(tmp_path / "limits.csv", text)
    assert [one["name"] for one in fields if "required" in one] == ["kunde"] == [draft.key]
    assert [(one["type"], one.get("scale")) for one in fields] == [
        ("text", None), ("text", None), ("decimal", 4), ("decimal", 4), ("integer", None)
    ]  # fmt: skip
    assert any("betrag, decimal, 4 decimals at most" in note for note in draft.notes)
    assert any(note.startswith("header = true: ") for note in draft.notes)  # as TOML has it
    (tmp_path / "contract").mkdir()
    (layout,) = draft.files
    (tmp_path / layout).write_bytes(draft.files[layout])
    (tmp_path / "tomorrow.csv").write_text("Kunde;Name;Betrag;Limit;Stück\nC;;1000,501;99,5;\n")
    assert adapter.look is not None
    sights = list(adapter.look({"file": str(tmp_path / "tomorrow.csv"), "layout": str(tmp_path / layout)}))
    assert not any(sight.reason for sight in sights)


@pytest.mark.parametrize(
    ("column", "name"),
    [("Währung", "wahrung"), ("Straße", "strasse"), ("Prénom", "prenom"), ("Łódź", "lodz"), ("ItemNo", "item_no"),
     ("Ærø", "aero"), ("数量", "column")],
)  # fmt: skip
def test_a_column_is_called_in_plain_letters(tmp_path: Path, column: str, name: str) -> None:
    """R15: what a person can read and type."""
    _, fields = drawn(tmp_path / "one.csv", f"Sku;{column}\nA;x\nB;x\n")
    assert [(one["name"], one["from"]) for one in fields] == [("sku", "Sku"), (name, column)]


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_said_to_be_what_it_is(tmp_path: Path, code: str) -> None:
    """R15: it is no file of fixed width."""
    sample = tmp_path / "one.csv"
    sample.write_text("sku;count\nA;1\nB;2\n", code)
    with pytest.raises(LayoutError, match="UTF-16, which is not read"):
        adapter.draft["file"]({"file": str(sample)})


@pytest.mark.parametrize(("references", "key"), [("AB", "bank_reference"), ("AA", "number"), ("A", "number")])
def test_the_key_of_a_statements_entries_tells_them_apart(tmp_path: Path, references: str, key: str) -> None:
    """R15: all entries have the account in common."""
    entries = "".join(f":61:2611211121D1,NTRFNONREF//{one}\n" for one in references)
    head = ":20:REF-1\n:25:BE68539007547034\n:28C:7/1\n:60F:C261120EUR100,\n"
    sample = tmp_path / "one.sta"
    sample.write_text(f"{head}{entries}:62F:C261121EUR{100 - len(references)},\n-\n")
    draft = adapter.draft["file"]({"file": str(sample)})
    assert draft.key == key
    assert any(note.startswith(f"key = {key}: ") for note in draft.notes)


def test_a_large_file_streams(bench: "Bench") -> None:
    """R20: memory is bounded by the chunk, not by the file."""
    details = [record.ljust(2000, b"\x40") for record in bench.details(50)]
    head, *_, tail = (record.ljust(2000, b"\x40") for record in bench.file(bench.details(50), items=8000, total=24000))
    digest = sha256()
    with (bench.drop / "STK1.DAT").open("wb") as file:
        for block in (head, *[b"".join(details)] * 160, tail):
            file.write(block)
            digest.update(block)
    arrival = Arrival("STK1.DAT", 8002 * 2000, digest.hexdigest())
    feed = bench.feed(record_length=2000, chunk=100)
    engine()  # numpy is imported once, however large a file is
    tracemalloc.start()
    try:
        assert sum(len(chunk.rows) for chunk in feed.collect(arrival, Checkpoint())) == 8002
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 < arrival.size


PAIR = """
       01  HEAD-REC.
           05  KIND   PIC X.
           05  DAY    PIC 9(6).
       01  BODY-REC.
           05  LETTER PIC X.
           05  SKU    PIC X(6).
"""


def test_types_whose_fields_are_called_otherwise_are_left_to_the_person(tmp_path: Path) -> None:
    """R15: what tells the first type is no field of the second: the draft was one that cannot be opened."""
    layout, sample = tmp_path / "two.cpy", tmp_path / "two.txt"
    layout.write_text(PAIR)
    sample.write_text("H261121\nDA-1001\nDA-1002\n")
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert list(draft.settings["records"]) == ["detail"]
    assert any("declare under `records`" in note for note in draft.notes)


@pytest.mark.parametrize("order", ["big", "little"])
def test_the_byte_order_of_the_machine_is_guessed_and_said(tmp_path: Path, order: Any) -> None:
    """R15: without it the draft could not be opened, and `new` has no way to be told."""
    layout, sample = tmp_path / "native.cpy", tmp_path / "native.dat"
    fields = ["SKU PIC X(4)", "QTY PIC S9(9) COMP-5", "W COMP-2"]
    layout.write_text("       01 REC.\n" + "".join(f"          05 {one}.\n" for one in fields))
    sample.write_bytes(b"".join(b"A-10" + (1000 + n).to_bytes(4, order) + bytes(8) for n in range(20)))
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert (draft.settings["byte_order"], draft.settings["floating"]) == (order, "ieee")
    assert any(note.startswith(f"byte_order = {order}") for note in draft.notes)


def test_a_copybook_without_an_ending_is_pinned_with_one(tmp_path: Path) -> None:
    """R15: members of a library have none."""
    layout, sample = tmp_path / "CUSTDAT", tmp_path / "cust.txt"
    layout.write_text("       01 :TAG:-REC.\n          05 :TAG:-NAME PIC X(4).\n")
    sample.write_text("PLUM\n")
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert draft.settings["layout"] == {"file": "contract/CUSTDAT.cpy"}
    assert list(draft.files) == ["contract/CUSTDAT.cpy"]
    assert list(draft.contract.records["detail"].fields["properties"]) == ["tag_name"]
