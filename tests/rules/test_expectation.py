"""Expectations: when a file is due, and what is told about one that is late, missing, empty or odd."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from brownfield.rules.expectation import Calendar, Expectation, Lapse, punctuality, size

PARIS = ZoneInfo("Europe/Paris")
WEEK = Calendar(weekdays=frozenset(range(5)))
CHRISTMAS = date(2026, 12, 25)  # a Friday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


NIGHTLY = Expectation(by=time(4), zone=PARIS, calendar=WEEK)


def window(expectation: Expectation, day: str):
    found = expectation.windows(at(f"{day} 00:00") - timedelta(days=1), at(f"{day} 23:59"))
    return next(one for one in found if one.day == date.fromisoformat(day))


def test_a_day_that_is_not_expected_has_no_window() -> None:
    found = NIGHTLY.windows(at("2026-11-16 00:00"), at("2026-11-23 00:00"))
    assert [one.day.isoformat() for one in found] == [f"2026-11-{day}" for day in (16, 17, 18, 19, 20)]


@pytest.mark.parametrize(("roll", "days"), [("skip", []), ("next", [28]), ("previous", [24])])
def test_a_weekly_file_whose_day_is_closed_rolls_to_an_open_one(roll: str, days: list[int]) -> None:
    fridays = Calendar(frozenset({4}), lambda day: day == CHRISTMAS or day.weekday() > 4, roll)  # type: ignore[arg-type]
    assert [day.day for day in fridays.days(date(2026, 12, 21), date(2026, 12, 30))] == days


def test_a_day_that_rolls_onto_an_expected_one_is_one_expectation() -> None:
    calendar = Calendar(frozenset(range(5)), lambda day: day == CHRISTMAS or day.weekday() > 4, "next")
    assert [day.day for day in calendar.days(date(2026, 12, 24), date(2026, 12, 28))] == [24, 28]


def test_a_calendar_that_is_always_closed_expects_nothing_and_ends() -> None:
    assert Calendar(closed=lambda _: True, roll="next").days(date(2026, 1, 1), date(2026, 12, 31)) == []


@pytest.mark.parametrize(
    ("seen", "now", "said"),
    [
        ([], "04:00", None),
        ([], "04:01", Lapse.LATE),
        ([], "08:00", Lapse.LATE),
        ([], "08:01", Lapse.MISSING),
        (["03:59"], "03:59", None),
        (["04:00"], "09:00", None),
        (["04:30"], "04:31", Lapse.LATE),
        (["04:30"], "09:00", Lapse.LATE),
        (["08:30"], "09:00", Lapse.MISSING),
    ],
)
def test_punctuality_is_a_table(seen: list[str], now: str, said: Lapse | None) -> None:
    of_the_day = window(NIGHTLY, "2026-11-17")
    moments = [at(f"2026-11-17 {moment}") for moment in seen]
    assert punctuality(of_the_day, moments, at(f"2026-11-17 {now}")) is said


def test_yesterdays_file_does_not_count_for_today() -> None:
    assert punctuality(window(NIGHTLY, "2026-11-17"), [at("2026-11-16 23:59")], at("2026-11-17 05:00")) is Lapse.LATE


def test_a_window_over_midnight_opens_the_evening_before() -> None:
    evening = Expectation(by=time(2), opens=time(22), zone=PARIS)
    of_the_day = window(evening, "2026-11-17")
    assert of_the_day.opens == at("2026-11-16 22:00")
    assert punctuality(of_the_day, [at("2026-11-16 22:00")], at("2026-11-17 03:00")) is None
    assert evening.day_of(at("2026-11-16 23:00")) == date(2026, 11, 17)
    assert evening.day_of(at("2026-11-16 21:59")) == date(2026, 11, 16)


def test_a_file_of_the_weekend_counts_for_friday() -> None:
    assert NIGHTLY.day_of(at("2026-11-21 12:00")) == date(2026, 11, 20)


def test_the_night_without_0230_is_due_an_hour_later_and_the_night_with_two_at_the_first() -> None:
    half_past_two = Expectation(by=time(2, 30), zone=PARIS)
    assert window(half_past_two, "2026-03-29").due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert window(half_past_two, "2026-10-25").due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_each_window_of_a_year_is_due_once_however_it_is_asked_for() -> None:
    begin, end = at("2026-01-01 00:00"), at("2027-01-01 00:00")
    whole = NIGHTLY.windows(begin, end)
    bounds = pairwise(begin + timedelta(days=day) for day in range(366))
    pieces = [one for after, until in bounds for one in NIGHTLY.windows(after, until)]
    assert pieces == whole
    assert all(earlier.closes == later.opens for earlier, later in pairwise(whole))


def test_a_late_file_is_never_called_missing_after_the_next_window_has_opened() -> None:
    patient = Expectation(by=time(4), zone=PARIS, missing_after=timedelta(days=3))
    of_the_day = window(patient, "2026-11-17")
    assert of_the_day.missing == of_the_day.closes == at("2026-11-18 00:00")


@pytest.mark.parametrize(
    ("records", "earlier", "said"),
    [
        (0, [], Lapse.EMPTY),
        (9, [], Lapse.SIZE_ANOMALY),
        (10, [], None),
        (1000, [], None),
        (1001, [], Lapse.SIZE_ANOMALY),
        (100, [100, 100], None),
        (150, [100, 100, 100], None),
        (151, [100, 100, 100], Lapse.SIZE_ANOMALY),
        (50, [100, 100, 100], None),
        (49, [100, 100, 100], Lapse.SIZE_ANOMALY),
    ],
)
def test_size_is_a_table(records: int, earlier: list[int], said: Lapse | None) -> None:
    found = size(Expectation(by=time(4), zone=PARIS, least=10, most=1000, deviation=50), records, earlier)
    assert (found[0] if found else None) is said


def test_an_empty_file_is_fine_where_none_is_the_least() -> None:
    assert size(Expectation(by=time(4), zone=PARIS, least=0), 0, []) is None
    assert size(Expectation(by=time(4), zone=PARIS), 0, []) == (Lapse.EMPTY, "it has no record")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        NIGHTLY.windows(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))  # noqa: DTZ001
