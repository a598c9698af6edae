"""``python bench/files.py [--only SECTION]``: a million records to durable events, held against what that must cost.

Measured is from an open feed to the last commit, into a ledger on SQLite (WAL, synchronous FULL): both passes over the
file, hashing, framing, routing, control totals, decoding, quarantine, checkpoints. Not measured is how the file gets
there: waiting for it, claiming and staging it (`bench/run.py` has the whole).

It is held against, in the same run and in turns, each with its own processor time:

* the events that were just stored, each a row of id, type, key, data and time, inserted bare: 500 rows a statement, or
  by executemany; 10,000 a commit either way;
* the plain decoder as it was on the first day, frozen in `reference/plain`, which only makes rows in memory;
* sha256, copy and fsync of the same file, for the sinks that keep a chunk in one row;
* the wrapper's function alone, over the same rows, for a feed that has one.

Each ratio is the median of the turns. Memory is that of a process of its own. Written to `bench/results/files.json`;
with `--only`, the rows of one section (`ascii-rows`, `ascii-packed`, …, `peak`) in place. `--quick`: it runs.
"""

import argparse
import gc
import hashlib
import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH), str(BENCH / "reference")]

from extract import SITES, write_extract  # noqa: E402
from pair import Ratio, ratio_of  # noqa: E402
from plain import feed as plain_feed  # noqa: E402
from plain import setting as plain_setting  # noqa: E402
from stored import stored  # noqa: E402

from brownfield import Record  # noqa: E402
from brownfield.contract import Arrival, Checkpoint, Limits, Opening, Row  # noqa: E402
from brownfield.ledger.batch import BatchFile, begin_file  # noqa: E402
from brownfield.ledger.migration.migrate import migrate  # noqa: E402
from brownfield.ledger.store import Ledger  # noqa: E402
from brownfield.runtime.committing import Committing, Ready  # noqa: E402
from brownfield.runtime.kept import Kept  # noqa: E402
from brownfield.wrapper.bundle import Feed  # noqa: E402
from brownfield.wrapper.handler import bind  # noqa: E402
from brownfield.wrapper.manifest import FeedTable  # noqa: E402
from brownfield_files.feed import FilesFeed  # noqa: E402
from brownfield_files.setting import FilesSettings  # noqa: E402

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
CHUNK = 10_000
STATEMENT = 500
TABLE = ("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE event (id INTEGER PRIMARY KEY, "
         "type TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL)")  # fmt: skip
ROW = "(?, ?, ?, ?, ?)"


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


class Ordered(BaseModel):
    """What the wrapper's function makes of a line."""

    order: int
    sku: str
    units: int
    amount: str


def ordered(row: Record, /) -> Ordered:
    """An order line."""
    return Ordered(order=row["order"], sku=row["sku"], units=row["units"], amount=row["amount"])


@dataclass(frozen=True)
class Cost:
    """What a measurement took, in seconds."""

    wall: float
    processor: float


def cost(work: Callable[[], object]) -> Cost:
    """Of some work."""
    gc.collect()
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - processor)


class Drop:
    """A file with the settings that read it, and a place for the ledger.

    Args:
        folder: With nothing else in it.
        name: Of the file, made already.
        key: The field that is an event's key.
        settings: Those that read the file.
    """

    def __init__(self, folder: Path, name: str, key: str, settings: dict[str, Any]) -> None:
        self.file, self._folder, self._key = folder / name, folder, key
        self._settings = {"format": "fixed-width", "location": folder, "match": name, **settings}
        with self.file.open("rb") as content:
            self.arrival = Arrival(name, self.file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())

    def opening(self, settings: type[Any]) -> Opening[Any]:
        """Of a feed adapter."""
        return Opening("bench", Path(), settings(**self._settings), lambda _: "", UNBOUNDED)

    def feed(self) -> FilesFeed:
        """Ours; the file lies in the drop as if it had been staged."""
        feed = FilesFeed(self.opening(FilesSettings))
        feed._drop = lambda: SimpleNamespace(open=lambda _: self.file.open("rb"))  # type: ignore[assignment, method-assign, return-value]
        return feed

    def collect(self, sink: str = "rows", function: Callable[[Record], Any] | None = None) -> Cost:
        """Ours, to the last commit."""
        shutil.rmtree(self._folder / "home", ignore_errors=True)
        (self._folder / "home").mkdir()
        with closing(Ledger(f"sqlite:///{self._folder}/home/ledger.db")) as ledger:
            migrate(ledger)
            now = datetime.now(UTC)
            with ledger.write() as connection:
                file = begin_file(connection, environment="sandbox", wrapper="bench", feed="lines",
                                  arrival=self.arrival, shape="bench", now=now)  # fmt: skip
            kernel: Any = SimpleNamespace(ledger=ledger, clock=SimpleNamespace(now=lambda: now))
            committing = Committing(kernel, declared(self._key, sink, function), threading.Event())
            if committing.packs:
                return cost(lambda: self._gathered(committing, file))
            return cost(lambda: committing.commit(file, self.feed().collect(self.arrival, Checkpoint())))

    def _gathered(self, committing: Committing, file: BatchFile) -> None:
        """In one reading, as `Arriving` does it."""
        with Kept[Ready](self._folder / "home") as kept:
            gathered = self.feed().gather(self.arrival)
            if gathered is None or not committing.keep(gathered, kept):
                raise RuntimeError("something is wrong with the file")
            committing.commit_kept(file, kept)

    def plain(self) -> Cost:
        """The first day's decoder, to rows in memory."""
        feed = plain_feed.FilesFeed(self.opening(plain_setting.FilesSettings))
        return cost(lambda: exhaust(feed.collect(self.arrival, Checkpoint())))

    def stored(self) -> list[tuple[Any, ...]]:
        """The events that were stored last, each a whole row."""
        return stored(self._folder / "home" / "ledger.db")

    def bare(self, insert: Callable[[sqlite3.Connection, list[tuple[Any, ...]]], None], rows: list[Any]) -> Cost:
        """These, inserted."""
        for left in self._folder.glob("bare.db*"):
            left.unlink()
        with closing(sqlite3.connect(self._folder / "bare.db", isolation_level=None)) as database:
            database.executescript(TABLE)
            return cost(lambda: insert(database, rows))

    def copied(self) -> Cost:
        """sha256, copy and fsync."""
        (self._folder / "copy").unlink(missing_ok=True)
        return cost(lambda: copy(self.file, self._folder / "copy"))

    def applied(self, function: Callable[[Record], Any]) -> Cost:
        """A function, its result as a document held against its schema, over the rows of the file."""
        committing = Committing(None, declared(self._key, "rows", function), threading.Event())  # type: ignore[arg-type]
        rows: list[Row] = [row for chunk in self.feed().collect(self.arrival, Checkpoint()) for row in chunk.rows]
        return cost(lambda: exhaust(committing._event(row) for row in rows if row.kind == "detail"))


def declared(key: str, sink: str, function: Callable[[Record], Any] | None) -> Feed:
    """A feed, exposed from the manifest alone or bound to a function."""
    table = FeedTable.model_validate({"via": "lines", "emits": "bench.lined.v1", "key": key, "sink": sink})
    if function is None:
        return Feed("bench", "lines", table, {"type": "object"}, "")
    handler = bind("lines", function)
    return Feed("bench", "lines", table, handler.output, "", function, handler)


def exhaust(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def copy(source: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(1 << 20):
            digest.update(block)
            written.write(block)
        written.flush()
        os.fsync(written.fileno())


def values(database: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), CHUNK):
        database.execute("BEGIN IMMEDIATE")
        for at in range(start, min(start + CHUNK, len(rows)), STATEMENT):
            part = rows[at : at + STATEMENT]
            statement = f"INSERT INTO event VALUES {', '.join([ROW] * len(part))}"
            database.execute(statement, [value for row in part for value in row])
        database.execute("COMMIT")


def many(database: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), CHUNK):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(f"INSERT INTO event VALUES {ROW}", rows[start : start + CHUNK])
        database.execute("COMMIT")


Turn = dict[str, Cost]
HELD = {
    "ascii": [
        ("rows", "values", "row events, manifest alone", "bare insert of the same rows, 500 a statement"),
        ("rows", "many", "row events, manifest alone", "bare executemany of the same rows"),
        ("rows", "plain", "row events, manifest alone", "plain decoder, to rows in memory"),
        ("function", "applied", "row events through a Python function", "the function alone, validated"),
        ("chunks", "copied", "event chunks, rendered and compressed", "sha256, copy, fsync of the file"),
        ("raw", "copied", "raw chunks, validated", "sha256, copy, fsync of the file"),
    ],
    "ebcdic": [
        ("rows", "values", "row events, manifest alone", "bare insert of the same rows, 500 a statement"),
        ("rows", "plain", "row events, manifest alone", "plain decoder, to rows in memory"),
        ("raw", "copied", "raw chunks, validated", "sha256, copy, fsync of the file"),
    ],
}


SECTIONS = {
    "ascii": {"rows": {"rows", "values", "many"}, "packed": {"raw", "chunks", "copied"},
              "function": {"function", "applied"}, "plain": {"rows", "plain"}},
    "ebcdic": {"rows": {"rows", "values"}, "packed": {"raw", "copied"}, "plain": {"rows", "plain"}},
}  # fmt: skip
"""What is measured together; each fits into three minutes with seven turns, but for `plain`."""


def turn(drop: Drop, records: int, wanted: set[str]) -> Turn:
    """Everything that is wanted, once."""
    took: Turn = {}
    if "rows" in wanted:
        took["rows"] = drop.collect()
        rows = drop.stored()
        if len(rows) != records:
            raise RuntimeError(f"{len(rows)} events of {records} records")
        took |= {name: drop.bare(insert, rows) for name, insert in BARE.items() if name in wanted}
        del rows
    ways: dict[str, Callable[[], Cost]] = {
        "plain": drop.plain, "raw": lambda: drop.collect("raw"), "copied": drop.copied,
        "function": lambda: drop.collect(function=ordered), "applied": lambda: drop.applied(ordered),
        "chunks": lambda: drop.collect("chunks"),
    }  # fmt: skip
    return took | {name: way() for name, way in ways.items() if name in wanted}


BARE = {"values": values, "many": many}


def ratios(kind: str, turns: list[Turn], records: int) -> Iterator[Ratio]:
    """By the clock, and by processor time."""
    names = {"ascii": "ASCII lines", "ebcdic": "EBCDIC with COMP-3"}
    for ours, theirs, what, reference in HELD[kind]:
        if not {ours, theirs} <= turns[0].keys():
            continue
        for measure in ("wall", "processor"):
            pairs = [(records / getattr(took[ours], measure), records / getattr(took[theirs], measure))
                     for took in turns]  # fmt: skip
            unit = "records/s" if measure == "wall" else "records/processor second"
            yield ratio_of(f"{kind}-{ours}-{theirs}-{measure}", f"{names[kind]}, {records:,} records to {what}",
                           reference, unit, pairs)  # fmt: skip


def peak(records: int, folder: Path) -> float:
    """Peak memory in MB of a process that collects a file of so many EBCDIC records into row events."""
    write_extract(folder / f"STK{records}.DAT", records)
    command = [sys.executable, __file__, "--peak", str(folder / f"STK{records}.DAT")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (folder / f"STK{records}.DAT").unlink()
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="files")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--only", help="one section, such as ascii-rows; its rows are put into the results in place")
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        Drop(given.peak.parent, given.peak.name, "sku", EBCDIC).collect()
        # Not ru_maxrss, which a child has from its parent.
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        print(int(found[1]) / 1024 if found else 0)
        return
    records, pairs = (2000, 1) if given.quick else (given.records, given.pairs)
    document: dict[str, Any] = {"environment": environment(), "rows": [], "peak_megabytes": {}}
    with tempfile.TemporaryDirectory(prefix="brownfield-files-") as name:
        folder = Path(name)
        for kind, section in sections(given.only):
            drop = made(folder, kind, records)
            turn(drop, records, SECTIONS[kind][section])
            turns = [turn(drop, records, SECTIONS[kind][section]) for _ in range(pairs)]
            for row in ratios(kind, turns, records):
                print(" | ".join(row.row()), file=sys.stderr, flush=True)
                document["rows"].append(row.document())
        if given.only in {None, "peak"}:
            for measured in (2000,) if given.quick else (1_000_000, 8_000_000):
                document["peak_megabytes"][f"{measured}"] = round(peak(measured, folder), 1)
            print(document["peak_megabytes"], file=sys.stderr)
    if not given.quick:
        write(document, given.only)


def sections(only: str | None) -> list[tuple[str, str]]:
    """Kind and section of what is measured."""
    every = [(kind, section) for kind, named in SECTIONS.items() for section in named]
    return [one for one in every if only is None or only == "-".join(one)]


def made(folder: Path, kind: str, records: int) -> Drop:
    """Text in lines, or EBCDIC with packed decimals."""
    if kind == "ascii":
        (folder / "lines.toml").write_text(LINES)
        if not (folder / "ORD.TXT").exists():
            write_lines(folder / "ORD.TXT", records)
        return Drop(folder, "ORD.TXT", "order", {"layout": folder / "lines.toml", "encoding": "ascii"})
    if not (folder / "STK.DAT").exists():
        write_extract(folder / "STK.DAT", records)
    return Drop(folder, "STK.DAT", "sku", EBCDIC)


def environment() -> dict[str, Any]:
    """What a reader must know to judge the numbers."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", "bench/files.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def write(document: dict[str, Any], only: str | None) -> None:
    """Into the results; of one section, in place of what was measured of it before."""
    place = BENCH / "results" / "files.json"
    document["environment"]["load_after"] = round(os.getloadavg()[0], 1)
    if only is not None:
        whole = json.loads(place.read_text("utf-8"))
        fresh = {row["id"]: row for row in document["rows"]}
        known = [row["id"] for row in whole["rows"]]
        rows = [fresh.get(row["id"], row) for row in whole["rows"]]
        rows += [row for id_, row in fresh.items() if id_ not in known]
        when = {**whole["environment"].get("sections", {}), only: document["environment"]}
        document = {"environment": {**whole["environment"], "sections": when}, "rows": rows,
                    "peak_megabytes": {**whole["peak_megabytes"], **document["peak_megabytes"]}}  # fmt: skip
    place.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
