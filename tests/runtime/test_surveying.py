"""What lies where files arrive and is no feed's: told, and never touched."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from stage import GOOD, collect, prepare, staged

from brownfield.contract import Adapter, Unavailable
from brownfield.contract.watched import Stray
from brownfield.rules.problem import Problem
from brownfield.testing.canned import CannedDrop
from brownfield.testing.canned.drop import RECORDS, CannedFeed, CannedFeedSettings
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_contract, write_lock

LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
OTHER = """
[connections.else]
adapter = "canned_feed"
location = "else"

[feeds.others]
via = "else"
emits = "canned.else.v1"
key = "sku"
"""

pytestmark = pytest.mark.anyio


@dataclass
class Yard:
    """What lies beside the files, and how often somebody looked."""

    lying: list[str] = field(default_factory=list)
    looks: int = 0
    down: bool = False


class Surveyed(CannedFeed):
    """The connection `else` knows what begins with `else`."""

    yard: Yard

    def strays(self):
        self.yard.looks += 1
        if self.yard.down:
            raise Unavailable("it hangs")
        for number, name in enumerate(self.yard.lying):
            yield Stray(name, f"/drop/{name}", LONG_AGO + timedelta(days=number))

    def knows(self, address):
        return self._settings.location == "else" and address.startswith("/drop/else")


@pytest.fixture
def yard():
    return Yard()


@pytest.fixture
def stage(tmp_path, yard):
    kind = type("Kind", (Surveyed,), {"yard": yard})

    drop, bundle = CannedDrop(), prepare(tmp_path, {})
    manifest = bundle / "wrapper.toml"
    manifest.write_text(manifest.read_text() + OTHER)
    write_contract(bundle, "else", RECORDS)
    write_lock(bundle, make_lock(open_bundle(bundle)))
    adapter = Adapter("canned_feed", "feed", CannedFeedSettings, lambda opening: kind(drop, opening))
    with staged(tmp_path, drop=drop, adapters={"canned_feed": adapter}) as stage:
        yield stage


async def test_what_no_feed_takes_is_told_by_collect_and_status(stage, yard):
    """R97: how many, the oldest by name, since when; what another feed takes is not among them; no file is touched."""
    operator, assembly = stage.operator, stage.assembly
    assert assembly.control.status(operator)["strays"] == []
    yard.lying = ["stk.dat", "else.csv", *(f"{letter}.txt" for letter in "abcde")]
    stage.drop.put("one.dat", GOOD)
    (file,) = await assembly.collecting.collect(operator, "canned", "stock_count")
    assert file["state"] == "archived"
    (told,) = assembly.collecting.strays("canned", "stock_count")
    looked = stage.clock.now().isoformat(timespec="seconds")
    assert told == {"connection": "canned.drop", "files": 6, "since": "2026-11-01T00:00:00+00:00",
                    "looked": looked, "unread": None,
                    "names": ["stk.dat", "a.txt", "b.txt", "c.txt", "d.txt"]}  # fmt: skip
    assert assembly.control.status(operator)["strays"] == [told]
    assert assembly.control.status(stage.agent)["strays"] == []
    yard.lying = []
    await assembly.collecting.plan(operator, "canned", "stock_count")
    assert assembly.control.status(operator)["strays"] == []


async def test_a_poll_surveys_once_a_minute_and_no_survey_stops_a_collect(stage, yard):
    """R97: everything that lies there is listed for it, so not each second; whoever asks is told what is so now."""
    operator, yard.lying = stage.operator, ["stk.dat"]
    for _ in range(3):
        collect(stage)
    assert yard.looks == 1
    stage.clock.move(timedelta(minutes=1))
    collect(stage)
    assert yard.looks == 2
    looked = stage.clock.now().isoformat(timespec="seconds")
    stage.clock.move(timedelta(seconds=30))
    yard.down = True
    stage.drop.put("one.dat", GOOD)
    (file,) = await stage.assembly.collecting.collect(operator, "canned", "stock_count")
    assert (file["state"], yard.looks) == ("archived", 3)
    (told,) = stage.assembly.control.status(operator)["strays"]
    assert (told["files"], told["looked"]) == (1, looked), "as it was when it could be seen"
    assert told["unread"] == stage.clock.now().isoformat(timespec="seconds")
    yard.down = False
    await stage.assembly.collecting.collect(operator, "canned", "stock_count")
    assert stage.assembly.control.status(operator)["strays"][0]["unread"] is None


@pytest.mark.parametrize("verb", ["collect", "plan"])
async def test_what_lay_in_a_location_that_cannot_be_read_is_not_told_as_lying_there(stage, yard, verb, monkeypatch):
    """R97: a collect that does not come as far as the look says so, too."""
    operator, yard.lying = stage.operator, ["stk.dat"]
    await stage.assembly.collecting.collect(operator, "canned", "stock_count")

    def hangs(_):
        raise Unavailable("the share is gone")

    monkeypatch.setattr(Surveyed, "arrivals", hangs)
    stage.clock.move(timedelta(minutes=5))
    with pytest.raises(Problem):
        await getattr(stage.assembly.collecting, verb)(operator, "canned", "stock_count")
    (told,) = stage.assembly.control.status(operator)["strays"]
    assert datetime.fromisoformat(told["unread"]) - datetime.fromisoformat(told["looked"]) == timedelta(minutes=5)
