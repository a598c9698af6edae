"""``python bench/run.py [--quick] [--reads] [--name NAME]``: the ratios that the README quotes.

Each is measured against a reference in the same run, in seven interleaved pairs; see `pair.py`. The results are
written to `bench/results/NAME.json`, and as a table to `bench/results/README.md`.
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "fixtures"), str(ROOT / "fixtures" / "demo")]

from pair import Ratio, amount  # noqa: E402
from section import (  # noqa: E402
    FULL,
    QUICK,
    Absolute,
    Size,
    audit,
    batches,
    calls,
    checks,
    cold_start,
    starts,
    take_the_brake_off,
    throughput,
)
from stage import Stage  # noqa: E402

Row = Ratio | Absolute
HEADING = """# What `make bench` measured

A baseline: what brownfield costs now, against doing the same without it. Ratios are ours to the reference, each the
median of interleaved pairs with the lowest and the highest; see `bench/section.py` for what exactly is done.
"""


def main() -> None:
    given = _arguments()
    size, began = QUICK if given.quick else FULL, time.monotonic()
    facts = environment(size)
    rows: list[Row] = []
    for row in (reads if given.reads else measure)(size):
        rows.append(row)
        print(f"{time.monotonic() - began:6.1f} s  {row.id}", file=sys.stderr, flush=True)
    facts["seconds"], facts["load_after"] = round(time.monotonic() - began), round(os.getloadavg()[0], 1)
    report = table(rows, facts)
    write(given.into, given.name, rows, facts, report)
    print(report)


def measure(size: Size) -> Iterator[Row]:
    """Every row, in the order of the table."""
    yield from reads(size)
    with _staged() as stage:
        yield from cold_start(stage, size)
    yield from starts(size)
    yield from checks(size)
    yield from batches(size)
    yield from audit(size)


def reads(size: Size) -> Iterator[Row]:
    """The rows that are calls of a running brownfield."""
    with _staged() as stage:
        yield from calls(stage, size)
        yield from throughput(stage, size)


@contextmanager
def _staged() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="brownfield-bench-") as folder, Stage(Path(folder)) as stage:
        take_the_brake_off(stage)
        stage.start_warehouse()
        stage.start_brownfield()
        yield stage


def environment(size: Size) -> dict[str, Any]:
    """What a reader must know to judge the numbers: no names of hosts or people."""
    git = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git.stdout.strip() or "unknown",
        "command": " ".join(["python", "bench/run.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "pairs": size.pairs,
    }


def table(rows: Iterable[Row], facts: dict[str, Any]) -> str:
    """Markdown: the ratios, the numbers without a reference, and the facts."""
    known = list(rows)
    lines = [HEADING, "| brownfield | reference | ours | theirs | ratio | min to max |", "|---|---|--:|--:|--:|--:|"]
    lines += ["| " + " | ".join(row.row()) + " |" for row in known if isinstance(row, Ratio)]
    lines += ["", "| for information | |", "|---|--:|"]
    lines += [f"| {row.what} | {amount(row.value, row.unit)} |" for row in known if isinstance(row, Absolute)]
    lines += ["", "For ms and s a ratio below 1 is brownfield being faster; for calls/s and records/s above 1.", ""]
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if name != "command")
    return "\n".join([*lines, f"`{facts['command']}`: {told}.", ""])


def write(folder: Path, name: str, rows: Iterable[Row], facts: dict[str, Any], report: str) -> None:
    """The results, for people and for programs."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"environment": facts, "rows": [row.document() for row in rows]}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / "README.md").write_text(report, "utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="What brownfield costs, as ratios.")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    parser.add_argument("--reads", action="store_true", help="only the calls of a running brownfield")
    parser.add_argument("--name", default="baseline", help="of the results' file")
    parser.add_argument("--into", type=Path, default=ROOT / "bench" / "results", help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
