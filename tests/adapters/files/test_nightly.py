"""The nightly stock extract of the fixtures: from a sample and a copybook to checked rows."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Opening, Verdict
from brownfield_files import adapter
from brownfield_files.feed import FilesFeed
from brownfield_files.setting import FilesSettings

NIGHTLY = Path(__file__).parents[3] / "fixtures" / "nightly"
EXPECTED: dict[str, Any] = json.loads((NIGHTLY / "expected.json").read_text("utf-8"))
DATA = sorted(name for name in EXPECTED if name.endswith(".DAT"))


def drafted(sample: str, layout: str) -> dict[str, Any]:
    sources = {"file": str(NIGHTLY / sample), "layout": str(NIGHTLY / layout), "id": "inventory"}
    return dict(adapter.draft["file"](sources).settings)


def opened(drop: Path, settings: dict[str, Any], layout: str) -> FilesFeed:
    merged = settings | {"layout": NIGHTLY / layout, "location": drop}
    feed = adapter.open(Opening("nightly", drop, FilesSettings(**merged), lambda name: ""))
    assert isinstance(feed, FilesFeed)
    return feed


def claimed(feed: FilesFeed) -> list[Arrival]:
    assert all(feed.claim(sighting) for sighting in list(feed.sightings()))
    return feed.arrivals()


def agrees(row: Any, expected: dict[str, Any], prefix: str = "") -> bool:
    """Whether a row says what is expected. Dates are expected as digits; PIC 9 gives a number."""
    return all(str(row.fields[prefix + name]).zfill(len(str(value))) == str(value) for name, value in expected.items())


@pytest.mark.parametrize("name", DATA)
def test_a_night_is_read_as_its_maker_wrote_it(tmp_path: Path, name: str) -> None:
    """R20: from the draft alone: every record, exact, the damaged one set apart, the totals checked."""
    shutil.copy(NIGHTLY / name, tmp_path)
    feed = opened(tmp_path, drafted("STK20261119.DAT", "stock.cpy"), "stock.cpy")
    (arrival,) = claimed(feed)
    expected = EXPECTED[name]
    assert arrival.sha256 == expected["sha256"]
    chunks = list(feed.collect(arrival, Checkpoint()))
    rows = {row.number: row for chunk in chunks for row in chunk.rows}
    assert all(agrees(rows[int(number)], fields) for number, fields in expected["details"].items())
    assert agrees(rows[max(rows)], expected["trailer"])
    damaged = [damage for chunk in chunks for damage in chunk.damaged]
    assert [(damage.number, damage.field) for damage in damaged] == [
        (one["record"], one["field"].lower().replace("-", "_")) for one in expected["damaged"]
    ]
    total = chunks[-1].checkpoint.totals["total_on_hand"]
    assert total["found"] == str(expected["on_hand_of_readable_details"])
    assert total["state"] == ("unverified" if damaged else "verified")
    feed.settle(arrival, Verdict.ARCHIVE)
    assert feed.arrivals() == []


def test_the_draft_says_what_it_guessed(tmp_path: Path) -> None:
    """R15: from a sample file and its copybook to a first call without a manual."""
    sources = {"file": str(NIGHTLY / "STK20261119.DAT"), "layout": str(NIGHTLY / "stock.cpy"), "id": "inventory"}
    draft = adapter.draft["file"](sources)
    assert draft.settings == {
        "format": "fixed-width",
        "layout": {"file": "contract/stock.cpy"},
        "location": {"env": "INVENTORY_DROP"},
        "match": "STK*.DAT",
        "encoding": "cp037",
        "framing": "fixed",
        "records": {
            "header": {"of": "STOCK-HEADER", "when": {"rec_type": "H"}},
            "detail": {"of": "STOCK-DETAIL", "when": {"rec_type": "D"}},
            "trailer": {"of": "STOCK-TRAILER", "when": {"rec_type": "T"}},
        },
        "totals": [
            {"trailer": "record_count", "counts": "detail"},
            {"trailer": "total_on_hand", "sums": "detail.on_hand"},
            {"trailer": "hash_held", "sums": "detail.held"},
        ],
    }
    assert (draft.feed, draft.key, list(draft.variables)) == ("stock_detail", "sku", ["INVENTORY_DROP"])
    assert draft.files == {"contract/stock.cpy": (NIGHTLY / "stock.cpy").read_bytes()}
    assert set(draft.contract.records) == {"header", "detail", "trailer"}
    assert any("cp037" in note for note in draft.notes)


def test_the_text_twin_says_the_same(tmp_path: Path) -> None:
    """R19: the same night in Latin-1 lines: another format, the same facts."""
    shutil.copy(NIGHTLY / "STK20261121.DAT", tmp_path)
    shutil.copy(NIGHTLY / "STK20261121.TXT", tmp_path)
    sides = []
    for name, layout, prefix in (("STK20261121.DAT", "stock.cpy", ""), ("STK20261121.TXT", "stocktxt.cpy", "txt_")):
        feed = opened(tmp_path, drafted(name, layout), layout)
        (arrival,) = claimed(feed)
        rows = [row for chunk in feed.collect(arrival, Checkpoint()) for row in chunk.rows if row.kind == "detail"]
        names = ("sku", "site", "on_hand", "held", "counted_date", "counted_time", "description")
        sides.append([[row.fields[prefix + name] for name in names] for row in rows])
    assert sides[0] == sides[1]
    assert len(sides[0]) == 598


def test_look_shows_the_layout_field_by_field() -> None:
    """R15: what a record is made of, before there is a bundle."""
    sights = list(adapter.look({"layout": str(NIGHTLY / "stock.cpy")}) if adapter.look else ())
    assert {sight.record for sight in sights} == {-1}
    cost = next(sight for sight in sights if sight.name == "unit_cost")
    assert (cost.kind, cost.offset, cost.length, cost.picture) == ("stock_detail", 28, 6, "S9(7)V9(4) COMP-3")


def test_look_shows_the_damaged_bytes_and_why(tmp_path: Path) -> None:
    """R20: a person sees the bytes, what they mean, and what does not."""
    sources = {"layout": str(NIGHTLY / "stock.cpy"), "file": str(NIGHTLY / "STK20261120.DAT")}
    sights = [sight for sight in (adapter.look(sources) if adapter.look else ()) if sight.record == 412]
    bad = [sight for sight in sights if sight.reason]
    assert [(sight.name, sight.raw.hex(), sight.value) for sight in bad] == [("on_hand", "0000f19c", None)]
    assert next(sight.value for sight in sights if sight.name == "sku") == "N-570"
