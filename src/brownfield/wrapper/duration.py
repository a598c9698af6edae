"""Durations as a person writes them: `250ms`, `8s`, `4h`, `1h30m`, `2d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d+)(ms|s|m|h|d)", re.ASCII)


def duration(text: str) -> timedelta:
    """The duration that `text` names.

    Raises:
        ValueError: Anything but number-unit pairs with the units ms, s, m, h, d.
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration: write 250ms, 8s, 30m, 4h, 2d or 1h30m")
    return timedelta(seconds=sum(int(number) * SECONDS[unit] for number, unit in parts))


def _parse(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    # A bare number would leave the unit to a guess.
    return duration(str(value))


Duration = Annotated[timedelta, BeforeValidator(_parse)]
"""A pydantic field that reads `8s` from a manifest."""
