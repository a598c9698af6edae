"""`up`, `serve`, `work`, `mcp`, and `collect` where no server is running."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

BROWNFIELD = Path(sys.executable).with_name("brownfield")


@pytest.mark.parametrize("command", ["serve", "work"])
def test_what_waits_for_its_issue_says_so(run, command):
    assert "PostgreSQL" in run(command, code=64).stderr
    assert "brownfield up" in json.loads(run(command, "--json", code=64).stderr)["next"]


def test_up_without_a_bundle_says_how_to_make_one(run, place):
    (place / "brownfield.toml").write_text('environment = "sandbox"\n')
    assert "brownfield new" in run("up", code=78).stderr


def test_up_refuses_a_bundle_with_everything_that_is_wrong(run, wms):
    """A variable that is not set is found at start, not at the first call."""
    assert "WAREHOUSE_URL is not set" in run("up", code=78).stderr


def test_up_hands_over_the_folder_and_prints_what_it_is_told(run, wms, monkeypatch):
    def serve(folder, environ, tell):
        tell(f"serving {folder}")

    monkeypatch.setattr("brownfield.edges.http.serve", serve)
    before = signal.getsignal(signal.SIGTERM)
    assert run("up").stdout == "serving wrappers\n"
    assert json.loads(run("up", "--json").stdout) == {"message": "serving wrappers"}
    signal.signal(signal.SIGTERM, before)


def test_mcp_is_given_the_address_the_key_and_the_wrapper(run, server, monkeypatch):
    """R39: one server per wrapper; everything in the name of the key."""
    given = []

    async def serve_stdio(*words):
        given.extend(words)

    monkeypatch.setattr("brownfield.edges.mcp.serve_stdio", serve_stdio)
    server.answers["GET /v1/status"] = (200, {"systems": [{"id": "wms"}]})
    assert "Did you mean wms?" in run("mcp", "wmx", key="bf_1_x", code=66).stderr
    assert given == []
    run("mcp", "wms", key="bf_1_x")
    assert given[0].startswith("http://127.0.0.1:")
    assert given[1:] == ["bf_1_x", "wms"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_ends_in_order(run, wms, place, number):
    """A second `up` is refused; the first leaves no address behind when it is told to end."""
    (place / "brownfield.toml").write_text('environment = "sandbox"\nport = 0\n')
    environ = {**os.environ, "WAREHOUSE_URL": "http://127.0.0.1:1/"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([BROWNFIELD, "up"], env=environ, **pipes) as up:
        _until(lambda: (place / "home/server.json").exists() or up.poll() is not None)
        second = subprocess.run([BROWNFIELD, "up"], env=environ, capture_output=True, text=True, check=False)
        up.send_signal(number)
        out, err = up.communicate(timeout=60)
    assert "Listening on" in out, err
    assert second.returncode == 75, second.stderr
    assert "Traceback" not in out + err + second.stderr
    assert up.returncode == (0 if number == signal.SIGTERM else 130), err
    assert not (place / "home/server.json").exists()


@pytest.mark.slow
def test_collect_stops_at_ctrl_c_after_its_chunk(run, place, nightly):
    """Ctrl-C in the middle of a batch: what was committed stays, and the next collect goes on after it."""
    run("new", "stock", "--file", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy",
        "--read", "stock_detail")  # fmt: skip
    manifest = place / "wrappers/stock/wrapper.toml"
    manifest.write_text(manifest.read_text().replace("\nframing =", "\nchunk = 1\nframing ="))
    run("lock", "wrappers/stock")
    (place / "drop").mkdir()
    shutil.copy(nightly / "STK20261119.DAT", place / "drop")
    os.utime(place / "drop/STK20261119.DAT", (1, 1))
    key = run("keys", "create", "op", "--role", "operator", "--person", "olga", "--grant", "*").stdout.strip()
    environ = {**os.environ, "STK_DROP": str(place / "drop"), "BROWNFIELD_KEY": key}
    line = [BROWNFIELD, "collect", "stock.stock_detail", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, env=environ, **pipes) as collect:
        _until(lambda: _count(place, "bf_event") > 3 or collect.poll() is not None)
        collect.send_signal(signal.SIGINT)
        out, err = collect.communicate(timeout=60)
    assert (collect.returncode, out) == (130, ""), err
    assert "Chunks that were committed stay" in json.loads(err)["detail"]
    before = _count(place, "bf_event")
    again = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    file = json.loads(again.stdout)["files"][0]
    assert 3 < before < file["events"] == _count(place, "bf_event")


@pytest.mark.slow
def test_from_a_wsdl_never_seen_to_an_agent_that_calls(run, wsdl, place, monkeypatch):
    """R15: new, keys create, up, call: four commands after the installation."""
    server = [sys.executable, wsdl.with_name("server.py"), "--port", "0", "--state", place / "wms", "--end-with-stdin"]
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as warehouse:
        address = json.loads(warehouse.stdout.readline())
        run("new", "wms", "--wsdl", address["wsdl"], "--read", "Ping")
        (place / "brownfield.toml").write_text('environment = "sandbox"\nport = 0\n')
        key = run("keys", "create", "bot", "--role", "agent", "--person", "p", "--grant", "wms.ping").stdout.strip()
        environ = {**os.environ, "WAREHOUSE_URL": address["url"]}
        with subprocess.Popen([BROWNFIELD, "up"], env=environ, stdout=subprocess.PIPE, text=True) as up:
            _until(lambda: (place / "home/server.json").exists() or up.poll() is not None)
            _until(lambda: run("status", key=key, code=None).exit_code == 0 or up.poll() is not None)
            answer = json.loads(run("call", "wms.ping", "--json", key=key).stdout)
            up.terminate()
        warehouse.stdin.close()
    assert answer["data"] == {"value": "WMS 4.2"}


def _until(true):
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)


def _count(place, table):
    if not (place / "home/ledger.db").exists():
        return 0
    with contextlib.closing(sqlite3.connect(place / "home/ledger.db", timeout=10)) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.mark.slow
def test_collect_without_a_server_is_done_here_and_alone(run, place, nightly, monkeypatch):
    """R20: a scheduler may call it; the same file gives its events once."""
    run("new", "stock", "--file", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy",
        "--read", "stock_detail")  # fmt: skip
    drop = place / "drop"
    drop.mkdir()
    shutil.copy(nightly / "STK20261119.DAT", drop)
    os.utime(drop / "STK20261119.DAT", (1, 1))
    monkeypatch.setenv("STK_DROP", str(drop))
    key = run("keys", "create", "op", "--role", "operator", "--person", "olga", "--grant", "*").stdout.strip()
    [file] = json.loads(run("collect", "stock.stock_detail", "--json", key=key).stdout)["files"]
    assert file["state"] == "archived"
    assert file["events"] > 0
    assert "No file has arrived." in run("collect", "stock.stock_detail", key=key).stdout
    (place / "wrappers/other").mkdir()
    (place / "wrappers/other/wrapper.toml").write_text("what another job has to set is no matter here")
    run("collect", "stock.stock_detail", key=key)
    run("collect", "stock.stock_detail", key="", code=77)
    run("collect", "stock.nosuch", key=key, code=66)
    assert "good" in run("audit", "verify").stdout
