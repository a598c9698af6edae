"""Collect while being killed at random times, and say whether anything was lost or came twice.

Usage: soak.py FOLDER KILLS [SEED]. Files arrive all the while, plain, packed and with a damaged record; a child
process collects them and is killed with SIGKILL, so many times. What the ledger holds afterwards is compared with what
was in the files. Prints one JSON document.
"""

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "fixtures"), str(Path(__file__).parent)]

from extract import write_extract  # noqa: E402
from home import Home  # noqa: E402

from brownfield.runtime.assembly import open_assembly  # noqa: E402
from brownfield.wrapper.bundle import make_lock, open_bundle  # noqa: E402
from brownfield.wrapper.lock import write_lock  # noqa: E402

DAMAGED = ROOT / "fixtures" / "nightly" / "STK20261120.DAT"
DAMAGED_RECORDS, DAMAGED_EVENTS, BAD = 602, 599, 1


class Soak:
    """A home, files that arrive in it, and what is to come of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.home = Home(folder)
        manifest = self.home.wrappers / "inventory" / "wrapper.toml"
        manifest.write_text(manifest.read_text().replace('"STK*.DAT"', '"STK*.DAT*"'))
        bundle = manifest.parent
        write_lock(bundle, make_lock(open_bundle(bundle)))
        self.dice = random.Random(seed)
        self.expected: dict[str, tuple[int, int]] = {}  # events and units by the name that a file is taken under

    def deliver(self, number: int) -> None:
        """One more file, with its marker after it."""
        name, drop = f"STK{number:05}.DAT", self.home.drop
        kind = "damaged" if number == 0 else self.dice.choice(["plain", "plain", "gzip", "zip"])
        content = self.home.folder / name
        details = 300 + number
        if kind == "damaged":
            shutil.copy(DAMAGED, content)
        else:
            write_extract(content, details)
        arrived = {"plain": name, "damaged": name, "gzip": f"{name}.gz", "zip": f"{name}.zip"}[kind]
        taken = arrived if kind in {"plain", "damaged"} else f"{arrived}/{name}"
        self.expected[taken] = (DAMAGED_EVENTS, -1) if kind == "damaged" else (details, _units(details))
        if kind == "gzip":
            (drop / arrived).write_bytes(gzip.compress(content.read_bytes(), mtime=0))
        elif kind == "zip":
            with zipfile.ZipFile(drop / arrived, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(content, name)
        else:
            shutil.copy(content, drop / arrived)
        content.unlink()
        (drop / f"{arrived}.done").touch()

    def collect(self, lifetime: float | None) -> bool:
        """Collect in a child that lives so many seconds, or to its end; whether it was killed."""
        child = os.fork()
        if child == 0:
            os.environ.update(self.home.environ)
            try:
                with open_assembly(self.home.wrappers, os.environ) as assembly:
                    assembly.collecting.run(*assembly.kernel.feed("inventory", "stock_count"))
            finally:
                os._exit(0)
        if lifetime is not None:
            time.sleep(lifetime)
            os.kill(child, signal.SIGKILL)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def findings(self) -> dict[str, Any]:
        """What the ledger holds, against what was delivered."""
        with closing(sqlite3.connect(self.home.folder / "home" / "ledger.db")) as ledger:
            files = ledger.execute("SELECT id, name, state, records, events, quarantined FROM bf_file").fetchall()
            events = ledger.execute("SELECT id >> 32, id & 4294967295, data FROM bf_event ORDER BY id").fetchall()
            bad = ledger.execute("SELECT count(*) FROM bf_quarantine").fetchone()[0]
            sound = ledger.execute("PRAGMA integrity_check").fetchone()[0]
            told = ledger.execute("SELECT event, body FROM bf_entry WHERE event LIKE 'batch.%'").fetchall()
        names = {id_: name for id_, name, *_ in files}
        found: Counter[str] = Counter(names[file] for file, _, _ in events)
        units: Counter[str] = Counter()
        for file, _, data in events:
            units[names[file]] += json.loads(data)["on_hand"]
        lost = {name: count - found[name] for name, (count, _) in self.expected.items() if found[name] < count}
        more = {name: found[name] - count for name, (count, _) in self.expected.items() if found[name] > count}
        wrong = [name for name, (_, sum_) in self.expected.items() if sum_ >= 0 and units[name] != sum_]
        steps = Counter((event, json.loads(body)["body"]["file"]["name"]) for event, body in told)
        drop = [path for path in self.home.drop.rglob("*") if path.is_file() and path.parent.name != "archive"]
        return {
            "files": len(self.expected), "rows": len(files), "events": len(events), "quarantined": bad,
            "lost": sum(lost.values()), "duplicated": sum(more.values()), "wrong totals": wrong,
            "not archived": [name for _, name, state, *_ in files if state != "archived"],
            "steps told twice": [list(step) for step, count in steps.items() if count > 1],
            "left in the drop": [path.name for path in drop], "integrity": sound,
        }  # fmt: skip


def _units(details: int) -> int:
    return sum(number * 7919 % 9000 for number in range(details))


def main() -> None:
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int((sys.argv[3:] or ["20261121"])[0])
    soak, begun, killed, delivered = Soak(folder, seed), time.monotonic(), 0, 0
    for delivered in range(3):
        soak.deliver(delivered)
    whole = time.monotonic()
    soak.collect(None)
    whole = time.monotonic() - whole
    while killed < kills:
        delivered += 1
        soak.deliver(delivered)
        if soak.dice.random() < 0.3:
            delivered += 1
            soak.deliver(delivered)
        killed += soak.collect(soak.dice.uniform(0.0, whole))
    soak.collect(None)
    soak.collect(None)
    found = {"kills": killed, "seed": seed, "seconds": round(time.monotonic() - begun, 1)} | soak.findings()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
