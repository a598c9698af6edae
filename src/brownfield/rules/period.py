"""Stretches of time as people name them: `today`, `last Tuesday`, `since 1 Nov`, `between 1 Nov and 3 Nov 2026`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from brownfield.rules.phrase import DAYS, MONTHS, counted, long_date

YEARS = range(1970, 2200)
"""Years that a date may have; anything else that looks like a date is a value."""

_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_LITTLE = {"on", "in", "the", "of", "during", "at", "for", "over", "within"}
_BEFORE = {"between", "from", "since", "after", "before", "until", "till", "at", "around", "by", "in"}
_BETWEEN = {"and", "to", "until", "till", "of", "the"}
_CLOCK = {"o'clock", "o’clock", "oclock", "am", "pm", "a.m", "p.m", "noon", "midnight"}  # noqa: RUF001
_TIME = re.compile(r"\d{1,2}(?:[:.]\d{2}){1,2}(?:am|pm|h)?|\d{1,2}(?:am|pm|h)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T[\d:.]*Z?)?", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, not including, `until` (both UTC), and the same in words."""

    since: datetime
    until: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The present, in the zone in which days are counted."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.astimezone(self.zone).date()

    def days(self, first: date, last: date) -> Period:
        """Whole local days, both included; a night with a clock change makes one longer or shorter."""
        first, last = min(first, last), max(first, last)
        if first == last:
            words = f"{long_date(first)}, 00:00–24:00 {self.zone.key}"  # noqa: RUF001  a dash between times
        else:
            words = f"from {long_date(first)}, 00:00 to {long_date(last)}, 24:00 {self.zone.key}"
        return Period(self._midnight(first), self._midnight(last + timedelta(days=1)), words)

    def onward(self, since: datetime) -> Period:
        """From `since` until now; a `since` that lies ahead is an empty stretch."""
        words = f"from {self._moment(since)} until now, {self._moment(self.now)} {self.zone.key}"
        return Period(since.astimezone(UTC), max(self.now, since).astimezone(UTC), words)

    def since(self, first: date) -> Period:
        """From the start of a local day until now."""
        return self.onward(self._midnight(first))

    def week(self, back: int) -> Period:
        """This week (0) or an earlier one, from Monday to Sunday."""
        monday = self.today - timedelta(days=self.today.weekday() + 7 * back)
        return self.days(monday, monday + timedelta(days=6))

    def month(self, year: int, month: int) -> Period:
        """A whole month; months below 1 count back into the years before."""
        years, index = divmod(month - 1, 12)
        first = date(year + years, index + 1, 1)
        return self.days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{long_date(local)}, {local:%H:%M}"


Found = tuple[Period, int]
"""A period and how many words it took."""


def default(calendar: Calendar, said: str = "named") -> Period:
    """The last 7 days, and that nobody asked for them: no time was `named`, or none `understood`."""
    period = calendar.onward(calendar.now - timedelta(days=7))
    return Period(period.since, period.until, f"in the last 7 days because no time was {said}, {period.words}")


def find(words: Sequence[str], calendar: Calendar) -> Found | None:
    """The period that the first of these words (lower case) begin to name, or None."""
    for rule in (_between, _since, _until, _recent, _named):
        found = rule(words, calendar)
        if found:
            return found
    return _single(words, calendar)


def unread(words: Sequence[str]) -> tuple[str, int] | None:
    """What is wrong with a time that these words begin to name and that `find` could not read, and its words' number.

    A number beside a month, a clock or a `between` is part of a time, never a value.
    """
    begin = next((at for at, word in enumerate(words) if word not in _LITTLE | _BEFORE), len(words))
    end = begin
    for at in range(begin, len(words)):
        if not (_timely(words[at]) or (at > begin and words[at] in _BETWEEN)):
            break
        end = at + 1 if _timely(words[at]) else end
    said, text = words[begin:end], " ".join(words[:end])
    if any(_month(word) or _DATE.fullmatch(word) for word in said) and any(map(_digits, said)):
        return f"{' '.join(word.capitalize() if _month(word) else word for word in said)} is no date", end
    if any(map(_clock, said)) or (words[:1] and words[0] in _BEFORE and any(map(_digits, said))):
        return f"“{text}” was not understood: days are, and “last 2 hours”", end
    return None


def _timely(word: str) -> bool:
    year = bool(_YEAR.fullmatch(word)) and int(word) in YEARS
    return year or bool(_DAY.fullmatch(word) or _DATE.fullmatch(word) or _month(word)) or _clock(word)


def _clock(word: str) -> bool:
    return word in _CLOCK or bool(_TIME.fullmatch(word))


def _digits(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _single(words: Sequence[str], calendar: Calendar) -> Found | None:
    found = _date(words, calendar)
    return (calendar.days(found[0], found[0]), found[1]) if found else None


def _between(words: Sequence[str], calendar: Calendar) -> Found | None:
    """`between DATE and DATE`, `from DATE to DATE`; the first takes the year, and the month, of the second."""
    if not words or words[0] not in {"between", "from"}:
        return None
    link = next((at for at, word in enumerate(words) if word in {"and", "to", "until", "till"}), 0)
    last = _date(words[link + 1 :], calendar) if link > 1 else None
    if last is None:
        return None
    first = _date(words[1:link], calendar, year=last[0].year) or _bare_day(words[1:link], last[0])
    return (calendar.days(first[0], last[0]), link + 1 + last[1]) if first else None


def _bare_day(words: Sequence[str], model: date) -> tuple[date, int] | None:
    found = _DAY.fullmatch(words[0]) if len(words) == 1 else None
    made = _made(model.year, model.month, int(found[1])) if found else None
    return (made, 1) if made else None


def _since(words: Sequence[str], calendar: Calendar) -> Found | None:
    if not words or words[0] not in {"since", "from", "after"}:
        return None
    found = find(words[1:], calendar) if words[1:2] and words[1] not in {"since", "from", "after"} else None
    return (calendar.onward(found[0].since), found[1] + 1) if found else None


def _until(words: Sequence[str], calendar: Calendar) -> Found | None:
    """`before DATE`, `until DATE`: the 7 days up to it, as when no beginning is named."""
    if not words or words[0] not in {"before", "until", "till"}:
        return None
    found = _date(words[1:], calendar)
    if found is None:
        return None
    last = found[0] - timedelta(days=1) if words[0] == "before" else found[0]
    return calendar.days(last - timedelta(days=6), last), found[1] + 1


def _recent(words: Sequence[str], calendar: Calendar) -> Found | None:
    """`last 24 hours`, `past 2 weeks`, `last hour`; `last week` and `last month` are the calendar's."""
    if len(words) < 2 or words[0] not in {"last", "past", "previous"}:
        return None
    number, unit = (
        (words[1], words[2].removesuffix("s")) if len(words) > 2 and words[1].isdecimal() else ("1", words[1])
    )
    taken = 3 if words[1].isdecimal() else 2
    if unit not in _UNITS or len(number) > 4 or (taken == 2 and unit in {"week", "month"}):
        return None
    period = calendar.onward(calendar.now - int(number) * _UNITS[unit])
    length = unit if number == "1" else counted(int(number), unit)
    return Period(period.since, period.until, f"in the last {length}, {period.words}"), taken


def _named(words: Sequence[str], calendar: Calendar) -> Found | None:
    """`this week`, `last month`, `in November 2026`; a bare month needs the `in`, for `may` is also a verb."""
    today, pair = calendar.today, tuple(words[:2])
    if len(pair) == 2 and pair[0] in {"this", "last", "previous"} and pair[1] in {"week", "month"}:
        back = 0 if pair[0] == "this" else 1
        return (calendar.week(back) if pair[1] == "week" else calendar.month(today.year, today.month - back)), 2
    month = _month(pair[1]) if len(pair) == 2 and pair[0] in {"in", "during"} else None
    if month is None:
        return None
    if words[2:3] and _YEAR.fullmatch(words[2]) and int(words[2]) in YEARS:
        return calendar.month(int(words[2]), month), 3
    return calendar.month(today.year - (month > today.month), month), 2


def _date(words: Sequence[str], calendar: Calendar, year: int | None = None) -> tuple[date, int] | None:
    """One day and the words it took, little words before it included."""
    skipped = next((at for at, word in enumerate(words) if word not in _LITTLE), len(words))
    rest = words[skipped:]
    for rule in (_relative_day, _weekday):
        near = rule(rest, calendar.today)
        if near:
            return near[0], near[1] + skipped
    written = _written_day(rest, calendar.today, year)
    return (written[0], written[1] + skipped) if written else None


def _relative_day(words: Sequence[str], today: date) -> tuple[date, int] | None:
    if words[:3] == ["day", "before", "yesterday"]:
        return today - timedelta(days=2), 3
    back = {"today": 0, "yesterday": 1}.get(words[0]) if words else None
    return None if back is None else (today - timedelta(days=back), 1)


def _weekday(words: Sequence[str], today: date) -> tuple[date, int] | None:
    """The latest such day. With `last` it is before today: on a Tuesday, `last Tuesday` is seven days ago."""
    last = words[:1] in (["last"], ["past"], ["previous"])
    word = words[int(last)] if len(words) > last else ""
    names = [day.lower() for day in DAYS]
    found = next((at for at, day in enumerate(names) if word in {day, day[:3]}), None)
    if found is None:
        return None
    back = (today.weekday() - found) % 7
    return today - timedelta(days=back or (7 if last else 0)), 1 + last


def _written_day(words: Sequence[str], today: date, year: int | None) -> tuple[date, int] | None:
    """`2026-11-17`, `17 November 2026`, `17th of Nov`, `November 17, 2026`. Without a year: the latest, not ahead."""
    iso = _ISO.fullmatch(words[0]) if words else None
    if iso:
        made = _made(*(int(part) for part in iso.groups()))
        return (made, 1) if made else None
    kept = [(at, word) for at, word in enumerate(words[:5]) if word not in {"of", "the"}]
    if len(kept) < 2:
        return None
    day, month = _day_and_month(kept[0][1], kept[1][1])
    if day is None or month is None:
        return None
    if len(kept) > 2 and _YEAR.fullmatch(kept[2][1]):
        made = _made(int(kept[2][1]), month, day)
        return (made, kept[2][0] + 1) if made else None
    made = _made(year, month, day) if year else _latest(month, day, today)
    return (made, kept[1][0] + 1) if made else None


def _day_and_month(first: str, second: str) -> tuple[int | None, int | None]:
    day, month = (first, second) if _DAY.fullmatch(first) else (second, first)
    found = _DAY.fullmatch(day)
    return (int(found[1]) if found else None), _month(month)


def _month(word: str) -> int | None:
    names = [month.lower() for month in MONTHS]
    return next((at + 1 for at, month in enumerate(names) if word in {month, month[:3]} or word == month[:4]), None)


def _latest(month: int, day: int, today: date) -> date | None:
    """The latest such date that is not ahead of today; a 29 February may lie years back."""
    years = range(today.year, today.year - 9, -1)
    return next((made for year in years if (made := _made(year, month, day)) and made <= today), None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None
