"""The parts that audit sentences are made of: times, names, arguments, amounts. Everything foreign is quoted."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from brownfield.rules import amount
from brownfield.rules.redaction import plain
from brownfield.wrapper.money import Money

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""Spelt out here, because strftime follows the machine's locale."""

SHOWN = 6
"""Arguments or changes named in one sentence; the rest is counted."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def short_date(day: date) -> str:
    """`Tue 17 Nov 2026`."""
    return f"{DAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def long_date(day: date) -> str:
    """`Tuesday 17 November 2026`."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 17 Nov 2026, 14:05 (Paris)`."""
    local = at.astimezone(zone)
    return f"{short_date(local)}, {local:%H:%M} ({place(zone)})"


def clock(at: datetime, zone: ZoneInfo, *, told: datetime) -> str:
    """The time of something in a paragraph whose day is already told: `14:11`, and the date on another day."""
    local = at.astimezone(zone)
    return f"{local:%H:%M}" + ("" if local.date() == told.astimezone(zone).date() else f" on {short_date(local)}")


def place(zone: ZoneInfo) -> str:
    """The zone as people call it: `Paris`, `New York`, `UTC`."""
    return (zone.key or "local time").rpartition("/")[2].replace("_", " ")


def name(text: str) -> str:
    """A name as it is when it is one, quoted when it is anything else."""
    return text if _NAME.fullmatch(text) else plain(text)


def words(operation: str) -> str:
    """An operation's or field's name as words: `place_hold` becomes `place hold`."""
    return name(operation).replace("_", " ")


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 read`, `3 reads`, `1,200 reads`, `no reads`."""
    return f"{format(count, ',') if count else 'no'} {noun if count == 1 else plural or noun + 's'}"


def spelt(count: int) -> str:
    """Small numbers as words."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def value(thing: Any) -> str:
    """One value in a sentence: text quoted, a commitment not shown, anything nested only counted."""
    match thing:
        case None:
            return "nothing"
        case bool():
            return "yes" if thing else "no"
        case str():
            return plain(thing)
        case {"commitment": _}:
            return "(personal, not shown)"
        case list() | dict():
            return f"({counted(len(thing), 'item' if isinstance(thing, list) else 'field')})"
        case _:
            return str(thing)[:40]


def fields(document: Mapping[str, Any]) -> str:
    """`sku "A-100", units 12`."""
    return _limited(f"{words(field)} {value(thing)}" for field, thing in document.items())


def changes(changed: Mapping[str, Sequence[Any]]) -> str:
    """`on hand from 40 to 28`."""
    return _limited(f"{words(field)} from {value(old)} to {value(new)}" for field, (old, new) in changed.items())


def money(impact: Mapping[str, Any] | None) -> str:
    """`EUR 598.80`, or an empty string when the worth is not known."""
    return amount.spoken(Money(minor=impact["minor"], currency=impact["currency"])) if impact else ""


def capital(text: str) -> str:
    """The text with its first letter large. An identity's name is no word and stays as it is."""
    return text[:1].upper() + text[1:]


def _limited(parts: Iterable[str]) -> str:
    all_parts = list(parts)
    more = len(all_parts) - SHOWN
    return ", ".join(all_parts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
