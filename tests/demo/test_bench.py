"""`make bench`, as a smoke test: every row is measured and told. What the numbers are is nobody's test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from extract import packed, write_extract, zoned  # noqa: E402

RATIOS = {"rest-read", "rest-list", "mcp-read", "rest-8-clients", "cold-start", "start-kept", "batch-function",
          "batch-manifest"}  # fmt: skip
ABSOLUTES = {"audit-append", "audit-verify", "check-bundles", "check-bundles-again"}


@pytest.mark.slow
def test_every_row_is_measured(tmp_path):
    command = [sys.executable, str(ROOT / "bench" / "run.py"), "--quick", "--into", str(tmp_path), "--name", "smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "smoke.json").read_bytes())
    ratios = {row["id"]: row for row in results["rows"] if "ratio" in row}
    assert set(ratios) == RATIOS
    assert {row["id"] for row in results["rows"]} == RATIOS | ABSOLUTES
    for row in ratios.values():
        assert 0 < row["low"] <= row["ratio"] <= row["high"]
        assert len(row["pairs"]) == results["environment"]["pairs"]
    table = (tmp_path / "README.md").read_text()
    assert table == done.stdout.rstrip("\n") + "\n"
    assert table.count("**") == 2 * len(RATIOS)


def test_the_generated_extract_is_as_the_nightly_job_writes_it(tmp_path):
    """The same bytes each time; whole records; signs as on a mainframe."""
    for name in ("one", "two"):
        write_extract(tmp_path / name, 100)
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert len(content) == 102 * 80
    assert content[:6].decode("cp037") == "HWMS42"
    assert content[-80:][:8].decode("cp037") == "T0000100"
    assert (packed(-19, 3), zoned(-5, 2)) == (b"\x01\x9d", b"\xf0\xd5")
