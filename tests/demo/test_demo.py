"""`make demo`, once, as it is run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(ROOT / "fixtures" / "demo.py")]
TOLD = (
    "brownfield up", "An agent discovers", "it becomes a proposal", "An approver decides", "The nightly file arrives",
    "A consumer reads", "is undone", "brownfield halt", "brownfield ask",
)  # fmt: skip


@pytest.fixture
def environ(tmp_path):
    """Temporary files go where the test can see what is left of them."""
    return {**os.environ, "TMPDIR": str(tmp_path)}


@pytest.mark.slow
def test_every_step_holds(environ, tmp_path):
    done = subprocess.run([*COMMAND, "--json"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout)
    assert summary["held"]
    assert len(summary["steps"]) == len(TOLD)
    for number, (step, words) in enumerate(zip(summary["steps"], TOLD, strict=True), 1):
        assert (step["number"], step["held"]) == (number, True)
        assert words in step["title"]
        assert step["seen"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_step_that_does_not_hold_is_told(environ, tmp_path):
    """A wrong credential: which step, what was expected, what was seen, where the logs are; exit status 1."""
    wrong = {**environ, "WMS_READ_PASSWORD": "another"}
    done = subprocess.run(COMMAND, env=wrong, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for words in ("failed    step 2", "expected", "seen", "WMS-0401", f"logs      {tmp_path}"):
        assert words in done.stdout
    (left,) = tmp_path.glob("brownfield-demo-*/log/up.log")
    assert "Listening on" in left.read_text()


@pytest.mark.slow
def test_ctrl_c_ends_every_process(environ, tmp_path):
    demo = subprocess.Popen(COMMAND, env=environ, stdout=subprocess.PIPE, text=True, process_group=0)
    with demo:
        assert demo.stdout
        line = next(line for line in demo.stdout if "brownfield answers on" in line)
        pid = json.loads(next(tmp_path.glob("*/home/server.json")).read_bytes())["pid"]
        os.kill(demo.pid, signal.SIGINT)
        rest = demo.stdout.read()
    assert demo.returncode == 130, line + rest
    assert "Stopped" in rest
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(tmp_path.iterdir()) == []
