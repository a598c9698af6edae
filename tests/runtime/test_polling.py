"""Locations that are looked at while `up` runs: what is complete is taken at once, and nothing else is needed."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from stage import GOOD, WHOLE, collect, until

from brownfield.ledger.event import page
from brownfield.runtime.polling import SHARE
from brownfield.runtime.streaming import cloud_event
from brownfield.wrapper.finding import BundleError

pytestmark = pytest.mark.anyio
POLL = {'key = "sku"\n': 'key = "sku"\npoll = "1s"\n'}


def skus(stage):
    with stage.assembly.kernel.ledger.read() as connection:
        found = page(connection, environment="sandbox").events
    return [(event["data"]["sku"], event["data"]["on_hand"]) for event in map(cloud_event, found)]


@contextlib.asynccontextmanager
async def running(stage):
    async with stage.assembly.running():
        yield stage.assembly.polling.feeds[0]


async def test_a_file_is_taken_soon_after_it_came(put_up):
    """R17, R20: at any time, however long nothing came."""
    stage = put_up(POLL)
    async with running(stage):
        await asyncio.sleep(1.3)
        stage.drop.put("one.dat", GOOD)
        await until(lambda: len(skus(stage)) == len(WHOLE))
        await asyncio.sleep(1.3)
    assert skus(stage) == WHOLE
    assert len(stage.entries("batch.collecting")) == 1


async def test_a_look_at_nothing_leaves_no_trace(put_up):
    """R98: the audit does not grow by looking."""
    stage = put_up(POLL)
    before = len(stage.entries())
    for _ in range(5):
        await stage.assembly.polling.look(stage.assembly.polling.feeds[0])
    assert len(stage.entries()) == before


async def test_a_place_that_cannot_be_looked_at_is_told_and_tried_less_often(put_up):
    """R18, R97: in the status until it is back; from then on as before."""
    stage = put_up(POLL)
    polling, operator = stage.assembly.polling, stage.operator
    (polled,) = polling.feeds
    stage.drop.down = True
    waits = []
    for _ in range(9):
        await polling.look(polled)
        waits.append(polled.wait.total_seconds())
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    (told,) = stage.assembly.control.status(operator)["polled"]
    assert (told["feed"], told["every_seconds"]) == ("canned.stock_count", 1)
    assert "Canned warehouse" in told["failing"]
    stage.drop.down = False
    stage.drop.put("one.dat", GOOD)
    await polling.look(polled)
    assert (polled.wait.total_seconds(), polling.told()[0]["failing"], skus(stage)) == (1, None, WHOLE)


async def test_a_look_that_takes_long_is_made_less_often(put_up):
    """R69: a huge folder is not listed all the time."""
    stage = put_up(POLL)
    (polled,) = stage.assembly.polling.feeds
    feed = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
    arrivals = feed.arrivals

    def slow():
        stage.clock.move(timedelta(seconds=3))
        return arrivals()

    feed.arrivals = slow
    await stage.assembly.polling.look(polled)
    assert polled.wait.total_seconds() == 3 * SHARE


async def test_who_collects_meanwhile_is_no_failure(put_up):
    """R86: one of them at a time has the feed."""
    stage = put_up(POLL)
    (polled,) = stage.assembly.polling.feeds
    with stage.assembly.collecting._turn(*stage.assembly.kernel.feed("canned", "stock_count")):
        await stage.assembly.polling.look(polled)
    assert polled.failing == ""
    stage.drop.put("one.dat", GOOD)
    await asyncio.to_thread(collect, stage)
    assert skus(stage) == WHOLE


async def test_a_halt_holds_it_until_it_is_lifted(put_up):
    """R102."""
    stage = put_up(POLL)
    operator, (polled,) = stage.operator, stage.assembly.polling.feeds
    stage.assembly.control.halt(operator, "operation:canned.stock_count", "look first")
    stage.drop.put("one.dat", GOOD)
    await stage.assembly.polling.look(polled)
    assert skus(stage) == []
    stage.assembly.control.resume(operator, "operation:canned.stock_count")
    await stage.assembly.polling.look(polled)
    assert skus(stage) == WHOLE


def test_less_than_a_second_is_refused(put_up):
    """R34."""
    with pytest.raises(BundleError, match="poll"):
        put_up({'key = "sku"\n': 'key = "sku"\npoll = "500ms"\n'})
