"""``python bench/files.py [--quick]``: the adapter for batch files against its plain self in `reference/plain`.

Measured is `collect`, from an open feed to the last chunk: both passes over the file, hashing, framing, routing,
control totals and decoding to rows. Not measured is what runtime does with the chunks. Each ratio is the median of
interleaved pairs in one process; memory is that of a process of its own. Written to `bench/results/files.json`.
"""

import argparse
import gc
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH), str(BENCH / "reference")]

from extract import SITES, write_extract  # noqa: E402
from pair import Ratio, compare  # noqa: E402
from plain import feed as plain_feed  # noqa: E402
from plain import setting as plain_setting  # noqa: E402

from brownfield.contract import Arrival, Checkpoint, Limits, Opening  # noqa: E402
from brownfield_files import feed, setting  # noqa: E402

COPYBOOK = BENCH.parent / "fixtures" / "nightly" / "stock.cpy"
UNBOUNDED = Limits(max_bytes=1 << 40)
ROLES = {"header": "H", "detail": "D", "trailer": "T"}
EBCDIC: dict[str, Any] = {
    "layout": COPYBOOK,
    "encoding": "cp037",
    "records": {role: {"of": f"STOCK-{role.upper()}", "when": {"REC-TYPE": letter}} for role, letter in ROLES.items()},
    "totals": [
        {"trailer": "RECORD-COUNT", "counts": "detail"},
        {"trailer": "TOTAL-ON-HAND", "sums": "detail.ON-HAND"},
        {"trailer": "HASH-HELD", "sums": "detail.HELD"},
    ],
}
LINES = """\
length = 113
totals = [{ trailer = "records", counts = "detail" }, { trailer = "total", sums = "detail.amount" }]
[records.detail]
when = { kind = "D" }
fields = [
  { name = "kind", picture = "X" }, { name = "order", picture = "9(10)" }, { name = "sku", picture = "X(12)" },
  { name = "site", picture = "X(8)" }, { name = "units", picture = "9(7)" }, { name = "amount", picture = "9(9)V99" },
  { name = "day", picture = "9(8)" }, { name = "time", picture = "9(6)" }, { name = "currency", picture = "X(3)" },
  { name = "customer", picture = "X(20)" }, { name = "note", picture = "X(27)" },
]
[records.trailer]
when = { kind = "T" }
fields = [{ name = "kind", picture = "X" }, { name = "records", picture = "9(10)" },
          { name = "total", picture = "9(13)V99" }]
"""


def write_lines(path: Path, records: int) -> None:
    """ASCII, CR LF, 113 bytes a record: the same bytes for the same number of records."""
    total = 0
    with path.open("w", newline="") as file:
        for n in range(records):
            amount = n * 7919 % 1_000_000
            total += amount
            text = (
                f"D{n:010}A-{n % 5000:<10}{SITES[n % 3]:<8}{n % 9000:07}{amount:011}20261120{180000 + n % 5900:06}EUR"
            )
            file.write(f"{text}{f'Customer {n % 777}':<20}{f'Order {n}, by hand':<27}\r\n")
        file.write(f"T{records:010}{total:015}\r\n")


class Drop:
    """A file with the settings that read it."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._settings = {"format": "fixed-width", "location": path.parent, "match": path.name, **settings}
        content = path.open("rb")
        self.arrival = Arrival(path.name, path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())
        content.close()

    def seconds(self, feeds: Any, settings: Any) -> float:
        """How long one `collect` takes."""
        opening = Opening("bench", Path(), settings.FilesSettings(**self._settings), lambda _: "")
        opened = feeds.FilesFeed(replace(opening, limits=UNBOUNDED))
        gc.collect()
        began = time.perf_counter()
        for _ in opened.collect(self.arrival, Checkpoint()):
            pass
        return time.perf_counter() - began


def ratio(name: str, drop: Drop, records: int, pairs: int) -> Ratio:
    """Records per second, ours to the plain adapter's."""
    ours = lambda: records / drop.seconds(feed, setting)  # noqa: E731
    plain = lambda: records / drop.seconds(plain_feed, plain_setting)  # noqa: E731
    ours()
    row = compare(
        f"{name}-{records}", f"{name}, {records:,} records to rows", "plain adapter", "records/s", ours, plain, pairs
    )
    print(" | ".join(row.row()), file=sys.stderr, flush=True)
    return row


def peak(records: int, folder: Path) -> float:
    """Peak memory in MB of a process that collects a file of so many EBCDIC records."""
    path = folder / f"STK{records}.DAT"
    write_extract(path, records)
    done = subprocess.run([sys.executable, __file__, "--peak", str(path)], check=True, capture_output=True, text=True)
    path.unlink()
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="files")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of the files of a million records")
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        Drop(given.peak, EBCDIC).seconds(feed, setting)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory(prefix="brownfield-files-") as name:
        folder = Path(name)
        (folder / "lines.toml").write_text(LINES)
        if given.quick:
            print([row.ratio for row in ratios(folder, 2000, 1)], peak(2000, folder))
            return
        document: dict[str, Any] = {"environment": environment(), "rows": [], "peak_megabytes": {}}
        for records, pairs, measured in ((100_000, 7, 1_000_000), (1_000_000, given.pairs, 8_000_000)):
            for row in ratios(folder, records, pairs):
                document["rows"].append(row.document())
                write(document)
            document["peak_megabytes"][f"{measured}"] = round(peak(measured, folder), 1)
            write(document)


def ratios(folder: Path, records: int, pairs: int) -> Iterator[Ratio]:
    """Text in lines, then EBCDIC with packed decimals."""
    write_lines(folder / "ORD.TXT", records)
    ascii_ = {"layout": folder / "lines.toml", "encoding": "ascii"}
    yield ratio("ascii-lines", Drop(folder / "ORD.TXT", ascii_), records, pairs)
    write_extract(folder / "STK.DAT", records)
    yield ratio("ebcdic-comp3", Drop(folder / "STK.DAT", EBCDIC), records, pairs)


def environment() -> dict[str, Any]:
    """What a reader must know to judge the numbers."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", "bench/files.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def write(document: dict[str, Any]) -> None:
    """The results so far: a run that is cut short leaves what it has measured."""
    document["environment"]["load_after"] = round(os.getloadavg()[0], 1)
    (BENCH / "results" / "files.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
