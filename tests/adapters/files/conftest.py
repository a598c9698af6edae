"""A small EBCDIC file with a header, details and a trailer, made record by record."""

import os
import sys
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Chunk, Limits, Opening
from brownfield_files import adapter
from brownfield_files.feed import FilesFeed
from brownfield_files.layout.encoding import encoding
from brownfield_files.record.encode import encode_record
from brownfield_files.setting import FilesSettings, Format

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)  # for drawn.py

COPYBOOK = """\
       01  STOCK.
           05  KIND               PIC X.
           05  BODY               PIC X(19).
           05  TOP REDEFINES BODY.
               10  DAY-OF         PIC 9(8).
           05  ITEM REDEFINES BODY.
               10  SKU            PIC X(8).
               10  ON-HAND        PIC S9(7) COMP-3.
               10  COST           PIC S9(5)V99 COMP-3.
           05  BOTTOM REDEFINES BODY.
               10  ITEMS          PIC 9(5).
               10  SUM-ON-HAND    PIC S9(9) COMP-3.
"""
RECORDS: dict[str, Any] = {
    "header": {"of": "TOP", "when": {"KIND": "H"}},
    "detail": {"of": "ITEM", "when": {"KIND": "D"}},
    "trailer": {"of": "BOTTOM", "when": {"KIND": "T"}},
}
TOTALS = [{"trailer": "ITEMS", "counts": "detail"}, {"trailer": "SUM-ON-HAND", "sums": "detail.ON-HAND"}]
LENGTH = 20
LIMITS, START = Limits(), Checkpoint()
LONG_AGO = 1_700_000_000


@dataclass
class Bench:
    """A drop, a copybook, and the means to write files and to read them."""

    folder: Path
    drop: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def feed(self, *, limits: Limits = LIMITS, ledger: str = "", **settings: Any) -> FilesFeed:
        merged = self.settings | settings
        opening = Opening("nightly", self.folder, FilesSettings(**merged), lambda name: "")
        opened = adapter.open(replace(opening, limits=limits, ledger=lambda: ledger))
        assert isinstance(opened, FilesFeed)
        return opened

    def record(self, kind: str, **fields: Any) -> bytes:
        layout = Format(FilesSettings(**self.settings)).layout
        letter = {"header": "H", "detail": "D", "trailer": "T"}[kind]
        return encode_record(layout.record(kind), {"kind": letter, **fields}, encoding("cp037"), LENGTH)

    def details(self, count: int, on_hand: int = 3) -> list[bytes]:
        return [self.record("detail", sku=f"A-{n}", on_hand=on_hand, cost="1.25") for n in range(count)]

    def file(self, details: list[bytes], *, items: int | None = None, total: int | None = None) -> list[bytes]:
        stated = len(details) if items is None else items
        summed = 3 * len(details) if total is None else total
        trailer = self.record("trailer", items=stated, sum_on_hand=summed)
        return [self.record("header", day_of=20261120), *details, trailer]

    def write(self, records: list[bytes] | bytes, name: str = "STK20261120.DAT", mtime: int = LONG_AGO) -> Arrival:
        content = records if isinstance(records, bytes) else b"".join(records)
        path = self.drop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (mtime, mtime))
        return Arrival(name, len(content), sha256(content).hexdigest())

    def claimed(self, feed: FilesFeed) -> list[Arrival]:
        """What is at hand after everything that lies there, and is not known to be unfinished, was claimed."""
        for sighting in list(feed.sightings()):
            if sighting.marked is not False:
                feed.claim(sighting)
        return feed.arrivals()

    def collect(self, arrival: Arrival, checkpoint: Checkpoint = START, **settings: Any) -> list[Chunk]:
        return list(self.feed(**settings).collect(arrival, checkpoint))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    layout, drop = tmp_path / "stock.cpy", tmp_path / "drop"
    layout.write_text(COPYBOOK)
    drop.mkdir()
    settings: dict[str, Any] = {
        "format": "fixed-width",
        "layout": layout,
        "location": drop,
        "match": "STK*.DAT",
        "encoding": "cp037",
        "records": RECORDS,
        "totals": TOTALS,
    }
    return Bench(tmp_path, drop, settings)
