"""Killed in the middle of a write, and told to end in the middle of one."""

import signal

import pytest

pytestmark = pytest.mark.slow


def held(warehouse):
    return [write for write in warehouse.writes() if write["operation"] == "PlaceHold"]


def test_killed_between_the_claim_and_the_reply(house, warehouse):
    """R77, R79, R98: it ends unknown with what could be found out; written once; the lock and the chain are free
    and whole; whoever looked may say what it did.
    """
    warehouse.knob("delay", operation="PlaceHold", after=10)
    house.up()
    made = house.propose()
    house.approve(made)
    house.wait(lambda: held(warehouse))
    house.kill()
    warehouse.knob("reset")
    house.up()
    found = house.ended(made)
    assert found["state"] == "unknown"
    assert [hold["order"] for hold in found["reading"]["holds"]] == ["SO-1"]
    assert len(held(warehouse)) == 1
    assert house.whole()
    resolved = house.ask("POST", f"{made['url']}/resolve", "operator", {"outcome": "done", "note": "it is there"})
    assert resolved.json()["state"] == "done"
    assert len(held(warehouse)) == 1


def test_killed_before_the_claim_and_after_the_end(house, warehouse):
    """R77, R102: what was approved is written once after the start, what is done stays done; a halt outlives a kill."""
    house.up()
    house.ask("POST", "/v1/halt", "operator", {"scope": "everything"})
    refused = house.propose()
    assert refused["code"] == "halted"
    house.ask("POST", "/v1/resume", "operator", {"scope": "everything"})
    made = house.propose()
    house.ask("POST", "/v1/halt", "operator", {"scope": "identity:agent"})
    house.approve(made)
    house.kill()
    house.up()
    assert house.ask("GET", made["url"], "agent").json()["state"] == "approved"
    assert held(warehouse) == []
    house.ask("POST", "/v1/resume", "operator", {"scope": "identity:agent"})
    assert house.ended(made)["state"] == "done"
    house.kill()
    house.up()
    assert house.ask("GET", made["url"], "agent").json()["state"] == "done"
    assert len(held(warehouse)) == 1
    assert house.whole()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_told_to_end_in_the_middle_of_a_write(house, warehouse, number):
    """R77: it finishes what it began, and the ledger says how it ended."""
    warehouse.knob("delay", operation="PlaceHold", after=1)
    house.up()
    made = house.propose()
    house.approve(made)
    house.wait(lambda: held(warehouse))
    code = house.end(number)
    assert code in {0, 130}
    assert house.rows("SELECT state FROM bf_proposal") == [("done",)]
    assert house.rows("SELECT event FROM bf_entry ORDER BY id DESC LIMIT 1") == [("server.stopped",)]
    assert not (house.folder / "home" / "server.json").exists()
    assert "Traceback" not in house.said
    assert len(held(warehouse)) == 1
