"""The feed: the whole file is checked before its first record, and a resume goes on exactly where it stopped."""

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brownfield.contract import Checkpoint, Limits, Rejected, Unavailable
from brownfield_files.layout.normal_form import LayoutError

if TYPE_CHECKING:
    from conftest import Bench


def torn(record: bytes, at: int = 9) -> bytes:
    """The record with a byte of ON-HAND (bytes 9 to 12) lost."""
    return record[:at] + b"\xee" + record[at + 1 :]


def test_every_record_becomes_a_row_with_its_number_and_kind(bench: "Bench") -> None:
    """R20: what was dropped is delivered, each record once, in order."""
    (chunk,) = bench.collect(bench.write(bench.file(bench.details(3))))
    assert [(row.number, row.kind) for row in chunk.rows] == [
        (0, "header"),
        (1, "detail"),
        (2, "detail"),
        (3, "detail"),
        (4, "trailer"),
    ]
    assert chunk.rows[1].fields == {"kind": "D", "sku": "A-0", "on_hand": 3, "cost": "1.25"}
    assert chunk.damaged == ()


def test_a_chunk_ends_with_the_position_after_it(bench: "Bench") -> None:
    """R78: the checkpoint says how far the file was read, and proves it with a hash."""
    arrival = bench.write(bench.file(bench.details(8)))
    chunks = bench.collect(arrival, chunk=4)
    assert [chunk.checkpoint.record for chunk in chunks] == [4, 8, 10]
    content = (bench.drop / arrival.name).read_bytes()
    for chunk in chunks:
        assert chunk.checkpoint.prefix == sha256(content[: chunk.checkpoint.offset]).hexdigest()
    assert chunks[0].checkpoint.totals["items"] == {"stated": 8, "state": "verified", "found": 3}
    assert chunks[0].checkpoint.context["header"] == {"kind": "H", "day_of": 20261120}


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_resuming_anywhere_gives_the_rest_and_nothing_twice(bench: "Bench", chunk: int) -> None:
    """R78: fail at any chunk, resume from the last: the same rows, the same totals, by another process."""
    details = bench.details(9)
    details[4] = torn(details[4])
    arrival = bench.write(bench.file(details))
    whole = bench.collect(arrival, chunk=chunk)
    for position, stopped in enumerate(whole):
        rest = bench.collect(arrival, stopped.checkpoint, chunk=chunk)
        assert rest == whole[position + 1 :]


def test_a_damaged_record_is_set_apart_with_its_bytes_and_the_reason(bench: "Bench") -> None:
    """R20: one bad record does not stop the file, and nothing of it is guessed."""
    details = bench.details(3)
    details[1] = torn(details[1])
    (chunk,) = bench.collect(bench.write(bench.file(details)))
    (damage,) = chunk.damaged
    assert (damage.number, damage.offset, damage.raw) == (2, 40, details[1])
    assert (damage.field, damage.code) == ("on_hand", "packed-nibble")
    assert "byte 9 of the record: 0xEE" in damage.reason
    assert [row.number for row in chunk.rows] == [0, 1, 3, 4]


def test_a_damaged_record_counts_and_its_sum_is_not_passed_in_silence(bench: "Bench") -> None:
    """R20: the count holds; the sum cannot be known, and both figures are kept."""
    details = bench.details(3)
    details[1] = torn(details[1])
    (chunk,) = bench.collect(bench.write(bench.file(details)))
    assert chunk.checkpoint.totals == {
        "items": {"stated": 3, "state": "verified", "found": 3},
        "sum_on_hand": {"stated": "9", "state": "unverified", "found": "6", "unreadable": 1},
    }


@pytest.mark.parametrize(("off", "accepted"), [(9_999_999, True), (-9_999_999, True), (10_000_000, False)])
def test_a_damaged_record_hides_no_more_than_it_has_room_for(bench: "Bench", off: int, accepted: bool) -> None:
    """R20: one unreadable amount of seven digits is no reason to take a total that is wrong by more."""
    for at, damage in enumerate((torn, lambda raw: b"\xe9" + raw[1:])):
        details = bench.details(3)
        details[1] = damage(details[1])
        arrival = bench.write(bench.file(details, total=6 + off), f"STK{at}{off}.DAT")
        if accepted:
            totals = bench.collect(arrival)[-1].checkpoint.totals["sum_on_hand"]
            assert (totals["state"], totals["found"]) == ("unverified", "6")
            continue
        with pytest.raises(Rejected, match="the file holds -9999993 to 10000005"):
            bench.collect(arrival)


def test_a_record_that_is_damaged_elsewhere_is_still_summed(bench: "Bench") -> None:
    """R20: a control total that can be checked is checked."""
    details = bench.details(3)
    details[1] = torn(details[1], at=13)  # in COST
    (chunk,) = bench.collect(bench.write(bench.file(details)))
    assert [damage.field for damage in chunk.damaged] == ["cost"]
    assert chunk.checkpoint.totals["sum_on_hand"]["state"] == "verified"
    with pytest.raises(Rejected, match="sum_on_hand"):
        bench.collect(bench.write(bench.file(details, total=8), "STK2.DAT"))


def test_a_record_of_no_type_is_damage_and_leaves_the_totals_open(bench: "Bench") -> None:
    """R20: it may or may not have been a detail: the trailer may count it or not, and nothing further off."""
    details = bench.details(3)
    details[1] = b"\xe9" + details[1][1:]
    for items, accepted in ((1, False), (2, True), (3, True), (4, False)):
        arrival = bench.write(bench.file(details, items=items), f"STK{items}.DAT")
        if not accepted:
            with pytest.raises(Rejected, match="items"):
                bench.collect(arrival)
            continue
        (chunk,) = bench.collect(arrival)
        assert [damage.code for damage in chunk.damaged] == ["record-type"]
        assert {total["state"] for total in chunk.checkpoint.totals.values()} == {"unverified"}


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (lambda f: f[:-1], "trailer", "cut short"),
        (lambda f: f[1:], "header", "the first record is no header"),
        (lambda f: [*f, f[1]], "trailer", "stands after the trailer"),
        (lambda f: [*f, f[-1]], "trailer", "stands after the trailer"),
        (lambda f: [*f, *f], "trailer", "stands after the trailer"),
        (lambda f: [f[0], *f], "header", "a second header"),
        (lambda f: [*f[:-2], f[-1]], "totals", "states items = 5, and the file holds 4"),
        (lambda f: [*f[:2], *f[1:]], "totals", "states items = 5, and the file holds 6"),
        (lambda f: [*f[:-1], f[-1][:6] + b"\x40" * 5 + f[-1][11:]], "trailer", "no sign"),
        (lambda f: [f[0][:1] + b"\x40" * 8 + f[0][9:], *f[1:]], "header", "day_of"),
        (lambda f: [], "empty", "empty"),
    ],
)
def test_a_file_that_is_not_whole_is_rejected_before_its_first_chunk(
    bench: "Bench", change: Any, code: str, reason: str
) -> None:
    """R20: partial, concatenated, truncated: not one event of it."""
    arrival = bench.write(change(bench.file(bench.details(5))))
    stream = bench.feed(chunk=1).collect(arrival, Checkpoint())
    with pytest.raises(Rejected, match=reason) as caught:
        next(stream)
    assert caught.value.code == code


def test_a_sum_that_is_off_by_one_is_rejected_with_both_figures(bench: "Bench") -> None:
    """R20: control totals are exact."""
    with pytest.raises(Rejected) as caught:
        bench.collect(bench.write(bench.file(bench.details(5), total=16)))
    assert caught.value.detail == {"total": "sum_on_hand", "stated": "16", "found": "15"}


def test_a_size_that_is_no_multiple_says_how_many_bytes_are_over(bench: "Bench") -> None:
    """R20: a file cut in the middle of a record, or with bytes that a transfer put in."""
    content = b"".join(bench.file(bench.details(5)))
    with pytest.raises(Rejected, match="133 bytes are not a whole number of records of 20: 13 bytes over") as caught:
        bench.collect(bench.write(content[:-7]))
    assert caught.value.detail == {"size": 133, "length": 20, "over": 13}


def test_header_and_trailer_alone_are_a_file(bench: "Bench") -> None:
    """R20: a night in which nothing happened."""
    (chunk,) = bench.collect(bench.write(bench.file([])))
    assert [row.kind for row in chunk.rows] == ["header", "trailer"]


def test_a_file_that_changed_since_it_was_seen_is_rejected(bench: "Bench") -> None:
    """R20: replaced or appended between listing and reading: its content was announced under another hash."""
    arrival = bench.write(bench.file(bench.details(5)))
    bench.write(bench.file(bench.details(6)))
    with pytest.raises(Rejected) as caught:
        next(bench.feed(chunk=1).collect(arrival, Checkpoint()))
    assert caught.value.code == "changed"


def test_a_file_that_changes_while_it_is_read_gives_no_further_chunk(bench: "Bench") -> None:
    """R20: none after the last one given."""
    arrival = bench.write(bench.file(bench.details(5)))
    stream = bench.feed(chunk=2).collect(arrival, Checkpoint())
    next(stream)
    os.utime(bench.drop / arrival.name)
    with pytest.raises(Rejected, match="changed while it was read"):
        next(stream)


@pytest.mark.parametrize("of", ["another value", "cut short"])
def test_a_change_that_leaves_no_stamp_is_noticed_before_its_chunk_is_given(bench: "Bench", of: str) -> None:
    """R20: every chunk of the second pass must be the bytes that the first one judged."""
    arrival = bench.write(bench.file(bench.details(2000)))
    path, stream = bench.drop / arrival.name, bench.feed(chunk=500).collect(arrival, Checkpoint())
    next(stream)
    before, seen = path.read_bytes(), path.stat()
    with path.open("r+b") as file:
        file.seek(-160, os.SEEK_END)
        file.write(before[-480:-400]) if of == "another value" else file.truncate()
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    with pytest.raises(Rejected, match="changed while it was read"):
        list(stream)


def test_a_file_replaced_by_rename_while_it_is_read_does_no_harm(bench: "Bench") -> None:
    """R20: both passes read the file that was opened."""
    arrival = bench.write(bench.file(bench.details(5)))
    stream = bench.feed(chunk=2).collect(arrival, Checkpoint())
    first = next(stream)
    bench.write(bench.file(bench.details(1)), ".new")
    (bench.drop / ".new").rename(bench.drop / arrival.name)
    assert sum(len(chunk.rows) for chunk in [first, *stream]) == 7


def test_a_resume_on_other_bytes_is_rejected(bench: "Bench") -> None:
    """R78: a correction under the same name is not continued in the middle."""
    arrival = bench.write(bench.file(bench.details(5)))
    checkpoint = bench.collect(arrival, chunk=3)[0].checkpoint
    other = bench.write(bench.file(bench.details(5, on_hand=4), total=20))
    with pytest.raises(Rejected, match="before record 3") as caught:
        bench.collect(other, checkpoint)
    assert caught.value.code == "changed"


def test_a_resume_under_another_layout_is_rejected(bench: "Bench") -> None:
    """R21: half a file in one shape and half in another is wrong data."""
    arrival = bench.write(bench.file(bench.details(5)))
    checkpoint = bench.collect(arrival, chunk=3)[0].checkpoint
    layout: Path = bench.settings["layout"]
    layout.write_text(layout.read_text().replace("SKU ", "ITEM-NO "))
    with pytest.raises(Rejected) as caught:
        bench.collect(arrival, checkpoint)
    assert caught.value.code == "layout"


def test_a_file_over_the_limit_is_rejected_unread(bench: "Bench") -> None:
    """R20: the bound on what one file may cost is the connection's `max_bytes`."""
    arrival = bench.write(bench.file(bench.details(5)))
    with pytest.raises(Rejected) as caught:
        list(bench.feed(limits=Limits(max_bytes=100)).collect(arrival, Checkpoint()))
    assert caught.value.code == "too-large"


def test_a_file_that_is_gone_is_unavailable(bench: "Bench") -> None:
    """R18: nothing happened; it may come back."""
    arrival = bench.write(bench.file(bench.details(5)))
    (bench.drop / arrival.name).unlink()
    with pytest.raises(Unavailable):
        bench.collect(arrival)


def test_without_a_location_the_contract_is_there_and_the_drop_is_not(bench: "Bench") -> None:
    """R20: an unset variable is Unavailable, not a crash at start."""
    feed = bench.feed(location=None)
    assert set(feed.describe().records) == {"header", "detail", "trailer"}
    with pytest.raises(Unavailable, match="nightly"):
        feed.probe()
    feed.close()
    feed.close()


def test_the_contract_is_as_narrow_as_the_layout(bench: "Bench") -> None:
    """R25: typed schemas: ranges from digits, decimals as patterns, nothing unknown."""
    shape = bench.feed().describe().records["detail"]
    assert shape.fields == {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "maxLength": 1},
            "sku": {"type": "string", "maxLength": 8},
            "on_hand": {"type": "integer", "minimum": -9999999, "maximum": 9999999},
            "cost": {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,4})\.[0-9]{2}$"},
        },
        "required": ["kind", "sku", "on_hand", "cost"],
        "additionalProperties": False,
    }
    assert shape.documentation == "Told by: kind is D."


def test_optional_ends_may_be_missing(bench: "Bench") -> None:
    """R20: a feed whose trailer may be missing says so, and its totals say `absent`."""
    records = {name: dict(one, optional=name != "detail") for name, one in bench.settings["records"].items()}
    (chunk,) = bench.collect(bench.write(bench.details(2)), records=records)
    assert [row.kind for row in chunk.rows] == ["detail", "detail"]
    assert chunk.checkpoint.totals["items"] == {"stated": None, "state": "absent", "found": 2}
    assert chunk.checkpoint.context["header"] is None


def test_types_may_be_told_by_a_number(bench: "Bench") -> None:
    """R20: and where that cannot be read, the record is damage."""
    layout = bench.folder / "n.cpy"
    layout.write_text("       01 R.\n           05 T PIC 9(2).\n           05 A PIC X(2).\n")
    records = {"detail": {"when": {"T": [1, 7]}}}
    settings: dict[str, Any] = {"layout": layout, "records": records, "totals": (), "encoding": "ascii"}
    (chunk,) = bench.collect(bench.write(b"01ab\n07cd\n08ef\nx1gh\n"), **settings)
    assert [row.number for row in chunk.rows] == [0, 1]
    assert [damage.code for damage in chunk.damaged] == ["record-type", "record-type"]


LINES = """\
length = 12
totals = [{ trailer = "items", counts = "detail" }, { trailer = "total", sums = "detail.qty" }]
[records.detail]
when = { kind = "D" }
fields = [{ name = "kind", picture = "X" }, { name = "qty", picture = "S9(3)V9 LEADING SEPARATE", start = 3 },
          { name = "note", picture = "X(4)" }]
[records.trailer]
when = { kind = ["T", "Z"] }
fields = [{ name = "kind", picture = "X" }, { name = "items", picture = "9(3)" },
          { name = "total", picture = "S9(4)V99 LEADING SEPARATE" }]
"""


def lines(bench: "Bench", content: bytes, **settings: Any) -> Any:
    layout = bench.folder / "lines.toml"
    layout.write_text(LINES)
    declared = {"layout": layout, "records": {}, "totals": (), "encoding": "ascii"} | settings
    return bench.collect(bench.write(content), **declared)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\n\x1a", b"\r\n\x1a\r\n"])
def test_lines_are_read_with_any_line_end_and_cut_blanks(bench: "Bench", end: bytes, last: bytes) -> None:
    """R20: a short line was cut by LINE SEQUENTIAL; a missing last line end and a Control-Z are no damage."""
    content = end.join([b"D +0105ab", b"D -0005", b"T002+001000"]) + last
    chunks = lines(bench, content, chunk=2)
    rows = [row.fields for chunk in chunks for row in chunk.rows]
    assert rows == [
        {"kind": "D", "qty": "10.5", "note": "ab"},
        {"kind": "D", "qty": "-0.5", "note": ""},
        {"kind": "T", "items": 2, "total": "10.00"},
    ]
    assert chunks[-1].checkpoint.offset == len(content)
    assert chunks[-1].checkpoint.totals["total"]["found"] == "10.0"


def test_a_line_that_is_too_long_is_damage(bench: "Bench") -> None:
    """R20: bytes that the layout does not describe are not dropped."""
    (chunk,) = lines(bench, b"D +0105abcdX\nD +0105abcdXY\nT002+002100\n")
    (damage,) = chunk.damaged
    assert (damage.number, damage.offset, damage.code, damage.raw) == (1, 13, "record-length", b"D +0105abcdXY\n")


def test_a_file_without_line_ends_is_not_line_framed(bench: "Bench") -> None:
    """R20: nor is it read into memory to find out."""
    with pytest.raises(Rejected, match="has no end within 65536 bytes") as caught:
        lines(bench, b"D" * 200_000)
    assert caught.value.code == "framing"


def test_text_in_fixed_records_is_read_too(bench: "Bench") -> None:
    """R20: the framing can be said."""
    (chunk,) = lines(bench, b"D +0105ab   T001+001050 ", framing="fixed")
    assert [row.kind for row in chunk.rows] == ["detail", "trailer"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"framing": "line", "encoding": "ascii"}, "packed or binary"),
        ({"record_length": 10}, "more than the 10 declared"),
        ({"layout": Path("x.txt")}, "a copybook"),
    ],
)
def test_settings_that_contradict_the_layout_are_refused(bench: "Bench", settings: dict[str, Any], reason: str) -> None:
    """R21: found when the bundle is opened."""
    with pytest.raises(LayoutError, match=reason):
        bench.feed(**settings)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LINES + "x = 1\n", "x"),
        ("length = [", "not TOML"),
        (LINES.replace("start = 3", "start = 1"), "detail.qty overlaps"),
        (LINES.replace("length = 12", "length = 9"), "ends at byte 11 of a record of 9"),
        (LINES.replace('"X(4)"', '"X(4) FOO"'), "USAGE FOO is not known"),
        (LINES.replace('"X(4)"', '"Q(4)"'), "detail.note: PIC Q"),
        (LINES.replace('name = "note"', 'name = "Note"'), "fields.2.name"),
    ],
)
def test_a_toml_layout_that_does_not_add_up_is_refused(bench: "Bench", text: str, reason: str) -> None:
    """R21: as for a copybook."""
    layout = bench.folder / "l.toml"
    layout.write_text(text)
    with pytest.raises(LayoutError, match=reason):
        bench.feed(layout=layout, records={}, totals=(), encoding="ascii")


def test_comp_5_needs_its_byte_order_said_outside_the_mainframe(bench: "Bench") -> None:
    """R21: the same bytes are two numbers."""
    layout = bench.folder / "c.cpy"
    layout.write_text("       01 R.\n           05 A PIC S9(4) COMP-5.\n")
    settings: dict[str, Any] = {"layout": layout, "records": {}, "totals": (), "encoding": "latin-1"}
    with pytest.raises(LayoutError, match="byte_order"):
        bench.feed(**settings)
    arrival = bench.write(b"\x01\x00")
    (chunk,) = bench.collect(arrival, byte_order="little", **settings)
    assert chunk.rows[0].fields == {"a": 1}
