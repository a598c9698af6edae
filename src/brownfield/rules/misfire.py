"""Schedules: which missed due times still run, what a cron says, and one run per local wall time."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

PUNCTUAL = timedelta(minutes=1)
"""A due time noticed within this is on time, not missed: no clock ticks exactly."""


@dataclass(frozen=True, slots=True)
class Misfire:
    """What becomes of due times that nobody was there to serve.

    Attributes:
        grace: How late a run is still useful.
        catch_up: `once` the latest useful due time runs for all of them; `all` each runs, in order; `none` only
            what is on time.
    """

    grace: timedelta = timedelta(hours=1)
    catch_up: Literal["once", "all", "none"] = "once"


@dataclass(frozen=True, slots=True)
class Plan:
    """Due times to run now, and those that nobody will run. Both oldest first."""

    fire: tuple[datetime, ...]
    missed: tuple[datetime, ...]


def due(times: Sequence[datetime], now: datetime, misfire: Misfire) -> Plan:
    """Judge the due times up to `now` that have not run. Later ones are left alone.

    Raises:
        ValueError: A time has no zone.
    """
    if any(time.tzinfo is None for time in (*times, now)):
        raise ValueError("a due time needs a zone")
    passed = sorted({time.astimezone(UTC) for time in times if time <= now})
    grace = min(misfire.grace, PUNCTUAL) if misfire.catch_up == "none" else misfire.grace
    useful = [time for time in passed if now - time <= grace]
    fire = useful[-1:] if misfire.catch_up == "once" else useful
    return Plan(fire=tuple(fire), missed=tuple(time for time in passed if time not in fire))


def earliest(due: datetime, timezone: ZoneInfo) -> datetime:
    """The first instant (UTC) with the local wall time of `due`.

    On the night when 02:30 comes twice both give the same, so a unique row runs the job once. On the night without
    a 02:30 the scheduler's 03:30 is an instant of its own: once again.
    """
    return due.astimezone(timezone).replace(fold=0).astimezone(UTC)


def by_the_wall(cron: str) -> bool:
    """Whether a cron names hours of the day, so that it means one run per local wall time.

    One that takes every hour (`*`, `*/2`) means elapsed time: on the long night it runs in both hours (cron(8),
    Debian: "jobs that run at a fixed time", and the others).
    """
    return not cron.split()[1].startswith("*")


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five fields of a cron: its name, its bounds and the names its values may have."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> set[int]:
        """The numbers that the field's text stands for."""
        return {value for part in text.split(",") for value in self._part(part)}

    def _part(self, part: str) -> range:
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = self.low, self.high
        else:
            low = self._number(first)
            high = self._number(last) if dash else low
        if slash and (not _whole(step) or int(step) == 0 or (span != "*" and not dash)):
            raise ValueError(f"{self.name} {part!r}: a step needs a range and a whole number, as in */5 or 10-50/10")
        if low > high:
            raise ValueError(f"{self.name} {part!r}: the range runs backwards")
        return range(low, high + 1, int(step) if slash else 1)

    def _number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.low
        if not _whole(text) or not self.low <= int(text) <= self.high:
            raise ValueError(f"{self.name} {text!r}: a number from {self.low} to {self.high} is needed")
        return int(text)


_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),
)
_LEAP_YEAR = 2024


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def weekdays(cron: str) -> str:
    """A checked cron whose weekdays are names, Monday first.

    Cron counts weekdays from Sunday = 0, APScheduler 3 from Monday = 0 (issues #286, #455, #1102): `1-5` would run
    from Tuesday to Saturday. Names mean the same to both.

    Raises:
        ValueError: It is not a cron of five fields, can never run, or means different things to different readers.
    """
    texts = cron.split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"{cron[:40]!r} is not a cron: minute, hour, day of month, month, day of week are needed")
    _, _, days, months, week = (field.values(text) for field, text in zip(_FIELDS, texts, strict=True))
    if texts[2] != "*" and texts[4] != "*":
        raise ValueError(
            f"{cron!r} restricts both the day of month and the day of week: cron runs when either fits, our scheduler"
            " when both do; write two schedules"
        )
    if min(days) > max(calendar.monthrange(_LEAP_YEAR, month)[1] for month in months):
        raise ValueError(f"{cron!r} never runs: no such day in that month")
    return " ".join([*texts[:4], _named(week)])


def _named(week: set[int]) -> str:
    """The days by name. A range is spelt out, for `sun-sat` runs backwards when Monday is first."""
    days = sorted({(day - 1) % 7 for day in week})
    return "*" if len(days) == 7 else ",".join(_DAYS[(day + 1) % 7] for day in days)
