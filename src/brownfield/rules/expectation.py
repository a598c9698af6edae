"""Expectations: when a feed's file is due, and what is to be told about one that is late, missing, empty or odd.

    days that a calendar leaves → one window a day → a verdict at any moment

Pure: holidays come as a function, the time as an argument. A window is a stretch of local wall time, so that a file is
due at the same hour all year, and its instants are UTC.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

LONGEST_CLOSURE = 31
"""Days that a roll looks for an open day. A calendar that is closed for longer expects nothing."""

FEWEST = 3
"""Earlier files that a usual size is taken from. With fewer nothing is called unusual."""


class Lapse(StrEnum):
    """How an expectation was not kept: what people are told of."""

    LATE = "late"
    MISSING = "missing"
    EMPTY = "empty"
    SIZE_ANOMALY = "size_anomaly"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which a file is expected.

    Attributes:
        weekdays: Monday is 0.
        closed: Whether nobody works on a day: a holiday, a weekend.
        roll: What becomes of an expected day that is closed: nothing is expected, or it is on the next, or the
            previous, open day. Two that fall on one day are one.
    """

    weekdays: frozenset[int] = frozenset(range(7))
    closed: Callable[[date], bool] = field(default=lambda _: False)
    roll: Literal["skip", "next", "previous"] = "skip"

    def days(self, first: date, last: date) -> list[date]:
        """The expected days in [first, last], in order."""
        margin = timedelta(days=LONGEST_CLOSURE if self.roll != "skip" else 0)
        found = {self._rolled(day) for day in _span(first - margin, last + margin) if day.weekday() in self.weekdays}
        return sorted(day for day in found if day and first <= day <= last)

    def _rolled(self, day: date) -> date | None:
        if not self.closed(day):
            return day
        if self.roll == "skip":
            return None
        step = timedelta(days=1 if self.roll == "next" else -1)
        others = (day + step * far for far in range(1, LONGEST_CLOSURE + 1))
        return next((other for other in others if not self.closed(other)), None)


@dataclass(frozen=True, slots=True)
class Window:
    """One day's expectation. Instants are UTC.

    Attributes:
        day: The day that the file is for, in the feed's zone.
        opens: A file seen from then on counts for this day.
        due: A file seen later is late.
        missing: A file that is not there by then is missing.
        closes: A file seen from then on counts for the next day.
    """

    day: date
    opens: datetime
    due: datetime
    missing: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a feed's files are expected to do.

    Attributes:
        by: Local time at which the day's file has to be there.
        opens: Local time from which a file counts for the day; later than `by`, it is the evening before.
        zone: Where both are read.
        missing_after: How long after `by` a late file is called missing.
        calendar: On which days.
        least: Records that a file has at least.
        most: Records that a file has at most.
        deviation: Percent that its records may differ from the median of earlier files.
    """

    by: time
    zone: ZoneInfo
    opens: time = time(0)
    missing_after: timedelta = timedelta(hours=4)
    calendar: Calendar = Calendar()
    least: int | None = None
    most: int | None = None
    deviation: float | None = None

    def windows(self, after: datetime, until: datetime) -> list[Window]:
        """The windows that are due in (after, until], in order.

        Raises:
            ValueError: A time has no zone.
        """
        if after.tzinfo is None or until.tzinfo is None:
            raise ValueError("an expectation needs a zone")
        first, last = (moment.astimezone(self.zone).date() for moment in (after, until))
        # The day after the last closes its window; without one it stays open for a week.
        days = self.calendar.days(first - timedelta(days=1), last + timedelta(days=LONGEST_CLOSURE))
        found = [self._window(day, following) for day, following in zip(days, [*days[1:], None], strict=True)]
        return [window for window in found if after < window.due <= until]

    def day_of(self, seen: datetime) -> date:
        """The day that a file counts for: the expected one whose window it lies in, else the local date."""
        local = seen.astimezone(self.zone).date()
        around = self.windows(seen - timedelta(days=LONGEST_CLOSURE), seen + timedelta(days=2))
        return next((window.day for window in around if window.opens <= seen < window.closes), local)

    def _window(self, day: date, following: date | None) -> Window:
        due, opens = self._at(day, self.by), self._opens(day)
        closes = self._opens(following or day + timedelta(days=7))
        return Window(day, opens, due, min(due + self.missing_after, closes), closes)

    def _opens(self, day: date) -> datetime:
        return self._at(day - timedelta(days=1) if self.opens > self.by else day, self.opens)

    def _at(self, day: date, wall: time) -> datetime:
        """The instant of a local wall time: the first of two in autumn, an hour later for the one that spring skips."""
        return datetime.combine(day, wall, self.zone).astimezone(UTC)


def punctuality(window: Window, seen: Sequence[datetime], now: datetime) -> Lapse | None:
    """What is to be told about a window at a moment; None when a file came in time, and while one may still come.

    Args:
        window: The window.
        seen: When files were seen that were taken in, or are being taken in.
        now: The moment.
    """
    first = min((moment for moment in seen if window.opens <= moment < window.closes), default=None)
    in_time = first is not None and first <= window.due
    if in_time or now <= window.due:
        return None
    gone = first is None or first > window.missing
    return Lapse.MISSING if now > window.missing and gone else Lapse.LATE


def size(expectation: Expectation, records: int, earlier: Sequence[int]) -> tuple[Lapse, str] | None:
    """What is to be told about the number of records of a file, with the reason; None when it is as expected.

    Args:
        expectation: The expectation.
        records: Of this file, readable or not.
        earlier: Of the files before it.
    """
    if records == 0 and (expectation.least is None or expectation.least > 0):
        return Lapse.EMPTY, "it has no record"
    if expectation.least is not None and records < expectation.least:
        return Lapse.SIZE_ANOMALY, f"it has {records} records, at least {expectation.least} are expected"
    if expectation.most is not None and records > expectation.most:
        return Lapse.SIZE_ANOMALY, f"it has {records} records, at most {expectation.most} are expected"
    return _unusual(expectation.deviation, records, earlier)


def _unusual(deviation: float | None, records: int, earlier: Sequence[int]) -> tuple[Lapse, str] | None:
    if deviation is None or len(earlier) < FEWEST:
        return None
    usual = median(earlier)
    if abs(records - usual) * 100 <= deviation * usual:
        return None
    return Lapse.SIZE_ANOMALY, (
        f"it has {records} records, more than {deviation:g} % away from {usual:g},"
        f" the median of the {len(earlier)} files before it"
    )


def _span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=far) for far in range((last - first).days + 1))
