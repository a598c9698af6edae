"""Killed in the middle of a file of a format that a library reads, which cannot be begun in the middle."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "adapters" / "files"))

from shelf import FILES

pytestmark = pytest.mark.slow
COLLECT = """
import os, signal, sys
from pathlib import Path
from brownfield.runtime import committing
from brownfield.runtime.assembly import open_assembly

left, save = [int(sys.argv[2])], committing.save_checkpoint

def dying(*arguments):
    save(*arguments)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

committing.save_checkpoint = dying
with open_assembly(Path(sys.argv[1]), os.environ) as assembly:
    for file in assembly.collecting.run(*assembly.kernel.feed("shop", "stock")):
        print(file["state"], file["records"], file["events"], file["quarantined"])
"""
BAD = ["S-9999", "many", 1, "21.11.2026"]


def run(folder, *command, code=0):
    environ = {**os.environ, "BROWNFIELD_HOME": str(folder / "home"), "STOCK_DROP": str(folder / "drop"),
               "SHOP_DROP": str(folder / "drop"), "BROWNFIELD_SECRETS": str(folder)}  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", *map(str, command)], env=environ, cwd=folder, capture_output=True,
                           text=True, timeout=60, check=False)  # fmt: skip
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


def query(folder, sql):
    with closing(sqlite3.connect(folder / "home" / "ledger.db")) as ledger:
        return ledger.execute(sql).fetchall()


@pytest.mark.parametrize("kind", list(FILES))
def test_each_record_is_an_event_once_whatever_the_killing(tmp_path, kind):
    """R20, R77, R78: drawn from a sample alone, killed inside each of the first transactions, and resumed."""
    rows = [[f"S-{n:04}", n, n + 0.5, "21.11.2026"] for n in range(60)]
    rows[33:33] = [BAD]
    (tmp_path / "drop").mkdir()
    sample = tmp_path / "STOCK20261120.in"
    sample.write_bytes(FILES[kind][0](rows[:5]))
    sample.with_name(f"{sample.name}.done").touch()
    run(tmp_path, "from brownfield.edges.cli import main; main()", "new", "shop", "--file", sample)
    manifest = tmp_path / "wrappers" / "shop" / "wrapper.toml"
    manifest.write_text(
        manifest.read_text("utf-8").replace("[connections.drop]\n", "[connections.drop]\nchunk = 10\n", 1)
    )
    run(tmp_path, "from brownfield.edges.cli import main; main()", "lock", "wrappers/shop")
    (tmp_path / "drop" / "STOCK20261121.in").write_bytes(FILES[kind][0](rows))
    (tmp_path / "drop" / "STOCK20261121.in.done").touch()
    for times in (1, 2, 3):
        run(tmp_path, COLLECT, tmp_path / "wrappers", times, code=-signal.SIGKILL)
        found = [row[0] & 0xFFFFFFFF for row in query(tmp_path, "SELECT id FROM bf_event ORDER BY id")]
        assert found == sorted(set(found))
    assert run(tmp_path, COLLECT, tmp_path / "wrappers", 0).split() == ["archived", "61", "60", "1"]
    numbers = [row[0] & 0xFFFFFFFF for row in query(tmp_path, "SELECT id FROM bf_event ORDER BY id")]
    assert numbers == [*range(33), *range(34, 61)]
    events = [json.loads(row[0]) for row in query(tmp_path, "SELECT data FROM bf_event ORDER BY id")]
    assert [event["sku"] for event in events] == [row[0] for row in rows if row is not BAD]
    assert query(tmp_path, "SELECT record, field, code FROM bf_quarantine") == [(33, "on_hand", "number")]
