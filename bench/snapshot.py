"""``python bench/snapshot.py [--keys N]``: the changes between two extracts, against numpy and DuckDB.

Two extracts of about 100 bytes a key: half a percent of the keys is new, half a percent gone, one percent changed.

* sorted: `difference.changes` over two states, against a merge of the same rows by numpy, in pieces, with fixed-width
  rows: what somebody would write by hand who knows their length;
* unsorted: `joining.joined` over the same, the later one shuffled, against a bare full join by DuckDB under the same
  memory limit, which does not see that a key is there twice.

Each side runs in a process of its own, which also says how much memory it took beyond what it had at its beginning.
Written to `bench/results/snapshot.json`.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from brownfield.runtime.difference import changes
from brownfield.runtime.joining import MEMORY, joined
from brownfield.runtime.state import State

RESULT = Path(__file__).resolve().parent / "results" / "snapshot.json"
AT_ONCE = 200_000
KEY = 12
"""Bytes of a key's column in the fixed-width rows."""


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(SIDES[given.one[0]], Path(given.one[1]))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_extracts(folder, given.keys)
        found = {
            "sorted": compared(folder, "sorted", "numpy", given.pairs),
            "unsorted": compared(folder, "unsorted", "duckdb", given.pairs),
        }
    result = {
        "keys": given.keys,
        "pairs": given.pairs,
        "memory": MEMORY,
        "date": datetime.now(UTC).isoformat(),
        **found,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def write_extracts(folder: Path, keys: int) -> None:
    """`old` and `new`, sorted, and `shuffled`, which is `new` in another order."""
    chance, shuffled = random.Random(1), list[bytes]()
    with (folder / "old").open("wb") as old, (folder / "new").open("wb") as new:
        for number in range(keys):
            row = b'%012d\t{"sku":"%012d","site":"PARIS","on_hand":%07d,"note":"as counted in the night"}\n'
            line, fate = row % (number, number, number % 997), chance.random()
            if fate >= 0.005:
                old.write(line)
            if fate < 0.005 or fate >= 0.010:
                changed = line.replace(b"PARIS", b"LYON ") if fate >= 0.99 else line
                new.write(changed)
                shuffled.append(changed)
    chance.shuffle(shuffled)
    with (folder / "shuffled").open("wb") as file:
        file.writelines(shuffled)
    (folder / "shuffled.keys").write_text(str(len(shuffled)))
    (folder / "old.keys").write_text(str(sum(1 for _ in (folder / "old").open("rb"))))


def compared(folder: Path, ours: str, theirs: str, pairs: int) -> dict[str, object]:
    """Both sides by turns, each in a process of its own."""
    runs = [(one(folder, ours), one(folder, theirs)) for _ in range(pairs)]
    if any(mine["changes"] != reference["changes"] for mine, reference in runs):
        raise SystemExit(f"{ours} and {theirs} do not find the same changes")
    ratios = [mine["cpu"] / reference["cpu"] for mine, reference in runs]
    walls = [mine["wall"] / reference["wall"] for mine, reference in runs]
    return {
        "reference": theirs,
        "changes": runs[0][0]["changes"],
        "cpu_ratio": round(median(ratios), 3),
        "wall_ratio": round(median(walls), 3),
        "ours_cpu_s": round(median(mine["cpu"] for mine, _ in runs), 2),
        "theirs_cpu_s": round(median(reference["cpu"] for _, reference in runs), 2),
        "ours_mb": max(mine["mb"] for mine, _ in runs),
        "theirs_mb": max(reference["mb"] for _, reference in runs),
    }


def one(folder: Path, side: str) -> dict[str, float]:
    """One side, measured in a new process."""
    command = [sys.executable, __file__, "--one", side, str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measured(side: Callable[[Path], int], folder: Path) -> dict[str, float]:
    """Seconds and MiB that a side takes."""
    before, wall, cpu = _peak(), time.perf_counter(), time.process_time()
    count = side(folder)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"changes": count, "wall": wall, "cpu": cpu, "mb": round(_peak() - before)}


def _peak() -> float:
    """MiB at the most so far, of this process alone (proc(5)): getrusage begins with what the parent had."""
    return int(Path("/proc/self/status").read_text("ascii").partition("VmHWM:")[2].split()[0]) / 1024


def by_difference(folder: Path) -> int:
    """Ours, on two states."""
    return sum(1 for _ in changes(folder / "old", folder / "new"))


def by_join(folder: Path) -> int:
    """Ours, where the new state is in no order: the join, and whether a key is there twice."""
    old, new = (State(folder / name, _count(folder / name), sorted=False, sha256="") for name in ("old", "shuffled"))
    return sum(1 for _ in joined(old, new, folder / "spill"))


def _count(path: Path) -> int:
    """What writing a state counts on the way."""
    return int((path.parent / f"{path.name}.keys").read_text())


def by_numpy(folder: Path) -> int:
    """The reference for sorted extracts: fixed-width rows, in pieces, keys found by `searchsorted`."""
    import numpy as np  # noqa: PLC0415  this side only

    width = len((folder / "old").open("rb").readline())
    kinds = np.dtype([("key", f"S{KEY}"), ("rest", f"V{width - KEY}")])
    count = 0
    with (folder / "old").open("rb") as old, (folder / "new").open("rb") as new:
        ours, theirs = (np.fromfile(file, kinds, AT_ONCE) for file in (old, new))
        while len(ours) and len(theirs):
            last = min(ours["key"][-1], theirs["key"][-1])
            a, b = (rows[: np.searchsorted(rows["key"], last, "right")] for rows in (ours, theirs))
            at = np.searchsorted(b["key"], a["key"])
            at[at == len(b)] = max(len(b) - 1, 0)
            both = b["key"][at] == a["key"] if len(b) else np.zeros(len(a), bool)
            same = int(both.sum())
            count += len(a) - same + len(b) - same
            if same:
                one, other = (rows.tobytes() for rows in (a[both], b[at[both]]))
                if one != other:
                    left, right = (np.frombuffer(data, np.uint8).reshape(same, width) for data in (one, other))
                    count += int((left != right).any(axis=1).sum())
            ours, theirs = ours[len(a) :], theirs[len(b) :]
            ours = ours if len(ours) else np.fromfile(old, kinds, AT_ONCE)
            theirs = theirs if len(theirs) else np.fromfile(new, kinds, AT_ONCE)
        count += len(ours) + len(theirs) + sum(len(np.fromfile(file, kinds)) for file in (old, new))
    return count


def by_duckdb(folder: Path) -> int:
    """The reference for unsorted extracts: a full join of both, under the memory limit that our sort has."""
    import duckdb  # noqa: PLC0415  this side only

    columns = "columns = {'key': 'VARCHAR', 'text': 'VARCHAR'}, auto_detect = false"
    lines = "delim = '\t', quote = '', escape = '', header = false"
    read = [f"read_csv('{folder / name}', {columns}, {lines})" for name in ("old", "shuffled")]
    query = (
        f"SELECT a.text, b.text FROM {read[0]} a FULL JOIN {read[1]} b USING (key) WHERE a.text IS DISTINCT FROM b.text"
    )
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}) as database:
        cursor, count = database.execute(query), 0
        while rows := cursor.fetchmany(10_000):
            count += len(rows)
    return count


SIDES: dict[str, Callable[[Path], int]] = {
    "sorted": by_difference,
    "numpy": by_numpy,
    "unsorted": by_join,
    "duckdb": by_duckdb,
}


if __name__ == "__main__":
    main()
