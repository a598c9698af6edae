"""Files on their way in: each step is kept, told once, and taken by one worker only."""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from stage import GOOD, WHOLE, collect, staged

from brownfield.contract import Adapter, Verdict
from brownfield.contract.watched import Sighting
from brownfield.ledger import store
from brownfield.ledger.event import page
from brownfield.runtime.streaming import cloud_event
from brownfield.testing.canned import CannedDrop
from brownfield.testing.canned.drop import CannedFeed, CannedFeedSettings

OTHER = b"Z-999 1\n= 1\n"
STEPS = ["seen", "ready", "claimed", "staged", "collecting", "preflighted", "committed", "settled"]

pytestmark = pytest.mark.anyio


class Died(BaseException):
    """The process is gone, as far as anybody can tell."""


@dataclass
class Yard:
    """Where files lie before they are claimed. `drop` holds the claimed ones."""

    drop: CannedDrop = field(default_factory=CannedDrop)
    lying: dict[str, Sighting] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)
    flaws: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    die: str = ""

    def put(self, name, content, *, stamp="1", marked=None):
        self.lying[name] = Sighting(name, len(content), None, stamp, marked)
        self.content[name] = content

    def dies(self, where):
        if self.die == where:
            self.die = ""
            raise Died


class WatchedCanned(CannedFeed):
    yard: Yard

    def sightings(self):
        return list(self.yard.lying.values())

    def flaw(self, sighting):
        self.yard.looks += 1
        return self.yard.flaws.get(sighting.name, "")

    def claim(self, sighting):
        self.yard.dies("before-claim")
        if sighting.name in self._drop.files or self.yard.lying.get(sighting.name) != sighting:
            return False
        del self.yard.lying[sighting.name]
        self._drop.put(sighting.name, self.yard.content[sighting.name])
        self.yard.dies("after-claim")
        return True

    def collect(self, arrival, checkpoint):
        self.yard.dies("before-preflight")
        for chunk in super().collect(arrival, checkpoint):
            self.yard.dies("after-preflight")
            yield chunk
        self.yard.dies("after-last-chunk")

    def settle(self, arrival, verdict):
        self.yard.dies("before-settle")
        super().settle(arrival, verdict)
        self.yard.dies("after-settle")


@pytest.fixture
def yard():
    return Yard()


@pytest.fixture
def at(tmp_path, yard):
    """A stage over the yard, with lines for the feed."""

    def at(*lines):
        kind = type("Kind", (WatchedCanned,), {"yard": yard})
        adapter = Adapter("canned_feed", "feed", CannedFeedSettings, lambda opening: kind(yard.drop, opening))
        edits = {'key = "sku"\n': "\n".join(['key = "sku"', *lines, ""])}
        return staged(tmp_path, edits, drop=yard.drop, adapters={"canned_feed": adapter})

    return at


def told(files):
    return [(file["name"], file["state"], file["note"]) for file in files]


def steps(stage, name="one.dat"):
    entries = [entry for entry in stage.entries() if entry.body.get("file", {}).get("name") == name]
    return [entry.event.removeprefix("batch.") for entry in entries]


def skus(stage):
    with stage.assembly.kernel.ledger.read() as connection:
        found = page(connection, environment="sandbox").events
    return [(event["data"]["sku"], event["data"]["on_hand"]) for event in map(cloud_event, found)]


def test_each_step_of_a_file_is_told_once(at, yard):
    """R20, R98: however often it is looked at meanwhile."""
    with at('ready = { polls = 3, age = "10s" }') as stage:
        yard.put("one.dat", GOOD)
        for _ in range(3):
            (waits,) = collect(stage)
            assert (waits["state"], waits["note"]) == ("seen", "waiting")
            stage.clock.move(timedelta(seconds=4))
        assert told(collect(stage)) == [("one.dat", "archived", "new")]
        assert steps(stage) == STEPS
        assert skus(stage) == WHOLE
        assert collect(stage) == []


def test_what_a_file_waits_for_is_said(at, yard):
    """R97: a person at three in the morning reads what is missing."""
    with at('ready = { polls = 2, age = "10s", patience = "1m" }') as stage:
        yard.put("one.dat", GOOD)
        reasons = [collect(stage)[0]["reason"], collect(stage)[0]["reason"]]
        yard.flaws["one.dat"] = "its last record is no trailer"
        stage.clock.move(timedelta(seconds=10))
        reasons += [collect(stage)[0]["reason"]]
        assert reasons == [
            "seen 1 of 2 times without a change",
            "left alone for 0 s of 10 s",
            "it is not whole yet: its last record is no trailer",
        ]
        (waits,) = stage.assembly.control.status(stage.operator)["waiting"]
        assert (waits["feed"], waits["files"], waits["oldest"]) == ("canned.stock_count", 1, "one.dat")
        stage.clock.move(timedelta(minutes=1))
        assert told(collect(stage)) == [("one.dat", "archived", "new")]  # it is read, and judged, as it is


def test_a_marked_file_is_taken_at_once_and_one_without_never(at, yard):
    """R20."""
    with at() as stage:
        yard.put("one.dat", GOOD, marked=True)
        yard.put("two.dat", OTHER, marked=False)
        assert told(collect(stage)) == [("one.dat", "archived", "new"), ("two.dat", "seen", "waiting")]
        stage.clock.move(timedelta(days=3))
        assert told(collect(stage)) == [("two.dat", "seen", "waiting")]


def test_a_file_that_changes_after_it_looked_complete_is_looked_at_again(at, yard):
    """R20: between the look and the claim."""
    with at('ready = { age = "0s" }') as stage:
        yard.put("one.dat", b"half")
        feed = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
        feed.claim = lambda sighting: False
        assert told(collect(stage)) == [("one.dat", "ready", "waiting")]
        yard.put("one.dat", GOOD, stamp="2")
        del feed.claim
        collect(stage)
        assert steps(stage)[:4] == ["seen", "ready", "seen", "ready"]
        assert skus(stage) == WHOLE


def test_a_file_that_vanishes_is_told_gone(at, yard):
    """R20: and if it comes back it is seen again."""
    with at('ready = { age = "1h" }') as stage:
        yard.put("one.dat", GOOD)
        collect(stage)
        yard.lying.clear()
        assert collect(stage) == []
        yard.put("one.dat", GOOD)
        collect(stage)
        assert steps(stage) == ["seen", "gone", "seen"]


@pytest.mark.parametrize(
    "where",
    ["before-claim", "after-claim", "before-preflight", "after-preflight", "after-last-chunk", "before-settle",
     "after-settle"],
)  # fmt: skip
def test_killed_at_any_step_it_goes_on_from_there(at, yard, where):
    """R77: nothing is lost, nothing is twice, and each step is told once."""
    yard.put("one.dat", GOOD, marked=True)
    yard.die = where
    with at() as stage, pytest.raises(Died):
        collect(stage)
    with at() as stage:
        collect(stage)
        assert collect(stage) == []
        assert skus(stage) == WHOLE
        assert steps(stage) == STEPS
        assert yard.drop.settled == {"one.dat": Verdict.ARCHIVE}


@pytest.mark.parametrize("policy", ["hold", "refuse"])
def test_a_duplicate_is_treated_as_the_feed_says(at, yard, policy):
    """R20: told what it is, set aside, and no event; killed before that, it is not one more of them."""
    with at(f'on_duplicate = "{policy}"') as stage:
        yard.put("one.dat", GOOD, marked=True)
        collect(stage)
        yard.put("two.dat", GOOD, marked=True)
        yard.die = "before-settle"
        with pytest.raises(Died):
            collect(stage)
        collect(stage)
        (file,) = [file for file in stage.assembly.collecting.batches(stage.operator) if file["name"] == "two.dat"]
        assert file["state"] == {"hold": "held", "refuse": "refused"}[policy]
        assert "the same content as one.dat" in file["reason"]
        assert yard.drop.settled["two.dat"] == Verdict.SET_ASIDE
        assert skus(stage) == WHOLE


def test_a_correction_is_treated_as_the_feed_says(at, yard):
    """R20: other content under a name that was taken."""
    with at('on_correction = "hold"') as stage:
        for content in (GOOD, OTHER):
            yard.put("one.dat", content, marked=True)
            files = collect(stage)
        assert told(files) == [("one.dat", "held", "correction")]
        assert "taken under this name before" in files[0]["reason"]
        assert skus(stage) == WHOLE
        (held,) = stage.assembly.control.status(stage.operator)["held"]
        assert held["file"] == "one.dat"


def test_files_are_taken_in_the_order_of_their_numbers_and_a_late_one_is_held(at, yard):
    """R20: two files of one night, out of order; the backfill of a month."""
    with at("sequence = 'S([0-9]+)'") as stage:
        for number in (12, 9, 10):
            yard.put(f"S{number}.dat", b"N-%03d %d\n= 1\n" % (number, number), marked=True)
        assert [file["name"] for file in collect(stage)] == ["S9.dat", "S10.dat", "S12.dat"]
        yard.put("S11.dat", OTHER, marked=True)
        (late,) = collect(stage)
        assert (late["state"], late["note"]) == ("held", "late")
        assert [count for _, count in skus(stage)] == [9, 10, 12]


def test_of_a_heap_of_files_without_markers_none_keeps_a_marked_one_waiting(at, yard):
    """R20, R69: a pass watches a thousand, and those first that can be taken."""
    with at() as stage:
        for number in range(1500):
            yard.put(f"a{number:05}.dat", b"", marked=False)
        yard.put("z.dat", GOOD, marked=True)
        files = collect(stage)
        assert (files[0]["name"], files[0]["state"]) == ("z.dat", "archived")
        assert len(files) == 1000


def test_two_at_once_claim_each_file_once(at, yard, tmp_path):
    """R86: the second is told that the feed is being collected; a file that somebody else claimed is not taken."""
    with at('ready = { age = "0s" }') as stage:
        yard.put("one.dat", GOOD)
        feed = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
        claim = feed.claim

        def beaten(sighting):
            claim(sighting)  # the other one, a moment before
            yard.drop.files.clear()
            return claim(sighting)

        feed.claim = beaten
        assert told(collect(stage)) == [("one.dat", "ready", "waiting")]
        del feed.claim
        assert collect(stage) == []
        assert steps(stage)[-1] == "gone"
        assert skus(stage) == []


def test_a_ledger_that_is_busy_loses_nothing(at, yard, monkeypatch, tmp_path):
    """R77, R97: another process holds it longer than anybody waits, in the middle of a file; then all goes on."""
    monkeypatch.setattr(store, "PRAGMAS", (*store.PRAGMAS, "busy_timeout=50"))
    yard.put("one.dat", GOOD, marked=True)
    with at() as stage:
        feed = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
        other, collects = sqlite3.connect(tmp_path / "home" / "ledger.db", check_same_thread=False), feed.collect

        def locking(arrival, checkpoint):
            for number, chunk in enumerate(collects(arrival, checkpoint)):
                if number == 1:
                    other.execute("BEGIN IMMEDIATE")
                yield chunk

        feed.collect = locking
        with pytest.raises(OperationalError, match="locked"):
            collect(stage)
        other.rollback()
        other.close()
        del feed.collect
        assert told(collect(stage)) == [("one.dat", "archived", "taken up again")]
        assert skus(stage) == WHOLE


def test_what_stays_where_it_lies_is_taken_once(at, yard):
    """R20: a source that nothing may be moved in; replaced there, it is another file."""
    with at() as stage:
        feed = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter

        def copy(sighting):
            yard.drop.put(sighting.name, yard.content[sighting.name])
            return True

        feed.claim = copy
        for content, stamp in ((GOOD, "1"), (OTHER, "2")):
            yard.put("one.dat", content, stamp=stamp, marked=True)
            yard.lying["one.dat"] = replace(yard.lying["one.dat"], stays=True)
            assert [file["state"] for file in collect(stage)] == ["archived"]
            assert collect(stage) == []
        assert skus(stage) == [*WHOLE, ("Z-999", 1)]


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(at, yard):
    """R97: by name and number; no step is kept, nothing is claimed."""
    with at("sequence = 'S([0-9]+)'", 'ready = { age = "10s" }') as stage:
        operator, collecting = stage.operator, stage.assembly.collecting
        yard.put("S2.dat", GOOD, marked=True)
        collect(stage)
        before = len(stage.entries())
        yard.put("S10.dat", b"a", marked=True)
        yard.put("S9.dat", b"b", marked=True)
        yard.put("S1.dat", b"c", marked=True)
        yard.put("S11.dat", b"d")
        planned = await collecting.plan(operator, "canned", "stock_count")
        assert [(file["name"], file["note"]) for file in planned] == [
            ("S1.dat", "would be held"), ("S9.dat", "would be taken"), ("S10.dat", "would be taken"),
            ("S11.dat", "waiting"),
        ]  # fmt: skip
        assert len(stage.entries()) == before
        assert len(yard.lying) == 4


def test_a_replay_is_a_backfill_in_the_order_of_the_numbers(at, yard):
    """R20: thirty nights, some taken before, none held for being late."""
    with at("sequence = 'S([0-9]+)'") as stage:
        for number in (40, 7):
            yard.put(f"S{number}.dat", b"N-%03d %d\n= 1\n" % (number, number), marked=True)
        collect(stage)
        for number in range(30, 0, -1):
            yard.put(f"S{number}.dat", b"N-%03d %d\n= 1\n" % (number, number), marked=True)
        files = collect(stage, replay=True)
        assert [file["name"] for file in files] == [f"S{number}.dat" for number in range(1, 31)]
        assert {file["state"] for file in files} == {"archived"}
        assert [count for _, count in skus(stage)] == [7, 40, *range(1, 31)]


def test_the_status_says_how_far_a_file_is_and_what_waits_behind_it(at, yard):
    """R97: in percent, with what is left at the pace so far."""
    with at() as stage:
        for name in ("a.dat", "b.dat", "c.dat"):
            yard.put(name, GOOD.replace(b"140", name[:1].encode().hex().encode()), marked=True)
        feed, operator = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter, stage.operator
        collects, found = feed.collect, []

        def watched(arrival, checkpoint):
            for number, chunk in enumerate(collects(arrival, checkpoint)):
                if number == 2 and arrival.name == "a.dat":
                    found.extend(stage.assembly.control.status(operator)["collecting"])
                yield chunk
                stage.clock.move(timedelta(seconds=10))

        feed.collect = watched
        collect(stage)
        (one,) = found
        assert (one["file"], one["files_behind"]) == ("a.dat", 2)
        assert 0 <= one["percent"] < 100
        assert stage.assembly.control.status(operator)["collecting"] == []
