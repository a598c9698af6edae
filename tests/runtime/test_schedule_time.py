"""When a schedule is due, on ordinary days and on the two nights that are not."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import staged

from brownfield.rules.problem import Problem
from brownfield.runtime.scheduler import Schedule
from brownfield.wrapper.manifest import ScheduleTable

SCHEDULE = """\
[schedules.hourly]
feed = "stock_count"
cron = "0 * * * *"
timezone = "UTC"
"""
PARIS = "Europe/Paris"


def schedule(cron, timezone=PARIS):
    return Schedule("s", None, ScheduleTable(feed="f", cron=cron, timezone=timezone))


def due(cron, begin, hours=24):
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    return [time.strftime("%d %H:%M") for time in schedule(cron).times(start, start + timedelta(hours=hours))]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("cron", "begin", "times"),
    [
        ("0 3 * * *", "2026-11-20T12:00", ["21 02:00"]),
        ("30 2 * * *", "2026-10-24T12:00", ["25 00:30"]),  # 02:30 comes twice: once
        ("30 2 * * *", "2026-03-28T12:00", ["29 01:30"]),  # 02:30 does not come: once, at 03:30
        ("30 * * * *", "2026-10-24T23:00", ["24 23:30", "25 00:30", "25 01:30", "25 02:30"]),  # elapsed time
        ("*/30 2 * * *", "2026-10-24T12:00", ["25 00:00", "25 00:30"]),
        ("0 9 * * 1", "2026-11-22T12:00", ["23 08:00"]),  # cron's 1 is Monday
    ],
)
def test_due_times(cron, begin, times):
    """R17: a job of 02:30 runs once a night, also on the nights with two or with none."""
    assert due(cron, begin, 4 if cron.startswith("30 *") else 24) == times


@pytest.mark.timeout(20)
def test_every_minute_of_the_long_night_ends():
    """R17: an hour that comes twice is passed, not searched for ever."""
    assert len(due("* * * * *", "2026-10-24T23:00", 4)) == 240


@pytest.mark.anyio
async def test_a_halt_stops_schedules_and_collecting_until_it_is_lifted(tmp_path):
    """R102: what is queued and scheduled stops too; the missed time is judged when the halt is lifted."""
    with staged(tmp_path) as stage:
        operator, assembly = stage.operator, stage.assembly
        planted = Schedule("canned.hourly", assembly.kernel.wrappers["canned"],
                           ScheduleTable(feed="stock_count", cron="0 * * * *", timezone="UTC"))  # fmt: skip
        assembly.scheduler.schedules.append(planted)
        assembly.control.halt(operator, "wrapper:canned", "drill")
        operator = assembly.guard.again(operator)
        stage.clock.move(timedelta(hours=1))
        assert await assembly.scheduler.tick() == 0
        with pytest.raises(Problem, match="has halted"):
            await assembly.collecting.collect(operator, "canned", "stock_count")
        assembly.control.resume(operator, "wrapper:canned")
        assert await assembly.scheduler.tick() == 1


@pytest.mark.anyio
async def test_status_says_what_is_due_when_and_how_it_went(tmp_path):
    """R17: the clock of each schedule can be looked at."""
    edits = {"[feeds.stock_count]": SCHEDULE + "\n[feeds.stock_count]"}
    with staged(tmp_path, edits) as stage:
        stage.clock.move(timedelta(hours=1))
        assert await stage.assembly.scheduler.tick() == 1
        (seen,) = stage.assembly.control.status(stage.operator)["schedules"]
        assert seen["schedule"] == "canned.hourly"
        assert seen["outcome"] == "0 files"
        assert seen["last"] < seen["next"]
        assert stage.assembly.control.status(stage.agent)["schedules"] == []
