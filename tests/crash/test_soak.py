"""Killed at random times while files arrive, plain and packed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SOAK = Path(__file__).with_name("soak.py")
RESULT = Path(__file__).resolve().parents[2] / "bench" / "results" / "soak.json"
KILLS = int(os.environ.get("BROWNFIELD_SOAK", "20"))


def test_killed_at_random_times_nothing_is_lost_and_nothing_is_twice(tmp_path):
    """R20, R77, R98: totals to the unit, each step told once, nothing left lying. `make soak` kills 200 times."""
    command = [sys.executable, str(SOAK), str(tmp_path / "home"), str(KILLS)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["kills"], found["lost"], found["duplicated"]) == (KILLS, 0, 0)
    assert (
        found["wrong totals"] == found["not archived"] == found["steps told twice"] == found["left in the drop"] == []
    )
    assert (found["quarantined"], found["integrity"]) == (1, "ok")


def test_the_kills_that_were_published(tmp_path):
    """R101: two hundred of them, and the same findings."""
    published = json.loads(RESULT.read_text("utf-8"))
    assert published["kills"] >= 200
    assert (published["lost"], published["duplicated"], published["wrong totals"]) == (0, 0, [])
