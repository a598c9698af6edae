"""Lengths of time in sentences. How a manifest writes them (`8s`, `1h30m`) is `brownfield.wrapper.duration`."""

from datetime import timedelta

from brownfield.wrapper.duration import Duration
from brownfield.wrapper.duration import duration as parse

__all__ = ["Duration", "parse", "spoken"]

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
    ("millisecond", timedelta(milliseconds=1)),
)


def spoken(length: timedelta) -> str:
    """The length in words, its sign left out: `1 hour 30 minutes`; below a millisecond it is `no time`."""
    parts: list[str] = []
    rest = abs(length)
    for word, unit in _UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    return " ".join(parts) or "no time"
