"""Totals that parts of a file state: batches, balances, debits and credits, numbers that come again."""

from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Chunk, Limits, Opening, Rejected
from brownfield_files.feed import FilesFeed
from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.layout.toml_layout import parse_toml_layout
from brownfield_files.record.decode import record_reader
from brownfield_files.record.encode import encode_record
from brownfield_files.record.frame import Batch
from brownfield_files.setting import FilesSettings

LAYOUT = """\
length = 8
totals = [
  { trailer = "end.number", since = "batch", repeats = "batch.number" },
  { trailer = "end.items", since = "batch", counts = "item" },
  { trailer = "end.debits", since = "batch", sums = "item.amount", where = { code = ["D", "E"] } },
  { trailer = "end.net", since = "batch", sums = ["batch.before", "item.amount"], minus = { "item.code" = "D" } },
  { trailer = "batches", counts = "batch" },
  { trailer = "blocks", counts = ["batch", "item", "end", "trailer"], per = 3 },
  { trailer = "debits", sums = "item.amount", where = { code = ["D", "E"] } },
]
[records.batch]
when = { kind = "B" }
fields = [{ name = "kind", picture = "X" }, { name = "number", picture = "9" }, { name = "before", picture = "9(2)" }]
[records.item]
when = { kind = "I" }
fields = [{ name = "kind", picture = "X" }, { name = "code", picture = "X" }, { name = "amount", picture = "9(2)" }]
[records.end]
when = { kind = "E" }
fields = [
  { name = "kind", picture = "X" }, { name = "number", picture = "9" }, { name = "items", picture = "9" },
  { name = "debits", picture = "9(2)" }, { name = "net", picture = "S9(2) LEADING SEPARATE" },
]
[records.trailer]
when = { kind = "T" }
fields = [
  { name = "kind", picture = "X" }, { name = "batches", picture = "9" }, { name = "blocks", picture = "9" },
  { name = "debits", picture = "9(2)" },
]
"""
FILE = ["B120", "ID07", "IC05", "IE01", "E1308+19", "B200", "E2000+00", "T2308"]


def collected(folder: Path, records: list[str], chunk: int = 100, start: Checkpoint | None = None) -> list[Chunk]:
    (folder / "batches.toml").write_text(LAYOUT)
    content = "".join(f"{record:8}\n" for record in records).encode()
    location = Path(mkdtemp(dir=folder))
    (location / "B.TXT").write_bytes(content)
    layout = folder / "batches.toml"
    how = FilesSettings(format="fixed-width", layout=layout, location=location, match="*", chunk=chunk)
    feed = FilesFeed(Opening("batches", folder, how, lambda _: "", Limits()))
    for sighting in list(feed.sightings()):
        feed.claim(sighting)
    arrival = Arrival("B.TXT", len(content), sha256(content).hexdigest())
    return list(feed.collect(arrival, start or Checkpoint()))


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_what_parts_state_is_verified_wherever_a_chunk_ends(tmp_path: Path, chunk: int) -> None:
    """R20: a count of parts stands for the parts; the file's own totals say what its trailer says."""
    totals = collected(tmp_path, FILE, chunk)[-1].checkpoint.totals
    assert {name: (one["state"], one["stated"], one["found"]) for name, one in totals.items()} == {
        "batches": ("verified", 2, 2),
        "blocks": ("verified", 3, 3),
        "debits": ("verified", "8", "8"),
        **dict.fromkeys(["end.number", "end.items", "end.debits", "end.net"], ("verified", 2, 2)),
    }


@pytest.mark.parametrize("at", range(len(FILE)))
def test_a_file_is_resumed_within_a_part(tmp_path: Path, at: int) -> None:
    """R20: what was added up before the checkpoint is added up again, and nothing twice."""
    whole = collected(tmp_path, FILE, 1)
    rest = collected(tmp_path, FILE, 1, whole[at].checkpoint)
    assert [chunk.checkpoint for chunk in rest] == [chunk.checkpoint for chunk in whole[at + 1 :]]


@pytest.mark.parametrize("many", [1, 16, 17, 40])
def test_few_records_and_many_are_added_up_alike(tmp_path: Path, many: int) -> None:
    """R20: one by one, or in columns."""
    items = ["ID01", "IC02"] * (many // 2)
    few = many // 2
    end = f"E1{2 * few % 10}{few:02}+{few:02}"
    if 2 * few < 10:
        assert collected(tmp_path, ["B100", *items, end, f"T1{-(-(2 * few + 3) // 3)}{few:02}"])
    else:
        with pytest.raises(Rejected, match=rf"states items = {2 * few % 10}, and the part holds {2 * few}"):
            collected(tmp_path, ["B100", *items, end, f"T11{few:02}"])


def changed(at: int, record: str) -> list[str]:
    return [*FILE[:at], record, *FILE[at + 1 :]]


@pytest.mark.parametrize(
    ("records", "code", "reason"),
    [
        (changed(4, "E1208+19"), "totals", r"record 4 \(end\) states items = 2, and the part holds 3"),
        (changed(4, "E1307+19"), "totals", "states debits = 7, and the part holds 8"),
        (changed(4, "E1308+20"), "totals", "states net = 20, and the part holds 19"),
        (changed(4, "E2308+19"), "totals", "states number = 2, and record 0 number = 1"),
        (changed(4, "E1x08+19"), "totals", "record 4 .* items"),
        (changed(1, "IC07"), "totals", "states debits = 8, and the part holds 1"),
        (changed(7, "T3308"), "totals", "the trailer states batches = 3, and the file holds 2"),
        (changed(7, "T2208"), "totals", "the trailer states blocks = 2, and the file holds 3"),
        (changed(7, "T2309"), "totals", "the trailer states debits = 9, and the file holds 8"),
        ([*FILE[:4], *FILE[5:]], "trailer", "record 4 begins the next, and .* record 0 .batch. has no end"),
        ([*FILE[:6], "T2308"], "trailer", "the file ends, and .* record 5 .batch. has no end"),
        (FILE[1:], "totals", r"record 3 \(end\): no batch stands before it"),
    ],
)
def test_a_part_that_is_not_what_is_stated_refuses_the_file(
    tmp_path: Path, records: list[str], code: str, reason: str
) -> None:
    """R21: nothing of the file is delivered; the sentence says which record states what."""
    with pytest.raises(Rejected, match=reason) as refused:
        collected(tmp_path, records)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("records", "unverified"),
    [
        (changed(1, "IDx7"), {"end.debits", "end.net", "debits"}),
        (changed(3, "?what"), {"end.number", "end.items", "end.debits", "end.net", "blocks", "debits"}),
        (changed(0, "?B120"), {"end.number", "end.items", "end.debits", "end.net", "batches", "blocks", "debits"}),
    ],
)
def test_what_cannot_be_known_is_not_called_verified(tmp_path: Path, records: list[str], unverified: set[str]) -> None:
    """R21: an amount that cannot be read, a record of no known type; a batch's own header may be that record."""
    totals = collected(tmp_path, records)[-1].checkpoint.totals
    found = {name for name, one in totals.items() if one["state"] == "unverified"}
    assert found - {"batches"} <= unverified
    assert {"debits"} <= found


def test_what_begins_may_end_unstated_where_that_is_said(tmp_path: Path) -> None:
    """R20: a day without movement has no new balance."""
    layout = parse_toml_layout(fields([{"trailer": "end.n", "since": "item", "repeats": "item.n", "optional": True}]))
    assert layout.totals[0].optional


def fields(totals: list[dict[str, Any]]) -> dict[str, Any]:
    one = [
        {"name": "kind", "picture": "X"},
        {"name": "n", "picture": "9"},
        {"name": "s", "picture": "S9 LEADING SEPARATE"},
    ]
    records = {kind: {"when": {"kind": kind[0]}, "fields": one} for kind in ("item", "end", "trailer")}
    return {"length": 4, "records": records, "totals": totals}


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        ({"trailer": "n", "counts": "item", "sums": "item.n"}, "counts record types, or sums"),
        ({"trailer": "n"}, "counts record types, or sums"),
        ({"trailer": "end.n", "counts": "item"}, "names its record type"),
        ({"trailer": "n", "counts": "item", "since": "item"}, "names its record type"),
        ({"trailer": "end.n", "counts": "item", "since": "nobody"}, "nobody is no record type"),
        ({"trailer": "end.n", "counts": "item", "since": "end"}, "what begins at a end does not end there"),
        ({"trailer": "end.kind", "counts": "item", "since": "item"}, "kind is no numeric field of the end"),
        ({"trailer": "n", "counts": "item", "where": {"n": ["1"]}}, "is no text field"),
        ({"trailer": "n", "counts": "item", "where": {"who": "1"}}, "is no text field"),
        ({"trailer": "n", "sums": "item.n", "sign": "-"}, "no signed field"),
        ({"trailer": "n", "sums": "item.n", "per": 10}, "`per` says"),
        ({"trailer": "n", "repeats": "item.kind"}, "cannot repeat item.kind"),
        ({"trailer": "n", "repeats": "item.n", "where": {"kind": "i"}}, "`where` what is counted"),
    ],
)
def test_a_total_that_means_nothing_is_refused_with_the_layout(total: dict[str, Any], reason: str) -> None:
    """R21: not when the first file comes."""
    with pytest.raises(LayoutError, match=reason):
        parse_toml_layout(fields([total]))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"picture": "S9(2)", "signs": "CD"}, "of a sign that is SEPARATE"),
        ({"picture": "S9(2) LEADING SEPARATE", "signs": "CC"}, "two characters"),
        ({"picture": "9(6)", "none": ["000000"]}, "is said of a date"),
        ({"picture": "X(7)", "date": "DDMON"}, "is no date"),
    ],
)
def test_a_sign_or_a_date_that_means_nothing_is_refused(more: dict[str, Any], reason: str) -> None:
    """R21: when the layout is read."""
    records = {"item": {"fields": [{"name": "f", **more}]}}
    with pytest.raises(LayoutError, match=reason):
        parse_toml_layout({"length": 8, "records": records})


SIGNED: dict[str, Any] = {
    "length": 25,
    "records": {
        "one": {
            "fields": [
                {"name": "before", "picture": "S9(4)V99 LEADING SEPARATE", "signs": "01"},
                {"name": "after", "picture": "S9(4) TRAILING SEPARATE", "signs": "CD"},
                {"name": "day", "picture": "9(6)", "date": "DDMMYY", "none": ["000000"]},
                {"name": "named", "picture": "X(7)", "date": "DDMONYY", "none": [""]},
            ]
        }
    },
}


@pytest.mark.parametrize("count", [1, 100])
def test_signs_and_missing_dates_are_the_same_one_by_one_and_in_columns(count: int) -> None:
    """R20: and what was read is written again as it stood."""
    layout, ascii_ = parse_toml_layout(SIGNED), encoding("ascii")
    few = [b"10012340012D00000021NOV26", b"00012340012C211126       ", b"00000000000D211126       "]
    raw = [few[number % 3][: layout.length].ljust(layout.length) for number in range(count)]
    batch = Batch.even(0, 0, b"".join(raw), layout.length, layout.length)
    read = record_reader(layout.records[0], ascii_)
    found = Decoder(layout, ascii_, engine()).decode(batch, ["one"] * count)
    assert [row.fields for row in found] == [read(one) for one in raw]
    assert not found.damaged
    assert read(raw[0])["before"] == "-12.34"
    written = [encode_record(layout.records[0], read(one), ascii_, layout.length) for one in raw]
    assert written == [one.replace(b"0000D", b"0000C") for one in raw]
