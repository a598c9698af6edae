"""Missed due times, crons and the two odd nights of the year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.misfire import Misfire, by_the_wall, due, earliest, weekdays

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def ago(**length: int) -> datetime:
    return NOW - timedelta(**length)


@pytest.mark.parametrize(
    ("catch_up", "fire"),
    [
        ("once", (ago(hours=1),)),
        ("all", (ago(hours=4), ago(hours=3), ago(hours=2), ago(hours=1))),
        ("none", ()),
    ],
)
def test_what_was_missed_while_the_server_was_down(catch_up, fire):
    """R17: five due times, the oldest beyond its grace."""
    times = [ago(hours=hours) for hours in (5, 4, 3, 2, 1)]
    plan = due(times, NOW, Misfire(grace=timedelta(hours=4), catch_up=catch_up))
    assert plan.fire == fire
    assert plan.missed == tuple(time for time in times if time not in fire)


def test_grace_holds_at_its_very_end():
    """R17: useful up to and including the grace."""
    rule = Misfire(grace=timedelta(hours=4), catch_up="all")
    assert due([ago(hours=4)], NOW, rule).fire == (ago(hours=4),)
    assert due([ago(hours=4, microseconds=1)], NOW, rule).missed == (ago(hours=4, microseconds=1),)


def test_without_catching_up_a_job_on_time_still_runs():
    """R17: a scheduler that wakes some seconds late has missed nothing."""
    rule = Misfire(grace=timedelta(hours=4), catch_up="none")
    assert due([ago(days=1), ago(seconds=20)], NOW, rule).fire == (ago(seconds=20),)
    assert due([ago(seconds=61)], NOW, rule).fire == ()


def test_what_lies_ahead_is_left_alone():
    """R17: neither run nor missed."""
    plan = due([NOW + timedelta(seconds=1)], NOW, Misfire())
    assert (plan.fire, plan.missed) == ((), ())


@given(
    st.lists(st.integers(-5000, 500), max_size=20),
    st.integers(0, 4000),
    st.sampled_from(["once", "all", "none"]),
)
def test_every_passed_time_is_run_or_missed_and_never_both(minutes, grace, catch_up):
    """R17: nothing is lost without a word."""
    times = [NOW + timedelta(minutes=each) for each in minutes]
    plan = due(times, NOW, Misfire(timedelta(minutes=grace), catch_up))
    assert sorted({*plan.fire, *plan.missed}) == sorted({time for time in times if time <= NOW})
    assert not {*plan.fire} & {*plan.missed}
    assert catch_up != "once" or len(plan.fire) <= 1


def test_a_time_without_a_zone_is_refused():
    """R17: local time alone is not a moment."""
    with pytest.raises(ValueError, match="zone"):
        due([datetime(2026, 1, 1)], NOW, Misfire())  # noqa: DTZ001


def test_the_night_when_half_past_two_comes_twice_runs_once():
    """R17: 25 October 2026 in Berlin, 00:30Z and 01:30Z are both 02:30."""
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert earliest(first, BERLIN) == earliest(second, BERLIN) == first


def test_the_night_without_half_past_two_runs_once():
    """R17: 29 March 2026 in Berlin, the scheduler fires at 01:30Z."""
    instant = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert earliest(instant, BERLIN) == instant


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_earliest_shows_the_same_wall_time(instant):
    """R17: no other minute than the one that was due."""
    first = earliest(instant, BERLIN)
    assert first <= instant
    assert first.astimezone(BERLIN).replace(tzinfo=None) == instant.astimezone(BERLIN).replace(tzinfo=None)


@pytest.mark.parametrize(("cron", "wall"), [("30 2 * * *", True), ("0 2,14 * * *", True), ("*/30 * * * *", False)])
def test_an_hourly_job_runs_in_both_hours_of_the_long_night(cron, wall):
    """R17: only a cron that names hours means the wall clock."""
    assert by_the_wall(cron) is wall


@pytest.mark.parametrize(
    ("week", "names"),
    [
        ("*", "*"),
        ("0-6", "*"),
        ("1-7", "*"),
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("5-7", "fri,sat,sun"),
        ("0,6", "sat,sun"),
        ("*/2", "tue,thu,sat,sun"),
        ("1-5/2", "mon,wed,fri"),
        ("MON-fri", "mon,tue,wed,thu,fri"),
        ("sun", "sun"),
    ],
)
def test_weekdays_become_names(week, names):
    """R17: cron's 1 is Monday, APScheduler's is Tuesday."""
    assert weekdays(f"0 9 * * {week}") == f"0 9 * * {names}"


def test_the_scheduler_reads_the_names_as_cron_meant_the_numbers():
    """R17: held against APScheduler itself, for each number."""
    for number in range(8):
        cron = CronTrigger.from_crontab(weekdays(f"0 9 * * {number}"), timezone=UTC)
        assert cron.get_next_fire_time(None, NOW).isoweekday() % 7 == number % 7


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 1 * 1", "two schedules"),
        ("0 9 */2 * 1", "two schedules"),
        ("0 9 * *", "five|minute, hour"),
        ("0 0 9 * * *", "minute, hour"),
        ("@daily", "minute, hour"),
        ("60 9 * * *", "0 to 59"),
        ("0 24 * * *", "0 to 23"),
        ("0 9 0 * *", "1 to 31"),
        ("0 9 * 13 *", "1 to 12"),
        ("0 9 * * 8", "0 to 7"),
        ("0 9 * * mond", "0 to 7"),
        ("0 22-2 * * *", "backwards"),
        ("5/10 * * * *", "step"),
        ("*/0 * * * *", "step"),
        ("*/x * * * *", "step"),
        ("0 9 31 2,4 *", "never"),
        ("0, 9 * * *", "0 to 59"),
        ("0 ٩ * * *", "0 to 23"),
    ],
)
def test_a_cron_that_is_wrong_or_ambiguous_is_refused(cron, said):
    """R17: with the reason."""
    with pytest.raises(ValueError, match=said):
        weekdays(cron)
