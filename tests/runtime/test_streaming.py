"""Events as consumers read them."""

import pytest
from stage import EVERYTHING, GOOD, WHOLE, collect

from brownfield.rules.access import Role
from brownfield.rules.problem import Problem

AGENTS = {'key = "sku"\n': 'key = "sku"\nagents = true\n'}
FEED = "canned.stock_count"


@pytest.fixture
def filled(put_up):
    stage = put_up(AGENTS)
    stage.drop.put("one.dat", GOOD)
    collect(stage)
    return stage


def test_an_event_is_a_cloud_event(filled):
    """R20, R87: its id says where it came from, and is the same when it is read again."""
    agent = filled.agent
    event = filled.assembly.events.page(agent, feed=FEED)["events"][0]
    assert {word: event[word] for word in ("specversion", "type", "source", "subject", "time", "datacontenttype")} == {
        "specversion": "1.0", "type": "canned.stock-counted.v1", "source": "/brownfield/canned/stock_count",
        "subject": "A-100", "time": "2026-11-21T09:00:00.000000Z", "datacontenttype": "application/json",
    }  # fmt: skip
    assert event["id"].startswith(f"{FEED}/")
    assert event["id"].endswith("/0")
    assert filled.assembly.events.page(agent, feed=FEED)["events"][0] == event


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_pages_join_without_a_gap(filled, limit):
    """R20, R87, R89: whatever their size; at the end the position stays."""
    agent, found, position = filled.agent, [], 0
    for _ in range(10):
        page = filled.assembly.events.page(agent, position, limit, FEED)
        found += [(event["data"]["sku"], event["data"]["on_hand"]) for event in page["events"]]
        position = page["position"]
    assert found == WHOLE
    assert filled.assembly.events.page(agent, position, limit, FEED) == {"events": [], "position": position}


def test_a_feed_that_is_not_granted_sounds_like_none(filled):
    """R31, R53: for an agent without the grant, and for one whose feed is no longer open to agents."""
    bare, told = filled.caller("bare", Role.AGENT), []
    for feed in (FEED, "canned.stock_horse", "horse.stock_count"):
        with pytest.raises(Problem) as problem:
            filled.assembly.events.page(bare, feed=feed)
        told.append((problem.value.code, problem.value.cause.replace(feed, "…")))
    assert set(told) == {("not-found", "there is no feed …")}


def test_a_grant_does_not_open_what_the_manifest_shuts(stage):
    """R51: agents = true is asked on every call, not only when the grant is made."""
    stage.drop.put("one.dat", GOOD)
    collect(stage)
    with pytest.raises(Problem, match="there is no feed"):
        stage.assembly.events.page(stage.agent, feed=FEED)
    assert stage.assembly.events.page(stage.operator, feed=FEED)["events"]


def test_all_feeds_at_once_are_for_who_oversees(filled):
    """R51."""
    assert len(filled.assembly.events.page(filled.approver())["events"]) == 5
    with pytest.raises(Problem) as problem:
        filled.assembly.events.page(filled.agent)
    assert problem.value.code == "denied"


def test_every_page_that_holds_events_has_its_entry(filled):
    """R98: who was given how many of which feed, and up to where; looking in vain is no news, being refused is."""
    agent = filled.agent
    position = filled.assembly.events.page(agent, feed=FEED)["position"]
    filled.assembly.events.page(agent, position, feed=FEED)
    with pytest.raises(Problem):
        filled.assembly.events.page(agent)
    with pytest.raises(Problem):
        filled.assembly.events.page(agent, feed="canned.horse")
    (given,) = filled.entries("events.read")
    assert (given.identity, given.wrapper, given.operation) == ("agent", "canned", "stock_count")
    assert (given.body["events"], given.body["position"]) == (5, position)
    assert [(entry.wrapper, entry.operation) for entry in filled.entries("call.denied")] == [
        (None, "events"), ("canned", "horse")]  # fmt: skip


def test_a_halt_stops_followers_too(filled):
    """R102."""
    key = filled.key("follower", Role.AGENT, *EVERYTHING)
    filled.assembly.control.halt(filled.operator, "identity:follower", "drill")
    with pytest.raises(Problem) as problem:
        filled.assembly.events.page(filled.assembly.guard.admit(key), feed=FEED)
    assert problem.value.code == "halted"


def test_an_answer_that_is_lost_is_asked_for_again(filled):
    """R20, R87, §7: the position is the consumer's; from where he was he gets the same events with the same ids."""
    agent = filled.agent
    first = filled.assembly.events.page(agent, 0, 2, FEED)
    lost = filled.assembly.events.page(agent, first["position"], 2, FEED)
    filled.drop.put("two.dat", b"Z-999 1\n= 1\n")
    collect(filled)
    again = filled.assembly.events.page(agent, first["position"], 2, FEED)
    assert again == lost
    ids = [event["id"] for event in first["events"] + again["events"]]
    assert len(set(ids)) == 4
