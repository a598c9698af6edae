"""`stub`, `record` and `replay`, as a user types them, from an empty folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWNFIELD = Path(sys.executable).with_name("brownfield")


@contextmanager
def standing(place, *words):
    """The stub in a process of its own; gives what it printed first."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BROWNFIELD_")}
    process = subprocess.Popen([BROWNFIELD, "stub", "wms", "--json", *words], cwd=place, text=True,
                               env={**environ, "BROWNFIELD_HOME": str(place / "home")},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)
        assert process.returncode == 130, said
        assert "Traceback" not in said[1]


@pytest.fixture
def led(run, wms, place, monkeypatch):
    """A bundle that is led to its stub, and a key that may call it."""
    with standing(place) as told:
        for name, value in told["variables"].items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWNFIELD_SECRET_WMS_USER", "any")
        monkeypatch.setenv("BROWNFIELD_SECRET_WMS_PASSWORD", "any")
        made = run("keys", "create", "agent", "--role", "agent", "--person", "a@example.com", "--grant", "wms.get_item")
        yield made.stdout.strip().splitlines()[-1]


def test_a_stub_tells_what_to_export_and_ends_with_ctrl_c(wms, place):
    """R92: no system, no container."""
    with standing(place) as told:
        assert told["variables"] == {"WAREHOUSE_URL": f"{told['address']}/warehouse"}
        assert told["calls"] == 13
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(f"{told['address']}/warehouse", b"<no/>", timeout=10)


def test_a_fault_that_is_not_declared_is_refused_with_those_that_are(run, wms):
    said = run("stub", "wms", "--fault", "GetItem=Nothing", code=66).stderr
    assert "Name one of: WmsError, unavailable, uncertain." in said


def test_a_bundle_without_such_a_system_says_so(run, nightly, place):
    run("new", "nightly", "--file", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy")
    assert "called over HTTP" in run("stub", "nightly", code=66).stderr


def test_what_is_recorded_is_replayed(run, led, wms):
    """R19: from nothing to a contract test, and no system was there at any time."""
    said = run("record", "wms.get_item", "ItemNo=A-123", key=led).stdout
    path = wms / "tests" / "exchanges" / "get_item.json"
    assert "Masked: nothing" in said
    assert json.loads(path.read_bytes())[0]["arguments"] == {"ItemNo": "A-123"}
    assert "1 replayed, 0 differ." in run("replay", "wms").stdout


def test_a_dry_run_calls_and_writes_nothing(run, led, wms):
    document = json.loads(run("record", "wms.get_item", "ItemNo=A-123", "--dry-run", "--json", key=led).stdout)
    assert document == {"file": None, "exchanges": 1, "masked": [], "outcome": "answered"}
    assert not (wms / "tests").exists()


def test_what_a_person_names_is_masked_and_told(run, led, wms):
    said = run("record", "wms.get_item", "ItemNo=A-123", "--mask", "Descr", key=led).stdout
    assert "Masked: Descr." in said
    assert json.loads((wms / "tests" / "exchanges" / "get_item.json").read_bytes())[0]["result"]["Descr"] == "xxxx"
    run("replay", "wms")


def test_a_difference_exits_65_with_its_place(run, led, wms):
    run("record", "wms.get_item", "ItemNo=A-123", key=led)
    path = wms / "tests" / "exchanges" / "get_item.json"
    path.write_text(path.read_text().replace('"Currency": "AAA"', '"Currency": "EUR"', 1))
    document = json.loads(run("replay", "wms", "--json", code=65).stdout)
    assert document["recordings"][0]["difference"] == "another answer than was recorded, at result.Currency"


def test_a_replay_of_nothing_is_no_success(run, wms):
    """Or a check in CI would pass for ever."""
    assert "Record a read" in run("replay", "wms", code=66).stderr


def test_a_read_that_nobody_granted_is_not_recorded(run, led, wms):
    """R49: recording is no way around the guard."""
    run("record", "wms.get_stock", "ItemNo=A-123", "Whse=LYON", key=led, code=66)
    assert not (wms / "tests").exists()


def test_the_samples_may_be_gone(run, wms, place):
    """They are made from the contract then."""
    shutil.rmtree(wms / "samples")
    with standing(place) as told:
        assert told["calls"] == 13


@pytest.mark.parametrize("command", ["stub", "replay"])
def test_what_is_no_bundle_is_said_to_be_none(run, place, command):
    """R97: not that nothing was recorded of it, nor by what errno."""
    (place / "wrappers").mkdir()
    for name in ("nosuch", "wrappers"):
        said = run(command, name, code=78).stderr
        assert f"{name}: is no bundle; name one by its id or its folder" in said
