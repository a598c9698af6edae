"""A write that leaves as a file, by every door of a real server, with the batch job beside it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from brownfield.testing.running import Standing, running

ROOT = Path(__file__).resolve().parents[2]
ORDER = {"order_no": "SO-1", "sku": "A-100", "units": 2, "price": "12.50", "note": "soon"}
UP = [sys.executable, "-c", "from brownfield.edges.cli import main; main()"]
pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path):
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def live(place):
    """The example bundle, up."""
    environ = {"ORDERS_IN": str(place / "in"), "ORDERS_OUT": str(place / "out")}
    bundle = ROOT / "docs" / "examples" / "wrappers" / "orders"
    with running(Standing(folder=bundle, environ=environ), place) as live:
        yield live


@pytest.fixture
def command(place, live):
    """`brownfield …` as an operator: its document, and how it ended."""

    def run(*words, code=0):
        environ = {"BROWNFIELD_HOME": str(place / "home"), "BROWNFIELD_KEY": live.keys["operator"], "PATH": "/usr/bin"}
        ended = subprocess.run([*UP, *words, "--json"], env=environ, capture_output=True, text=True, timeout=60,
                               check=False)  # fmt: skip
        assert ended.returncode == code, ended.stderr
        return json.loads(ended.stdout or ended.stderr)

    return run


def ask(live, who, method, path, body=None):
    headers = {"authorization": f"Bearer {live.keys[who]}"}
    return httpx2.request(method, live.address + path, headers=headers, json=body, timeout=30).json()


def job(place):
    return subprocess.run([sys.executable, "-m", "orders.job", place / "in", place / "out"], cwd=ROOT / "fixtures",
                          capture_output=True, text=True, check=True, timeout=30).stdout  # fmt: skip


def test_from_an_agents_wish_to_the_jobs_answer(place, live, command):
    """R61, R97: proposed over REST, approved by people, sent by a command, told over MCP, settled by the answer."""
    made = [ask(live, "agent", "POST", "/v1/orders/place_order", ORDER | {"order_no": f"SO-{at}", "sku": sku})
            for at, sku in enumerate(("A-100", "Z-900"), start=1)]  # fmt: skip
    for one in made:
        for person in ("first", "second")[: one["needed"]]:
            assert ask(live, person, "POST", f"{one['url']}/approve", {"hash": one["hash"]})["state"] in {
                "proposed", "approved",
            }  # fmt: skip
    plan = command("send", "orders.entry", "--dry-run")
    assert plan["file"]["records"] == 2
    assert [f["value"] for f in plan["fields"] if f["field"] == "order_no"] == ["SO-1", "SO-2"]
    assert list((place / "in").iterdir()) == []
    sent = command("send", "orders.entry")
    assert (sent["file"]["name"], sent["file"]["state"]) == ("ORD000001.DAT", "sent")
    told = live._mcp("tools/call", "orders_get_proposal", {"name": "orders_get_proposal",
                                                            "arguments": {"id": made[0]["proposal"]}})  # fmt: skip
    assert "(sent)" in told["content"][0]["text"]
    assert told["structuredContent"]["result"]["file"] == "ORD000001.DAT"
    assert job(place) == "1 taken\n"
    until = time.monotonic() + 60
    while {ask(live, "operator", "GET", one["url"])["state"] for one in made} & {"sent"}:
        assert time.monotonic() < until
        command("collect", "orders.receipts")
        time.sleep(1)
    found = [ask(live, "operator", "GET", one["url"]) for one in made]
    assert [one["state"] for one in found] == ["done", "rejected"]
    assert found[1]["outcome"] == "rejected with 10: NO SUCH ARTICLE"
    [listed] = command("inputs", "--connection", "orders.entry")["inputs"]
    assert listed["proposals"] == {"done": 1, "rejected": 1}
    shown = command("inputs", "show", "orders.entry", "1")
    assert [record["state"] for record in shown["records"]] == ["done", "rejected"]
    refused = command("inputs", "resend", "orders.entry", "1", "--note", "to be sure", code=65)
    assert "not every record of ORD000001.DAT is open" in refused["detail"]
    assert command("send", "orders.entry")["file"] is None
