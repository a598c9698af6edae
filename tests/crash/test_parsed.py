"""Killed in the middle of a file of a format that a library reads, which cannot be begun in the middle."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import collector
import process
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "adapters" / "files"))

from shelf import FILES

pytestmark = pytest.mark.slow
BAD = ["S-9999", "many", 1, "21.11.2026"]


def environ(folder):
    return {**os.environ, "BROWNFIELD_HOME": str(folder / "home"), "STOCK_DROP": str(folder / "drop"),
            "SHOP_DROP": str(folder / "drop"), "BROWNFIELD_SECRETS": str(folder)}  # fmt: skip


def run(folder, *words):
    command = [sys.executable, "-c", "from brownfield.edges.cli import main; main()", *map(str, words)]
    ended = subprocess.run(command, env=environ(folder), cwd=folder, capture_output=True, text=True, timeout=60,
                           check=False)  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def collect(folder, place, times=0):
    return process.run(collector.collect, folder / "wrappers", place, times, "shop", "stock", environ=environ(folder))


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
    run(tmp_path, "new", "shop", "--file", sample)
    manifest = tmp_path / "wrappers" / "shop" / "wrapper.toml"
    manifest.write_text(
        manifest.read_text("utf-8").replace("[connections.drop]\n", "[connections.drop]\nchunk = 10\n", 1)
    )
    run(tmp_path, "lock", "wrappers/shop")
    (tmp_path / "drop" / "STOCK20261121.in").write_bytes(FILES[kind][0](rows))
    (tmp_path / "drop" / "STOCK20261121.in.done").touch()
    for times in (1, 2, 3):
        assert collect(tmp_path, "inside", times).code == -signal.SIGKILL
        found = [row[0] & 0xFFFFFFFF for row in query(tmp_path, "SELECT id FROM bf_event ORDER BY id")]
        assert found == sorted(set(found))
    assert collect(tmp_path, "nowhere").code == 0
    assert query(tmp_path, "SELECT state, records, events, quarantined FROM bf_file") == [("archived", 61, 60, 1)]
    numbers = [row[0] & 0xFFFFFFFF for row in query(tmp_path, "SELECT id FROM bf_event ORDER BY id")]
    assert numbers == [*range(33), *range(34, 61)]
    events = [json.loads(row[0]) for row in query(tmp_path, "SELECT data FROM bf_event ORDER BY id")]
    assert [event["sku"] for event in events] == [row[0] for row in rows if row is not BAD]
    assert query(tmp_path, "SELECT record, field, code FROM bf_quarantine") == [(33, "on_hand", "number")]
