"""Schedules: each due time once, late ones as the manifest says, nights of 23 and 25 hours."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from stage import GOOD, staged, until

from brownfield.contract import Unavailable
from brownfield.ledger.firing import claim_firing, firings
from brownfield.rules.access import Role
from brownfield.runtime.scheduler import Scheduler
from brownfield.testing import FrozenClock

pytestmark = pytest.mark.anyio
FEED = '\n[schedules.nightly]\nfeed = "stock_count"\ncron = "{cron}"\ntimezone = "Europe/Paris"\nmisfire = {misfire}\n'
READ = '\n[schedules.look]\noperation = "get_stock"\nargs = { Sku = "A-100" }\ncron = "* * * * *"\ntimezone = "UTC"\n'
START = datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)


def schedule(cron="* * * * *", misfire='{ grace = "1h", catch_up = "once" }'):
    return {'key = "sku"\n': 'key = "sku"\n' + FEED.format(cron=cron, misfire=misfire)}


def fired(stage):
    with stage.assembly.kernel.ledger.read() as connection:
        return [(one.due_at, one.outcome) for one in reversed(firings(connection))]


async def pass_time(stage, *steps):
    for step in steps:
        stage.clock.move(step)
        await stage.assembly.scheduler.tick()


async def test_what_is_due_is_done_once(put_up):
    """R17, R20: and not before."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    stage.drop.put("one.dat", GOOD)
    await pass_time(stage, timedelta(seconds=29), timedelta(seconds=1), timedelta(seconds=1), timedelta(seconds=58))
    assert fired(stage) == [(datetime(2026, 11, 21, 9, 1, tzinfo=UTC), "1 files")]
    assert stage.entries()[0].event == "schedule.fired"


async def test_what_became_of_the_files_is_the_outcome(put_up):
    """R17, R97: a person who reads the schedule sees that one was refused."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    stage.drop.put("one.dat", GOOD)
    stage.drop.put("two.dat", GOOD[:-4])
    await pass_time(stage, timedelta(seconds=30))
    assert [outcome for _, outcome in fired(stage)] == ["2 files, 1 refused"]


async def test_of_two_schedulers_one_fires(put_up):
    """R86: a unique row decides."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    kernel, collecting = stage.assembly.kernel, stage.assembly.collecting
    schedulers = [stage.assembly.scheduler, *(Scheduler(kernel, collecting, stage.assembly.sending) for _ in range(3))]
    stage.clock.move(timedelta(seconds=30))
    assert sum(await asyncio.gather(*(one.tick() for one in schedulers))) == 1
    assert len(stage.entries("schedule.fired")) == 1


@pytest.mark.parametrize(("misfire", "runs", "missed"), [
    ('{ grace = "10m", catch_up = "once" }', 1, 59), ('{ grace = "10m", catch_up = "all" }', 11, 49),
    ('{ grace = "10m", catch_up = "none" }', 2, 58), ('{ grace = "2h", catch_up = "all" }', 60, 0),
])  # fmt: skip
async def test_what_was_missed_is_made_up_for_as_declared(tmp_path, misfire, runs, missed):
    """R17: each due time is either run or told as missed, once."""
    clock = FrozenClock(START)
    with staged(tmp_path, schedule(misfire=misfire), clock=clock) as stage:
        await pass_time(stage, timedelta(seconds=30))
    clock.move(timedelta(hours=1))
    with staged(tmp_path, clock=clock) as stage:
        await stage.assembly.scheduler.tick()
        outcomes = [outcome for _, outcome in fired(stage)][1:]
        assert (len(outcomes) - outcomes.count("missed"), outcomes.count("missed")) == (runs, missed)
        assert len(stage.entries("schedule.missed")) == missed
        assert await stage.assembly.scheduler.tick() == 0


@pytest.mark.parametrize(("night", "due"), [
    (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # 02:30 does not come
    (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 02:30 comes twice
])  # fmt: skip
async def test_the_nights_when_the_clock_is_changed_have_one_run(put_up, night, due):
    """R17: by the wall clock of the system."""
    stage = put_up(schedule("30 2 * * *"), clock=FrozenClock(night))
    await pass_time(stage, *[timedelta(minutes=10)] * 42)
    assert [time for time, _ in fired(stage)] == [due]


async def test_every_hour_is_every_hour_on_the_long_night(put_up):
    """R17: a cron that names no hour means elapsed time."""
    stage = put_up(schedule("0 * * * *"), clock=FrozenClock(datetime(2026, 10, 24, 21, 30, tzinfo=UTC)))
    await pass_time(stage, *[timedelta(minutes=30)] * 9)
    assert [time.hour for time, _ in fired(stage)] == [22, 23, 0, 1, 2]


async def test_a_run_that_fails_is_recorded_and_the_next_goes_on(put_up):
    """R97."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    stage.drop.down = True
    await pass_time(stage, timedelta(seconds=30))
    stage.drop.down = False
    await pass_time(stage, timedelta(minutes=1))
    (_, failed), (_, ended) = fired(stage)
    assert failed.startswith("failed: Canned warehouse")
    assert ended == "0 files"


async def test_a_defect_in_a_run_is_its_outcome(put_up, monkeypatch):
    """No firing stays `running` while its process lives."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    monkeypatch.setattr(stage.assembly.collecting, "run", lambda *_: 1 // 0)
    await pass_time(stage, timedelta(seconds=30))
    assert [outcome for _, outcome in fired(stage)] == ["failed: ZeroDivisionError"]


async def test_a_read_can_be_scheduled(put_up):
    """R17: and its failure is an outcome too."""
    stage = put_up({'key = "sku"\n': 'key = "sku"\n' + READ}, clock=FrozenClock(START))
    await pass_time(stage, timedelta(seconds=30))
    stage.system.fails["GetStock"] = Unavailable("closed")
    await pass_time(stage, timedelta(minutes=1))
    assert [outcome for _, outcome in fired(stage)] == ["done", "failed: closed"]
    assert stage.system.calls == [("GetStock", {"Sku": "A-100"})] * 2


async def test_a_long_run_holds_no_other_schedule_back(put_up, monkeypatch):
    """R17: each follows the clock on its own."""
    feed = FEED.format(cron="* * * * *", misfire='{ grace = "1h" }')
    stage = put_up({'key = "sku"\n': 'key = "sku"\n' + feed + READ}, clock=FrozenClock(START))
    scheduler, let, looked = stage.assembly.scheduler, asyncio.Event(), asyncio.Event()

    async def long(_):
        await let.wait()
        return "done"

    async def look(_):
        looked.set()
        return "done"

    monkeypatch.setattr("brownfield.runtime.scheduler.TICK", 0.02)
    monkeypatch.setattr(scheduler, "_collect", long)
    monkeypatch.setattr(scheduler, "_read", look)
    running = asyncio.create_task(scheduler.run())
    for _ in range(2):
        looked.clear()
        stage.clock.move(timedelta(minutes=1))
        await asyncio.wait_for(looked.wait(), 5)
    let.set()
    scheduler.stop()
    await asyncio.wait_for(running, 5)
    assert len([time for time, outcome in fired(stage) if outcome == "done"]) == 3


async def test_a_defect_is_logged_by_its_place_and_not_by_its_words(put_up, caplog):
    """R60: what an error says may be somebody's value."""
    caplog.set_level("ERROR", "brownfield")
    stage = put_up(schedule(), clock=FrozenClock(START))

    def stumbling(*_):
        raise RuntimeError("CANARY-jane-doe")

    stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter.arrivals = stumbling
    await pass_time(stage, timedelta(seconds=30))
    assert "a defect in a run of canned.nightly: RuntimeError at " in caplog.text
    assert "CANARY" not in caplog.text


async def test_a_clock_that_ran_ahead_does_not_silence_a_schedule(put_up):
    """R17: what fired in a future that did not come is no firing yet."""
    stage = put_up(schedule(), clock=FrozenClock(START))
    ahead = START + timedelta(days=30)
    with stage.assembly.kernel.ledger.write() as connection:
        claim_firing(connection, "canned.nightly", ahead, "ahead", ahead)
    await pass_time(stage, timedelta(minutes=1), timedelta(minutes=1))
    due = [time for time, outcome in fired(stage) if outcome == "0 files"]
    assert datetime(2026, 11, 21, 9, 2, tzinfo=UTC) in due


async def test_others_halts_are_not_told(stage):
    """R53: neither which, nor why."""
    control, operator = stage.assembly.control, stage.operator
    stage.caller("other", Role.AGENT)
    for scope in ("operation:canned.release_hold", "identity:other", "operation:canned.get_stock"):
        control.halt(operator, scope, "fraud case 4471")
    agent = stage.caller("agent", Role.AGENT, "get_stock")
    assert [halt["scope"] for halt in control.status(agent)["halts"]] == ["operation:canned.get_stock"]
    assert len(control.status(stage.assembly.guard.again(operator))["halts"]) == 3


async def test_a_run_that_is_late_is_not_overtaken_by_the_next(put_up):
    """R17, §7: three due times pass while one run lasts; then they are made up for, and no two run at once."""
    stage = put_up(schedule(misfire='{ grace = "1h", catch_up = "all" }'), clock=FrozenClock(START))
    scheduler, under_way, most, release = stage.assembly.scheduler, [0], [0], asyncio.Event()

    async def slow(schedule):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        await release.wait()
        under_way[0] -= 1
        return "done"

    scheduler._outcome = slow
    stage.clock.move(timedelta(seconds=30))
    running = asyncio.create_task(scheduler.run())
    for _ in range(3):
        await asyncio.sleep(0.1)
        stage.clock.move(timedelta(minutes=1))
    assert (under_way, len(fired(stage))) == ([1], 1)
    release.set()
    await until(lambda: [outcome for _, outcome in fired(stage)] == ["done"] * 4)
    scheduler.stop()
    await running
    assert [outcome for _, outcome in fired(stage)] == ["done"] * 4
    assert most == [1]
